//! Whether a role may be assumed: by its trust policy, and by the caller's own policies.

use super::{Call, StsError};
use crate::{
    auth::{Tag, authorize_trusted},
    config::Role,
    policy::Request,
};

/// What a caller wants to assume, and as whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct RoleRequest<'a> {
    pub(super) role_arn: &'a str,
    pub(super) session_name: &'a str,
    pub(super) external_id: Option<&'a str>,
    pub(super) source_identity: Option<&'a str>,
    pub(super) tags: &'a [Tag],
}

/// The role, if it exists, its trust policy takes the caller, and the caller's own policies let him ask.
///
/// Tags and a source identity are permissions of their own: `sts:TagSession` and `sts:SetSourceIdentity` must be
/// allowed by both sides as well, for those that the caller's session hands on too.
pub(super) fn permitted_role<'a>(call: &'a Call<'_>, asked: &RoleRequest<'_>) -> Result<&'a Role, StsError> {
    let principal = call.caller.identity.principal();
    let prefix = format!("arn:{}:iam::{}:role/", call.service.partition, call.service.account);
    let role = asked
        .role_arn
        .strip_prefix(&prefix)
        .and_then(|name| call.service.roles.iter().find(|role| role.name == name))
        .filter(|role| role.external_id.is_none() || role.external_id.as_deref() == asked.external_id);
    let Some(role) = role else {
        // what does not exist is refused like what is not trusted
        return Err(denied(call, "sts:AssumeRole", asked.role_arn));
    };

    let inherited = principal.source_identity.as_deref();
    if inherited.is_some() && asked.source_identity.is_some_and(|identity| inherited != Some(identity)) {
        return Err(denied(call, "sts:SetSourceIdentity", asked.role_arn));
    }
    let source_identity = inherited.or(asked.source_identity);
    let tagged = (!asked.tags.is_empty()).then_some("sts:TagSession");
    let identified = source_identity.map(|_| "sts:SetSourceIdentity");
    for action in ["sts:AssumeRole"].into_iter().chain(tagged).chain(identified) {
        let request =
            call.service.ask(call.connection, &call.caller.region, call.now, (action, asked.role_arn));
        let request = describe(asked, source_identity, request);
        authorize_trusted(principal, call.caller.identity.permissions(), role.trust.as_ref(), request)?;
    }
    Ok(role)
}

/// Adds what a trust policy can ask about the session that is to be.
fn describe(asked: &RoleRequest<'_>, source_identity: Option<&str>, request: Request) -> Request {
    let mut request = request.with("sts:RoleSessionName", asked.session_name);
    for (key, value) in [("sts:ExternalId", asked.external_id), ("sts:SourceIdentity", source_identity)] {
        if let Some(value) = value {
            request = request.with(key, value);
        }
    }
    for (key, value) in asked.tags {
        request = request.with(&format!("aws:RequestTag/{key}"), value.clone());
    }
    request
}

fn denied(call: &Call<'_>, action: &str, role_arn: &str) -> StsError {
    let caller = call.caller.identity.principal().arn();
    let text = format!("User: {caller} is not authorized to perform: {action} on resource: {role_arn}");
    StsError::forbidden("AccessDenied", text)
}
