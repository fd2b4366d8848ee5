//! The Security Token Service: the query protocol in, XML out, and the limits of the real one.
//!
//! Source of parameters, limits and errors: the service model `sts/2011-06-15` and its API reference.

mod assume_role;
mod caller_identity;
mod constraint;
mod error;
mod federation_token;
mod parameters;
mod response;
mod session;

pub(crate) use error::StsError;
pub(crate) use response::{error_xml, success_xml};

use http::request::Parts;

use crate::{
    auth::{Caller, PrincipalKind, SignedBody, verify_headers},
    service::{Connection, Service},
};
use parameters::Parameters;

/// The version of the only API that STS has ever had.
const VERSION: &str = "2011-06-15";

/// A call that succeeded: the action, and the XML inside its result element, which may hold secrets.
pub(crate) struct StsAnswer {
    pub(crate) action: &'static str,
    pub(crate) result: String,
}

/// The action that a body asks for, as far as it can be read; for the record.
pub(crate) fn action_of(body: &[u8]) -> String {
    let parameters = Parameters::parse(body);
    parameters.get("Action").unwrap_or("-").chars().filter(char::is_ascii_alphanumeric).take(64).collect()
}

/// Answers one signed request.
pub(crate) fn answer(
    service: &Service,
    connection: &Connection,
    parts: &Parts,
    body: &[u8],
) -> Result<StsAnswer, StsError> {
    let regions = [service.region.as_str(), "us-east-1"];
    let expected = service.expect_sts(&regions);
    let caller = verify_headers(parts, SignedBody::Whole(body), &service.credentials, &expected)?;
    let parameters = Parameters::parse(body);
    let call = Call { service, connection, caller: &caller, parameters: &parameters };
    let federated = matches!(caller.identity.principal().kind, PrincipalKind::FederatedUser { .. });
    let known = (parameters.get("Action").unwrap_or_default(), parameters.get("Version").unwrap_or_default());
    match known {
        (action @ ("AssumeRole" | "GetFederationToken"), VERSION) if federated => {
            let arn = caller.identity.principal().arn();
            Err(StsError::forbidden(
                "AccessDenied",
                format!("User: {arn} is not authorized to perform: sts:{action}"),
            ))
        }
        ("AssumeRole", VERSION) => assume_role::answer(&call),
        ("GetFederationToken", VERSION) => federation_token::answer(&call),
        ("GetCallerIdentity", VERSION) => Ok(caller_identity::answer(&call)),
        ("", _) => Err(StsError::new("MissingAction", "Could not find the parameter Action.")),
        (action, version) => Err(StsError::unknown_action(action, version)),
    }
}

/// One call: who asks, from where, for what.
#[derive(Debug)]
struct Call<'a> {
    service: &'a Service,
    connection: &'a Connection,
    caller: &'a Caller,
    parameters: &'a Parameters,
}
