//! Issuing credentials.

use std::{
    fmt,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use super::{
    BackendKind, BackendProblem, BrokerError, BrokerMetrics, CredentialBrokerBuilder, IssueRecord, Outcome,
    Patience, Subject,
    admission::{Admission, Ended},
    clock::Clock,
    connection::{Connections, Pool},
    source::Seen,
    sts::{self, Answer, Call, CallError, DURATION_SECONDS, Tags},
    subject::{SubjectHasher, push_base32},
};
#[cfg(feature = "redis")]
use super::{SharedAdmission, SharedPermit};
use crate::{
    error::ErrorCode,
    grant::{Grant, GrantMode, TemporaryCredentials},
    scope::ScopePolicy,
    time::{Tick, Timestamp},
};

/// How long issued credentials live.
const DURATION: Duration = Duration::from_secs(DURATION_SECONDS.unsigned_abs() as u64);
/// How far two clocks may differ before AWS refuses what one of them signed.
const CLOCK_TOLERANCE: Duration = Duration::from_mins(5);

/// Issues credentials that can do nothing but open a stream. Clones share limits, counters and connections.
///
/// It keeps connections to STS and the backend's own credentials; make one and keep it. It may be used from several
/// tokio runtimes, each of which then has connections of its own.
#[derive(Clone)]
pub struct CredentialBroker(Arc<Inner>);

pub(super) struct Inner {
    pub(super) scope: ScopePolicy,
    pub(super) call: Call,
    pub(super) mode: GrantMode,
    pub(super) tags: Tags,
    pub(super) patience: Patience,
    pub(super) hasher: SubjectHasher,
    pub(super) clock: Clock,
    pub(super) admission: Admission,
    #[cfg(feature = "redis")]
    pub(super) shared: Option<Arc<SharedAdmission>>,
    pub(super) connections: Connections,
    pub(super) backend: Arc<Seen>,
}

/// What was issued: the grant for the browser, and the record for the audit trail.
#[derive(Debug)]
#[non_exhaustive]
pub struct Issued {
    /// For the browser, and for nobody else.
    pub grant: Grant,
    /// For the log.
    pub record: IssueRecord,
}

/// Fresh credentials before they became a grant.
pub(crate) struct Fresh {
    pub(crate) credentials: TemporaryCredentials,
    pub(crate) record: IssueRecord,
    /// When the policy was written that they were issued under.
    pub(crate) now: Timestamp,
}

impl CredentialBroker {
    /// How credentials are issued, to be filled in.
    pub fn builder() -> CredentialBrokerBuilder {
        CredentialBrokerBuilder::default()
    }

    pub(super) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Issues credentials for a subject. Limits and breaker are asked first; only then is STS.
    ///
    /// Dropped while it waits, it frees the subject's place; what STS then issues reaches nobody. Needs a tokio
    /// runtime with time and I/O.
    ///
    /// # Errors
    /// [`BrokerError`]: [`BrokerError::Limit`] and [`BrokerError::Breaker`] without a word to STS, nor where limits that are
    /// shared cannot be asked; the others by what stands in the way.
    pub async fn issue(&self, subject: &Subject) -> Result<Issued, BrokerError> {
        let inner = &*self.0;
        let hash = inner.hasher.hash(subject);
        #[cfg(feature = "redis")]
        let shared = inner.shared_permit(&hash.text).await?;
        let permit = inner.admission.admit(hash.key)?;
        let issued = inner.fresh(&hash.text).await.and_then(|fresh| {
            let Fresh { credentials, record, now } = fresh;
            Ok(Issued { grant: Grant::issue(inner.mode, credentials, &inner.scope, now)?, record })
        });
        match issued {
            Ok(mut issued) => {
                issued.record.duration_ms = permit.elapsed_ms();
                permit.settle(Ended::Issued);
                #[cfg(feature = "redis")]
                settle(shared, Ended::Issued).await;
                Ok(issued)
            }
            Err(error) => {
                permit.settle(ended(&error));
                #[cfg(feature = "redis")]
                settle(shared, ended(&error)).await;
                Err(error)
            }
        }
    }

    /// The name by which AWS knows the sessions of a subject: `ns-` and 26 letters and digits, a keyed hash.
    pub fn subject_hash(&self, subject: &Subject) -> String {
        self.0.hasher.hash(subject).text
    }

    /// What this broker has done so far.
    pub fn metrics(&self) -> BrokerMetrics {
        self.0.admission.metrics()
    }

    /// What the issued credentials may do.
    pub fn scope(&self) -> &ScopePolicy {
        &self.0.scope
    }

    /// What a browser receives.
    pub fn mode(&self) -> GrantMode {
        self.0.mode
    }

    /// What kind of credentials the backend itself runs with, as far as has been seen.
    pub fn backend_kind(&self) -> BackendKind {
        self.0.backend.kind()
    }

    /// The certificate authorities that connections trust, if not the system's.
    #[cfg(feature = "client")]
    pub(crate) fn ca_certificates(&self) -> Option<&[u8]> {
        self.0.connections.ca_certificates()
    }

    /// The role that is assumed.
    #[cfg(feature = "client")]
    pub(crate) fn role_arn(&self) -> Option<&str> {
        match &self.0.call {
            Call::AssumeRole { role_arn, .. } => Some(role_arn),
            Call::FederationToken => None,
        }
    }

    /// STS as it looks to somebody else.
    #[cfg(feature = "client")]
    pub(crate) fn sts_as(
        &self,
        keys: aws_credential_types::Credentials,
    ) -> Result<aws_sdk_sts::Client, BrokerError> {
        self.0.connections.sdk_as(keys)
    }

    /// Credentials that nobody's limits are asked about, to be tried out and dropped.
    #[cfg(feature = "client")]
    pub(crate) async fn fresh_for_probe(&self) -> Result<Fresh, BrokerError> {
        let subject = Subject::new("nova-sonic probe")?;
        self.0.fresh(&self.0.hasher.hash(&subject).text).await
    }
}

/// Gives back what was let through by limits that several processes share.
#[cfg(feature = "redis")]
async fn settle(shared: Option<SharedPermit>, ended: Ended) {
    if let Some(permit) = shared {
        permit
            .settle(match ended {
                Ended::Issued => Outcome::Succeeded,
                Ended::Failed(outcome) => outcome,
                Ended::WithoutCredentials => Outcome::Unknown,
            })
            .await;
    }
}

impl Inner {
    #[cfg(feature = "redis")]
    async fn shared_permit(&self, subject_hash: &str) -> Result<Option<SharedPermit>, BrokerError> {
        let Some(shared) = &self.shared else { return Ok(None) };
        shared.admit(subject_hash).await.map(Some).inspect_err(|error| self.admission.count_refusal(error))
    }

    /// Asks STS within the time that there is.
    async fn fresh(&self, session_name: &str) -> Result<Fresh, BrokerError> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|_| BrokerError::Random)?;
        let pool = self.connections.pool()?;
        let began = self.clock.tick();
        let attempts = AtomicU32::new(0);
        let spread = random.last().copied().unwrap_or(0);
        // kept until it is known what was waited for
        let mut asked = pin!(self.ask(&pool, session_name, began, spread, &attempts));
        let asked = tokio::time::timeout(self.patience.total, asked.as_mut()).await;
        let attempts = attempts.load(Ordering::Relaxed);
        let (answer, now) = match asked {
            Ok(answer) => answer.map_err(|error| self.explained(error, attempts))?,
            Err(_) if self.backend.loading() => {
                self.admission.uncount_call();
                return Err(BrokerError::BackendCredentials { problem: BackendProblem::TimedOut });
            }
            Err(_) => {
                let problem = "STS did not answer in time".to_owned();
                return Err(BrokerError::Unreachable { code: ErrorCode::OpenTimeout, problem, attempts });
            }
        };
        checked(answer, now, session_name, attempts, &random)
    }

    /// The answer, and when the policy was written that it was given for.
    async fn ask(
        &self,
        pool: &Pool,
        session_name: &str,
        began: Tick,
        random: u8,
        attempts: &AtomicU32,
    ) -> Result<(Answer, Timestamp), CallError> {
        loop {
            // it is never closed
            let place = pool.places.acquire().await.ok();
            let attempt = attempts.fetch_add(1, Ordering::Relaxed) + 1;
            let now = self.clock.timestamp();
            let policy = self.scope.render(now, policy_expiration(now)).map_err(CallError::Scope)?;
            let request = sts::Request { call: &self.call, session_name, policy: &policy, tags: &self.tags };
            self.admission.count_call(attempt);
            let error = match sts::ask(&pool.sdk, &request).await {
                Ok(answer) => return Ok((answer, now)),
                Err(error) => error,
            };
            if matches!(error, CallError::Backend(_)) {
                self.admission.uncount_call();
            }
            let elapsed = self.clock.tick().since(began);
            let pause = error
                .worth_another_attempt()
                .then(|| self.patience.pause(attempt, elapsed, error.retry_after(), random))
                .flatten();
            let Some(pause) = pause else { return Err(error) };
            drop(place);
            tokio::time::sleep(pause).await;
        }
    }

    /// The error with the advice that only the backend's own credentials allow.
    fn explained(&self, error: CallError, attempts: u32) -> BrokerError {
        if let CallError::Refused(refusal) = &error
            && refusal.code() == ErrorCode::CredentialsExpired
            && self.backend.kind() == BackendKind::Pasted
        {
            return CallError::Refused(refusal.clone().with_advice(PASTED)).after(attempts);
        }
        error.after(attempts)
    }
}

/// Refuses credentials that live longer than was asked for, or are over already.
fn checked(
    answer: Answer,
    now: Timestamp,
    session_name: &str,
    attempts: u32,
    random: &[u8; 32],
) -> Result<Fresh, BrokerError> {
    let expiration = answer.credentials.expiration;
    if expiration > now.after(DURATION).after(CLOCK_TOLERANCE) {
        return Err(BrokerError::AnswerInvalid { problem: "lives longer than was asked for" });
    }
    if expiration <= now {
        return Err(BrokerError::AnswerInvalid { problem: "has expired already" });
    }
    let mut id = String::with_capacity(26);
    push_base32(&mut id, random.split_at(17).0, 26);
    let record = IssueRecord {
        id,
        subject_hash: session_name.to_owned(),
        access_key_id: answer.credentials.access_key_id.clone(),
        expiration,
        packed_policy_size: answer.packed_policy_size,
        clock_offset_seconds: expiration.unix_seconds() - policy_expiration(now).unix_seconds(),
        request_id: answer.request_id,
        attempts,
        duration_ms: 0,
    };
    Ok(Fresh { credentials: answer.credentials, record, now })
}

const PASTED: &str = "the backend runs with temporary credentials that nobody renews (AWS_SESSION_TOKEN): attach a role \
                      to the server, or use a profile that renews itself";

/// When credentials that are asked for now will expire.
pub(super) fn policy_expiration(now: Timestamp) -> Timestamp {
    now.after(DURATION)
}

/// What an error says about STS.
const fn ended(error: &BrokerError) -> Ended {
    match error {
        BrokerError::BackendCredentials { .. } => Ended::WithoutCredentials,
        BrokerError::Refused(refusal) => Ended::Failed(Outcome::Failed(refusal.code())),
        BrokerError::Unreachable { code, .. } => Ended::Failed(Outcome::Failed(*code)),
        BrokerError::AnswerInvalid { .. } => Ended::Failed(Outcome::Failed(ErrorCode::StsAnswerInvalid)),
        // STS issued what no browser can use
        BrokerError::Grant(error) => Ended::Failed(Outcome::Failed(error.code())),
        BrokerError::Configuration { .. }
        | BrokerError::SubjectInvalid { .. }
        | BrokerError::Scope(_)
        | BrokerError::Limit(_)
        | BrokerError::Breaker(_)
        | BrokerError::Random => Ended::Failed(Outcome::Unknown),
        #[cfg(feature = "redis")]
        BrokerError::SharedLimits(_) => Ended::Failed(Outcome::Unknown),
    }
}

impl fmt::Debug for CredentialBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { scope, mode, admission, .. } = &*self.0;
        f.debug_struct("CredentialBroker")
            .field("scope", scope)
            .field("mode", mode)
            .field("metrics", &admission.metrics())
            .finish_non_exhaustive()
    }
}
