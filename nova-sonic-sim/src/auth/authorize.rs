//! Whether a caller may do something: every layer of policies must allow it and none may deny it.

use crate::{
    auth::{Permissions, Principal},
    policy::{Decision, PolicyDocument, Request, Trust, TrustPolicy, TrustedCaller},
};

/// Why something is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("User: {principal} is not authorized to perform: {action} on resource: {resource}{reason}")]
pub(crate) struct Denial {
    principal: String,
    action: String,
    resource: String,
    reason: String,
}

impl Denial {
    fn new(principal: &Principal, request: &Request, reason: String) -> Self {
        let (action, resource) = (request.action().to_owned(), request.resource().to_owned());
        Self { principal: principal.arn(), action, resource, reason }
    }
}

/// Decides as IAM does within one account: an explicit deny anywhere first, then an allow in each layer.
pub(crate) fn authorize(
    principal: &Principal,
    permissions: &Permissions,
    request: Request,
) -> Result<(), Denial> {
    let request = principal.describe(request);
    let layers = layers(permissions);
    no_deny(principal, &layers, &request)?;
    all_allow(principal, &layers, &request)
}

/// Decides about assuming a role: its trust policy must allow it, and the caller's own policies too unless the trust
/// policy names him. No trust policy trusts the whole account.
///
/// Source: IAM user guide, "Policy evaluation logic": a role named in a resource-based policy needs no permission of
/// its own, but its session policies still count; a user or a session that is named needs nothing more.
pub(crate) fn authorize_trusted(
    principal: &Principal,
    permissions: &Permissions,
    trust: Option<&TrustPolicy>,
    request: Request,
) -> Result<(), Denial> {
    let request = principal.describe(request);
    let layers = layers(permissions);
    no_deny(principal, &layers, &request)?;
    let arns = principal.arns();
    let caller = TrustedCaller { account: &principal.account, arns: &arns };
    match trust.map_or(Trust::Account, |trust| trust.decide(caller, &request)) {
        Trust::Account => all_allow(principal, &layers, &request),
        Trust::Named => {
            let session: Vec<_> = layers.into_iter().filter(|(layer, _)| *layer == SESSION).collect();
            all_allow(principal, &session, &request)
        }
        // AWS gives no reason here: what a role trusts is its owner's affair
        Trust::Unmentioned | Trust::Denied => Err(Denial::new(principal, &request, String::new())),
    }
}

type Layer<'a> = (&'static str, &'a [PolicyDocument]);

const IDENTITY: &str = "identity-based";
const SESSION: &str = "session";

fn layers(permissions: &Permissions) -> Vec<Layer<'_>> {
    let identity = permissions.identity.as_deref().map(|policy| (IDENTITY, std::slice::from_ref(policy)));
    let session = permissions.session.as_deref().map(|policies| (SESSION, policies));
    identity.into_iter().chain(session).collect()
}

fn no_deny(principal: &Principal, layers: &[Layer<'_>], request: &Request) -> Result<(), Denial> {
    let denying = layers
        .iter()
        .find(|(_, policies)| policies.iter().any(|policy| policy.decide(request) == Decision::Deny));
    denying.map_or(Ok(()), |(layer, _)| {
        let article = if *layer == IDENTITY { "an" } else { "a" };
        Err(Denial::new(principal, request, format!(" with an explicit deny in {article} {layer} policy")))
    })
}

fn all_allow(principal: &Principal, layers: &[Layer<'_>], request: &Request) -> Result<(), Denial> {
    let silent = layers
        .iter()
        .find(|(_, policies)| !policies.iter().any(|policy| policy.decide(request) == Decision::Allow));
    silent.map_or(Ok(()), |(layer, _)| {
        let reason = format!(" because no {layer} policy allows the {} action", request.action());
        Err(Denial::new(principal, request, reason))
    })
}
