//! Connections to STS, kept for the next issue.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use aws_sdk_sts::{Client as Sdk, Config, config::IdentityCache};
use tokio::{
    runtime::{Handle, Id},
    sync::Semaphore,
};

use super::BrokerError;
use crate::aws::http_client;

/// Runtimes whose connections are kept at once.
const RUNTIMES_KEPT: usize = 16;
/// Calls at once on one runtime. More would each open a connection of their own, with a handshake that costs more than
/// waiting for another call to end; and with the tenth of a second that STS takes these are all that an account may ask.
const CALLS_AT_ONCE: usize = 32;

/// One pool of connections for each tokio runtime, and one cache of the backend's own credentials: the task that drives
/// a connection, or loads credentials, belongs to the runtime that began it, and stands still when it does.
pub(super) struct Connections {
    config: Config,
    ca_certificates: Option<Vec<u8>>,
    pools: Mutex<Vec<(Id, Pool)>>,
}

/// The connections of one runtime.
#[derive(Clone)]
pub(super) struct Pool {
    pub(super) sdk: Sdk,
    /// Places for calls under way.
    pub(super) places: Arc<Semaphore>,
}

impl Connections {
    pub(super) const fn new(config: Config, ca_certificates: Option<Vec<u8>>) -> Self {
        Self { config, ca_certificates, pools: Mutex::new(Vec::new()) }
    }

    /// The connections of the runtime that this is called on.
    pub(super) fn pool(&self) -> Result<Pool, BrokerError> {
        let Ok(runtime) = Handle::try_current() else {
            return Err(BrokerError::configuration(
                "runtime",
                "is missing: credentials are issued on a tokio runtime",
            ));
        };
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, pool)) = pools.iter().find(|(id, _)| *id == runtime.id()) {
            return Ok(pool.clone());
        }
        let http = http_client(self.ca_certificates.as_deref())?;
        let config = self.config.to_builder().http_client(http).identity_cache(IdentityCache::lazy().build());
        let sdk = Sdk::from_conf(config.build());
        let pool = Pool { sdk, places: Arc::new(Semaphore::new(CALLS_AT_ONCE)) };
        if pools.len() >= RUNTIMES_KEPT {
            pools.remove(0);
        }
        pools.push((runtime.id(), pool.clone()));
        Ok(pool)
    }

    /// A client of the same endpoint with other credentials and a pool of its own.
    #[cfg(feature = "client")]
    pub(super) fn sdk_as(&self, keys: aws_credential_types::Credentials) -> Result<Sdk, BrokerError> {
        let http = http_client(self.ca_certificates.as_deref())?;
        Ok(Sdk::from_conf(self.config.to_builder().credentials_provider(keys).http_client(http).build()))
    }

    #[cfg(feature = "client")]
    pub(super) fn ca_certificates(&self) -> Option<&[u8]> {
        self.ca_certificates.as_deref()
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").finish_non_exhaustive()
    }
}
