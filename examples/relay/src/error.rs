//! Why the process cannot serve.

use nova_sonic_core::{
    broker::SharedLimitsError, client::ClientError, error::ErrorCode, relay::ticket::TicketError,
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
    #[error("the system refuses: {0}")]
    System(#[from] std::io::Error),
}

impl StartError {
    pub(crate) const fn code(&self) -> ErrorCode {
        match self {
            Self::Client(error) => error.code(),
            Self::Ticket(error) => error.code(),
            Self::Redis(error) => error.code(),
            Self::System(_) => ErrorCode::ConfigurationInvalid,
        }
    }
}
