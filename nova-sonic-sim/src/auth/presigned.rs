//! Requests signed in their query: the only way in for a WebSocket of a browser.

use std::time::Duration;

use http::request::Parts;

use super::{
    AuthError, Caller, CredentialStore, Expectation,
    credential_scope::{CredentialScope, SignedAt},
    signature::{SignedRequest, sha256_hex},
};

/// Longest validity of a presigned URL, a week.
const LONGEST_VALIDITY_SECONDS: u64 = 604_800;

/// Verifies a presigned request without a body.
pub(crate) fn verify_presigned(
    parts: &Parts,
    store: &CredentialStore,
    expected: &Expectation<'_>,
) -> Result<Caller, AuthError> {
    let query = parts.uri.query().unwrap_or_default();
    let parameters: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let find = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref());
    let require = |name: &str| {
        find(name).ok_or_else(|| {
            AuthError::Incomplete(format!("AWS query-string parameters must include '{name}'."))
        })
    };
    if find("X-Amz-Signature").is_none() && find("X-Amz-Credential").is_none() {
        return Err(AuthError::Missing);
    }
    if require("X-Amz-Algorithm")? != "AWS4-HMAC-SHA256" {
        return Err(AuthError::Incomplete(
            "Unsupported AWS 'algorithm': only AWS4-HMAC-SHA256 is supported.".to_owned(),
        ));
    }
    let signature = require("X-Amz-Signature")?;
    let signed_at = SignedAt::parse(require("X-Amz-Date")?)?;
    let scope = CredentialScope::parse(require("X-Amz-Credential")?, signed_at, expected)?;
    let validity = validity(require("X-Amz-Expires")?)?;
    let signed_headers: Vec<&str> = require("X-Amz-SignedHeaders")?.split(';').collect();
    if !signed_headers.contains(&"host") {
        return Err(AuthError::Scope(
            "'Host' must be a 'SignedHeader' in the AWS query-string parameters.".to_owned(),
        ));
    }

    let identity = store.find(&scope.access_key_id, find("X-Amz-Security-Token"))?;
    signed_at.not_in_the_future(expected.now)?;
    signed_at.not_expired(expected.now, validity)?;
    if identity.expired(expected.now) {
        return Err(AuthError::Expired);
    }
    let request = SignedRequest {
        parts,
        path_and_query: format!("{}?{}", parts.uri.path(), without_signature(query)),
        signed_headers,
        payload_hash: sha256_hex(b""),
        signed_at: signed_at.timestamp,
        region: &scope.region,
        service: expected.service,
    };
    request.verify(identity.secret(), signature)?;
    Ok(Caller { identity, signature: signature.to_owned(), region: scope.region })
}

fn validity(text: &str) -> Result<Duration, AuthError> {
    match text.parse() {
        Ok(seconds @ 1..=LONGEST_VALIDITY_SECONDS) => Ok(Duration::from_secs(seconds)),
        Ok(0) => {
            Err(AuthError::Scope("X-Amz-Expires must be non-negative and more than zero seconds.".to_owned()))
        }
        Ok(_) => Err(AuthError::Scope(
            "X-Amz-Expires must be less than a week (in seconds) that is 604800.".to_owned(),
        )),
        Err(_) => Err(AuthError::Incomplete("X-Amz-Expires should be a number.".to_owned())),
    }
}

/// The signed query: everything but the signature, encoded as it came.
fn without_signature(query: &str) -> String {
    let kept: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("X-Amz-Signature=")).collect();
    kept.join("&")
}
