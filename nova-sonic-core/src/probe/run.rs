//! The order of the checks.

use aws_credential_types::Credentials;

use super::{ProbeResult, ProbeSettings, bedrock::Decoys, identity, stream};
use crate::{
    broker::{BackendKind, BrokerError, CredentialBroker, Fresh, IssueRecord},
    grant::{Grant, GrantMode, TemporaryCredentials},
    scope::ModelId,
    secret::SecretText,
};

/// How far clocks may be apart before it is worth a word, seconds.
const CLOCK_TOLERANCE_SECONDS: i64 = 30;

/// What all checks work with: one set of fresh credentials and how to reach Bedrock.
pub(super) struct Probe<'a> {
    pub(super) broker: &'a CredentialBroker,
    pub(super) settings: &'a ProbeSettings,
    pub(super) record: IssueRecord,
    keys: Credentials,
}

impl Probe<'_> {
    /// The issued credentials, as the SDK takes them.
    pub(super) fn keys(&self) -> Credentials {
        self.keys.clone()
    }

    pub(super) fn ca_certificates(&self) -> Option<&[u8]> {
        self.settings.ca_certificates.as_deref().or_else(|| self.broker.ca_certificates())
    }

    /// The id of the model, or of the inference profile, that the scope is for.
    pub(super) fn model_id(&self) -> &str {
        self.broker.scope().model_to_open()
    }
}

/// Issues credentials once, past every limit, and tries what they open. Never fails: what goes wrong is a result.
///
/// The credentials are dropped at the end and reach nobody. Needs a tokio runtime with time and I/O.
pub async fn probe(broker: &CredentialBroker, settings: &ProbeSettings) -> Vec<ProbeResult> {
    // the calls of two SDKs are too much for somebody's stack
    Box::pin(checks(broker, settings)).await
}

async fn checks(broker: &CredentialBroker, settings: &ProbeSettings) -> Vec<ProbeResult> {
    let mut results = vec![scope(broker)];
    let fresh = match broker.fresh_for_probe().await {
        Ok(fresh) => fresh,
        Err(error) => {
            results.push(not_issued(&error));
            return results;
        }
    };
    results.push(issued(&fresh.record));
    results.push(clock(fresh.record.clock_offset_seconds));
    results.push(backend(broker.backend_kind()));
    results.push(grant(broker, &fresh));
    let Fresh { credentials, record, .. } = fresh;
    let keys = Credentials::new(
        credentials.access_key_id,
        credentials.secret_access_key.expose(),
        Some(credentials.session_token.expose().to_owned()),
        None,
        "nova-sonic probe",
    );
    let probe = Probe { broker, settings, record, keys };
    results.push(stream::opens(&probe).await);
    if let Some(region) = stream::other_region(broker.scope()) {
        results.push(stream::elsewhere(&probe, region).await);
    }
    match Decoys::new(&probe).await {
        Ok(decoys) => {
            if !broker.scope().is_dangerous() {
                results.push(decoys.invoke_another_model().await);
            }
            results.push(decoys.invoke_with_response_stream().await);
        }
        Err(result) => results.push(result),
    }
    results.extend(identity::checks(&probe).await);
    results
}

fn scope(broker: &CredentialBroker) -> ProbeResult {
    const CHECK: &str = "scope_is_narrow";
    const EXPECTED: &str = "named models only";
    let scope = broker.scope();
    if scope.is_dangerous() {
        let advice =
            "name the models: whoever has such credentials may use every model of the region at your cost";
        return ProbeResult::failed(CHECK, EXPECTED, "every model of the region", advice);
    }
    let models: Vec<&str> = scope.models().iter().map(ModelId::as_str).collect();
    ProbeResult::passed(CHECK, EXPECTED, format!("{} in {}", models.join(", "), scope.region().as_str()))
}

fn not_issued(error: &BrokerError) -> ProbeResult {
    ProbeResult::failed("credentials_issued", ISSUED, format!("{}: {error}", error.code()), error.advice())
}

const ISSUED: &str = "credentials for 15 minutes";

fn issued(record: &IssueRecord) -> ProbeResult {
    let packed =
        record.packed_policy_size.map(|percent| format!(", policy and tags take {percent} % of the room"));
    let seen = format!("issued to {}{}", record.subject_hash, packed.unwrap_or_default());
    ProbeResult::passed("credentials_issued", ISSUED, seen)
}

fn clock(offset_seconds: i64) -> ProbeResult {
    const CHECK: &str = "clock_agrees";
    const EXPECTED: &str = "within 30 s of AWS's";
    let seen = match offset_seconds {
        0 => "the same".to_owned(),
        1.. => format!("{offset_seconds} s behind AWS's"),
        _ => format!("{} s ahead of AWS's", offset_seconds.unsigned_abs()),
    };
    if offset_seconds.abs() <= CLOCK_TOLERANCE_SECONDS {
        return ProbeResult::passed(CHECK, EXPECTED, seen);
    }
    let advice = "set this machine's clock: browsers sign with the time that it tells them, and AWS refuses what is five \
                  minutes off";
    ProbeResult::failed(CHECK, EXPECTED, seen, advice)
}

fn backend(kind: BackendKind) -> ProbeResult {
    const CHECK: &str = "backend_credentials_last";
    const EXPECTED: &str = "credentials that renew themselves, or last";
    match kind {
        BackendKind::Pasted => ProbeResult::failed(
            CHECK,
            EXPECTED,
            "temporary credentials that nothing renews",
            "attach a role to the server, or use a profile that renews itself: these stop working within hours",
        ),
        BackendKind::LongTerm => ProbeResult::passed(CHECK, EXPECTED, "the long-term keys of an IAM user")
            .with_advice("a role attached to the server is safer than keys that last for ever"),
        BackendKind::Renewed => {
            ProbeResult::passed(CHECK, EXPECTED, "temporary credentials that are renewed")
        }
        BackendKind::Unknown => {
            ProbeResult::passed(CHECK, EXPECTED, "credentials of a kind that was not seen")
        }
    }
}

/// Makes the grant that a browser would get, of copies that are wiped.
fn grant(broker: &CredentialBroker, fresh: &Fresh) -> ProbeResult {
    const CHECK: &str = "grant_made";
    let copy = |secret: &SecretText| SecretText::new(secret.expose().to_owned());
    let credentials = TemporaryCredentials {
        access_key_id: fresh.credentials.access_key_id.clone(),
        secret_access_key: copy(&fresh.credentials.secret_access_key),
        session_token: copy(&fresh.credentials.session_token),
        expiration: fresh.credentials.expiration,
    };
    let expected = "what the browser needs, and no more";
    match Grant::issue(broker.mode(), credentials, broker.scope(), fresh.now) {
        Ok(grant) => {
            let seconds = grant.open_before().since(grant.server_time()).as_secs();
            let seen = format!("{}, a stream can be opened for {seconds} s", grant.mode().as_str());
            let result = ProbeResult::passed(CHECK, expected, seen);
            if grant.mode() == GrantMode::SigningKeys {
                return result;
            }
            result.with_advice("signing keys keep the secret on the server; plain credentials are for pages that use the AWS SDK")
        }
        Err(error) => ProbeResult::failed(CHECK, expected, error.to_string(), error.code().advice()),
    }
}
