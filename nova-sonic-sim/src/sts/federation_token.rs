//! `GetFederationToken`: for backends that own an IAM user and no role. Without a policy it grants nothing.

use super::{
    Call, StsAnswer, StsError,
    constraint::{Alphabet, Constraints},
    response::{credentials_xml, element},
    session::SessionScope,
};
use crate::{
    auth::{Permissions, Principal, PrincipalKind, SessionGrant, authorize},
    policy::Request,
};

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
        account: call.service.account.clone(),
        user_id: format!("{}:{name}", call.service.account),
        source_identity: None,
        tags: scope.tags.clone(),
    };
    let request = Request::new("sts:GetFederationToken", principal.arn())
        .with("aws:CurrentTime", call.now.to_string())
        .with("aws:RequestedRegion", call.service.region.clone())
        .with("aws:SourceIp", call.connection.peer.to_string());
    authorize(caller.principal(), caller.permissions(), request)?;
    let (session, packed_percent) = scope.policies()?;

    let (arn, user_id) = (principal.arn(), principal.user_id.clone());
    // no policy, no permissions: unlike AssumeRole, this call fails closed
    let permissions = Permissions {
        identity: caller.permissions().identity.clone(),
        session: Some(session.unwrap_or_default()),
    };
    let grant = SessionGrant { principal, permissions, expires_at: call.expires_at(seconds) };
    let issued = call.service.credentials.issue(grant, call.now);

    let user = element("FederatedUserId", &user_id) + &element("Arn", &arn);
    let mut result = credentials_xml(&issued) + &format!("<FederatedUser>{user}</FederatedUser>");
    if packed_percent > 0 {
        result += &element("PackedPolicySize", &packed_percent.to_string());
    }
    Ok(StsAnswer { action: "GetFederationToken", result })
}
