//! What was asked of the engine and cannot be, as JavaScript gets it.

use nova_sonic_core::{
    error::ErrorCode, grant::GrantError, javascript, session::SessionError, sigv4::SignError,
};

/// A code of the core's catalogue and a sentence without secrets.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl From<javascript::Fault> for Fault {
    fn from(fault: javascript::Fault) -> Self {
        Self::new(fault.code, fault.message)
    }
}

impl From<SessionError> for Fault {
    fn from(error: SessionError) -> Self {
        javascript::Fault::from(error).into()
    }
}

macro_rules! from {
    ($($error:ty),*) => {$(
        impl From<$error> for Fault {
            fn from(error: $error) -> Self {
                Self::new(error.code(), error.to_string())
            }
        }
    )*};
}

from!(GrantError, SignError);
