//! A policy as typed data.

use super::{condition::Condition, pattern::Pattern};

/// One policy: an IAM user's, a role's, or the session policy of an STS call.
///
/// ```
/// use nova_sonic_sim::policy::{Decision, PolicyDocument, Request};
/// let policy = PolicyDocument::parse(
///     r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"bedrock:Invoke*","Resource":"*"}}"#,
/// )?;
/// let arn = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-2-sonic-v1:0";
/// assert_eq!(policy.decide(&Request::new("bedrock:InvokeModel", arn)), Decision::Allow);
/// assert_eq!(policy.decide(&Request::new("s3:GetObject", "arn:aws:s3:::b/k")), Decision::NoMatch);
/// # Ok::<(), nova_sonic_sim::policy::PolicyError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyDocument {
    pub(super) statements: Vec<Statement>,
}

/// One statement of a policy.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    pub(super) effect: Effect,
    pub(super) action: Selector,
    pub(super) resource: Selector,
    pub(super) conditions: Vec<Condition>,
}

/// What a statement does when it applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Selector {
    AnyOf(Vec<Pattern>),
    NoneOf(Vec<Pattern>),
}

impl Selector {
    pub(super) fn selects(&self, text: &str) -> bool {
        match self {
            Self::AnyOf(patterns) => patterns.iter().any(|pattern| pattern.matches(text)),
            Self::NoneOf(patterns) => !patterns.iter().any(|pattern| pattern.matches(text)),
        }
    }
}
