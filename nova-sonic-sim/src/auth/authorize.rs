//! Whether a caller may do something: every layer of policies must allow it and none may deny it.

use crate::{
    auth::{Permissions, Principal},
    policy::{Decision, PolicyDocument, Request},
};

/// Why something is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("User: {principal} is not authorized to perform: {action} on resource: {resource} {reason}")]
pub(crate) struct Denial {
    principal: String,
    action: String,
    resource: String,
    reason: String,
}

/// Decides as IAM does within one account: an explicit deny anywhere first, then an allow in each layer.
pub(crate) fn authorize(
    principal: &Principal,
    permissions: &Permissions,
    request: Request,
) -> Result<(), Denial> {
    let request = principal.describe(request);
    let denial = |reason: String| Denial {
        principal: principal.arn(),
        action: request.action().to_owned(),
        resource: request.resource().to_owned(),
        reason,
    };
    let identity =
        permissions.identity.as_deref().map(|policy| ("identity-based", std::slice::from_ref(policy)));
    let session = permissions.session.as_deref().map(|policies| ("session", policies));
    let layers: Vec<(&str, &[PolicyDocument])> = identity.into_iter().chain(session).collect();
    for (layer, policies) in &layers {
        if policies.iter().any(|policy| policy.decide(&request) == Decision::Deny) {
            return Err(denial(format!("with an explicit deny in {} {layer} policy", article(layer))));
        }
    }
    for (layer, policies) in &layers {
        if !policies.iter().any(|policy| policy.decide(&request) == Decision::Allow) {
            return Err(denial(format!("because no {layer} policy allows the {} action", request.action())));
        }
    }
    Ok(())
}

fn article(layer: &str) -> &'static str {
    if layer.starts_with('i') { "an" } else { "a" }
}
