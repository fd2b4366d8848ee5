//! `Limits`: how often one subject is served.

use nova_sonic_core::broker::Limits;
use pyo3::prelude::*;

use crate::{
    argument::{Given, name},
    error,
};

/// How often one subject is issued credentials, by one process; one call of a subject is served at a time, in any case.
///
/// >>> from nova_sonic import Limits
/// >>> Limits()
/// Limits(per_minute=6, per_day=200)
///
/// A process forgets what it has counted when it ends, and its forks begin from nothing: for limits that hold across
/// processes count in a store that they share, as ``nova_sonic.django`` does in Django's cache.
#[pyclass(frozen, eq, module = "nova_sonic", name = "Limits")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PyLimits {
    pub(crate) limits: Limits,
}

#[pymethods]
impl PyLimits {
    #[new]
    #[pyo3(signature = (*, per_minute = Given::of(Limits::default().per_minute), per_day = Given::of(Limits::default().per_day)))]
    fn new(
        py: Python<'_>,
        per_minute: Given<name::PerMinute, u32>,
        per_day: Given<name::PerDay, u32>,
    ) -> PyResult<Self> {
        for (argument, issues) in [("per_minute", per_minute.value), ("per_day", per_day.value)] {
            if issues == 0 {
                return Err(error::configuration(
                    py,
                    argument,
                    "must be at least 1: limits=None serves without limits",
                ));
            }
        }
        Ok(Self { limits: Limits::default().per_minute(per_minute.value).per_day(per_day.value) })
    }

    /// Issues in any 60 seconds.
    #[getter]
    fn per_minute(&self) -> u32 {
        self.limits.per_minute
    }

    /// Issues in a day, which begins with the subject's first one.
    #[getter]
    fn per_day(&self) -> u32 {
        self.limits.per_day
    }

    fn __repr__(&self) -> String {
        format!("Limits(per_minute={}, per_day={})", self.limits.per_minute, self.limits.per_day)
    }
}
