//! What the service says when it refuses, and what that means.

use std::fmt;

use super::{Blame, ErrorCode};
use crate::search;

/// The modelled exceptions of `InvokeModelWithBidirectionalStream` and the common ones of AWS.
///
/// Source: the service model of `bedrock-runtime` (`aws-models/bedrock-runtime.json` in smithy-rs).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServiceException {
    /// 403: the credentials may not do this.
    AccessDenied,
    /// 404: no such model.
    ResourceNotFound,
    /// 400: the service's word for nearly everything; the text decides.
    Validation,
    /// 400: the account's quota.
    ServiceQuotaExceeded,
    /// 424: the model failed.
    ModelError,
    /// 424: the model failed in mid-stream.
    ModelStreamError,
    /// 429: the model is loading.
    ModelNotReady,
    /// 429: too many requests.
    Throttling,
    /// 408: the eight minutes are over.
    ModelTimeout,
    /// 500: AWS failed.
    InternalServer,
    /// 503: AWS is unavailable.
    ServiceUnavailable,
    /// 403: the token has expired.
    ExpiredToken,
    /// 403: the access key or token is not known.
    UnrecognizedClient,
    /// 403: the signature does not match.
    InvalidSignature,
    /// Anything else, by its name.
    Other(String),
}

impl ServiceException {
    /// Reads a name in any of its spellings: `ValidationException`, `validationException`,
    /// `com.amazonaws…#ValidationException`, `ValidationException:http://…`.
    ///
    /// ```
    /// use nova_sonic_core::error::ServiceException;
    /// assert_eq!(ServiceException::parse("throttlingException"), ServiceException::Throttling);
    /// assert_eq!(ServiceException::parse("aws.bedrock#ModelTimeoutException:x").name(), "ModelTimeoutException");
    /// ```
    pub fn parse(name: &str) -> Self {
        let space = name.bytes().rposition(|byte| byte == b'#');
        let bare = space.and_then(|end| name.get(end + 1..)).unwrap_or(name);
        let bare = bare.split_once(':').map_or(bare, |(bare, _)| bare).trim();
        let mut capital = String::with_capacity(bare.len());
        let mut letters = bare.chars();
        capital.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        capital.extend(letters);
        match capital.as_str() {
            "AccessDeniedException" | "AccessDenied" => Self::AccessDenied,
            "ResourceNotFoundException" => Self::ResourceNotFound,
            "ValidationException" | "ValidationError" => Self::Validation,
            "ServiceQuotaExceededException" => Self::ServiceQuotaExceeded,
            "ModelErrorException" => Self::ModelError,
            "ModelStreamErrorException" => Self::ModelStreamError,
            "ModelNotReadyException" => Self::ModelNotReady,
            "ThrottlingException" | "Throttling" | "TooManyRequestsException" => Self::Throttling,
            "ModelTimeoutException" => Self::ModelTimeout,
            "InternalServerException" | "InternalFailure" => Self::InternalServer,
            "ServiceUnavailableException" | "ServiceUnavailable" => Self::ServiceUnavailable,
            "ExpiredTokenException" | "ExpiredToken" => Self::ExpiredToken,
            "UnrecognizedClientException" | "InvalidClientTokenId" => Self::UnrecognizedClient,
            "InvalidSignatureException" | "SignatureDoesNotMatch" | "IncompleteSignatureException" => {
                Self::InvalidSignature
            }
            _ => Self::Other(capital.chars().filter(|c| !c.is_control()).take(100).collect()),
        }
    }

    /// The name as AWS writes it.
    pub fn name(&self) -> &str {
        match self {
            Self::AccessDenied => "AccessDeniedException",
            Self::ResourceNotFound => "ResourceNotFoundException",
            Self::Validation => "ValidationException",
            Self::ServiceQuotaExceeded => "ServiceQuotaExceededException",
            Self::ModelError => "ModelErrorException",
            Self::ModelStreamError => "ModelStreamErrorException",
            Self::ModelNotReady => "ModelNotReadyException",
            Self::Throttling => "ThrottlingException",
            Self::ModelTimeout => "ModelTimeoutException",
            Self::InternalServer => "InternalServerException",
            Self::ServiceUnavailable => "ServiceUnavailableException",
            Self::ExpiredToken => "ExpiredTokenException",
            Self::UnrecognizedClient => "UnrecognizedClientException",
            Self::InvalidSignature => "InvalidSignatureException",
            Self::Other(name) => name,
        }
    }
}

/// An exception of the service, classified.
///
/// `ValidationException` bundles everything from a typing error to a restart of the backend, so its text
/// decides the code. Fragments are from public reports of the live service (livekit/agents, pipecat-ai/pipecat,
/// aws-samples/amazon-nova-samples).
///
/// ```
/// use nova_sonic_core::error::{ErrorCode, ServiceError, ServiceException};
/// let error = ServiceError::new(
///     ServiceException::Validation,
///     "RequestId=4f1c : Timed out waiting for audio bytes or interactive content. Please ensure gaps between audio \
///      bytes and interactive content are less than 55 seconds",
/// );
/// assert_eq!(error.code(), ErrorCode::InputIdle);
/// assert_eq!(error.idle_limit_seconds(), Some(55));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceError {
    exception: ServiceException,
    message: String,
    request_id: Option<String>,
    code: ErrorCode,
}

/// Longest message kept, in characters: a stranger's text must not fill a log.
const MESSAGE_LIMIT: usize = 600;

impl ServiceError {
    /// Classifies an exception by its name and text; the request id is cut from the text and kept apart.
    pub fn new(exception: ServiceException, message: &str) -> Self {
        let (request_id, text) = split_request_id(message);
        let message: String =
            text.chars().filter(|c| !c.is_control() || *c == '\n').take(MESSAGE_LIMIT).collect();
        let code = classify(&exception, &message);
        Self { exception, message, request_id, code }
    }

    /// The same error with the request id of the response's header, where the text names none.
    #[must_use]
    pub fn with_request_id(mut self, request_id: Option<&str>) -> Self {
        self.request_id = self.request_id.or_else(|| request_id.map(str::to_owned));
        self
    }

    /// The stable code.
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// Who can do something about it.
    pub const fn blame(&self) -> Blame {
        self.code.blame()
    }

    /// Whether a new session with the history of this one may succeed.
    pub const fn retryable(&self) -> bool {
        self.code.retryable()
    }

    /// The exception as AWS names it.
    pub const fn exception(&self) -> &ServiceException {
        &self.exception
    }

    /// The service's own text, without the request id, at most 600 characters.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The request id to quote to AWS support.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Whether the stream goes on after this error (a tool result that could not be read).
    pub fn stream_continues(&self) -> bool {
        self.code == ErrorCode::ToolResultRejected
    }

    /// The idle limit that the text names, in seconds: 55 and 295 have been seen.
    pub fn idle_limit_seconds(&self) -> Option<u32> {
        if self.code != ErrorCode::InputIdle {
            return None;
        }
        let before = self.message.split(" seconds").next()?;
        before.rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.exception.name(), self.message)
    }
}

impl std::error::Error for ServiceError {}

/// `RequestId=<id> : <text>` apart.
fn split_request_id(message: &str) -> (Option<String>, &str) {
    let Some(rest) = message.trim().strip_prefix("RequestId=") else {
        return (None, message.trim());
    };
    match search::split_once(rest, " : ") {
        Some((id, text)) if id.len() <= 64 => (Some(id.trim().to_owned()), text.trim()),
        _ => (None, message.trim()),
    }
}

/// Text fragments of `ValidationException`, lower case, most specific first.
const VALIDATION_TEXTS: &[(&str, ErrorCode)] = &[
    ("timed out waiting for audio bytes", ErrorCode::InputIdle),
    ("timed out waiting for input events", ErrorCode::InputIdle),
    ("internalerrorcode=532", ErrorCode::InputIdle),
    ("internalerrorcode=531", ErrorCode::BackendTransient),
    ("rst_stream closed stream", ErrorCode::BackendTransient),
    ("system instability detected", ErrorCode::BackendTransient),
    ("blocked by our content filters", ErrorCode::ContentFiltered),
    ("tool response parsing error", ErrorCode::ToolResultRejected),
    ("invalid voiceid", ErrorCode::VoiceUnknown),
    ("over max limit", ErrorCode::HistoryTooLong),
    ("chat history should be sent completely", ErrorCode::ProtocolViolated),
    ("all contents must be closed", ErrorCode::ProtocolViolated),
    ("prompts were not closed", ErrorCode::ProtocolViolated),
    ("doesn't support the model", ErrorCode::ModelNotFound),
    ("model identifier is invalid", ErrorCode::ModelNotFound),
    ("security token included in the request is expired", ErrorCode::CredentialsExpired),
];

fn classify(exception: &ServiceException, message: &str) -> ErrorCode {
    let text = message.to_ascii_lowercase();
    match exception {
        ServiceException::Validation => VALIDATION_TEXTS
            .iter()
            .find(|(fragment, _)| search::has(&text, fragment))
            .map_or(ErrorCode::RequestInvalid, |(_, code)| *code),
        ServiceException::AccessDenied if search::has(&text, "expired") => ErrorCode::CredentialsExpired,
        ServiceException::AccessDenied => ErrorCode::AccessDenied,
        ServiceException::ResourceNotFound => ErrorCode::ModelNotFound,
        ServiceException::ServiceQuotaExceeded => ErrorCode::QuotaExceeded,
        ServiceException::ModelError | ServiceException::ModelStreamError => ErrorCode::ModelFailed,
        ServiceException::ModelNotReady => ErrorCode::ModelNotReady,
        ServiceException::Throttling => ErrorCode::Throttled,
        ServiceException::ModelTimeout => ErrorCode::ModelTimeout,
        ServiceException::InternalServer => ErrorCode::ServiceFailed,
        ServiceException::ServiceUnavailable => ErrorCode::ServiceUnavailable,
        ServiceException::ExpiredToken => ErrorCode::CredentialsExpired,
        ServiceException::InvalidSignature
            if search::has(&text, "signature expired") || search::has(&text, "not yet current") =>
        {
            ErrorCode::ClockSkewed
        }
        ServiceException::UnrecognizedClient | ServiceException::InvalidSignature => {
            ErrorCode::CredentialsInvalid
        }
        ServiceException::Other(_) => ErrorCode::ServiceUnknown,
    }
}
