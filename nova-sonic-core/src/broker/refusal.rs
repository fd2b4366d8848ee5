//! What STS says when it refuses.

use std::{fmt, time::Duration};

use crate::error::ErrorCode;

/// Longest name of an error that is kept, characters: a stranger's text must not fill a log.
const NAME_LIMIT: usize = 64;

/// An error of STS, classified. Its text is read and then forgotten: it names roles and accounts.
///
/// Sources: STS API reference, errors of `AssumeRole` and `GetFederationToken`; IAM user guide, common errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StsRefusal {
    operation: &'static str,
    name: Option<String>,
    status: u16,
    code: ErrorCode,
    advice: Option<&'static str>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    pub(super) attempts: u32,
}

impl StsRefusal {
    pub(super) fn new(operation: &'static str, status: u16, name: Option<&str>, text: &str) -> Self {
        let name = name.map(plain).filter(|name| !name.is_empty());
        let code = classify(name.as_deref().unwrap_or_default(), status, text);
        let advice = advice(operation, code, text);
        Self { operation, name, status, code, advice, request_id: None, retry_after: None, attempts: 1 }
    }

    pub(super) fn with_request_id(mut self, request_id: Option<&str>) -> Self {
        self.request_id = request_id.map(plain).filter(|id| !id.is_empty());
        self
    }

    pub(super) const fn with_retry_after(mut self, retry_after: Option<Duration>) -> Self {
        self.retry_after = retry_after;
        self
    }

    pub(super) const fn with_advice(mut self, advice: &'static str) -> Self {
        self.advice = Some(advice);
        self
    }

    /// The stable code.
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// The call that was refused: `AssumeRole` or `GetFederationToken`.
    pub const fn operation(&self) -> &'static str {
        self.operation
    }

    /// AWS's own name of the error, letters and digits; `None` when something else than STS answered.
    pub fn aws_name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// How often STS was asked.
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// AWS's id of the last request.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// How long STS asked to wait, if it did.
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        self.advice.unwrap_or_else(|| self.code.advice())
    }
}

impl fmt::Display for StsRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().unwrap_or("no error of STS");
        write!(f, "{} was refused: {name} (status {})", self.operation, self.status)
    }
}

impl std::error::Error for StsRefusal {}

/// Letters, digits and hyphens: what names and request ids of AWS are made of.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(NAME_LIMIT).collect()
}

fn classify(name: &str, status: u16, text: &str) -> ErrorCode {
    let bare = name.strip_suffix("Exception").unwrap_or(name);
    match bare {
        "AccessDenied" => ErrorCode::RoleNotAssumable,
        "ExpiredToken" => ErrorCode::CredentialsExpired,
        "RequestExpired" | "RequestTimeTooSkewed" => ErrorCode::ClockSkewed,
        "SignatureDoesNotMatch" | "InvalidSignature"
            if text.contains("Signature expired") || text.contains("not yet current") =>
        {
            ErrorCode::ClockSkewed
        }
        "SignatureDoesNotMatch"
        | "InvalidSignature"
        | "IncompleteSignature"
        | "InvalidClientTokenId"
        | "UnrecognizedClient"
        | "MissingAuthenticationToken"
        | "AuthFailure" => ErrorCode::CredentialsInvalid,
        "OptInRequired" | "SubscriptionRequired" | "NotAuthorized" => ErrorCode::AccessDenied,
        "Throttling"
        | "Throttled"
        | "RequestThrottled"
        | "TooManyRequests"
        | "RequestLimitExceeded"
        | "LimitExceeded"
        | "SlowDown" => ErrorCode::StsThrottled,
        "MalformedPolicyDocument" => ErrorCode::PolicyRejected,
        "PackedPolicyTooLarge" => ErrorCode::PolicyTooLarge,
        "RegionDisabled" => ErrorCode::RegionDisabled,
        "ServiceUnavailable" => ErrorCode::ServiceUnavailable,
        "InternalFailure" | "InternalError" | "InternalServer" => ErrorCode::ServiceFailed,
        _ => match status {
            429 => ErrorCode::StsThrottled,
            503 => ErrorCode::ServiceUnavailable,
            500.. => ErrorCode::ServiceFailed,
            400 if !name.is_empty() => ErrorCode::StsRequestRejected,
            _ => ErrorCode::ServiceUnknown,
        },
    }
}

/// Better advice than the code's own, where call or text allow it.
fn advice(operation: &str, code: ErrorCode, text: &str) -> Option<&'static str> {
    if text.contains("may not be assumed by root") {
        return Some(
            "do not run with the keys of the account's root user, whom AWS lets assume no role: use an IAM role",
        );
    }
    (code == ErrorCode::RoleNotAssumable && operation == "GetFederationToken")
        .then_some("allow sts:GetFederationToken to the IAM user whose long-term keys the backend runs with")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mean_the_same_have_one_code() {
        for (name, status, text, code) in [
            (
                "AccessDenied",
                403,
                "User: arn:aws:iam::1:user/b is not authorized",
                ErrorCode::RoleNotAssumable,
            ),
            ("AccessDeniedException", 403, "", ErrorCode::RoleNotAssumable),
            ("ExpiredToken", 403, "", ErrorCode::CredentialsExpired),
            ("ExpiredTokenException", 400, "", ErrorCode::CredentialsExpired),
            ("InvalidClientTokenId", 403, "", ErrorCode::CredentialsInvalid),
            (
                "SignatureDoesNotMatch",
                403,
                "The request signature we calculated",
                ErrorCode::CredentialsInvalid,
            ),
            ("SignatureDoesNotMatch", 403, "Signature expired: 20261122T1", ErrorCode::ClockSkewed),
            ("SignatureDoesNotMatch", 403, "Signature not yet current: 2", ErrorCode::ClockSkewed),
            ("Throttling", 400, "Rate exceeded", ErrorCode::StsThrottled),
            ("ThrottlingException", 429, "", ErrorCode::StsThrottled),
            ("RequestLimitExceeded", 503, "", ErrorCode::StsThrottled),
            ("MalformedPolicyDocument", 400, "", ErrorCode::PolicyRejected),
            ("PackedPolicyTooLarge", 400, "", ErrorCode::PolicyTooLarge),
            ("RegionDisabledException", 403, "", ErrorCode::RegionDisabled),
            ("ValidationError", 400, "", ErrorCode::StsRequestRejected),
            ("InvalidParameterValue", 400, "", ErrorCode::StsRequestRejected),
            ("ServiceUnavailable", 503, "", ErrorCode::ServiceUnavailable),
            ("InternalFailure", 500, "", ErrorCode::ServiceFailed),
            ("", 503, "", ErrorCode::ServiceUnavailable),
            ("", 502, "", ErrorCode::ServiceFailed),
            ("", 429, "", ErrorCode::StsThrottled),
            ("", 404, "", ErrorCode::ServiceUnknown),
            ("SomethingNew", 403, "", ErrorCode::ServiceUnknown),
        ] {
            let refusal = StsRefusal::new("AssumeRole", status, Some(name), text);
            assert_eq!(refusal.code(), code, "{name} {status} {text}");
            assert_eq!(refusal.aws_name().unwrap_or_default(), name);
        }
    }

    #[test]
    fn nothing_of_the_text_is_kept() {
        let text =
            "User: arn:aws:iam::123456789012:user/backend is not authorized to perform: sts:AssumeRole";
        let name = "AccessDenied\u{1b}[31m<script>";
        let refusal = StsRefusal::new("AssumeRole", 403, Some(name), text).with_request_id(Some("4f1c-\n9"));
        let shown = format!("{refusal} {refusal:?}");
        assert!(!shown.contains("123456789012") && !shown.contains("arn:"), "{shown}");
        assert!(!shown.contains('\u{1b}') && !shown.contains('<'), "{shown}");
        assert_eq!(refusal.request_id(), Some("4f1c-9"));
        let endless = StsRefusal::new("AssumeRole", 403, Some(&"x".repeat(10_000)), "");
        assert_eq!(endless.aws_name().map(str::len), Some(NAME_LIMIT));
    }

    #[test]
    fn advice_fits_the_call() {
        let federation = StsRefusal::new("GetFederationToken", 403, Some("AccessDenied"), "");
        assert!(federation.advice().contains("sts:GetFederationToken"));
        let root = "Roles may not be assumed by root accounts.";
        assert!(
            StsRefusal::new("AssumeRole", 403, Some("AccessDenied"), root).advice().contains("root user")
        );
    }
}
