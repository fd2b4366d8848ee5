//! What a client is told when it is not let through.

use std::time::Duration;

use thiserror::Error;

use crate::{
    error::ErrorCode,
    relay::{CloseCode, Fault, GuardError, RelayError},
};

/// A limit of the relay itself, reached: what a client may not use up, beside what the guard looks after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum Overrun {
    #[error("no message came for {limit_ms} ms")]
    Silent { limit_ms: u64 },
    #[error("nobody has said anything for {limit_ms} ms")]
    Idle { limit_ms: u64 },
    #[error("messages come faster than {per_second} bytes a second")]
    BytesTooFast { per_second: u32 },
}

impl Overrun {
    pub(super) fn silent(limit: Duration) -> Self {
        Self::Silent { limit_ms: millis(limit) }
    }

    pub(super) fn idle(limit: Duration) -> Self {
        Self::Idle { limit_ms: millis(limit) }
    }
}

impl From<Overrun> for Fault {
    fn from(overrun: Overrun) -> Self {
        Self::new(ErrorCode::RelayLimitExceeded, overrun.to_string())
    }
}

fn millis(limit: Duration) -> u64 {
    u64::try_from(limit.as_millis()).unwrap_or(u64::MAX)
}

/// With which code the socket closes, and what is said before.
pub(super) struct Refusal {
    pub(super) code: CloseCode,
    pub(super) fault: Fault,
}

impl From<GuardError> for Refusal {
    fn from(error: GuardError) -> Self {
        Self { code: error.close_code(), fault: Fault::new(error.code(), error.to_string()) }
    }
}

impl From<RelayError> for Refusal {
    fn from(error: RelayError) -> Self {
        Self { code: error.close_code(), fault: Fault::new(error.code(), error.to_string()) }
    }
}
