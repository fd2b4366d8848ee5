//! Short-term Bedrock API keys: a presigned `CallWithBearerToken`, written in base64.
//!
//! Source: AWS's token generators (`aws-bedrock-token-generator` for Python and JavaScript).

use http::{Method, Request, request::Parts};

use super::{AuthError, Caller, CredentialStore, Expectation, verify_presigned};

/// What every such key begins with.
const PREFIX: &str = "bedrock-api-key-";
/// What is written behind the presigned URL.
const VERSION: &str = "&Version=1";
/// The action that is presigned, and the permission that it takes.
pub(crate) const CALL_WITH_BEARER_TOKEN: &str = "CallWithBearerToken";

/// The bearer token of a request, if it comes with one.
pub(crate) fn bearer_token(parts: &Parts) -> Option<&str> {
    parts.headers.get("authorization")?.to_str().ok()?.strip_prefix("Bearer ")
}

/// Whether a query asks for `CallWithBearerToken`.
pub(crate) fn is_bearer_call(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes())
        .any(|(name, value)| name == "Action" && value == CALL_WITH_BEARER_TOKEN)
}

/// Whoever presigned the URL in a bearer token.
pub(crate) fn verify_bearer(
    token: &str,
    store: &CredentialStore,
    expected: &Expectation<'_>,
) -> Result<Caller, AuthError> {
    let encoded =
        token.strip_prefix(PREFIX).ok_or(AuthError::ApiKey("Must start with pre-defined prefix"))?;
    let url = base64_simd::STANDARD.decode_to_vec(encoded).ok();
    let url = url.and_then(|url| String::from_utf8(url).ok()).ok_or(MALFORMED)?;
    let url = url.strip_suffix(VERSION).unwrap_or(&url);
    let request = Request::builder().method(Method::POST).uri(format!("https://{url}")).body(());
    let (parts, ()) = request.map_err(|_| MALFORMED)?.into_parts();
    if parts.uri.path() != "/" || !is_bearer_call(parts.uri.query().unwrap_or_default()) {
        return Err(MALFORMED);
    }
    verify_presigned(&parts, store, expected)
}

const MALFORMED: AuthError = AuthError::ApiKey("Must be a presigned CallWithBearerToken");
