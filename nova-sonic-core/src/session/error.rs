//! What a caller can do wrong, and what can go wrong without it.

use std::fmt;

use thiserror::Error;

use crate::{
    error::{Blame, ErrorCode, ServiceError},
    event::EventError,
};

/// A caller's mistake; the session is as it was before the call.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The session has ended.
    #[error("session is closed")]
    Closed,
    /// More audio waits than the session may hold.
    #[error("{queued_ms} ms of audio wait to be sent, the limit is {limit_ms} ms")]
    Backpressure {
        /// Audio that waits, ms.
        queued_ms: u64,
        /// Most that may wait, ms.
        limit_ms: u64,
    },
    /// One block of audio is longer than a second.
    #[error("audio block of {samples} samples is over the limit of {limit}")]
    AudioTooLong {
        /// Samples given.
        samples: usize,
        /// Most samples in one block.
        limit: usize,
    },
    /// No such tool call, or it was answered already.
    #[error("no tool call with this id waits for an answer")]
    UnknownCall,
    /// A tool's result is not JSON.
    #[error("tool result is not JSON at line {line}, column {column}")]
    ToolResultInvalid {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// A tool's result does not fit into one event.
    #[error("tool result of {length} bytes is over the limit of {limit}")]
    ToolResultTooLong {
        /// Length given, bytes.
        length: usize,
        /// Longest that fits, bytes.
        limit: usize,
    },
    /// A text without words.
    #[error("text is empty")]
    TextEmpty,
    /// A text is longer than one message may be.
    #[error("text of {length} bytes is over the limit of {limit}")]
    TextTooLong {
        /// Length given, bytes.
        length: usize,
        /// Longest that is taken, bytes.
        limit: usize,
    },
    /// A setting is outside its range or contradicts another.
    #[error("setting {setting} {problem}")]
    Configuration {
        /// The setting's name.
        setting: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A message of the history is longer than the service takes.
    #[error("history message {index} of {length} bytes is over the limit of {limit}")]
    HistoryMessageTooLong {
        /// Its place, from 0.
        index: usize,
        /// Its length, bytes.
        length: usize,
        /// Longest that is taken, bytes.
        limit: usize,
    },
}

impl SessionError {
    /// The stable code.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Closed => ErrorCode::SessionClosed,
            Self::Backpressure { .. } => ErrorCode::AudioBackpressure,
            Self::AudioTooLong { .. } => ErrorCode::AudioUnsupported,
            Self::UnknownCall => ErrorCode::ToolCallUnknown,
            Self::ToolResultInvalid { .. } | Self::ToolResultTooLong { .. } => ErrorCode::ToolResultInvalid,
            Self::TextEmpty => ErrorCode::TextEmpty,
            Self::TextTooLong { .. } => ErrorCode::TextTooLong,
            Self::Configuration { .. } => ErrorCode::ConfigurationInvalid,
            Self::HistoryMessageTooLong { .. } => ErrorCode::HistoryInvalid,
        }
    }
}

/// Something that went wrong outside the caller's hands: a code, and a sentence without secrets.
///
/// ```
/// use nova_sonic_core::{error::ErrorCode, session::Failure};
/// let failure = Failure::new(ErrorCode::ConnectionLost, "the stream was reset");
/// assert_eq!(failure.to_string(), "the stream was reset");
/// assert!(failure.retryable());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    code: ErrorCode,
    message: String,
    request_id: Option<String>,
}

impl Failure {
    /// A failure with its code and a sentence that says what happened.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), request_id: None }
    }

    /// The stable code.
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// What happened.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The request id to quote to AWS support, where the service gave one.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Whose fault it is.
    pub const fn blame(&self) -> Blame {
        self.code.blame()
    }

    /// Whether a new session with this one's history may succeed.
    pub const fn retryable(&self) -> bool {
        self.code.retryable()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        Self {
            code: error.code(),
            message: error.to_string(),
            request_id: error.request_id().map(str::to_owned),
        }
    }
}

impl From<EventError> for Failure {
    fn from(error: EventError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}
