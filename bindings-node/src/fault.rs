//! What went wrong, as data.

use std::time::Duration;

use napi_derive::napi;
use nova_sonic_core::{
    broker::{BrokerError, SharedLimitsError},
    client::ClientError,
    error::ErrorCode,
    javascript,
    scope::ScopeError,
    session::SessionError,
};

/// What an error of the package is made of.
#[napi(object, object_from_js = false)]
#[derive(Clone, Debug)]
pub struct NativeFault {
    /// Stable text of the project's error catalogue.
    pub code: String,
    /// What happened, one sentence without a secret.
    pub message: String,
    /// Whether the same attempt, a little later, may succeed.
    pub retryable: bool,
    /// Who can do something about it.
    #[napi(ts_type = "'caller' | 'model' | 'service' | 'network'")]
    pub blame: String,
    /// What to do about it, one sentence.
    pub advice: String,
    /// Time after which an attempt makes sense again, ms.
    pub retry_after_ms: Option<f64>,
    /// AWS's own name of the error.
    pub aws_name: Option<String>,
    /// AWS's id of the refused request.
    pub request_id: Option<String>,
}

impl NativeFault {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code: code.as_str().to_owned(),
            message: message.into(),
            retryable: code.retryable(),
            blame: code.blame().as_str().to_owned(),
            advice: code.advice().to_owned(),
            retry_after_ms: None,
            aws_name: None,
            request_id: None,
        }
    }

    /// A setting, as JavaScript spells it, that is not what it should be.
    pub(crate) fn setting(setting: &str, problem: &str) -> Self {
        javascript::Fault::setting(setting, problem).into()
    }

    /// A setting that names no Redis; what it says may hold a password.
    pub(crate) fn address_of_redis(setting: &str) -> Self {
        Self::setting(setting, "is no redis://host:port/database and no unix:///path?db=database")
    }

    /// A setting that cannot be part of a scope.
    pub(crate) fn scope(setting: &str, why: &ScopeError) -> Self {
        Self { advice: why.advice().to_owned(), ..Self::new(why.code(), format!("setting {setting}: {why}")) }
    }
}

impl From<javascript::Fault> for NativeFault {
    fn from(fault: javascript::Fault) -> Self {
        Self::new(fault.code, fault.message)
    }
}

impl From<SessionError> for NativeFault {
    fn from(error: SessionError) -> Self {
        javascript::Fault::from(error).into()
    }
}

impl From<ClientError> for NativeFault {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Session(error) => error.into(),
            ClientError::Failed(failure) => Self {
                request_id: failure.request_id().map(str::to_owned),
                ..Self::new(failure.code(), failure.message())
            },
            other => Self::new(other.code(), other.to_string()),
        }
    }
}

impl From<BrokerError> for NativeFault {
    fn from(error: BrokerError) -> Self {
        if let BrokerError::Configuration { setting, problem } = error {
            return Self::setting(spelled(setting), problem);
        }
        if matches!(error, BrokerError::SharedLimits(SharedLimitsError::Address)) {
            return Self::address_of_redis("limits.redisUrl");
        }
        Self {
            advice: error.advice().to_owned(),
            retry_after_ms: error.retry_after().map(milliseconds),
            aws_name: error.aws_name().map(str::to_owned),
            request_id: error.request_id().map(str::to_owned),
            ..Self::new(error.code(), error.to_string())
        }
    }
}

/// The core's name of a broker's setting as JavaScript spells it.
fn spelled(setting: &'static str) -> &'static str {
    match setting {
        "role_arn" => "roleArn",
        "session_name_key" => "sessionNameKey",
        "external_id" => "externalId",
        "source_identity" => "sourceIdentity",
        "endpoint_url" => "endpoint",
        "ca_certificates_pem" => "ca",
        "limits.per_minute" | "per_minute" => "limits.perMinute",
        "limits.per_day" | "per_day" => "limits.perDay",
        other => other,
    }
}

/// As JavaScript counts time.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// What the catalogue says of a code; `null` for one that it does not have.
#[napi]
pub fn describe(code: String) -> Option<NativeFault> {
    ErrorCode::parse(&code).map(|code| NativeFault::new(code, code.advice()))
}

/// Every code of the catalogue.
#[napi]
pub fn error_codes() -> Vec<String> {
    ErrorCode::ALL.iter().map(|code| code.as_str().to_owned()).collect()
}
