//! `_Gathering`: an answer out of the events that an application takes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use nova_sonic_core::{
    audio::SampleRate,
    session::{Answer, Gathering},
};
use pyo3::{prelude::*, types::PyBytes};

use super::event;

/// An answer that is still being given. Private to this package.
#[pyclass(frozen, module = "nova_sonic._native", name = "_Gathering")]
pub(crate) struct PyGathering(Mutex<Gathering>);

impl PyGathering {
    fn lock(&self) -> MutexGuard<'_, Gathering> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl PyGathering {
    #[new]
    fn new() -> Self {
        Self(Mutex::default())
    }

    /// Takes the next event; whether the answer has come to its end with it.
    fn add(&self, event: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(event::of_an_answer(event)?.is_some_and(|event| self.lock().add(&event)))
    }

    /// What has come so far: words, sound, samples per second, and whether it was interrupted.
    fn answer<'py>(&self, py: Python<'py>) -> PyResult<(String, Bound<'py, PyBytes>, u32, bool)> {
        let Answer { text, pcm, rate, interrupted, .. } = self.lock().clone().into_answer();
        let rate = rate.unwrap_or(SampleRate::Hz24000);
        Ok((text, event::bytes(py, &pcm)?, rate.hertz(), interrupted))
    }
}
