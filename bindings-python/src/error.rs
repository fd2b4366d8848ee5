//! The core's errors as the classes of `nova_sonic.errors`.

use std::time::Duration;

use nova_sonic_core::{
    broker::BrokerError,
    client::ClientError,
    error::ErrorCode,
    event::EventError,
    scope::ScopeError,
    session::{Failure, SessionError},
};
use pyo3::{
    intern,
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyType},
};

use crate::word::BlameWord;

/// What one of `nova_sonic.errors` is made of; what is left out follows from its code.
#[derive(Default)]
struct Details<'a> {
    code: Option<ErrorCode>,
    advice: Option<&'a str>,
    retry_after: Option<Duration>,
    aws_name: Option<&'a str>,
    request_id: Option<&'a str>,
}

const CONFIGURATION: &str = "ConfigurationError";

/// An argument that is wrong, named as the caller wrote it.
pub(crate) fn configuration(py: Python<'_>, argument: &str, problem: &str) -> PyErr {
    raise(py, CONFIGURATION, &format!("{argument} {problem}"), &Details::default())
}

/// An argument that cannot be part of a scope.
pub(crate) fn scope(py: Python<'_>, argument: &str, why: &ScopeError) -> PyErr {
    let details = Details { code: Some(why.code()), advice: Some(why.advice()), ..Details::default() };
    raise(py, CONFIGURATION, &format!("{argument}: {why}"), &details)
}

/// What a broker cannot do.
pub(crate) fn broker(py: Python<'_>, why: &BrokerError) -> PyErr {
    let details = Details {
        code: Some(why.code()),
        advice: Some(why.advice()),
        retry_after: why.retry_after(),
        aws_name: why.aws_name(),
        request_id: why.request_id(),
    };
    raise(py, class_of(why), &why.to_string(), &details)
}

/// What a caller did wrong with a conversation.
pub(crate) fn session(py: Python<'_>, why: &SessionError) -> PyErr {
    coded(py, why.code(), &why.to_string())
}

/// Why a conversation could not be opened.
pub(crate) fn client(py: Python<'_>, why: &ClientError) -> PyErr {
    match why {
        ClientError::Failed(why) => failure(py, why),
        ClientError::Session(_) | _ => coded(py, why.code(), &why.to_string()),
    }
}

/// What broke in a conversation.
pub(crate) fn failure(py: Python<'_>, why: &Failure) -> PyErr {
    let details = Details { code: Some(why.code()), request_id: why.request_id(), ..Details::default() };
    raise(py, spoken(why.code()), why.message(), &details)
}

/// An argument that cannot be an event's.
pub(crate) fn event(py: Python<'_>, argument: &str, why: &EventError) -> PyErr {
    coded(py, why.code(), &format!("{argument}: {why}"))
}

/// The error of a code.
pub(crate) fn coded(py: Python<'_>, code: ErrorCode, message: &str) -> PyErr {
    raise(py, spoken(code), message, &Details { code: Some(code), ..Details::default() })
}

/// The class of an error of conversations, by the name that Bedrock gives it where it has one.
#[expect(clippy::wildcard_enum_match_arm, reason = "codes without a class are open in number")]
fn spoken(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::SessionClosed => "SessionClosed",
        ErrorCode::AudioUnsupported
        | ErrorCode::AudioBackpressure
        | ErrorCode::ConfigurationInvalid
        | ErrorCode::HistoryInvalid
        | ErrorCode::RegionUnknown
        | ErrorCode::TextEmpty
        | ErrorCode::TextTooLong
        | ErrorCode::ToolCallUnknown
        | ErrorCode::ToolNameInvalid
        | ErrorCode::ToolResultInvalid
        | ErrorCode::ToolSchemaInvalid => CONFIGURATION,
        ErrorCode::CredentialsMissing => "NoCredentialsError",
        ErrorCode::CredentialsExpired => "ExpiredToken",
        ErrorCode::CredentialsInvalid => "InvalidClientTokenId",
        ErrorCode::ClockSkewed => "SignatureDoesNotMatch",
        ErrorCode::AccessDenied => "AccessDeniedException",
        ErrorCode::ModelNotFound => "ResourceNotFoundException",
        ErrorCode::TlsRefused | ErrorCode::ConnectionFailed | ErrorCode::OpenTimeout => {
            "EndpointConnectionError"
        }
        ErrorCode::ConnectionLost | ErrorCode::ServerSilent => "ConnectionClosedError",
        ErrorCode::Throttled => "ThrottlingException",
        ErrorCode::QuotaExceeded => "ServiceQuotaExceededException",
        ErrorCode::ModelNotReady => "ModelNotReadyException",
        ErrorCode::ModelTimeout => "ModelTimeoutException",
        ErrorCode::ModelFailed => "ModelStreamErrorException",
        ErrorCode::ServiceFailed => "InternalServerException",
        ErrorCode::ServiceUnavailable => "ServiceUnavailableException",
        ErrorCode::BackendTransient
        | ErrorCode::InputIdle
        | ErrorCode::ContentFiltered
        | ErrorCode::VoiceUnknown
        | ErrorCode::ToolResultRejected
        | ErrorCode::HistoryTooLong
        | ErrorCode::ProtocolViolated
        | ErrorCode::RequestInvalid => "ValidationException",
        _ => BASE,
    }
}

/// The class, by the name that AWS gives the error where it has one.
#[expect(clippy::wildcard_enum_match_arm, reason = "kinds of errors without a class are open in number")]
fn class_of(why: &BrokerError) -> &'static str {
    match why {
        BrokerError::Configuration { .. } | BrokerError::SubjectInvalid { .. } | BrokerError::Scope(_) => {
            CONFIGURATION
        }
        BrokerError::Limit(_) => "LimitExceeded",
        BrokerError::Breaker(_) => "ServiceUnavailable",
        BrokerError::BackendCredentials { .. } => "NoCredentialsError",
        BrokerError::Unreachable { code: ErrorCode::ConfigurationInvalid, .. } => CONFIGURATION,
        BrokerError::Unreachable { .. } => "EndpointConnectionError",
        BrokerError::Refused(refusal) => refused(refusal.code(), refusal.aws_name()),
        _ => BASE,
    }
}

const BASE: &str = "NovaSonicError";

#[expect(clippy::wildcard_enum_match_arm, reason = "codes without a class are open in number")]
fn refused(code: ErrorCode, aws_name: Option<&str>) -> &'static str {
    match code {
        ErrorCode::RoleNotAssumable | ErrorCode::AccessDenied => "AccessDenied",
        ErrorCode::CredentialsExpired => "ExpiredToken",
        ErrorCode::ClockSkewed => "SignatureDoesNotMatch",
        ErrorCode::CredentialsInvalid => match aws_name {
            Some("SignatureDoesNotMatch" | "InvalidSignature" | "IncompleteSignature") => {
                "SignatureDoesNotMatch"
            }
            _ => "InvalidClientTokenId",
        },
        ErrorCode::StsThrottled | ErrorCode::Throttled => "Throttling",
        ErrorCode::PolicyRejected => "MalformedPolicyDocument",
        ErrorCode::PolicyTooLarge => "PackedPolicyTooLarge",
        ErrorCode::RegionDisabled => "RegionDisabledException",
        ErrorCode::StsRequestRejected => "ValidationError",
        ErrorCode::ServiceUnavailable | ErrorCode::ServiceFailed => "ServiceUnavailable",
        _ => BASE,
    }
}

/// Makes the exception; should that fail, the failure is what is raised.
fn raise(py: Python<'_>, class: &str, message: &str, details: &Details<'_>) -> PyErr {
    instance(py, class, message, details).map_or_else(|failure| failure, PyErr::from_value)
}

fn instance<'py>(
    py: Python<'py>,
    class: &str,
    message: &str,
    details: &Details<'_>,
) -> PyResult<Bound<'py, PyAny>> {
    static CLASSES: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let classes = CLASSES.get_or_try_init(py, || py.import("nova_sonic.errors").map(Bound::unbind))?;
    let keywords = PyDict::new(py);
    keywords.set_item(intern!(py, "code"), details.code.map(ErrorCode::as_str))?;
    keywords.set_item(intern!(py, "advice"), details.advice)?;
    keywords.set_item(intern!(py, "retry_after"), details.retry_after.map(|pause| pause.as_secs_f64()))?;
    keywords.set_item(intern!(py, "aws_name"), details.aws_name)?;
    keywords.set_item(intern!(py, "request_id"), details.request_id)?;
    let class = classes.bind(py).getattr(class)?.cast_into::<PyType>()?;
    class.call((message,), Some(&keywords))
}

/// What the project's error catalogue says of a code: retryable, blame, advice.
#[pyfunction]
#[pyo3(name = "_describe")]
pub(crate) fn describe(code: &str) -> Option<(bool, BlameWord, &'static str)> {
    let code = ErrorCode::ALL.iter().find(|known| known.as_str() == code)?;
    Some((code.retryable(), BlameWord(code.blame().as_str()), code.advice()))
}
