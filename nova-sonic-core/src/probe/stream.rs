//! The stream that must open, and the one that must not.

use tokio::time::timeout;

use super::{ProbeResult, result::Attempt, run::Probe};
use crate::{
    client::{Client, ClientError},
    error::ErrorCode,
    scope::{Partition, ScopePolicy},
    session::{CloseReason, Event, SessionConfig},
};

/// Two regions that offer the default model, so that one of them is another one.
const REGIONS: [&str; 2] = ["us-east-1", "us-west-2"];

/// Opens a stream and hangs up.
pub(super) async fn opens(probe: &Probe<'_>) -> ProbeResult {
    const CHECK: &str = "stream_opens";
    const EXPECTED: &str = "a stream that opens, and closes in order";
    let region = probe.broker.scope().region().as_str();
    match timeout(probe.settings.patience, open_and_hang_up(probe, region)).await {
        Ok(Ok(CloseReason::Hangup)) => ProbeResult::passed(CHECK, EXPECTED, "opened and closed in order"),
        Ok(Ok(CloseReason::Failed(failure))) => {
            let seen = format!("opened, then {}", failure.code());
            ProbeResult::failed(CHECK, EXPECTED, seen, failure.code().advice())
        }
        Ok(Ok(reason)) => {
            let seen = format!("opened, then {}", reason.as_str());
            ProbeResult::failed(CHECK, EXPECTED, seen, ErrorCode::ConnectionLost.advice())
        }
        Ok(Err(error)) => ProbeResult::failed(CHECK, EXPECTED, error.code().as_str(), error.code().advice()),
        Err(_) => ProbeResult::failed(CHECK, EXPECTED, "no answer", ErrorCode::OpenTimeout.advice()),
    }
}

/// Another region to try, where there is one that offers the model.
pub(super) fn other_region(scope: &ScopePolicy) -> Option<&'static str> {
    let own = scope.region();
    // the members of a profile are several regions
    let single = scope.model_to_open() == scope.models().first()?.as_str();
    let comparable = own.partition() == Partition::Aws && single;
    comparable.then(|| REGIONS.into_iter().find(|region| *region != own.as_str())).flatten()
}

/// Opens the same stream in a region that the scope does not name.
pub(super) async fn elsewhere(probe: &Probe<'_>, region: &str) -> ProbeResult {
    let attempt = match timeout(probe.settings.patience, open_and_hang_up(probe, region)).await {
        Ok(Ok(_)) => Attempt::Allowed,
        Ok(Err(error)) => attempt_of(&error),
        Err(_) => Attempt::NotReached { why: ErrorCode::OpenTimeout.to_string() },
    };
    attempt.must_be_refused("stream_in_another_region")
}

fn attempt_of(error: &ClientError) -> Attempt {
    const NOT_REACHED: [ErrorCode; 3] =
        [ErrorCode::ConnectionFailed, ErrorCode::OpenTimeout, ErrorCode::TlsRefused];
    let code = error.code();
    if code == ErrorCode::AccessDenied {
        Attempt::of_refusal("AccessDeniedException", &error.to_string())
    } else if code == ErrorCode::CredentialsInvalid {
        Attempt::of_refusal("InvalidSignatureException", "")
    } else if NOT_REACHED.contains(&code) {
        Attempt::NotReached { why: code.to_string() }
    } else {
        Attempt::FailedLater { name: code.to_string() }
    }
}

async fn open_and_hang_up(probe: &Probe<'_>, region: &str) -> Result<CloseReason, ClientError> {
    let mut builder =
        Client::builder().region(region).model_id(probe.model_id()).credentials_provider(probe.keys());
    if let Some(endpoint_url) = &probe.settings.endpoint_url {
        builder = builder.endpoint_url(endpoint_url);
    }
    if let Some(pem) = probe.ca_certificates() {
        builder = builder.ca_certificates_pem(pem);
    }
    let (voice, mut events) = builder.build().await?.open(SessionConfig::default()).await?;
    voice.hang_up();
    while let Some(event) = events.next().await {
        if let Event::Closed { reason } = event {
            return Ok(reason);
        }
    }
    Ok(CloseReason::Disconnected)
}
