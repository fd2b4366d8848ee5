//! Opening conversations.

use std::{fmt, sync::Arc, time::Duration};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError},
};
use tokio::sync::oneshot;

use super::{
    ClientBuilder, ClientError, VoiceEvents, VoiceSession,
    clock::Clock,
    connection::{Line, Network, Settings},
    dialler::Dialler,
    reader::Reader,
    shared::Shared,
    ticker::Ticker,
    voice,
};
use crate::{
    error::ErrorCode,
    session::{CloseReason, Conversation, Failure, SessionConfig, StreamId},
    time::Tick,
};

/// Opens conversations. Clones share idle connections and the timer; a client belongs to one tokio runtime.
#[derive(Clone)]
pub struct Client {
    network: Network,
    ticker: Arc<Ticker>,
    /// Instead of those of the configuration.
    credentials: Option<SharedCredentialsProvider>,
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
        let ticker = Arc::new(Ticker::new(Clock::start()));
        Ok(Self { network: Network::new(settings)?, ticker, credentials: None })
    }

    /// The same client, connections and all, with credentials of its own: for a program whose conversations are not all
    /// held by the same principal.
    #[must_use]
    pub fn with_credentials_provider(&self, provider: impl ProvideCredentials + 'static) -> Self {
        let credentials = Some(SharedCredentialsProvider::new(provider));
        Self { network: self.network.clone(), ticker: Arc::clone(&self.ticker), credentials }
    }

    /// The same client with connections and a timer of its own, for a runtime whose thread rests when it is busy: with
    /// many conversations sound does not wait for a grid there, since it waits for the thread already.
    #[must_use]
    pub fn for_resting_thread(&self) -> Self {
        let ticker = Ticker::of_resting_thread(Clock::start());
        Self {
            network: self.network.of_another_runtime(),
            ticker: Arc::new(ticker),
            credentials: self.credentials.clone(),
        }
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

    /// The region that the service is reached in.
    pub fn region(&self) -> &str {
        self.network.settings().sdk_config.region().map_or("", |region| region.as_ref())
    }

    /// Opens a conversation: waits until the service has accepted it. The opening events travel with the request.
    /// Dropped while waiting, it leaves nothing behind.
    ///
    /// The service ends a stream after eight minutes. The conversation goes on over another by then, and when a stream
    /// breaks, as [`Conversation`] says, for which credentials are asked for anew; [`SessionConfig::renewal`] switches that
    /// off.
    ///
    /// # Errors
    /// [`ClientError::Session`] for wrong settings, [`ClientError::Failed`] with the code of what stands in the way:
    /// credentials, permissions, region, certificate, network, quota.
    pub async fn open(&self, mut config: SessionConfig) -> Result<(VoiceSession, VoiceEvents), ClientError> {
        let credentials = self.credentials().await?;
        let clock = self.ticker.clock();
        if let Some(ends) = self.end_of(&credentials) {
            let known = config.timing.credentials_expire.map_or(ends, |known| known.min(ends));
            config.timing.credentials_expire = Some(known);
        }
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)
            .map_err(|_| Failure::new(ErrorCode::Internal, "the system gives no random numbers"))?;
        let conversation = Conversation::new(config, seed, clock.now())?;
        let line = self.network.line()?;
        let shared = Shared::new(conversation, &self.ticker, Dialler::boxed(self));
        let ends = voice::ends(Arc::clone(&shared));
        let (accepted, outcome) = oneshot::channel();
        let reader = self.reader(Arc::clone(&shared), StreamId::FIRST, line);
        tokio::spawn(reader.run(credentials, Some(accepted)));
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

    /// What reads that stream once it is open.
    pub(super) fn reader(&self, shared: Arc<Shared>, stream: StreamId, line: Line) -> Reader {
        Reader {
            sdk: self.network.sdk().clone(),
            line,
            model_id: self.network.settings().model_id.clone(),
            shared,
            stream,
            counted: self.ticker.stream(),
        }
    }

    /// When credentials end, if they do.
    pub(super) fn end_of(&self, credentials: &Credentials) -> Option<Tick> {
        let left = credentials.expiry().map(time_left)?;
        Some(self.ticker.clock().now().after(left))
    }

    pub(super) async fn credentials(&self) -> Result<Credentials, Failure> {
        let missing = |message: &str| Failure::new(ErrorCode::CredentialsMissing, message);
        let configured = || self.network.settings().sdk_config.credentials_provider();
        let Some(provider) = self.credentials.clone().or_else(configured) else {
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
