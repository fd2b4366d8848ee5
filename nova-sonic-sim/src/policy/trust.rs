//! Trust policies: who may assume a role, and under which conditions.

use super::{
    condition::Holds,
    document::{Effect, Statement},
    evaluate::Request,
};

/// The trust policy of a role; it is the only resource-based policy that is played.
///
/// ```
/// use nova_sonic_sim::policy::{PolicyError, TrustPolicy};
/// let json = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",
///     "Principal":{"AWS":"arn:aws:iam::123456789012:user/backend"},
///     "Condition":{"StringLike":{"sts:RoleSessionName":"ns-*"}}}}"#;
/// assert!(TrustPolicy::parse(json).is_ok());
/// let without_principal = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole"}}"#;
/// assert_eq!(TrustPolicy::parse(without_principal), Err(PolicyError::NoPrincipal));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TrustPolicy {
    pub(super) statements: Vec<TrustStatement>,
}

/// A statement and those whom it is about; principals other than AWS's own are none who could call.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TrustStatement {
    pub(super) principals: Vec<String>,
    pub(super) statement: Statement,
}

/// Whom a statement can mean when it means the caller.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrustedCaller<'a> {
    pub(crate) account: &'a str,
    /// The caller's ARN; of a role's session also that of the role.
    pub(crate) arns: &'a [String],
}

/// What a trust policy says about a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trust {
    /// Nothing: the role cannot be assumed.
    Unmentioned,
    /// The caller's account is trusted, so that his own policies decide.
    Account,
    /// The caller himself is named, so that he needs no policy of his own.
    Named,
    Denied,
}

impl TrustPolicy {
    /// What this policy says; an explicit deny comes first.
    pub(crate) fn decide(&self, caller: TrustedCaller<'_>, request: &Request) -> Trust {
        let mut trust = Trust::Unmentioned;
        for TrustStatement { principals, statement } in &self.statements {
            let found = principals.iter().map(|principal| mentions(principal, caller)).max();
            let Some(mention @ (Trust::Account | Trust::Named)) = found else { continue };
            match (statement.effect, statement.applies(request)) {
                // what cannot be judged denies, and does not allow
                (Effect::Deny, Holds::Yes | Holds::Unknown) => return Trust::Denied,
                (Effect::Allow, Holds::Yes) => trust = trust.max(mention),
                (Effect::Deny, Holds::No) | (Effect::Allow, Holds::No | Holds::Unknown) => {}
            }
        }
        trust
    }
}

/// How a principal element means the caller: `*`, an account's number or root, or an ARN to the letter.
fn mentions(principal: &str, caller: TrustedCaller<'_>) -> Trust {
    let root = principal.strip_suffix(":root").and_then(|arn| arn.rsplit(':').next());
    if principal == "*" || principal == caller.account || root == Some(caller.account) {
        Trust::Account
    } else if caller.arns.iter().any(|arn| arn == principal) {
        Trust::Named
    } else {
        Trust::Unmentioned
    }
}
