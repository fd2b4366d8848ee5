//! A running simulator.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use nova_sonic_core::{error::ErrorCode, id::IdMint, scope::Region};
use sha2::{Digest, Sha256};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinHandle,
};

use crate::{
    auth::CredentialStore,
    clock::Clock,
    config::SimulatorConfig,
    control::SimulatorState,
    observation::{CallRecord, Observation, StreamRecord},
    relay::RelayFault,
    server::{CertificateAuthority, Listener, Security, TlsError},
    service::Service,
    sts::{FaultBook, StsFault},
};

/// Why a simulator could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A port could not be bound.
    #[error("could not listen on port {port}: {source}")]
    Bind {
        /// The port that was asked for; 0 for any.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// No certificate could be made.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl StartError {
    /// The stable code.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Bind { .. } => ErrorCode::ConfigurationInvalid,
            Self::Tls(error) => error.code(),
        }
    }
}

/// A local AWS that listens on two ports until it is shut down or dropped.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use nova_sonic_sim::{Simulator, SimulatorConfig};
/// let simulator = Simulator::start(SimulatorConfig::default()).await?;
/// assert!(simulator.https_url().starts_with("https://localhost:"));
/// assert!(simulator.streams().is_empty());
/// simulator.shutdown().await;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Simulator {
    https: SocketAddr,
    http: SocketAddr,
    ca_pem: String,
    service: Arc<Service>,
    down: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Simulator {
    /// Starts listening; both ports accept connections when this returns.
    ///
    /// # Errors
    /// [`StartError`] when a port is taken or the region's name fits no certificate.
    pub async fn start(config: SimulatorConfig) -> Result<Self, StartError> {
        let authority = CertificateAuthority::generate(&config.region, &config.also_regions)?;
        let bind = async |port, security| {
            Listener::bind(config.address, port, security)
                .await
                .map_err(|source| StartError::Bind { port, source })
        };
        let https = bind(config.https_port, Security::Tls(authority.server)).await?;
        let http = bind(config.http_port, Security::Plain).await?;
        let addresses = (https.address(), http.address());

        let partition = Region::parse(&config.region).map_or("aws", |region| region.partition().name());
        let clock = Clock::new(config.speed, config.clock_offset_millis);
        let (down, shutdown) = watch::channel(false);
        let seed = |purpose: &str| seed(purpose, &clock, addresses.0);
        let service = Arc::new(Service {
            credentials: CredentialStore::new(
                config.access_keys,
                &config.account,
                partition,
                config.max_remembered_credentials,
                seed("credentials"),
            ),
            session_limit: config.session_limit_seconds.map(|seconds| Duration::from_secs(seconds.into())),
            faults: FaultBook::new(config.sts_faults),
            control: config.control,
            relay_token: config.relay_token,
            relay_fault: Mutex::new(config.relay_fault),
            request_ids: Mutex::new(IdMint::new(seed("requests"))),
            regions: std::iter::once(config.region).chain(config.also_regions).collect(),
            disabled_regions: config.sts_disabled_regions,
            partition,
            account: config.account,
            roles: config.roles,
            conversation: config.conversation,
            clock: clock.clone(),
            observation: Observation::new(),
            places: Arc::new(Semaphore::new(config.max_concurrent_streams.min(Semaphore::MAX_PERMITS))),
            max_frame_bytes: config.max_frame_bytes,
            plain_http_is_secure: config.plain_http_is_secure,
            shutdown,
        });
        let tasks = [https, http].map(|listener| tokio::spawn(listener.serve(Arc::clone(&service))));
        Ok(Self {
            https: addresses.0,
            http: addresses.1,
            ca_pem: authority.pem,
            service,
            down,
            tasks: tasks.into(),
        })
    }

    /// The endpoint over TLS, for `AWS_ENDPOINT_URL` together with [`Self::ca_pem`].
    pub fn https_url(&self) -> String {
        format!("https://localhost:{}", self.https.port())
    }

    /// The endpoint without TLS.
    pub fn http_url(&self) -> String {
        format!("http://localhost:{}", self.http.port())
    }

    /// The base of WebSocket URLs over TLS.
    pub fn wss_url(&self) -> String {
        format!("wss://localhost:{}", self.https.port())
    }

    /// The base of WebSocket URLs without TLS.
    pub fn ws_url(&self) -> String {
        format!("ws://localhost:{}", self.http.port())
    }

    /// The relay without TLS, for a WebSocket with the sub-protocol `nova-sonic.relay.v1`.
    pub fn relay_url(&self) -> String {
        format!("{}/relay", self.ws_url())
    }

    /// Where the port with TLS listens.
    pub const fn https_address(&self) -> SocketAddr {
        self.https
    }

    /// Where the port without TLS listens.
    pub const fn http_address(&self) -> SocketAddr {
        self.http
    }

    /// The certificate authority that clients must trust, PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The simulator's clock, to let time pass for credentials.
    pub fn clock(&self) -> &Clock {
        &self.service.clock
    }

    /// Every stream let in so far, at most the latest 4096.
    pub fn streams(&self) -> Vec<StreamRecord> {
        self.service.observation.streams()
    }

    /// Every call of STS and every request refused so far, at most the latest 4096.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.service.observation.calls()
    }

    /// What was counted so far, and what is set.
    pub fn state(&self) -> SimulatorState {
        SimulatorState::of(&self.service)
    }

    /// Lets things go wrong with STS from now on, in place of what was set before.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use nova_sonic_sim::{FaultSchedule, Simulator, SimulatorConfig, StsFault, StsFaultKind};
    /// let simulator = Simulator::start(SimulatorConfig::default()).await?;
    /// simulator.sts_faults([StsFault::new(StsFaultKind::Throttle).when(FaultSchedule::First(2))]);
    /// assert_eq!(simulator.state().sts_faults.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sts_faults(&self, faults: impl IntoIterator<Item = StsFault>) {
        self.service.faults.replace(faults.into_iter().collect());
    }

    /// Lets something go wrong with the relay from now on, or nothing.
    pub fn relay_fault(&self, fault: Option<RelayFault>) {
        self.service.set_relay_fault(fault);
    }

    /// Waits until stream `number` (from 0, in the order of opening) has ended, however long that takes.
    pub async fn ended_stream(&self, number: usize) -> StreamRecord {
        self.service.observation.wait_for(number, |record| record.end.is_some()).await
    }

    /// Waits until the record of stream `number` is as `wanted` says, however long that takes.
    pub async fn stream_when(&self, number: usize, wanted: impl Fn(&StreamRecord) -> bool) -> StreamRecord {
        self.service.observation.wait_for(number, wanted).await
    }

    /// Ends every stream and frees both ports.
    pub async fn shutdown(mut self) {
        self.down.send_replace(true);
        for task in std::mem::take(&mut self.tasks) {
            // an error means that it has ended already
            let _ = task.await;
        }
    }
}

/// A dropped simulator ends as a shut down one does, only that nobody waits for it.
impl Drop for Simulator {
    fn drop(&mut self) {
        self.down.send_replace(true);
    }
}

/// What tells this simulator's ids from those of any other.
fn seed(purpose: &str, clock: &Clock, address: SocketAddr) -> [u8; 32] {
    let text = format!("{purpose} {} {address} {}", clock.timestamp().unix_millis(), std::process::id());
    Sha256::digest(text.as_bytes()).into()
}
