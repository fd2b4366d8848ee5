//! `GetFederationToken`: for backends that own an IAM user and no role. Without a policy it grants nothing.

use super::{
    Call, StsAnswer, StsError,
    constraint::{Alphabet, Constraints},
    response::{credentials_xml, element},
    session::SessionScope,
};
use crate::auth::{Permissions, Principal, PrincipalKind, SessionGrant, authorize};

pub(super) fn answer(call: &Call<'_>) -> Result<StsAnswer, StsError> {
    let parameters = call.parameters;
    let mut constraints = Constraints::default();
    let name = constraints.required("name", parameters.get("Name"));
    constraints.text("name", name, 2..=32, Alphabet::Name);
    let seconds = constraints.seconds(parameters.get("DurationSeconds"), 900..=129_600, 43_200);
    let scope = SessionScope::read(parameters, &mut constraints);
    constraints.check()?;

    let caller = &call.caller.identity;
    if caller.is_temporary() {
        return Err(StsError::forbidden(
            "AccessDenied",
            "Cannot call GetFederationToken with session credentials",
        ));
    }
    let principal = Principal {
        kind: PrincipalKind::FederatedUser { name: name.to_owned() },
        partition: call.service.partition,
        account: call.service.account.clone(),
        user_id: format!("{}:{name}", call.service.account),
        source_identity: None,
        tags: scope.tags.clone(),
        transitive_tags: Vec::new(),
        issued_at: Some(call.now),
    };
    let arn = principal.arn();
    let tagged = (!scope.tags.is_empty()).then_some("sts:TagSession");
    for action in ["sts:GetFederationToken"].into_iter().chain(tagged) {
        let mut request = call.service.ask(call.connection, &call.caller.region, call.now, (action, &arn));
        for (key, value) in &scope.tags {
            request = request.with(&format!("aws:RequestTag/{key}"), value.clone());
        }
        authorize(caller.principal(), caller.permissions(), request)?;
    }
    let (session, packed_percent) = scope.policies()?;

    let user = element("FederatedUserId", &principal.user_id) + &element("Arn", &arn);
    // no policy, no permissions: unlike AssumeRole, this call fails closed
    let permissions = Permissions {
        identity: caller.permissions().identity.clone(),
        session: Some(session.unwrap_or_default()),
    };
    let (expires_at, token_bytes) = (call.expires_at(seconds), scope.token_bytes());
    let grant = SessionGrant { principal, permissions, expires_at, token_bytes };
    let issued = call.service.credentials.issue(grant, call.now);
    let result = credentials_xml(&issued, packed_percent) + &format!("<FederatedUser>{user}</FederatedUser>");
    Ok(StsAnswer { action: "GetFederationToken", result })
}
