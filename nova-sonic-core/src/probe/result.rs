//! What a check found.

/// What was expected of one check, and what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProbeResult {
    /// Names the check: lower-case words with underscores, the same in every version.
    pub check: &'static str,
    /// What ought to happen.
    pub expected: &'static str,
    /// What happened. No secret, no account id and no ARN is in it.
    pub seen: String,
    /// Whether that is as it should be.
    pub passed: bool,
    /// What to do about it, for the operator.
    pub advice: Option<String>,
}

impl ProbeResult {
    pub(super) fn passed(check: &'static str, expected: &'static str, seen: impl Into<String>) -> Self {
        Self { check, expected, seen: seen.into(), passed: true, advice: None }
    }

    pub(super) fn failed(
        check: &'static str,
        expected: &'static str,
        seen: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { check, expected, seen: seen.into(), passed: false, advice: Some(advice.into()) }
    }

    pub(super) fn with_advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

/// What came of an attempt that must be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// It was let through.
    Allowed,
    /// Permissions or signature were refused, under this name.
    Refused { name: String, explicitly: bool },
    /// It was refused for another reason: the permissions had let it through.
    FailedLater { name: String },
    /// It reached nobody.
    NotReached { why: String },
}

impl Attempt {
    /// A refusal of AWS by its name and text; the text is read and not kept.
    pub(super) fn of_refusal(name: &str, text: &str) -> Self {
        let name: String = name.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
        let bare = name.strip_suffix("Exception").unwrap_or(&name);
        let not_permitted = matches!(
            bare,
            "AccessDenied"
                | "UnauthorizedOperation"
                | "InvalidSignature"
                | "SignatureDoesNotMatch"
                | "UnrecognizedClient"
                | "InvalidClientTokenId"
        );
        if not_permitted {
            Self::Refused { name, explicitly: text.contains("explicit deny") }
        } else {
            Self::FailedLater { name }
        }
    }

    /// The result of a check that wants a refusal.
    pub(super) fn must_be_refused(self, check: &'static str) -> ProbeResult {
        const EXPECTED: &str = "refused";
        match self {
            Self::Refused { name, explicitly: true } => {
                ProbeResult::passed(check, EXPECTED, format!("refused: {name}, by an explicit deny"))
            }
            Self::Refused { name, .. } => ProbeResult::passed(check, EXPECTED, format!("refused: {name}")),
            Self::Allowed => ProbeResult::failed(check, EXPECTED, "allowed", ESCAPED),
            Self::FailedLater { name } => ProbeResult::failed(
                check,
                EXPECTED,
                format!("let through, and failed later: {name}"),
                ESCAPED,
            ),
            Self::NotReached { why } => ProbeResult::passed(check, EXPECTED, format!("not reached: {why}"))
                .with_advice("this could not be tried from here; nothing was opened either"),
        }
    }
}

const ESCAPED: &str = "do not go live: the credentials can do more than open a stream; check that nothing between the \
                       broker and STS drops the Policy parameter, and give the role the same narrow policy";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_of_permissions_is_one() {
        let refusal = Attempt::of_refusal(
            "AccessDeniedException",
            "User: arn:aws:… with an explicit deny in a session policy",
        );
        let result = refusal.must_be_refused("decoy");
        assert!(
            result.passed && result.seen == "refused: AccessDeniedException, by an explicit deny",
            "{result:?}"
        );
        for name in ["ValidationException", "ThrottlingException", "ResourceNotFoundException", "", "Novelty"]
        {
            let result = Attempt::of_refusal(name, "").must_be_refused("decoy");
            assert!(!result.passed && result.advice.is_some(), "{result:?}");
        }
        assert!(!Attempt::Allowed.must_be_refused("decoy").passed);
    }

    #[test]
    fn what_could_not_be_tried_says_so() {
        let result = Attempt::NotReached { why: "no network".to_owned() }.must_be_refused("decoy");
        assert!(
            result.passed && result.seen.starts_with("not reached") && result.advice.is_some(),
            "{result:?}"
        );
    }
}
