//! Requests signed in their `authorization` header.

use http::{header::AUTHORIZATION, request::Parts};

use super::{
    AuthError, CLOCK_TOLERANCE, Caller, CredentialStore, Expectation,
    credential_scope::{CredentialScope, SignedAt},
    signature::{SignedRequest, sha256_hex},
};

/// What the body of a request is, to its signature.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SignedBody<'a> {
    /// Known in full.
    Whole(&'a [u8]),
    /// A stream of events that are signed one by one.
    Events,
}

/// The payload hash with which streams of signed events are signed (the Rust SDK signs an empty body instead).
const STREAMED_EVENTS: &str = "STREAMING-AWS4-HMAC-SHA256-EVENTS";

/// Verifies a request signed in its headers.
pub(crate) fn verify_headers(
    parts: &Parts,
    body: SignedBody<'_>,
    store: &CredentialStore,
    expected: &Expectation<'_>,
) -> Result<Caller, AuthError> {
    let authorization = parts.headers.get(AUTHORIZATION).ok_or(AuthError::Missing)?;
    let authorization =
        authorization.to_str().map_err(|_| incomplete("Authorization header is not readable."))?;
    if authorization.starts_with("Bearer ") {
        return Err(AuthError::BearerToken);
    }
    let fields = authorization
        .strip_prefix("AWS4-HMAC-SHA256")
        .filter(|rest| rest.starts_with(' '))
        .ok_or_else(|| incomplete("Authorization header must begin with 'AWS4-HMAC-SHA256'."))?;
    let field = |name: &str| {
        let found = fields.split(',').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='));
        found.ok_or_else(|| incomplete(&format!("Authorization header requires '{name}' parameter.")))
    };
    let (credential, signed_headers, signature) =
        (field("Credential")?, field("SignedHeaders")?, field("Signature")?);

    let date = header(parts, "x-amz-date").ok_or_else(|| {
        incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    })?;
    let signed_at = SignedAt::parse(date)?;
    let scope = CredentialScope::parse(credential, signed_at, expected)?;
    let signed_headers: Vec<&str> = signed_headers.split(';').collect();
    if !signed_headers.contains(&"host") && !signed_headers.contains(&":authority") {
        return Err(AuthError::Scope(
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned(),
        ));
    }

    let identity = store.find(&scope.access_key_id, header(parts, "x-amz-security-token"))?;
    signed_at.not_in_the_future(expected.now)?;
    signed_at.not_expired(expected.now, CLOCK_TOLERANCE)?;
    if identity.expired(expected.now) {
        return Err(AuthError::Expired);
    }
    let request = SignedRequest {
        parts,
        path_and_query: parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
        signed_headers,
        payload_hash: payload_hash(parts, body)?,
        signed_at: signed_at.timestamp,
        region: &scope.region,
        service: expected.service,
    };
    request.verify(identity.secret(), signature)?;
    Ok(Caller { identity, signature: signature.to_owned(), region: scope.region })
}

fn payload_hash(parts: &Parts, body: SignedBody<'_>) -> Result<String, AuthError> {
    let declared = header(parts, "x-amz-content-sha256");
    let actual = match body {
        SignedBody::Whole(bytes) => sha256_hex(bytes),
        SignedBody::Events if declared == Some(STREAMED_EVENTS) => STREAMED_EVENTS.to_owned(),
        SignedBody::Events => sha256_hex(b""),
    };
    match declared {
        Some(declared) if declared != actual => Err(AuthError::Scope(
            "The value of 'X-Amz-Content-Sha256' does not match the payload.".to_owned(),
        )),
        Some(_) | None => Ok(actual),
    }
}

fn header<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts.headers.get(name)?.to_str().ok()
}

fn incomplete(text: &str) -> AuthError {
    AuthError::Incomplete(text.to_owned())
}
