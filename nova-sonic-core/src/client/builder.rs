//! Making a client, and opening conversations with it.

use std::{fmt, sync::Arc, time::Duration};

use aws_config::{AppName, BehaviorVersion, Region, SdkConfig, timeout::TimeoutConfig};
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError},
};
use aws_sdk_bedrockruntime::config::{StalledStreamProtectionConfig, retry::RetryConfig};
use aws_smithy_http_client::{
    Builder as HttpBuilder,
    tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use tokio::sync::oneshot;

use super::{
    ClientError, VoiceEvents, VoiceSession,
    bedrock::{self, StreamError},
    clock::Clock,
    guard::Guarded,
    shared::Shared,
    ticker::Ticker,
    voice,
};
use crate::{
    error::ErrorCode,
    event::EventReader,
    session::{CloseReason, Failure, Input, Session, SessionConfig},
};

/// The model used unless another is named.
pub(super) const DEFAULT_MODEL: &str = "amazon.nova-2-sonic-v1:0";
/// Time for the TCP and TLS handshakes.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time that a stream gets to end after its conversation has.
const LINGER: Duration = Duration::from_secs(1);

/// How to reach the service. Everything has a default: region and credentials come from the environment, as with
/// any AWS SDK.
#[derive(Clone, Default)]
pub struct ClientBuilder {
    region: Option<String>,
    model_id: Option<String>,
    endpoint_url: Option<String>,
    ca_certificates: Option<Vec<u8>>,
    credentials: Option<SharedCredentialsProvider>,
    profile_name: Option<String>,
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("region", &self.region)
            .field("model_id", &self.model_id)
            .field("endpoint_url", &self.endpoint_url)
            .field("profile_name", &self.profile_name)
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    /// Sets the region. Default: `AWS_REGION`, or the profile's.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Sets the model. Default: `amazon.nova-2-sonic-v1:0`.
    #[must_use]
    pub fn model_id(mut self, model_id: impl Into<String>) -> Self {
        self.model_id = Some(model_id.into());
        self
    }

    /// Sets another endpoint than the region's, such as the simulator's. Default: `AWS_ENDPOINT_URL` and its kin.
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

    /// Sets where credentials come from: any provider of the AWS SDK. Default: the SDK's usual chain.
    #[must_use]
    pub fn credentials_provider(mut self, provider: impl ProvideCredentials + 'static) -> Self {
        self.credentials = Some(SharedCredentialsProvider::new(provider));
        self
    }

    /// Sets the profile of the shared configuration files. Default: `AWS_PROFILE`, or `default`.
    #[must_use]
    pub fn profile_name(mut self, profile_name: impl Into<String>) -> Self {
        self.profile_name = Some(profile_name.into());
        self
    }

    /// Reads the configuration. Credentials are asked for at each [`Client::open`], not here.
    ///
    /// # Errors
    /// [`ErrorCode::RegionUnknown`] without a region or with one that cannot be, [`ErrorCode::ConfigurationInvalid`]
    /// for certificates that are none.
    pub async fn build(self) -> Result<Client, ClientError> {
        let roots = self.ca_certificates.as_deref();
        if let Some(pem) = roots {
            check_certificates(pem)?;
        }
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client(roots)?);
        if let Some(region) = self.region {
            loader = loader.region(Region::new(region));
        }
        if let Some(profile_name) = self.profile_name {
            loader = loader.profile_name(profile_name);
        }
        if let Some(provider) = self.credentials {
            loader = loader.credentials_provider(provider);
        }
        if let Some(endpoint_url) = &self.endpoint_url {
            loader = loader.endpoint_url(endpoint_url);
        }
        let sdk_config = loader.load().await;
        let region = sdk_config.region().map(|region| region.as_ref().to_owned()).unwrap_or_default();
        check_region(&region)?;
        let model_id = self.model_id.unwrap_or_else(|| DEFAULT_MODEL.to_owned());
        Client::new(Arc::new(Settings { sdk_config, model_id, ca_certificates: self.ca_certificates }))
    }
}

struct Settings {
    sdk_config: SdkConfig,
    model_id: String,
    ca_certificates: Option<Vec<u8>>,
}

/// Opens conversations. Clones share connections and the timer; a client belongs to one tokio runtime.
#[derive(Clone)]
pub struct Client {
    settings: Arc<Settings>,
    sdk: aws_sdk_bedrockruntime::Client,
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

    fn new(settings: Arc<Settings>) -> Result<Self, ClientError> {
        let plain = settings.sdk_config.endpoint_url().is_some_and(|url| url.starts_with("http://"));
        let http = if plain {
            SharedHttpClient::new(HttpBuilder::new().build_http())
        } else {
            http_client(settings.ca_certificates.as_deref())?
        };
        let config = aws_sdk_bedrockruntime::config::Builder::from(&settings.sdk_config)
            .http_client(Guarded(http))
            // a running stream cannot be retried, and silence on it is no fault
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build());
        let config = match AppName::new("nova-sonic") {
            Ok(name) => config.app_name(name),
            Err(_) => config,
        };
        Ok(Self {
            sdk: aws_sdk_bedrockruntime::Client::from_conf(config.build()),
            ticker: Arc::new(Ticker::new(Clock::start())),
            settings,
        })
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
        let shared = Shared::new(session, &self.ticker);
        let ends = voice::ends(Arc::clone(&shared));
        let (accepted, outcome) = oneshot::channel();
        let reader = Reader {
            sdk: self.sdk.clone(),
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
        provider.provide_credentials().await.map_err(|error| match error {
            CredentialsError::CredentialsNotLoaded(_) => missing("no credentials were found"),
            CredentialsError::ProviderTimedOut(_) => {
                missing("the source of credentials did not answer in time")
            }
            CredentialsError::InvalidConfiguration(_) => {
                missing("the configuration of credentials cannot be read")
            }
            _ => missing("the source of credentials failed"),
        })
    }
}

/// The task that opens a stream and reads it.
struct Reader {
    sdk: aws_sdk_bedrockruntime::Client,
    model_id: String,
    shared: Arc<Shared>,
}

impl Reader {
    async fn run(self, credentials: Credentials, accepted: oneshot::Sender<Result<(), Failure>>) {
        let shared = &self.shared;
        let opened = tokio::select! {
            biased;
            opened = bedrock::open(&self.sdk, &self.model_id, credentials, Arc::clone(shared)) => opened,
            () = shared.closed() => return,
        };
        let mut stream = match opened {
            Ok(stream) => stream,
            Err(error) => {
                let failure = match error {
                    StreamError::Exception(error) => Failure::from(error),
                    StreamError::Failed(failure) => failure,
                };
                let _ = accepted.send(Err(failure.clone()));
                let _ = shared.give(Input::Failed(failure));
                return;
            }
        };
        let _ = shared.give(Input::Connected);
        let _ = accepted.send(Ok(()));
        let mut events = EventReader::default();
        loop {
            let received = tokio::select! {
                biased;
                received = stream.next() => received,
                () = shared.closed() => break,
            };
            let input = match &received {
                Ok(Some(json)) => match events.read_server(json) {
                    Ok(event) => Input::Received(event),
                    Err(error) => Input::Unreadable(error),
                },
                Ok(None) => Input::Disconnected,
                Err(StreamError::Exception(error)) => Input::Exception(error.clone()),
                Err(StreamError::Failed(failure)) => Input::Failed(failure.clone()),
            };
            let ended = !matches!(received, Ok(Some(_)) | Err(StreamError::Exception(_)));
            let _ = shared.give(input);
            if ended {
                return;
            }
            std::future::poll_fn(|context| shared.poll_event_room(context)).await;
        }
        // let the stream end in order, so that the connection can serve the next one
        let _ = tokio::time::timeout(LINGER, async { while let Ok(Some(_)) = stream.next().await {} }).await;
    }
}

fn http_client(ca_certificates: Option<&[u8]>) -> Result<SharedHttpClient, Failure> {
    let builder = HttpBuilder::new().tls_provider(tls::Provider::Rustls(CryptoMode::Ring));
    let Some(pem) = ca_certificates else { return Ok(builder.build_https()) };
    let context = TlsContext::builder()
        .with_trust_store(TrustStore::empty().with_pem_certificate(pem))
        .build()
        .map_err(|_| {
            Failure::new(ErrorCode::ConfigurationInvalid, "the certificate authorities cannot be used")
        })?;
    Ok(builder.tls_context(context).build_https())
}

/// The SDK takes the process down over a certificate that it cannot read, so it is read here first.
fn check_certificates(pem: &[u8]) -> Result<(), Failure> {
    let invalid = |message: &str| Failure::new(ErrorCode::ConfigurationInvalid, message);
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate =
            certificate.map_err(|_| invalid("the certificate authorities are not valid PEM"))?;
        roots.add(certificate).map_err(|_| invalid("a certificate authority cannot be read"))?;
    }
    if roots.is_empty() {
        return Err(invalid("the certificate authorities hold no certificate"));
    }
    Ok(())
}

/// The shape of a region's name; whether it offers the model only AWS can say.
fn check_region(region: &str) -> Result<(), Failure> {
    let unknown = |message: String| Err(Failure::new(ErrorCode::RegionUnknown, message));
    if region.is_empty() {
        return unknown("no region is configured".to_owned());
    }
    let parts: Vec<&str> = region.split('-').collect();
    let letters = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let number =
        |part: &&str| !part.is_empty() && part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    let shaped = parts.len() >= 3
        && parts.len() <= 5
        && parts.last().is_some_and(number)
        && parts.iter().rev().skip(1).all(letters);
    if shaped {
        Ok(())
    } else {
        unknown(format!("{:?} is no region", region.chars().take(40).collect::<String>()))
    }
}

#[expect(clippy::disallowed_methods, reason = "expiry is wall-clock time; everything after works in ticks")]
fn time_left(expiry: std::time::SystemTime) -> Duration {
    expiry.duration_since(std::time::SystemTime::now()).unwrap_or(Duration::ZERO)
}
