//! `AssumeRole`: the call that a backend makes for a browser.

use std::sync::Arc;

use super::{
    Call, StsAnswer, StsError,
    constraint::{Alphabet, Constraints},
    response::{credentials_xml, element},
    session::SessionScope,
};
use crate::{
    auth::{Permissions, Principal, PrincipalKind, SessionGrant, authorize, unique_id},
    config::Role,
    policy::Request,
};

/// Longest session of a role that was assumed from another one, in seconds.
const CHAINED_LIMIT_SECONDS: u32 = 3600;

pub(super) fn answer(call: &Call<'_>) -> Result<StsAnswer, StsError> {
    let parameters = call.parameters;
    let mut constraints = Constraints::default();
    let role_arn = constraints.required("roleArn", parameters.get("RoleArn"));
    constraints.text("roleArn", role_arn, 20..=2048, Alphabet::Arn);
    let session_name = constraints.required("roleSessionName", parameters.get("RoleSessionName"));
    constraints.text("roleSessionName", session_name, 2..=64, Alphabet::Name);
    let seconds = constraints.seconds(parameters.get("DurationSeconds"), 900..=43_200, 3600);
    let external_id = parameters.get("ExternalId");
    if let Some(external_id) = external_id {
        constraints.text("externalId", external_id, 2..=1224, Alphabet::ExternalId);
    }
    let source_identity = parameters.get("SourceIdentity");
    if let Some(source_identity) = source_identity {
        constraints.text("sourceIdentity", source_identity, 2..=64, Alphabet::Name);
    }
    let scope = SessionScope::read(parameters, &mut constraints);
    let transitive = parameters.list("TransitiveTagKeys", "");
    constraints.count("transitiveTagKeys", transitive.len(), 50);
    constraints.check()?;

    if source_identity.is_some_and(|identity| identity.to_lowercase().starts_with("aws:")) {
        return Err(StsError::new(
            "ValidationError",
            "Source identity cannot start with the reserved prefix aws:.",
        ));
    }
    if let Some(missing) =
        transitive.iter().find(|key| !scope.tags.iter().any(|(tag, _)| tag.eq_ignore_ascii_case(key)))
    {
        return Err(StsError::new(
            "InvalidParameterValue",
            format!("The transitive tag key {missing} is not among the tags."),
        ));
    }
    let role = permitted_role(call, role_arn, external_id)?;
    check_duration(call, role, seconds)?;
    let (session, packed_percent) = scope.policies()?;

    let principal = Principal {
        kind: PrincipalKind::AssumedRole { role: role.name.clone(), session: session_name.to_owned() },
        account: call.service.account.clone(),
        user_id: format!("{}:{session_name}", unique_id("AROA", &role.name)),
        // a source identity, once set, stays through every later role
        source_identity: call
            .caller
            .identity
            .principal()
            .source_identity
            .clone()
            .or_else(|| source_identity.map(str::to_owned)),
        tags: scope.tags,
    };
    let (arn, user_id, source_identity) =
        (principal.arn(), principal.user_id.clone(), principal.source_identity.clone());
    let permissions = Permissions { identity: role.policy.clone().map(Arc::new), session };
    let grant = SessionGrant { principal, permissions, expires_at: call.expires_at(seconds) };
    let issued = call.service.credentials.issue(grant, call.now);

    let user = element("AssumedRoleId", &user_id) + &element("Arn", &arn);
    let mut result = credentials_xml(&issued) + &format!("<AssumedRoleUser>{user}</AssumedRoleUser>");
    if packed_percent > 0 {
        result += &element("PackedPolicySize", &packed_percent.to_string());
    }
    if let Some(source_identity) = source_identity {
        result += &element("SourceIdentity", &source_identity);
    }
    Ok(StsAnswer { action: "AssumeRole", result })
}

/// The role, if it exists, its trust policy takes the caller, and the caller's own policies let him ask.
fn permitted_role<'a>(
    call: &'a Call<'_>,
    role_arn: &str,
    external_id: Option<&str>,
) -> Result<&'a Role, StsError> {
    let principal = call.caller.identity.principal();
    let request = Request::new("sts:AssumeRole", role_arn)
        .with("aws:CurrentTime", call.now.to_string())
        .with("aws:RequestedRegion", call.service.region.clone())
        .with("aws:SourceIp", call.connection.peer.to_string())
        .with("aws:SecureTransport", (call.connection.tls || call.service.plain_http_is_secure).to_string());
    authorize(principal, call.caller.identity.permissions(), request)?;

    let prefix = format!("arn:aws:iam::{}:role/", call.service.account);
    let role = role_arn
        .strip_prefix(&prefix)
        .and_then(|name| call.service.roles.iter().find(|role| role.name == name));
    let trusted =
        role.filter(|role| role.external_id.is_none() || role.external_id.as_deref() == external_id);
    trusted.ok_or_else(|| {
        let text = format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
            principal.arn()
        );
        StsError::forbidden("AccessDenied", text)
    })
}

fn check_duration(call: &Call<'_>, role: &Role, seconds: u32) -> Result<(), StsError> {
    let chained = matches!(call.caller.identity.principal().kind, PrincipalKind::AssumedRole { .. });
    if chained && seconds > CHAINED_LIMIT_SECONDS {
        let text = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining";
        return Err(StsError::new("ValidationError", text));
    }
    if seconds > role.max_session_seconds {
        let text = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        return Err(StsError::new("ValidationError", text));
    }
    Ok(())
}
