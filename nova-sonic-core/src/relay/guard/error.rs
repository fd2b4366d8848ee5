//! Why the guard does not let something through.

use thiserror::Error;

use crate::{error::ErrorCode, relay::CloseCode};

/// What a client did that the guard does not let through; the conversation is over. Nothing that was said is repeated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GuardError {
    /// The event breaks the order that the service insists on.
    #[error("event out of order: {rule}")]
    Order {
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// The server does not allow it.
    #[error("{what} is not allowed by this relay")]
    Refused {
        /// What was asked for.
        what: &'static str,
    },
    /// Something is larger than the server allows.
    #[error("{what} of {given} is over the limit of {limit}")]
    TooMuch {
        /// What was measured, with its unit.
        what: &'static str,
        /// How much there was, bytes or a count.
        given: usize,
        /// Most that is taken.
        limit: usize,
    },
    /// Events came faster than the server allows.
    #[error("events come faster than {per_second} a second")]
    EventsTooFast {
        /// Events a second that are let through in the long run.
        per_second: u32,
    },
    /// Sound came faster than anybody speaks.
    #[error("sound comes faster than {percent} % of real time")]
    SoundTooFast {
        /// How fast it may come in the long run, % of real time.
        percent: u32,
    },
    /// The client did not open its prompt in time.
    #[error("no prompt was opened within {limit_ms} ms")]
    NotOpened {
        /// Time that it had, ms.
        limit_ms: u64,
    },
    /// The conversation has lasted as long as the server allows.
    #[error("conversation has lasted its {limit_ms} ms")]
    LifeOver {
        /// Time that it had, ms.
        limit_ms: u64,
    },
    /// The conversation has been ended already.
    #[error("conversation is over")]
    Closed,
}

impl GuardError {
    /// The stable code.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Order { .. } => ErrorCode::ProtocolViolated,
            Self::Refused { .. } => ErrorCode::RelayRefused,
            Self::TooMuch { .. }
            | Self::EventsTooFast { .. }
            | Self::SoundTooFast { .. }
            | Self::NotOpened { .. }
            | Self::LifeOver { .. } => ErrorCode::RelayLimitExceeded,
            Self::Closed => ErrorCode::SessionClosed,
        }
    }

    /// With which code the server closes the socket.
    pub const fn close_code(&self) -> CloseCode {
        match self {
            Self::Order { .. } | Self::Refused { .. } => CloseCode::NotAllowed,
            Self::TooMuch { .. }
            | Self::EventsTooFast { .. }
            | Self::SoundTooFast { .. }
            | Self::NotOpened { .. }
            | Self::LifeOver { .. } => CloseCode::Limit,
            Self::Closed => CloseCode::Ended,
        }
    }
}
