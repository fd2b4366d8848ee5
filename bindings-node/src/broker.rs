//! `NativeBroker`: credentials that open a Nova Sonic stream and nothing else.

use std::{collections::HashMap, future::Future, time::Duration};

use napi::{
    Env, Result,
    bindgen_prelude::{Either, PromiseRaw},
};
use napi_derive::napi;
use nova_sonic_core::{
    broker::{
        BreakerState, BrokerError, BrokerMetrics, CredentialBroker, CredentialBrokerBuilder, Issued, Limits,
        Patience, SharedLimits, Subject,
    },
    grant::GrantMode,
    probe::{self, ProbeResult, ProbeSettings},
    scope::{Cidr, ModelId, Region, ScopeError, ScopePolicy},
    secret::SecretText,
};

use crate::{
    fault::NativeFault,
    grant::NativeGrant,
    keys::{GIVEN, GivenAtOpening, Kept, NativeKeys},
};

/// What the keys in Redis begin with, unless told otherwise.
const PREFIX: &str = "nova-sonic";

/// What a broker issues, and how.
#[napi(object, object_to_js = false)]
#[expect(clippy::struct_excessive_bools, reason = "options of JavaScript, each with a name at the call")]
pub struct NativeBrokerSettings {
    pub region: String,
    pub models: Option<Vec<String>>,
    pub source_networks: Option<Vec<String>>,
    pub open_window_ms: Option<f64>,
    pub role_arn: Option<String>,
    pub federation_token: bool,
    pub session_name_key: String,
    /// Whether the secret key itself is handed out.
    pub plain: bool,
    pub external_id: Option<String>,
    pub source_identity: bool,
    pub tags: HashMap<String, String>,
    /// Issues in any minute and in a day; nothing for no limits.
    pub limits: Option<NativeLimits>,
    pub endpoint: Option<String>,
    /// Certificate authorities in PEM, trusted instead of the system's.
    pub ca: Option<String>,
    pub profile: Option<String>,
    /// Whether the backend's own credentials are given with each issue.
    pub gives_keys: bool,
    pub timeout_ms: Option<f64>,
}

/// How often one subject is served; what is left out is the core's default.
#[napi(object, object_to_js = false)]
pub struct NativeLimits {
    pub per_minute: Option<u32>,
    pub per_day: Option<u32>,
    /// The Redis where all processes count them, and what its keys begin with.
    pub redis_url: Option<String>,
    pub redis_prefix: Option<String>,
}

/// One check of a probe.
#[napi(object, object_from_js = false)]
pub struct NativeProbeResult {
    pub check: String,
    pub expected: String,
    pub seen: String,
    pub passed: bool,
    pub advice: Option<String>,
}

/// What a broker has done so far.
#[napi(object, object_from_js = false)]
pub struct NativeMetrics {
    pub issued: f64,
    pub refused_by_limit: f64,
    pub refused_by_table: f64,
    pub refused_by_breaker: f64,
    pub failed: f64,
    pub without_credentials: f64,
    pub abandoned: f64,
    pub sts_calls: f64,
    pub retries: f64,
    pub breaker_opened: f64,
    pub in_flight: f64,
    pub subjects: f64,
    pub issue_ms: f64,
    pub slowest_ms: f64,
    #[napi(ts_type = "'closed' | 'open' | 'half-open'")]
    pub breaker: String,
}

/// Issues credentials.
#[napi]
pub struct NativeBroker {
    broker: CredentialBroker,
}

#[napi]
impl NativeBroker {
    /// Checks the settings and reads the shared configuration; nothing is sent.
    #[napi]
    pub fn prepare(settings: NativeBrokerSettings) -> Result<Either<NativeBroker, NativeFault>> {
        let scope = match settings.scope() {
            Ok(scope) => scope,
            Err((setting, why)) => return Ok(Either::B(NativeFault::scope(setting, &why))),
        };
        // a runtime of its own: what is made here starts nothing that outlives it
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(match runtime.block_on(settings.build(scope)) {
            Ok(broker) => Either::A(Self { broker }),
            Err(error) => Either::B(error.into()),
        })
    }

    /// Issues credentials for a subject.
    #[napi]
    pub fn issue<'env>(
        &self,
        env: &'env Env,
        subject: String,
        keys: Option<NativeKeys>,
    ) -> Result<PromiseRaw<'env, Either<NativeGrant, NativeFault>>> {
        let broker = self.broker.clone();
        let issued = with_keys(keys, async move {
            let subject = Subject::new(subject)?;
            broker.issue(&subject).await
        });
        env.spawn_future(async move { Ok(answered(issued.await)) })
    }

    /// Tries what it issues: a stream must open, and what a thief would try must be refused.
    #[napi]
    pub fn probe<'env>(
        &self,
        env: &'env Env,
        endpoint: Option<String>,
        keys: Option<NativeKeys>,
    ) -> Result<PromiseRaw<'env, Vec<NativeProbeResult>>> {
        let broker = self.broker.clone();
        let settings = endpoint.into_iter().fold(ProbeSettings::default(), ProbeSettings::endpoint_url);
        env.spawn_future(with_keys(keys, async move {
            let results = probe::probe(&broker, &settings).await;
            Ok(results.into_iter().map(NativeProbeResult::from).collect())
        }))
    }

    /// What it has done so far.
    #[napi]
    pub fn metrics(&self) -> NativeMetrics {
        self.broker.metrics().into()
    }

    /// The name by which AWS knows the sessions of a subject.
    #[napi]
    pub fn subject_hash(&self, subject: String) -> Either<String, NativeFault> {
        match Subject::new(subject) {
            Ok(subject) => Either::A(self.broker.subject_hash(&subject)),
            Err(error) => Either::B(error.into()),
        }
    }
}

async fn with_keys<T>(keys: Option<NativeKeys>, work: impl Future<Output = T>) -> T {
    match keys {
        Some(keys) => GIVEN.scope(keys.into_credentials(), work).await,
        None => work.await,
    }
}

fn answered(issued: core::result::Result<Issued, BrokerError>) -> Either<NativeGrant, NativeFault> {
    match issued {
        Ok(issued) => Either::A(NativeGrant::new(issued)),
        Err(error) => Either::B(error.into()),
    }
}

impl NativeBrokerSettings {
    fn scope(&self) -> core::result::Result<ScopePolicy, (&'static str, ScopeError)> {
        let region = Region::parse(&self.region).map_err(|why| ("region", why))?;
        let mut policy = match self.models.as_deref() {
            None | Some([]) => ScopePolicy::new(region, ModelId::default()),
            Some([first, others @ ..]) => {
                let model = |id: &String| ModelId::parse(id).map_err(|why| ("models", why));
                let policy = ScopePolicy::new(region, model(first)?);
                others.iter().try_fold(policy, |policy, id| Ok(policy.and_model(model(id)?)))?
            }
        };
        if let Some(networks) = &self.source_networks {
            let networks: core::result::Result<Vec<Cidr>, _> =
                networks.iter().map(|network| Cidr::parse(network)).collect();
            policy = policy.source_cidrs(networks.map_err(|why| ("sourceNetworks", why))?);
        }
        if let Some(window) = self.open_window_ms {
            policy = policy.open_window(duration(window));
        }
        Ok(policy)
    }

    async fn build(self, scope: ScopePolicy) -> core::result::Result<CredentialBroker, BrokerError> {
        let mut builder = CredentialBroker::builder()
            .scope(scope)
            .session_name_key(SecretText::new(self.session_name_key))
            .mode(if self.plain { GrantMode::Plain } else { GrantMode::SigningKeys })
            .source_identity(self.source_identity);
        builder = self.role_arn.into_iter().fold(builder, CredentialBrokerBuilder::assume_role);
        if self.federation_token {
            builder = builder.federation_token();
        }
        builder = self.external_id.into_iter().fold(builder, CredentialBrokerBuilder::external_id);
        builder = self.tags.into_iter().fold(builder, |builder, (key, value)| builder.tag(key, value));
        builder = match self.limits {
            Some(NativeLimits { per_minute, per_day, redis_url, redis_prefix }) => {
                let limits = per_minute.into_iter().fold(Limits::default(), Limits::per_minute);
                builder = builder.limits(per_day.into_iter().fold(limits, Limits::per_day));
                match redis_url {
                    Some(url) => {
                        let prefix = redis_prefix.unwrap_or_else(|| PREFIX.to_owned());
                        builder.shared_limits(SharedLimits::new(&url)?, prefix)
                    }
                    None => builder,
                }
            }
            None => builder.without_limits(),
        };
        builder = self.endpoint.into_iter().fold(builder, CredentialBrokerBuilder::endpoint_url);
        builder = self.ca.into_iter().fold(builder, CredentialBrokerBuilder::ca_certificates_pem);
        builder = self.profile.into_iter().fold(builder, CredentialBrokerBuilder::profile_name);
        if self.gives_keys {
            builder = builder.credentials_provider(GivenAtOpening(Kept::default()));
        }
        let patience = self.timeout_ms.map(duration).into_iter().fold(Patience::default(), Patience::total);
        builder.patience(patience).build().await
    }
}

/// Nothing and less than nothing is zero, which the core refuses.
fn duration(millis: f64) -> Duration {
    Duration::try_from_secs_f64(millis / 1000.0).unwrap_or(Duration::ZERO)
}

impl From<ProbeResult> for NativeProbeResult {
    fn from(result: ProbeResult) -> Self {
        Self {
            check: result.check.to_owned(),
            expected: result.expected.to_owned(),
            seen: result.seen,
            passed: result.passed,
            advice: result.advice,
        }
    }
}

impl From<BrokerMetrics> for NativeMetrics {
    #[expect(clippy::cast_precision_loss, reason = "a count that comes near 2^53 will not notice")]
    fn from(metrics: BrokerMetrics) -> Self {
        Self {
            issued: metrics.issued as f64,
            refused_by_limit: metrics.refused_by_limit as f64,
            refused_by_table: metrics.refused_by_table as f64,
            refused_by_breaker: metrics.refused_by_breaker as f64,
            failed: metrics.failed as f64,
            without_credentials: metrics.without_credentials as f64,
            abandoned: metrics.abandoned as f64,
            sts_calls: metrics.sts_calls as f64,
            retries: metrics.retries as f64,
            breaker_opened: metrics.breaker_opened as f64,
            in_flight: metrics.in_flight as f64,
            subjects: metrics.subjects as f64,
            issue_ms: metrics.issue_ms as f64,
            slowest_ms: metrics.slowest_ms as f64,
            breaker: match metrics.breaker {
                BreakerState::Open => "open",
                BreakerState::HalfOpen => "half-open",
                BreakerState::Closed | _ => "closed",
            }
            .to_owned(),
        }
    }
}
