//! `/_simulator/…`: what a test in another process may see and change. Never a secret.
//!
//! Off unless asked for, and for clients on this machine alone: a page in a browser cannot reach it, since
//! browsers say where a request comes from.

use http::{Method, StatusCode, request::Parts};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    auth::host_name,
    relay::RelayFault,
    service::{Connection, Service},
    sts::StsFault,
    tally::Tally,
};

/// Where the control path begins.
const PREFIX: &str = "/_simulator/";

/// What a simulator has counted, and what is set on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SimulatorState {
    /// The simulator's calendar, RFC 3339.
    pub now: String,
    /// How far it is ahead of the machine's, in ms.
    pub clock_offset_ms: i64,
    /// What was asked and answered.
    #[serde(flatten)]
    pub tally: Tally,
    /// Temporary credentials that are remembered, expired ones among them until they are swept.
    pub credentials_remembered: usize,
    /// The faults in force.
    pub sts_faults: Vec<StsFault>,
    /// What goes wrong with the relay.
    pub relay_fault: Option<RelayFault>,
}

impl SimulatorState {
    pub(crate) fn of(service: &Service) -> Self {
        Self {
            now: service.clock.timestamp().to_string(),
            clock_offset_ms: service.clock.offset_millis(),
            tally: service.observation.tally(),
            credentials_remembered: service.credentials.issued(),
            sts_faults: service.faults.faults(),
            relay_fault: service.relay_fault(),
        }
    }
}

/// What the control path answers.
#[derive(Debug)]
pub(crate) struct ControlAnswer {
    pub(crate) status: StatusCode,
    pub(crate) json: Value,
}

/// The end of a control path, if `path` is one and the control path is open.
pub(crate) fn verb<'a>(service: &Service, path: &'a str) -> Option<&'a str> {
    path.strip_prefix(PREFIX).filter(|_| service.control)
}

/// Whether a request comes from a program on this machine, and not from a page that a browser shows.
pub(crate) fn admits(connection: &Connection, parts: &Parts) -> bool {
    // a name that a foreign page has pointed at this machine is none of these
    let own_name = matches!(host_name(parts), "localhost" | "127.0.0.1" | "[::1]");
    let of_a_page = ["origin", "sec-fetch-site"].iter().any(|name| parts.headers.contains_key(*name));
    connection.peer.is_loopback() && own_name && !of_a_page
}

/// Answers one request of a client that is admitted.
pub(crate) fn answer(service: &Service, method: &Method, verb: &str, body: &[u8]) -> ControlAnswer {
    let result = match (method.as_str(), verb) {
        ("GET", "state") => Ok(state(service)),
        ("GET", "calls") => Ok(json!({ "calls": service.observation.calls() })),
        ("GET", "streams") => Ok(json!({ "streams": service.observation.streams() })),
        ("POST", "faults") => read(body).map(|Faults { sts, relay }| {
            service.faults.replace(sts);
            service.set_relay_fault(relay);
            state(service)
        }),
        ("POST", "clock") => read(body).map(|change| {
            match change {
                ClockChange::AdvanceMs(millis) => service.clock.shift_millis(millis),
                ClockChange::OffsetMs(millis) => service.clock.set_offset_millis(millis),
            }
            state(service)
        }),
        ("POST", "reset") => {
            service.faults.replace(Vec::new());
            service.set_relay_fault(None);
            service.observation.clear_tally();
            Ok(state(service))
        }
        _ => Err((StatusCode::NOT_FOUND, format!("there is no {method} {PREFIX}{verb}"))),
    };
    match result {
        Ok(json) => ControlAnswer { status: StatusCode::OK, json },
        Err((status, message)) => ControlAnswer { status, json: json!({ "error": { "message": message } }) },
    }
}

fn state(service: &Service) -> Value {
    json!(SimulatorState::of(service))
}

/// Body of `POST /_simulator/faults`: what is in force from now on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Faults {
    #[serde(default)]
    sts: Vec<StsFault>,
    relay: Option<RelayFault>,
}

/// Body of `POST /_simulator/clock`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ClockChange {
    /// Ahead by so many ms more; back, if negative.
    AdvanceMs(i64),
    /// To so many ms ahead of the machine's calendar.
    OffsetMs(i64),
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, (StatusCode, String)> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))
}
