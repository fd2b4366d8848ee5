//! Errors as rest-json services of AWS report them: a status, a name, a text.

use http::StatusCode;
use nova_sonic_core::error::ServiceException;

use crate::{
    auth::{AuthError, Denial},
    model::Exception,
};

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    /// `x-amzn-errortype`
    pub(crate) name: String,
    pub(crate) message: String,
}

impl ApiError {
    /// An exception of the service with the status that its model gives it.
    pub(crate) fn new(exception: &ServiceException, message: impl Into<String>) -> Self {
        Self { status: status(exception), name: exception.name().to_owned(), message: message.into() }
    }

    /// A path that no operation has.
    pub(crate) fn unknown_operation() -> Self {
        let message = "The requested operation is not recognized by the service.".to_owned();
        Self { status: StatusCode::NOT_FOUND, name: "UnknownOperationException".to_owned(), message }
    }

    /// A known path with a method that it does not have.
    pub(crate) fn method_not_allowed() -> Self {
        Self { status: StatusCode::METHOD_NOT_ALLOWED, ..Self::unknown_operation() }
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        let status = if matches!(error, AuthError::Incomplete(_)) {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::FORBIDDEN
        };
        Self { status, name: error.rest_name().to_owned(), message: error.to_string() }
    }
}

impl From<Denial> for ApiError {
    fn from(denial: Denial) -> Self {
        Self::new(&ServiceException::AccessDenied, denial.to_string())
    }
}

impl From<Exception> for ApiError {
    fn from(exception: Exception) -> Self {
        Self::new(&exception.exception, exception.message)
    }
}

fn status(exception: &ServiceException) -> StatusCode {
    match exception {
        ServiceException::AccessDenied
        | ServiceException::ExpiredToken
        | ServiceException::UnrecognizedClient
        | ServiceException::InvalidSignature => StatusCode::FORBIDDEN,
        ServiceException::ResourceNotFound => StatusCode::NOT_FOUND,
        ServiceException::ModelTimeout => StatusCode::REQUEST_TIMEOUT,
        ServiceException::ModelError | ServiceException::ModelStreamError => StatusCode::FAILED_DEPENDENCY,
        ServiceException::ModelNotReady | ServiceException::Throttling => StatusCode::TOO_MANY_REQUESTS,
        ServiceException::InternalServer => StatusCode::INTERNAL_SERVER_ERROR,
        ServiceException::ServiceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        ServiceException::Validation
        | ServiceException::ServiceQuotaExceeded
        | ServiceException::Other(_)
        | _ => StatusCode::BAD_REQUEST,
    }
}
