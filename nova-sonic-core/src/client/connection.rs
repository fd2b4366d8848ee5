//! Connections to the service: one for each conversation, or one for all.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_config::{AppName, SdkConfig, timeout::TimeoutConfig};
use aws_sdk_bedrockruntime::{
    Client as Sdk,
    config::{StalledStreamProtectionConfig, retry::RetryConfig},
};
use aws_smithy_http_client::{
    Builder as HttpBuilder,
    tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use super::guard::Guarded;
use crate::{error::ErrorCode, session::Failure};

/// Time for the TCP and TLS handshakes.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// More idle connections are not kept.
const KEPT_IDLE: usize = 32;

/// How conversations share connections to the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Connections {
    /// Each conversation has a connection to itself, kept for the next one when it ends. Nobody waits for another's
    /// lost packet, nor for a place among the streams that the service allows on one connection.
    #[default]
    Each,
    /// All conversations of a client share one HTTP/2 connection: less memory and fewer handshakes, at the price of
    /// the above. What the AWS SDK does by itself.
    Shared,
}

/// How to reach the service, read and checked.
pub(super) struct Settings {
    pub(super) sdk_config: SdkConfig,
    pub(super) model_id: String,
    pub(super) ca_certificates: Option<Vec<u8>>,
    pub(super) connections: Connections,
}

impl Settings {
    /// An SDK client with a connection pool of its own.
    fn connect(&self) -> Result<Sdk, Failure> {
        let plain = self.sdk_config.endpoint_url().is_some_and(|url| url.starts_with("http://"));
        let http = if plain {
            SharedHttpClient::new(HttpBuilder::new().build_http())
        } else {
            http_client(self.ca_certificates.as_deref())?
        };
        let config = aws_sdk_bedrockruntime::config::Builder::from(&self.sdk_config)
            .http_client(Guarded(http))
            // a running stream cannot be retried, and silence on it is no fault
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build());
        let config = match AppName::new("nova-sonic") {
            Ok(name) => config.app_name(name),
            Err(_) => config,
        };
        Ok(Sdk::from_conf(config.build()))
    }
}

/// Connections that wait for a conversation.
#[derive(Clone, Debug)]
pub(super) struct Idle {
    connections: Connections,
    waiting: Arc<Mutex<Vec<Sdk>>>,
}

impl Idle {
    /// The first connection is made at once, so that what is wrong with the settings shows now.
    pub(super) fn new(settings: &Settings) -> Result<Self, Failure> {
        let waiting = Arc::new(Mutex::new(vec![settings.connect()?]));
        Ok(Self { connections: settings.connections, waiting })
    }

    pub(super) fn take(&self, settings: &Settings) -> Result<Sdk, Failure> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let found = match self.connections {
            Connections::Each => waiting.pop(),
            Connections::Shared => waiting.first().cloned(),
        };
        drop(waiting);
        found.map_or_else(|| settings.connect(), Ok)
    }

    /// Takes back a connection whose conversation has ended in order.
    pub(super) fn put(&self, connection: Sdk) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if self.connections == Connections::Each && waiting.len() < KEPT_IDLE {
            waiting.push(connection);
        }
    }
}

/// An HTTP client that trusts the system's certificate authorities, or only these.
pub(super) fn http_client(ca_certificates: Option<&[u8]>) -> Result<SharedHttpClient, Failure> {
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
