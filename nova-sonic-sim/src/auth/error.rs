//! Why a caller is not let in, in AWS's words.

/// A refused signature, key or token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthError {
    #[error("Missing Authentication Token")]
    Missing,
    #[error("{0}")]
    Incomplete(String),
    #[error("API keys are not supported for this operation; sign the request with AWS Signature Version 4.")]
    BearerToken,
    #[error("Invalid API Key format: {0}")]
    ApiKey(&'static str),
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    #[error("The security token included in the request is expired")]
    Expired,
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    )]
    Mismatch,
    /// A scope, a date or an expiry that the signature may not have.
    #[error("{0}")]
    Scope(String),
}

impl AuthError {
    /// The name under which rest-json services report it.
    pub(crate) const fn rest_name(&self) -> &'static str {
        match self {
            Self::Missing => "MissingAuthenticationTokenException",
            Self::Incomplete(_) => "IncompleteSignatureException",
            Self::BearerToken | Self::ApiKey(_) => "AccessDeniedException",
            Self::UnknownKey => "UnrecognizedClientException",
            Self::Expired => "ExpiredTokenException",
            Self::Mismatch | Self::Scope(_) => "InvalidSignatureException",
        }
    }

    /// The code under which the query protocol of STS reports it.
    pub(crate) const fn query_code(&self) -> &'static str {
        match self {
            Self::Missing => "MissingAuthenticationToken",
            Self::Incomplete(_) => "IncompleteSignature",
            Self::BearerToken | Self::ApiKey(_) => "AccessDenied",
            Self::UnknownKey => "InvalidClientTokenId",
            Self::Expired => "ExpiredToken",
            Self::Mismatch | Self::Scope(_) => "SignatureDoesNotMatch",
        }
    }
}
