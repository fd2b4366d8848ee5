//! What every connection of one simulator shares.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::request::Parts;
use nova_sonic_core::{id::IdMint, secret::SecretText, time::Timestamp};
use sha2::{Digest, Sha256};
use tokio::sync::{Semaphore, mpsc, watch};

use crate::{
    auth::{CredentialStore, EndpointRegion, Expectation},
    clock::Clock,
    config::Role,
    model::ConversationConfig,
    observation::Observation,
    policy,
    relay::RelayFault,
    sts::FaultBook,
};

/// The account, its keys and roles, and what has been seen.
#[derive(Debug)]
pub(crate) struct Service {
    /// The regions that are played, the main one first.
    pub(crate) regions: Vec<String>,
    /// Regions where STS is not activated.
    pub(crate) disabled_regions: Vec<String>,
    pub(crate) partition: &'static str,
    pub(crate) account: String,
    pub(crate) roles: Vec<Role>,
    pub(crate) credentials: CredentialStore,
    pub(crate) session_limit: Option<Duration>,
    pub(crate) faults: FaultBook,
    /// Whether other processes may see and change what is going on.
    pub(crate) control: bool,
    /// What a client of the relay must name.
    pub(crate) relay_token: Option<SecretText>,
    /// What goes wrong with the relay.
    pub(crate) relay_fault: Mutex<Option<RelayFault>>,
    pub(crate) conversation: ConversationConfig,
    pub(crate) clock: Clock,
    pub(crate) observation: Observation,
    pub(crate) places: Arc<Semaphore>,
    pub(crate) max_frame_bytes: u32,
    pub(crate) plain_http_is_secure: bool,
    pub(crate) shutdown: watch::Receiver<bool>,
    pub(crate) request_ids: Mutex<IdMint>,
}

impl Service {
    /// An id for one request, as `x-amzn-requestid` carries it.
    pub(crate) fn next_request_id(&self) -> Arc<str> {
        self.request_ids.lock().unwrap_or_else(PoisonError::into_inner).next_uuid()
    }

    /// What goes wrong with the relay now.
    pub(crate) fn relay_fault(&self) -> Option<RelayFault> {
        *self.relay_fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_relay_fault(&self, fault: Option<RelayFault>) {
        *self.relay_fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// What tells one conversation's ids from those of any other.
    pub(crate) fn next_seed(&self) -> [u8; 32] {
        Sha256::digest(self.next_request_id().as_bytes()).into()
    }

    /// The regions that a request can be meant for: the one that its host names, or else any that is played.
    pub(crate) fn regions_at<'a>(&'a self, parts: &Parts) -> Vec<&'a str> {
        let played = self.regions.iter().map(String::as_str);
        match EndpointRegion::of(parts) {
            EndpointRegion::Regional(named) => played.filter(|region| *region == named).collect(),
            EndpointRegion::Global | EndpointRegion::Unsaid => played.collect(),
        }
    }

    /// What the ARNs of a region's foundation models begin with.
    pub(crate) fn model_prefix(&self, region: &str) -> String {
        format!("arn:{}:bedrock:{region}::foundation-model/", self.partition)
    }

    /// What a signature for Bedrock must be made for.
    pub(crate) fn expect_bedrock<'a>(&self, regions: &'a [&'a str]) -> Expectation<'a> {
        Expectation { service: "bedrock", regions, now: self.clock.timestamp() }
    }

    /// The question whether something is allowed, with what policies can ask about the request itself.
    pub(crate) fn ask(
        &self,
        connection: &Connection,
        region: &str,
        now: Timestamp,
        (action, resource): (&str, &str),
    ) -> policy::Request {
        let secure = connection.tls || self.plain_http_is_secure;
        policy::Request::new(action, resource)
            .with("aws:RequestedRegion", region)
            .with("aws:SecureTransport", secure.to_string())
            .with("aws:CurrentTime", now.to_string())
            .with("aws:EpochTime", now.unix_seconds().to_string())
            .with("aws:SourceIp", connection.peer.to_string())
    }

    /// Completes once the simulator is told to end.
    pub(crate) async fn ended(&self) {
        // an error means that the simulator is gone, so ended
        let _ = self.shutdown.clone().wait_for(|down| *down).await;
    }
}

/// Where a request came in.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) peer: IpAddr,
    pub(crate) tls: bool,
    /// Drops the connection without a word.
    pub(crate) cut: mpsc::Sender<()>,
}
