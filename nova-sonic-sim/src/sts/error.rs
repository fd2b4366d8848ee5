//! What STS answers when it refuses.

use std::borrow::Cow;

use http::StatusCode;

use super::StsFaultKind;
use crate::{
    auth::{AuthError, Denial},
    policy::PolicyError,
};

/// An error of STS: its code and text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StsError {
    pub(crate) status: StatusCode,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
}

impl StsError {
    /// An error with status 400.
    pub(crate) fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: code.into(), message: message.into() }
    }

    /// An error with status 403.
    pub(crate) fn forbidden(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { status: StatusCode::FORBIDDEN, ..Self::new(code, message) }
    }

    /// STS is not activated in the region.
    pub(crate) fn region_disabled(account: &str) -> Self {
        let text = format!(
            "STS is not activated in this region for account:{account}. Your account administrator can activate STS in this region using the IAM Console."
        );
        Self::forbidden("RegionDisabledException", text)
    }

    /// STS is there, but not at work.
    pub(crate) fn unavailable() -> Self {
        let message = "Service Unavailable. Please try again later.";
        Self { status: StatusCode::SERVICE_UNAVAILABLE, ..Self::new("ServiceUnavailable", message) }
    }

    /// The error that a fault asks for, if it asks for one.
    pub(crate) fn of_fault(fault: &StsFaultKind) -> Option<Self> {
        let status = |status: u16, or: StatusCode| StatusCode::from_u16(status).unwrap_or(or);
        match fault {
            StsFaultKind::Throttle => Some(Self::new("Throttling", "Rate exceeded")),
            StsFaultKind::Status(503) => Some(Self::unavailable()),
            StsFaultKind::Status(other) => {
                let message =
                    "The request processing has failed because of an unknown error, exception or failure.";
                let status = status(*other, StatusCode::INTERNAL_SERVER_ERROR);
                Some(Self { status, ..Self::new("InternalFailure", message) })
            }
            StsFaultKind::Error { code, message, status: wanted } => {
                let status = status(*wanted, StatusCode::BAD_REQUEST);
                Some(Self { status, ..Self::new(code.clone(), message.clone()) })
            }
            StsFaultKind::DelayMs(_)
            | StsFaultKind::Hang
            | StsFaultKind::Cut
            | StsFaultKind::ClockSkewMs(_)
            | StsFaultKind::MalformedXml
            | StsFaultKind::Missing(_)
            | StsFaultKind::ExpiresInSeconds(_) => None,
        }
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
        Self { status, code: error.query_code().into(), message }
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
