//! What must be refused at STS, and what cannot be.

use tokio::time::timeout;

use super::{ProbeResult, bedrock::attempt, result::Attempt, run::Probe};

/// A role for scopes without one of their own: asking for it is refused before anybody looks whether it exists.
const SOME_ROLE: &str = "arn:aws:iam::123456789012:role/nova-sonic-probe";

/// Every check at STS.
pub(super) async fn checks(probe: &Probe<'_>) -> Vec<ProbeResult> {
    let sdk = match probe.broker.sts_as(probe.keys()) {
        Ok(sdk) => sdk,
        Err(error) => {
            let result = ProbeResult::failed("sts_refused", "refused", error.to_string(), error.advice());
            return vec![result];
        }
    };
    let patience = probe.settings.patience;
    let late = || Attempt::NotReached { why: "no answer in time".to_owned() };
    let role = probe.broker.role_arn().unwrap_or(SOME_ROLE);
    let assume = sdk.assume_role().role_arn(role).role_session_name("nova-sonic-probe").send();
    let assume = timeout(patience, assume).await.map_or_else(|_| late(), |sent| attempt(sent.map(drop)));
    let federate = sdk.get_federation_token().name("nova-sonic-probe").send();
    let federate = timeout(patience, federate).await.map_or_else(|_| late(), |sent| attempt(sent.map(drop)));
    let identity = timeout(patience, sdk.get_caller_identity().send()).await;
    let seen = match identity {
        Ok(Ok(output)) => Ok(output.arn.unwrap_or_default()),
        Ok(Err(error)) => Err(attempt(Err(error))),
        Err(_) => Err(late()),
    };
    vec![
        assume.must_be_refused("assume_role_again"),
        federate.must_be_refused("federation_token_again"),
        caller_identity(probe, seen),
    ]
}

/// AWS answers this call whatever the policies say. It shows the session's name, which must be the hash and no more.
fn caller_identity(probe: &Probe<'_>, seen: Result<String, Attempt>) -> ProbeResult {
    const CHECK: &str = "caller_identity";
    const EXPECTED: &str = "allowed: AWS refuses it to nobody, and it shows the session's name";
    let name = &probe.record.subject_hash;
    match seen {
        Ok(arn) if arn.ends_with(&format!("/{name}")) || arn.ends_with(&format!(":{name}")) => {
            ProbeResult::passed(CHECK, EXPECTED, format!("allowed, as {name}"))
        }
        Ok(_) => ProbeResult::failed(
            CHECK,
            EXPECTED,
            "allowed, under another name",
            "check what stands between the broker and STS: the session does not have the name that it was given",
        ),
        Err(Attempt::Refused { name, .. } | Attempt::FailedLater { name }) => ProbeResult::failed(
            CHECK,
            EXPECTED,
            format!("refused: {name}"),
            "check the endpoint of STS and the clock",
        ),
        Err(Attempt::Allowed | Attempt::NotReached { .. }) => {
            ProbeResult::passed(CHECK, EXPECTED, "not reached")
                .with_advice("this could not be tried from here")
        }
    }
}
