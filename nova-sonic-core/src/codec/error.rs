//! Why events and bytes do not come together.

use crate::{error::ErrorCode, event::EventError, sigv4::SignError, wire::WireError};

/// Why an event could not be written, or bytes not be read as one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The bytes are no frame, or the event makes too long a one.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The frame could not be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The chunk is no event.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The payload of a chunk is not `{"bytes":"<base64>"}`.
    #[error("payload of {length} bytes is not base64 under \"bytes\"")]
    Payload {
        /// Its length, bytes.
        length: usize,
    },
    /// Something was to be written after the frame that ends the stream.
    #[error("stream has been ended")]
    Ended,
    /// A frame says neither `event` nor `exception` nor `error`.
    #[error("frame has no message type that this version knows")]
    MessageType,
}

impl CodecError {
    /// The stable code.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Wire(error) => error.code(),
            Self::Sign(error) => error.code(),
            Self::Event(error) => error.code(),
            Self::Payload { .. } => ErrorCode::EventInvalid,
            Self::Ended => ErrorCode::SessionClosed,
            Self::MessageType => ErrorCode::FrameMalformed,
        }
    }
}
