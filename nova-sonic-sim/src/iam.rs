//! One call of IAM, `ListUsers`: what a stolen credential would try.

use http::request::Parts;

use crate::{
    auth::{Expectation, PrincipalKind, SignedBody, authorize, unique_id, verify_headers},
    service::{Connection, Service},
    sts::{Parameters, StsError, element},
};

/// The version of the only API that IAM has ever had.
pub(crate) const VERSION: &str = "2010-05-08";
/// Of its documents.
pub(crate) const NAMESPACE: &str = "https://iam.amazonaws.com/doc/2010-05-08/";

/// The document that answers one signed request.
pub(crate) fn answer(
    service: &Service,
    connection: &Connection,
    parts: &Parts,
    body: &[u8],
    parameters: &Parameters,
    request_id: &str,
) -> Result<String, StsError> {
    // IAM is one for all regions of a partition, and signs for the first
    let regions = ["us-east-1"];
    let now = service.clock.timestamp();
    let expected = Expectation { service: "iam", regions: &regions, now };
    let caller = verify_headers(parts, SignedBody::Whole(body), &service.credentials, &expected)?;
    let (identity, principal) = (&caller.identity, caller.identity.principal());
    let of_session = matches!(principal.kind, PrincipalKind::FederatedUser { .. })
        || (identity.is_temporary() && matches!(principal.kind, PrincipalKind::User { .. }));
    if of_session {
        // GetFederationToken and GetSessionToken (without MFA) give nothing that IAM would take
        return Err(StsError::forbidden(
            "InvalidClientTokenId",
            "The security token included in the request is invalid",
        ));
    }
    let action = parameters.get("Action").unwrap_or_default();
    if action != "ListUsers" {
        return Err(StsError::unknown_action(action, VERSION));
    }
    let users_arn = format!("arn:{}:iam::{}:user/", service.partition, service.account);
    let request = service.ask(connection, &caller.region, now, ("iam:ListUsers", &users_arn));
    authorize(principal, identity.permissions(), request)?;
    let members = service.credentials.users().into_iter().map(|name| {
        let inner = element("Path", "/")
            + &element("UserName", &name)
            + &element("UserId", &unique_id("AIDA", &name))
            + &element("Arn", &format!("{users_arn}{name}"))
            + &element("CreateDate", "2026-01-01T00:00:00Z");
        format!("<member>{inner}</member>")
    });
    let users: String = members.collect();
    let metadata = format!("<ResponseMetadata>{}</ResponseMetadata>", element("RequestId", request_id));
    Ok(format!(
        "<ListUsersResponse xmlns=\"{NAMESPACE}\"><ListUsersResult><Users>{users}</Users>\
         <IsTruncated>false</IsTruncated></ListUsersResult>{metadata}</ListUsersResponse>"
    ))
}
