//! What is called when there is something new to see.

use std::{
    sync::Arc,
    task::{Wake, Waker},
};

use pyo3::prelude::*;

use super::bells::PyBell;
use crate::{messenger::Messenger, runtime::Current};

/// The bell that Python hangs: one on a socket, or else a function for the messenger's thread to call.
pub(crate) fn bell(py: Python<'_>, ring: Py<PyAny>, current: &Current) -> Waker {
    match ring.bind(py).cast::<PyBell>() {
        Ok(bell) => bell.get().waker(),
        Err(_) => Bell::waker(ring, current.messenger()),
    }
}

/// A function of Python's and the thread that calls it.
struct Bell {
    ring: Arc<Py<PyAny>>,
    messenger: Messenger,
}

impl Bell {
    /// The bell as the core rings it: at most once for each time that there was nothing to take.
    fn waker(ring: Py<PyAny>, messenger: Messenger) -> Waker {
        Waker::from(Arc::new(Self { ring: Arc::new(ring), messenger }))
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let ring = Arc::clone(&self.ring);
        self.messenger.leave(move || {
            Python::attach(|py| {
                if let Err(why) = ring.call0(py) {
                    // nobody called, so nobody can be told but the interpreter
                    why.write_unraisable(py, None);
                }
            });
        });
    }
}
