//! Why the process cannot serve.

use nova_sonic_core::{
    broker::SharedLimitsError, client::ClientError, error::ErrorCode, event::EventError,
    relay::ticket::TicketError,
};
use thiserror::Error;

/// Why the process cannot serve.
#[derive(Debug, Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Ticket(#[from] TicketError),
    #[error(transparent)]
    Redis(#[from] SharedLimitsError),
    #[error("a tool of the application is none: {0}")]
    Tool(#[from] EventError),
    #[error("the file of tools is not what it should be: {0}")]
    Tools(#[from] serde_json::Error),
    #[error("the system refuses: {0}")]
    System(#[from] std::io::Error),
}

impl StartError {
    pub(crate) const fn code(&self) -> ErrorCode {
        match self {
            Self::Client(error) => error.code(),
            Self::Ticket(error) => error.code(),
            Self::Redis(error) => error.code(),
            Self::Tool(error) => error.code(),
            Self::Tools(_) | Self::System(_) => ErrorCode::ConfigurationInvalid,
        }
    }
}
