//! `nova_sonic._native`: what the core does, in Python's types. It converts and it waits; every rule is the core's.

#![expect(clippy::needless_pass_by_value, reason = "arguments come from Python, which hands them over")]
#![expect(clippy::doc_link_with_quotes, reason = "what documents a class is read in Python")]

mod argument;
mod awaited;
mod broker;
mod error;
mod grant;
mod limits;
mod messenger;
mod metrics;
mod model;
mod moment;
mod probe;
mod relay;
mod rest;
mod runtime;
mod scope;
mod settings;
mod shared_limits;
#[cfg(test)]
mod tests;
mod voice;
mod word;

use pyo3::prelude::*;

/// The native part of ``nova_sonic``, which is where its names are imported from.
#[pymodule]
mod _native {
    #[pymodule_export]
    use super::{
        awaited::PyWork,
        broker::PyCredentialBroker,
        error::describe,
        grant::{PyGrant, PyIssueRecord},
        limits::PyLimits,
        metrics::PyBrokerMetrics,
        model::{PyInferenceProfile, PyModelLifecycle},
        probe::PyProbeResult,
        relay::{PyRelayClose, PyRelayConnection, PyRelayHandler, PyRelayRules, PyRelayToolCall},
        runtime::{after_fork, at_exit},
        scope::PyScopePolicy,
        shared_limits::PySharedLimits,
        voice::{PyBell, PyBells, PyGathering, PyVoice, PyVoiceClient, PyVoiceConfig},
    };

    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_export]
    const _ADMIT_SCRIPT: &str = nova_sonic_core::broker::SharedLimits::ADMIT_SCRIPT;

    #[pymodule_export]
    const _SETTLE_SCRIPT: &str = nova_sonic_core::broker::SharedLimits::SETTLE_SCRIPT;
}
