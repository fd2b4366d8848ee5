//! Making a broker.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_config::{AppName, BehaviorVersion, Region};
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider},
};
use aws_sdk_sts::config::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_async::time::TimeSource;

#[cfg(feature = "redis")]
use super::SharedAdmission;
use super::{
    Breaker, BrokerError, CredentialBroker, LimitTable, Limits, Patience,
    admission::Admission,
    clock::{Calendar, Clock},
    connection::Connections,
    issue::{Inner, policy_expiration},
    settings::{check_endpoint_url, check_external_id, check_role_arn, check_tags},
    source::WatchedSource,
    sts::{Call, Tags},
    subject::SubjectHasher,
};
use crate::{
    aws::{check_certificates, configured_endpoint, http_client},
    grant::GrantMode,
    scope::ScopePolicy,
    secret::SecretText,
    time::Timestamp,
};

/// How credentials are issued. A scope, a call ([`Self::assume_role`] or [`Self::federation_token`]) and a key for
/// session names are needed; all else has a default, and the backend's own credentials come from the environment, as
/// with any AWS SDK.
#[derive(Default)]
pub struct CredentialBrokerBuilder {
    scope: Option<ScopePolicy>,
    role_arn: Option<String>,
    federation_token: bool,
    mode: GrantMode,
    session_name_key: Option<SecretText>,
    external_id: Option<String>,
    source_identity: bool,
    tags: Vec<(String, String)>,
    limits: LimitsSetting,
    #[cfg(feature = "redis")]
    shared: Option<(super::SharedLimits, String)>,
    breaker: Breaker,
    patience: Patience,
    endpoint_url: Option<String>,
    ca_certificates: Option<Vec<u8>>,
    credentials: Option<SharedCredentialsProvider>,
    profile_name: Option<String>,
    calendar: Option<Calendar>,
}

enum LimitsSetting {
    Limits(Limits),
    None,
}

impl Default for LimitsSetting {
    fn default() -> Self {
        Self::Limits(Limits::default())
    }
}

impl fmt::Debug for CredentialBrokerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialBrokerBuilder")
            .field("scope", &self.scope)
            .field("federation_token", &self.federation_token)
            .field("mode", &self.mode)
            .field("endpoint_url", &self.endpoint_url)
            .field("profile_name", &self.profile_name)
            .finish_non_exhaustive()
    }
}

impl CredentialBrokerBuilder {
    /// Sets what the issued credentials may do.
    #[must_use]
    pub fn scope(mut self, scope: ScopePolicy) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Issues by `AssumeRole` of this role: the choice for all who can have a role.
    #[must_use]
    pub fn assume_role(mut self, role_arn: impl Into<String>) -> Self {
        self.role_arn = Some(role_arn.into());
        self
    }

    /// Issues by `GetFederationToken`, for backends that own nothing but the long-term keys of an IAM user.
    #[must_use]
    pub const fn federation_token(mut self) -> Self {
        self.federation_token = true;
        self
    }

    /// Sets what a browser receives. Default: signing keys, not the secret.
    #[must_use]
    pub const fn mode(mut self, mode: GrantMode) -> Self {
        self.mode = mode;
        self
    }

    /// Sets the key that subjects are hashed with to name their sessions: at least 16 bytes, the same on every server
    /// and for ever, since it is how a user is found again in `CloudTrail` and in a policy that denies him.
    #[must_use]
    pub fn session_name_key(mut self, key: SecretText) -> Self {
        self.session_name_key = Some(key);
        self
    }

    /// Sets the external id that the role's trust policy asks for.
    #[must_use]
    pub fn external_id(mut self, external_id: impl Into<String>) -> Self {
        self.external_id = Some(external_id.into());
        self
    }

    /// Sets the source identity, too, to the subject's hash; it stays with whatever the session becomes. The trust
    /// policy must allow `sts:SetSourceIdentity`. Default: it is not set.
    #[must_use]
    pub const fn source_identity(mut self, set: bool) -> Self {
        self.source_identity = set;
        self
    }

    /// Adds a session tag; the trust policy must allow `sts:TagSession`. `CloudTrail` shows it.
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.push((key.into(), value.into()));
        self
    }

    /// Sets how often one subject is served by this broker. Default: [`Limits::default`].
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = LimitsSetting::Limits(limits);
        self
    }

    /// Counts the limits in Redis, under names that begin with `prefix`, so that they hold over all processes that share
    /// it; the breaker is shared, too. How many subjects are remembered is then Redis's affair. Where Redis does not answer,
    /// nothing is issued.
    #[cfg(feature = "redis")]
    #[must_use]
    pub fn shared_limits(mut self, store: super::SharedLimits, prefix: impl Into<String>) -> Self {
        self.shared = Some((store, prefix.into()));
        self
    }

    /// Serves every subject as often as it asks, also several times at once: for an application that limits by itself,
    /// over all its processes.
    #[must_use]
    pub const fn without_limits(mut self) -> Self {
        self.limits = LimitsSetting::None;
        self
    }

    /// Sets when STS is left alone because it fails. Default: [`Breaker::default`].
    #[must_use]
    pub const fn breaker(mut self, breaker: Breaker) -> Self {
        self.breaker = breaker;
        self
    }

    /// Sets how long STS is waited for. Default: [`Patience::default`].
    #[must_use]
    pub const fn patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// Sets another endpoint than the region's, such as the simulator's. Default: `AWS_ENDPOINT_URL_STS` and its kin.
    #[must_use]
    pub fn endpoint_url(mut self, endpoint_url: impl Into<String>) -> Self {
        self.endpoint_url = Some(endpoint_url.into());
        self
    }

    /// Trusts these certificate authorities, in PEM, and no others. Default: those of the system.
    #[must_use]
    pub fn ca_certificates_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_certificates = Some(pem.into());
        self
    }

    /// Sets where the backend's own credentials come from: any provider of the AWS SDK. Default: the SDK's usual chain.
    #[must_use]
    pub fn credentials_provider(mut self, provider: impl ProvideCredentials + 'static) -> Self {
        self.credentials = Some(SharedCredentialsProvider::new(provider));
        self
    }

    /// Sets the backend's own credentials as they are. Temporary ones are not renewed.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "the caller's copies of the secrets end here")]
    pub fn static_credentials(
        self,
        access_key_id: &str,
        secret_access_key: SecretText,
        session_token: Option<SecretText>,
    ) -> Self {
        let token = session_token.map(|token| token.expose().to_owned());
        self.credentials_provider(Credentials::new(
            access_key_id,
            secret_access_key.expose(),
            token,
            None,
            "nova-sonic static",
        ))
    }

    /// Sets the profile of the shared configuration files. Default: `AWS_PROFILE`, or `default`.
    #[must_use]
    pub fn profile_name(mut self, profile_name: impl Into<String>) -> Self {
        self.profile_name = Some(profile_name.into());
        self
    }

    /// Sets where the calendar is read: it dates policies, grants and signatures. Default: the machine's clock.
    #[must_use]
    pub fn calendar(mut self, calendar: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.calendar = Some(Arc::new(calendar));
        self
    }

    /// Reads the configuration and checks the settings; nothing is sent. The backend's own credentials are asked for
    /// at the first issue.
    ///
    /// # Errors
    /// [`BrokerError::Configuration`] with the setting that is missing or wrong, [`BrokerError::Scope`] when the
    /// scope's policy cannot be written.
    pub async fn build(self) -> Result<CredentialBroker, BrokerError> {
        let call = self.call()?;
        let Some(scope) = self.scope else { return Err(BrokerError::configuration("scope", "is missing")) };
        if let Call::AssumeRole { role_arn, .. } = &call {
            check_role_arn(role_arn, scope.region().partition())?;
        }
        let Some(key) = self.session_name_key else {
            return Err(BrokerError::configuration("session_name_key", "is missing"));
        };
        let hasher = SubjectHasher::new(&key)?;
        check_tags(&self.tags)?;
        let table = match self.limits {
            LimitsSetting::None => None,
            LimitsSetting::Limits(limits) => match limits.zero() {
                Some(setting) => return Err(BrokerError::configuration(setting, "is zero")),
                None => Some(LimitTable::new(limits)),
            },
        };
        if let Some(setting) = self.patience.zero() {
            return Err(BrokerError::configuration(setting, "is zero"));
        }
        #[cfg(feature = "redis")]
        let (shared, table, breaker) = match (self.shared, self.limits) {
            (None, _) => (None, table, self.breaker),
            (Some(_), LimitsSetting::None) => {
                return Err(BrokerError::configuration("limits", "are shared and switched off"));
            }
            (Some((store, prefix)), LimitsSetting::Limits(limits)) => {
                let shared = SharedAdmission::new(store, prefix, limits, &self.breaker, &self.patience);
                // one judge is enough: what the other processes see counts as well
                (Some(Arc::new(shared)), None, Breaker::new(u32::MAX, Duration::ZERO))
            }
        };
        #[cfg(not(feature = "redis"))]
        let breaker = self.breaker;
        let clock = Clock::start(self.calendar);
        let now = clock.timestamp();
        scope.render(now, policy_expiration(now))?;

        let roots = self.ca_certificates.as_deref();
        if let Some(pem) = roots {
            check_certificates(pem)?;
        }
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http_client(roots)?)
            .region(Region::new(scope.region().as_str().to_owned()));
        if let Some(profile_name) = self.profile_name {
            loader = loader.profile_name(profile_name);
        }
        if let Some(provider) = self.credentials {
            loader = loader.credentials_provider(provider);
        }
        let sdk_config = loader.load().await;
        let Some(provider) = sdk_config.credentials_provider() else {
            return Err(BrokerError::configuration("credentials_provider", "is missing"));
        };
        let source = WatchedSource::new(provider, call == Call::FederationToken);
        let backend = source.seen();
        let mut config = aws_sdk_sts::config::Builder::from(&sdk_config)
            .credentials_provider(source)
            // every attempt is the broker's own, to be counted and to be bounded
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(self.patience.connect)
                    .read_timeout(self.patience.response)
                    .build(),
            )
            // a clock that is off would go on to date grants wrongly: it is reported, not worked around
            .disable_clock_skew_correction(true)
            .time_source(SdkTime(Arc::clone(clock.calendar())));
        let endpoint_url = self.endpoint_url.or_else(|| configured_endpoint(&sdk_config, "STS"));
        endpoint_url.as_deref().map(check_endpoint_url).transpose()?;
        config.set_endpoint_url(endpoint_url);
        if let Ok(name) = AppName::new("nova-sonic") {
            config = config.app_name(name);
        }
        let connections = Connections::new(config.build(), self.ca_certificates);
        let admission = Admission::new(table, breaker, clock.clone());
        let tags = Tags::new(&self.tags)?;
        Ok(CredentialBroker::new(Inner {
            scope,
            call,
            mode: self.mode,
            tags,
            patience: self.patience,
            hasher,
            clock,
            admission,
            #[cfg(feature = "redis")]
            shared,
            connections,
            backend,
        }))
    }

    fn call(&self) -> Result<Call, BrokerError> {
        let missing = "is missing, and federation tokens were not chosen";
        match (&self.role_arn, self.federation_token) {
            (None, false) => Err(BrokerError::configuration("role_arn", missing)),
            (Some(_), true) => {
                Err(BrokerError::configuration("role_arn", "is given, and so are federation tokens"))
            }
            (None, true) if self.external_id.is_some() => {
                Err(BrokerError::configuration("external_id", "is for roles, not for federation tokens"))
            }
            (None, true) if self.source_identity => {
                Err(BrokerError::configuration("source_identity", "is for roles, not for federation tokens"))
            }
            (None, true) => Ok(Call::FederationToken),
            (Some(role_arn), false) => {
                if let Some(external_id) = &self.external_id {
                    check_external_id(external_id)?;
                }
                Ok(Call::AssumeRole {
                    role_arn: role_arn.clone(),
                    external_id: self.external_id.clone(),
                    source_identity: self.source_identity,
                })
            }
        }
    }
}

/// The calendar as the SDK reads it to sign.
struct SdkTime(Calendar);

impl fmt::Debug for SdkTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SdkTime")
    }
}

impl TimeSource for SdkTime {
    fn now(&self) -> SystemTime {
        let millis = u64::try_from((self.0)().unix_millis()).unwrap_or(0);
        SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
    }
}
