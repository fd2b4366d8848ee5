//! Why a conversation could not be opened.

use thiserror::Error;

use crate::{
    error::{Blame, ErrorCode},
    session::{Failure, SessionError},
};

/// Why a conversation could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The conversation's own settings are wrong.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// Credentials, network or service stand in the way.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl ClientError {
    /// The stable code.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Session(error) => error.code(),
            Self::Failed(failure) => failure.code(),
        }
    }

    /// Whose fault it is.
    pub const fn blame(&self) -> Blame {
        self.code().blame()
    }

    /// Whether the same attempt, made a little later, may succeed.
    pub const fn retryable(&self) -> bool {
        self.code().retryable()
    }
}
