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
    connection::{Network, Settings},
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
    network: Network,
    ticker: Arc<Ticker>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("model_id", &self.network.settings().model_id).finish_non_exhaustive()
    }
}

impl Client {
    /// How to reach the service, to be filled in.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    pub(super) fn new(settings: Settings) -> Result<Self, ClientError> {
        Ok(Self { network: Network::new(settings)?, ticker: Arc::new(Ticker::new(Clock::start())) })
    }

    /// The same client with connections and a timer of its own, for a thread that rests when it is busy.
    pub(super) fn for_resting_thread(&self) -> Self {
        let ticker = Ticker::of_resting_thread(Clock::start());
        Self { network: self.network.of_another_runtime(), ticker: Arc::new(ticker) }
    }

    pub(super) const fn network(&self) -> &Network {
        &self.network
    }

    pub(super) const fn ticker(&self) -> &Arc<Ticker> {
        &self.ticker
    }

    /// The model that conversations are held with.
    pub fn model_id(&self) -> &str {
        &self.network.settings().model_id
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
        let line = self.network.line()?;
        let shared = Shared::new(session, &self.ticker);
        let ends = voice::ends(Arc::clone(&shared));
        let (accepted, outcome) = oneshot::channel();
        let reader = Reader {
            sdk: self.network.sdk().clone(),
            line,
            model_id: self.network.settings().model_id.clone(),
            shared: Arc::clone(&shared),
            stream: self.ticker.stream(),
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

    pub(super) async fn credentials(&self) -> Result<Credentials, Failure> {
        let missing = |message: &str| Failure::new(ErrorCode::CredentialsMissing, message);
        let Some(provider) = self.network.settings().sdk_config.credentials_provider() else {
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
