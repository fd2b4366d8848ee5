//! Connections to the service: one for each conversation, or one for all.

use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use aws_config::{AppName, SdkConfig, timeout::TimeoutConfig};
use aws_sdk_bedrockruntime::{
    Client as Sdk,
    config::{IdentityCache, StalledStreamProtectionConfig, retry::RetryConfig},
};
use aws_smithy_http_client::{
    pool::{Client as Place, ConnectionPool, ConnectionReuseScope, DriverSpawner, Partition, PartitionId},
    tls::{self, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{connection::CaptureSmithyConnection, http::SharedHttpClient};
use tokio::runtime::Handle;

use crate::{aws::tls_context, error::ErrorCode, session::Failure};

/// Time for the TCP and TLS handshakes.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// More idle connections are not kept.
const KEPT_IDLE: usize = 32;
/// More places without a connection are not kept.
const KEPT_EMPTY: usize = 256;
/// Connections that have certificate authorities and TLS sessions in common: what one alone would take for these is
/// a sixth of its memory, and a second handshake with the service is a shorter one.
const PLACES: usize = 16;

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
    pub(super) endpoint_url: Option<String>,
    pub(super) model_id: String,
    pub(super) ca_certificates: Option<Vec<u8>>,
    pub(super) connections: Connections,
}

impl Settings {
    /// An SDK client; which connection it uses is said anew for each conversation.
    fn sdk(&self, http_client: SharedHttpClient) -> Sdk {
        let mut config = aws_sdk_bedrockruntime::config::Builder::from(&self.sdk_config)
            .http_client(http_client)
            // each conversation brings its own credentials
            .identity_cache(IdentityCache::no_cache())
            // a running stream cannot be retried, and silence on it is no fault
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build());
        config.set_endpoint_url(self.endpoint_url.clone());
        let config = match AppName::new("nova-sonic") {
            Ok(name) => config.app_name(name),
            Err(_) => config,
        };
        Sdk::from_conf(config.build())
    }

    /// Places for connections, each with one to itself.
    fn places(&self) -> Result<Vec<Place>, Failure> {
        let refused = |_| Failure::new(ErrorCode::Internal, "the AWS SDK refuses a pool of connections");
        let spawner = DriverSpawner::from_fn(|driver| {
            // without a runtime it is being shut down, and the connection with it
            if let Ok(runtime) = Handle::try_current() {
                drop(runtime.spawn(driver));
            }
        });
        let count = match self.connections {
            Connections::Each => PLACES,
            Connections::Shared => 1,
        };
        let names: Vec<PartitionId> = (0..count).map(PartitionId::from_index).collect();
        let builder = ConnectionPool::builder()
            .connection_reuse_scope(ConnectionReuseScope::Partition)
            .partitions(names.iter().map(|name| Partition::new(*name, spawner.clone())));
        let plain = self.endpoint_url.as_ref().is_some_and(|url| url.starts_with("http://"));
        let pool = if plain {
            builder.build_http().map_err(refused)?
        } else {
            let mut builder = builder.tls_provider(tls::Provider::Rustls(CryptoMode::Ring));
            if let Some(context) = tls_context(self.ca_certificates.as_deref())? {
                builder = builder.tls_context(context);
            }
            builder.build_https().map_err(refused)?
        };
        let places: Result<Vec<Place>, _> =
            names.iter().map(|name| Place::from_partition(&pool, *name)).collect();
        places.map_err(|_| no_place())
    }
}

/// What all runtimes of a client take from: the SDK, and places that nobody has used.
struct Supply {
    settings: Settings,
    sdk: Sdk,
    fresh: Mutex<Vec<Place>>,
}

/// Places of one runtime that wait for a conversation: a connection lives and dies with the runtime that made it.
#[derive(Debug, Default)]
struct Waiting {
    /// Those with a connection, the one used last at the end; or the one place that all share.
    idle: Vec<Place>,
    /// Those whose connection is gone.
    empty: Vec<Place>,
}

/// The way from one runtime to the service.
#[derive(Clone)]
pub(super) struct Network {
    supply: Arc<Supply>,
    waiting: Arc<Mutex<Waiting>>,
}

impl Network {
    /// The first places are made at once, so that what is wrong with the settings shows now.
    pub(super) fn new(settings: Settings) -> Result<Self, Failure> {
        let fresh = settings.places()?;
        let first = fresh.first().ok_or_else(no_place)?;
        let sdk = settings.sdk(SharedHttpClient::new(first.clone()));
        let supply = Supply { settings, sdk, fresh: Mutex::new(fresh) };
        Ok(Self { supply: Arc::new(supply), waiting: Arc::default() })
    }

    /// The same with connections of its own.
    pub(super) fn of_another_runtime(&self) -> Self {
        Self { supply: Arc::clone(&self.supply), waiting: Arc::default() }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.supply.settings
    }

    pub(super) fn sdk(&self) -> &Sdk {
        &self.supply.sdk
    }

    /// A line for one conversation: over a connection that waits, or over one that is made when it is used.
    pub(super) fn line(&self) -> Result<Line, Failure> {
        let mut waiting = lock(&self.waiting);
        let known = match self.settings().connections {
            Connections::Each => waiting.idle.pop().or_else(|| waiting.empty.pop()),
            Connections::Shared => waiting.idle.first().cloned(),
        };
        let place = match known {
            Some(place) => place,
            None => self.supply.place()?,
        };
        if self.settings().connections == Connections::Shared && waiting.idle.is_empty() {
            waiting.idle.push(place.clone());
        }
        drop(waiting);
        Ok(Line { place, used: Arc::default(), network: self.clone(), in_order: false })
    }
}

impl Supply {
    fn place(&self) -> Result<Place, Failure> {
        let mut fresh = lock(&self.fresh);
        if fresh.is_empty() {
            *fresh = self.settings.places()?;
        }
        fresh.pop().ok_or_else(no_place)
    }
}

fn no_place() -> Failure {
    Failure::new(ErrorCode::Internal, "the AWS SDK's pool holds no place for a connection")
}

/// The connection that a conversation came to use, once it is known.
pub(super) type Used = Arc<OnceLock<CaptureSmithyConnection>>;

/// One conversation's way to the service. Dropped, it hangs up, unless [`Line::ended_in_order`] was said first.
pub(super) struct Line {
    place: Place,
    used: Used,
    network: Network,
    in_order: bool,
}

impl Line {
    /// Where it is to be noted which connection was used.
    pub(super) fn used(&self) -> Used {
        Arc::clone(&self.used)
    }

    pub(super) fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.place.clone())
    }

    /// The conversation is over and its stream has ended: the next one may use the same connection.
    pub(super) fn ended_in_order(mut self) {
        self.in_order = true;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.network.settings().connections == Connections::Shared {
            return;
        }
        let mut waiting = lock(&self.network.waiting);
        if self.in_order && waiting.idle.len() < KEPT_IDLE {
            return waiting.idle.push(self.place.clone());
        }
        // what is left of the stream may still go out, but nobody else uses this connection
        if let Some(connection) = self.used.get().and_then(CaptureSmithyConnection::get) {
            connection.poison();
        }
        if waiting.empty.len() < KEPT_EMPTY {
            waiting.empty.push(self.place.clone());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use aws_config::{BehaviorVersion, Region};

    use super::*;

    fn network(connections: Connections) -> Network {
        let sdk_config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url("http://127.0.0.1:1")
            .build();
        let model_id = "amazon.nova-2-sonic-v1:0".to_owned();
        Network::new(Settings {
            sdk_config,
            endpoint_url: None,
            model_id,
            ca_certificates: None,
            connections,
        })
        .unwrap()
    }

    fn waiting(network: &Network) -> (usize, usize) {
        let waiting = lock(&network.waiting);
        (waiting.idle.len(), waiting.empty.len())
    }

    #[tokio::test]
    async fn a_connection_serves_the_next_conversation_only_when_the_last_has_ended_in_order() {
        let network = network(Connections::Each);
        network.line().unwrap().ended_in_order();
        assert_eq!(waiting(&network), (1, 0));
        let line = network.line().unwrap();
        assert_eq!(waiting(&network), (0, 0));
        drop(line);
        assert_eq!(waiting(&network), (0, 1), "its place serves the next one, over a new connection");
    }

    #[tokio::test]
    async fn no_two_conversations_share_a_place_and_few_connections_are_kept() {
        let network = network(Connections::Each);
        let count = KEPT_IDLE + PLACES;
        let lines: Vec<Line> = (0..count).map(|_| network.line().unwrap()).collect();
        assert_eq!(waiting(&network), (0, 0));
        for line in lines {
            line.ended_in_order();
        }
        assert_eq!(waiting(&network), (KEPT_IDLE, PLACES));
    }

    #[tokio::test]
    async fn a_runtime_has_connections_of_its_own() {
        let here = network(Connections::Each);
        here.line().unwrap().ended_in_order();
        let there = here.of_another_runtime();
        drop(there.line().unwrap());
        assert_eq!((waiting(&here), waiting(&there)), ((1, 0), (0, 1)));
    }

    #[tokio::test]
    async fn a_shared_connection_is_kept_whatever_becomes_of_one_conversation() {
        let network = network(Connections::Shared);
        let (first, second) = (network.line().unwrap(), network.line().unwrap());
        assert_eq!(waiting(&network), (1, 0));
        drop(first);
        second.ended_in_order();
        assert_eq!(waiting(&network), (1, 0));
    }
}
