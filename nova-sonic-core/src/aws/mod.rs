//! The way to AWS, for all who take it: whom a connection trusts, and what it means when it breaks.

#[expect(clippy::wildcard_enum_match_arm, reason = "errors of rustls are open")]
mod broken;
mod endpoint;
mod trust;

pub(crate) use broken::broken_connection;
#[cfg(feature = "client")]
pub(crate) use broken::{any_text, innermost};
pub(crate) use endpoint::configured_endpoint;
#[cfg(feature = "client")]
pub(crate) use trust::tls_context;
pub(crate) use trust::{Untrusted, check_certificates, http_client};

use std::error::Error;

use crate::error::ErrorCode;

/// What stands in the way: a code, and a sentence without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Obstacle {
    pub(crate) code: ErrorCode,
    pub(crate) text: String,
}

impl Obstacle {
    fn new(code: ErrorCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

/// Looks through an error and its causes.
pub(crate) fn causes<'error>(
    error: &'error (dyn Error + 'static),
) -> impl Iterator<Item = &'error (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}
