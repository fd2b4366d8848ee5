//! The Security Token Service: the query protocol in, XML out, and the limits of the real one.
//!
//! Source of parameters, limits and errors: the service model `sts/2011-06-15` and its API reference.

mod access_key_info;
mod assume_role;
mod caller_identity;
mod constraint;
mod error;
mod fault;
mod federation_token;
mod parameters;
mod response;
mod role;
mod session;
mod session_token;

pub(crate) use error::StsError;
pub(crate) use fault::{Disturbance, FaultBook};
pub use fault::{FaultSchedule, StsFault, StsFaultKind};
pub(crate) use parameters::Parameters;
pub(crate) use response::{NAMESPACE, element, error_xml, success_xml, without_element};

use http::request::Parts;
use nova_sonic_core::time::Timestamp;

use crate::{
    auth::{Caller, EndpointRegion, Expectation, PrincipalKind, SignedBody, verify_headers},
    service::{Connection, Service},
};

/// The version of the only API that STS has ever had.
const VERSION: &str = "2011-06-15";

/// A call that succeeded: the action, and the XML inside its result element, which may hold secrets.
pub(crate) struct StsAnswer {
    pub(crate) action: &'static str,
    pub(crate) result: String,
}

impl StsAnswer {
    /// Whether credentials are in it.
    pub(crate) fn issues_credentials(&self) -> bool {
        matches!(self.action, "AssumeRole" | "GetFederationToken" | "GetSessionToken")
    }
}

/// Answers one signed request.
pub(crate) fn answer(
    service: &Service,
    connection: &Connection,
    parts: &Parts,
    body: &[u8],
    parameters: &Parameters,
    disturbance: &Disturbance,
) -> Result<StsAnswer, StsError> {
    let now = shifted(service.clock.timestamp(), disturbance.clock_skew_millis);
    let mut regions = service.regions_at(parts);
    if !matches!(EndpointRegion::of(parts), EndpointRegion::Regional(_)) {
        // the global endpoint signs for this one
        regions.push("us-east-1");
    }
    let expected = Expectation { service: "sts", regions: &regions, now };
    let caller = verify_headers(parts, SignedBody::Whole(body), &service.credentials, &expected)?;
    if service.disabled_regions.contains(&caller.region) {
        return Err(StsError::region_disabled(&service.account));
    }
    let expires_in_seconds = disturbance.expires_in_seconds;
    let call = Call { service, connection, caller: &caller, parameters, now, expires_in_seconds };
    let asked = (parameters.get("Action").unwrap_or_default(), parameters.get("Version").unwrap_or_default());
    if asked.1 == VERSION {
        call.closed_to_caller(asked.0)?;
    }
    match asked {
        ("AssumeRole", VERSION) => assume_role::answer(&call),
        ("GetFederationToken", VERSION) => federation_token::answer(&call),
        ("GetSessionToken", VERSION) => session_token::answer(&call),
        ("GetAccessKeyInfo", VERSION) => access_key_info::answer(&call),
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
    /// By STS's own clock.
    now: Timestamp,
    /// The life of what is issued, if it is not what was asked for.
    expires_in_seconds: Option<i64>,
}

impl Call<'_> {
    /// Refuses what this kind of caller may never ask, whatever his policies say.
    ///
    /// Source: IAM user guide, "Compare AWS STS credentials".
    fn closed_to_caller(&self, action: &str) -> Result<(), StsError> {
        let principal = self.caller.identity.principal();
        let open: &[&str] = match principal.kind {
            PrincipalKind::FederatedUser { .. } => &["GetCallerIdentity"],
            PrincipalKind::User { .. } if self.caller.identity.is_temporary() => {
                &["AssumeRole", "GetCallerIdentity", "GetFederationToken", "GetSessionToken"]
            }
            PrincipalKind::User { .. } | PrincipalKind::AssumedRole { .. } => return Ok(()),
        };
        if open.contains(&action) || !parameters::ACTIONS.contains(&action) {
            return Ok(());
        }
        let text = format!("User: {} is not authorized to perform: sts:{action}", principal.arn());
        Err(StsError::forbidden("AccessDenied", text))
    }

    /// When credentials expire that were asked for so many seconds.
    fn expires_at(&self, seconds: u32) -> Timestamp {
        let asked = i64::from(seconds);
        let limit = self.service.session_limit.and_then(|limit| i64::try_from(limit.as_secs()).ok());
        let seconds = self.expires_in_seconds.unwrap_or_else(|| asked.min(limit.unwrap_or(asked)));
        shifted(self.now, seconds.saturating_mul(1000))
    }
}

/// A moment so many ms later, or earlier.
pub(crate) fn shifted(timestamp: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(timestamp.unix_millis().saturating_add(millis))
}
