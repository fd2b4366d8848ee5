//! `ProbeResult`: what came of trying what a broker issues.

use nova_sonic_core::probe::ProbeResult;
use pyo3::prelude::*;

/// What was expected of one check of a probe, and what was seen.
///
/// >>> results = broker.probe()
/// >>> [result.check for result in results if not result.passed]
/// []
#[pyclass(frozen, eq, module = "nova_sonic", name = "ProbeResult")]
#[derive(Debug, PartialEq)]
pub(crate) struct PyProbeResult {
    pub(crate) result: ProbeResult,
}

#[pymethods]
impl PyProbeResult {
    /// Names the check: lower-case words with underscores, the same in every version.
    #[getter]
    fn check(&self) -> &str {
        self.result.check
    }

    /// What ought to happen.
    #[getter]
    fn expected(&self) -> &str {
        self.result.expected
    }

    /// What happened, without a secret.
    #[getter]
    fn seen(&self) -> &str {
        &self.result.seen
    }

    /// Whether that is as it should be.
    #[getter]
    fn passed(&self) -> bool {
        self.result.passed
    }

    /// What to do about it, for the operator.
    #[getter]
    fn advice(&self) -> Option<&str> {
        self.result.advice.as_deref()
    }

    fn __repr__(&self) -> String {
        let mark = if self.result.passed { "passed" } else { "failed" };
        format!("<ProbeResult {} {mark}: {}>", self.result.check, self.result.seen)
    }
}
