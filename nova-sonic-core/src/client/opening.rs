//! Opening conversations.

use std::{fmt, sync::Arc, time::Duration};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, error::CredentialsError},
};
use tokio::sync::oneshot;

use super::{
    ClientBuilder, ClientError, VoiceEvents, VoiceSession,
    clock::Clock,
    connection::{Idle, Settings},
    reader::Reader,
    shared::Shared,
    ticker::Ticker,
    voice,
};
use crate::{
    error::ErrorCode,
    session::{CloseReason, Failure, Session, SessionConfig},
};

/// Opens conversations. Clones share idle connections and the timer; a client belongs to one tokio runtime.
#[derive(Clone)]
pub struct Client {
    settings: Arc<Settings>,
    idle: Idle,
    ticker: Arc<Ticker>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("model_id", &self.settings.model_id).finish_non_exhaustive()
    }
}

impl Client {
    /// How to reach the service, to be filled in.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    pub(super) fn new(settings: Arc<Settings>) -> Result<Self, ClientError> {
        Ok(Self { idle: Idle::new(&settings)?, ticker: Arc::new(Ticker::new(Clock::start())), settings })
    }

    /// The same client with connections and a timer of its own, for another runtime.
    pub(super) fn for_another_runtime(&self) -> Result<Self, ClientError> {
        Self::new(Arc::clone(&self.settings))
    }

    pub(super) fn ticker(&self) -> &Arc<Ticker> {
        &self.ticker
    }

    /// The model that conversations are held with.
    pub fn model_id(&self) -> &str {
        &self.settings.model_id
    }

    /// Opens a conversation: waits until the service has accepted it. The opening events travel with the request.
    /// Dropped while waiting, it leaves nothing behind.
    ///
    /// # Errors
    /// [`ClientError::Session`] for wrong settings, [`ClientError::Failed`] with the code of what stands in the way:
    /// credentials, permissions, region, certificate, network, quota.
    pub async fn open(&self, mut config: SessionConfig) -> Result<(VoiceSession, VoiceEvents), ClientError> {
        let credentials = self.credentials().await?;
        let clock = self.ticker.clock();
        if let Some(left) = credentials.expiry().map(time_left) {
            let ends = clock.now().after(left);
            let known = config.timing.credentials_expire.map_or(ends, |known| known.min(ends));
            config.timing.credentials_expire = Some(known);
        }
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)
            .map_err(|_| Failure::new(ErrorCode::Internal, "the system gives no random numbers"))?;
        let session = Session::new(config, seed, clock.now())?;
        let sdk = self.idle.take(&self.settings)?;
        let shared = Shared::new(session, &self.ticker);
        let ends = voice::ends(Arc::clone(&shared));
        let (accepted, outcome) = oneshot::channel();
        let reader = Reader {
            sdk,
            idle: self.idle.clone(),
            model_id: self.settings.model_id.clone(),
            shared: Arc::clone(&shared),
        };
        tokio::spawn(reader.run(credentials, accepted));
        match outcome.await {
            Ok(Ok(())) => Ok(ends),
            Ok(Err(failure)) => Err(failure.into()),
            Err(_) => Err(match shared.close_reason() {
                Some(CloseReason::Failed(failure)) => failure.into(),
                _ => {
                    Failure::new(ErrorCode::ConnectionFailed, "the conversation ended before it was accepted")
                        .into()
                }
            }),
        }
    }

    async fn credentials(&self) -> Result<Credentials, Failure> {
        let missing = |message: &str| Failure::new(ErrorCode::CredentialsMissing, message);
        let Some(provider) = self.settings.sdk_config.credentials_provider() else {
            return Err(missing("no source of credentials is configured"));
        };
        let credentials = provider.provide_credentials().await.map_err(|error| match error {
            CredentialsError::CredentialsNotLoaded(_) => missing("no credentials were found"),
            CredentialsError::ProviderTimedOut(_) => {
                missing("the source of credentials did not answer in time")
            }
            CredentialsError::InvalidConfiguration(_) => {
                missing("the configuration of credentials cannot be read")
            }
            _ => missing("the source of credentials failed"),
        })?;
        if credentials.access_key_id().is_empty() || credentials.secret_access_key().is_empty() {
            return Err(missing("the access key or its secret is empty"));
        }
        Ok(credentials)
    }
}

#[expect(clippy::disallowed_methods, reason = "expiry is wall-clock time; everything after works in ticks")]
fn time_left(expiry: std::time::SystemTime) -> Duration {
    expiry.duration_since(std::time::SystemTime::now()).unwrap_or(Duration::ZERO)
}
