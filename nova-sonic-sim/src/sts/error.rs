//! What STS answers when it refuses.

use http::StatusCode;

use crate::{
    auth::{AuthError, Denial},
    policy::PolicyError,
};

/// An error of STS: its code and text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StsError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl StsError {
    /// An error with status 400.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into() }
    }

    /// An error with status 403.
    pub(crate) fn forbidden(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::FORBIDDEN, ..Self::new(code, message) }
    }

    pub(crate) fn unknown_action(action: &str, version: &str) -> Self {
        let short = |text: &str| text.chars().take(64).collect::<String>();
        Self::new(
            "InvalidAction",
            format!("Could not find operation {} for version {}", short(action), short(version)),
        )
    }
}

impl From<AuthError> for StsError {
    fn from(error: AuthError) -> Self {
        let status = if matches!(error, AuthError::Incomplete(_)) {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::FORBIDDEN
        };
        let missing = error == AuthError::Missing;
        let message =
            if missing { "Request is missing Authentication Token".to_owned() } else { error.to_string() };
        Self { status, code: error.query_code(), message }
    }
}

impl From<Denial> for StsError {
    fn from(denial: Denial) -> Self {
        Self::forbidden("AccessDenied", denial.to_string())
    }
}

impl From<PolicyError> for StsError {
    fn from(error: PolicyError) -> Self {
        Self::new("MalformedPolicyDocument", error.to_string())
    }
}
