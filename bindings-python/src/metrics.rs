//! `BrokerMetrics`: what a broker has done, in numbers.

use std::collections::BTreeMap;

use nova_sonic_core::broker::{BreakerState, BrokerMetrics};
use pyo3::prelude::*;

use crate::word::BreakerWord;

/// Declares the getters of counters, one line each.
macro_rules! counters {
    ($($(#[doc = $doc:literal])* $counter:ident,)*) => {
        #[pymethods]
        impl PyBrokerMetrics {
            $($(#[doc = $doc])*
            #[getter]
            fn $counter(&self) -> u64 {
                self.metrics.$counter
            })*

            /// What the breaker does now: it is open for a while after STS has failed too often.
            #[getter]
            fn breaker(&self) -> BreakerWord {
                BreakerWord(match self.metrics.breaker {
                    BreakerState::Open => "open",
                    BreakerState::HalfOpen => "half-open",
                    _ => "closed",
                })
            }

            /// The counters by name, for an exporter.
            ///
            /// >>> broker.metrics().as_dict()["in_flight"]
            /// 0
            fn as_dict(&self) -> BTreeMap<&'static str, u64> {
                BTreeMap::from([$((stringify!($counter), self.metrics.$counter)),*])
            }

            fn __repr__(&self) -> String {
                let texts = [$(format!("{}={}", stringify!($counter), self.metrics.$counter)),*];
                format!("BrokerMetrics({}, breaker='{}')", texts.join(", "), self.breaker().0)
            }
        }
    };
}

/// What a broker has done in this process since it was made, or since the fork. Nothing in it names a subject.
///
/// >>> metrics = broker.metrics()
/// >>> metrics.issued >= 0, metrics.breaker
/// (True, 'closed')
#[pyclass(frozen, eq, module = "nova_sonic", name = "BrokerMetrics")]
#[derive(Debug, PartialEq)]
pub(crate) struct PyBrokerMetrics {
    pub(crate) metrics: BrokerMetrics,
}

counters! {
    /// Grants issued.
    issued,
    /// Calls refused by a subject's limits.
    refused_by_limit,
    /// Calls refused since the table of subjects was full.
    refused_by_table,
    /// Calls refused since STS had failed too often.
    refused_by_breaker,
    /// Calls that STS refused or failed, after the last attempt.
    failed,
    /// Calls for which the backend had no credentials of its own.
    without_credentials,
    /// Calls that were cancelled before STS had answered.
    abandoned,
    /// Requests to STS, further attempts included.
    sts_calls,
    /// Attempts after a call's first one.
    retries,
    /// Times the breaker has opened.
    breaker_opened,
    /// Calls being served now.
    in_flight,
    /// Subjects remembered now.
    subjects,
    /// Time that issues took, all together, ms.
    issue_ms,
    /// Time that the slowest issue took, ms.
    slowest_ms,
}
