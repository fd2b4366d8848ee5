//! `AssumeRole`: the call that a backend makes for a browser.

use std::sync::Arc;

use super::{
    Call, StsAnswer, StsError,
    constraint::{Alphabet, Constraints},
    response::{credentials_xml, element},
    role::{RoleRequest, permitted_role},
    session::SessionScope,
};
use crate::{
    auth::{Permissions, Principal, PrincipalKind, SessionGrant, Tag, unique_id},
    config::Role,
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
        let text = "Source identity cannot start with the reserved prefix aws:.";
        return Err(StsError::new("ValidationError", text));
    }
    let caller = call.caller.identity.principal();
    let (tags, transitive_tags) = chained_tags(caller, &scope.tags, &transitive)?;
    let role = permitted_role(
        call,
        &RoleRequest { role_arn, session_name, external_id, source_identity, tags: &tags },
    )?;
    check_duration(call, role, seconds)?;
    let (session, packed_percent) = scope.policies()?;

    let principal = Principal {
        kind: PrincipalKind::AssumedRole { role: role.name.clone(), session: session_name.to_owned() },
        partition: call.service.partition,
        account: call.service.account.clone(),
        user_id: format!("{}:{session_name}", unique_id("AROA", &role.name)),
        // once set it stays through every later role; that it is not another one was checked
        source_identity: caller.source_identity.clone().or_else(|| source_identity.map(str::to_owned)),
        tags,
        transitive_tags,
        issued_at: Some(call.now),
    };
    let user = element("AssumedRoleId", &principal.user_id) + &element("Arn", &principal.arn());
    let source_identity = principal.source_identity.as_deref().map(|text| element("SourceIdentity", text));
    let permissions = Permissions { identity: role.policy.clone().map(Arc::new), session };
    let (expires_at, token_bytes) = (call.expires_at(seconds), scope.token_bytes());
    let grant = SessionGrant { principal, permissions, expires_at, token_bytes };
    let issued = call.service.credentials.issue(grant, call.now);

    let result = credentials_xml(&issued, packed_percent)
        + &element_of("AssumedRoleUser", &user)
        + &source_identity.unwrap_or_default();
    Ok(StsAnswer { action: "AssumeRole", result })
}

fn element_of(name: &str, inner: &str) -> String {
    format!("<{name}>{inner}</{name}>")
}

/// The tags of the new session with those that the caller's session hands on, and the keys of those that go further.
fn chained_tags(
    caller: &Principal,
    tags: &[Tag],
    transitive: &[&str],
) -> Result<(Vec<Tag>, Vec<String>), StsError> {
    let is_among = |key: &str, tags: &[Tag]| tags.iter().any(|(tag, _)| tag.eq_ignore_ascii_case(key));
    if let Some(missing) = transitive.iter().find(|key| !is_among(key, tags)) {
        let text = format!("The transitive tag key {missing} is not among the tags.");
        return Err(StsError::new("InvalidParameterValue", text));
    }
    let mut all = tags.to_vec();
    let mut handed_on: Vec<String> = transitive.iter().map(|key| (*key).to_owned()).collect();
    for key in &caller.transitive_tags {
        if is_among(key, tags) {
            let text = "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.";
            return Err(StsError::new("InvalidParameterValue", text));
        }
        all.extend(caller.tags.iter().find(|(tag, _)| tag == key).cloned());
        handed_on.push(key.clone());
    }
    Ok((all, handed_on))
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
