//! Why a message of the relay cannot be read or written.

use thiserror::Error;

use super::CloseCode;
use crate::{error::ErrorCode, event::EventError};

/// A message that is not what `nova-sonic.relay.v1` agrees on. Nothing of it is repeated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RelayError {
    /// The text is neither an event nor a control message.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The text is a control message that lacks something, or an event at the same time.
    #[error("control message is not one of those agreed on")]
    Control,
    /// The message is longer than any legal one.
    #[error("message of {length} bytes is over the limit of {limit}")]
    TooLong {
        /// Its length, bytes.
        length: usize,
        /// Longest that is taken, bytes.
        limit: usize,
    },
    /// A binary message ends inside a sample.
    #[error("sound of {length} bytes does not hold whole 16-bit samples")]
    SoundCut {
        /// Its length, bytes.
        length: usize,
    },
    /// A binary message came while no audio block was open.
    #[error("sound came while no audio block was open")]
    SoundUnplaced,
}

impl RelayError {
    /// The stable code.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Event(error) => error.code(),
            Self::Control => ErrorCode::EventInvalid,
            Self::TooLong { .. } => ErrorCode::FrameTooLarge,
            Self::SoundCut { .. } | Self::SoundUnplaced => ErrorCode::FrameMalformed,
        }
    }

    /// With which code a server closes the socket of a client that sent it.
    pub const fn close_code(&self) -> CloseCode {
        match self {
            Self::TooLong { .. } => CloseCode::Limit,
            Self::Event(_) | Self::Control | Self::SoundCut { .. } | Self::SoundUnplaced => {
                CloseCode::NotAllowed
            }
        }
    }
}
