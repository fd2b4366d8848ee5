//! Connections to STS, kept for the next issue.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use aws_sdk_sts::{Client as Sdk, Config};
use tokio::runtime::{Handle, Id};

use super::BrokerError;
use crate::aws::http_client;

/// Runtimes whose connections are kept at once.
const RUNTIMES_KEPT: usize = 16;

/// One pool of connections for each tokio runtime: the tasks that drive a connection belong to the runtime that
/// opened it, and stand still when it does.
pub(super) struct Connections {
    config: Config,
    ca_certificates: Option<Vec<u8>>,
    pools: Mutex<Vec<(Id, Sdk)>>,
}

impl Connections {
    pub(super) const fn new(config: Config, ca_certificates: Option<Vec<u8>>) -> Self {
        Self { config, ca_certificates, pools: Mutex::new(Vec::new()) }
    }

    /// The SDK's client for the runtime that this is called on.
    pub(super) fn sdk(&self) -> Result<Sdk, BrokerError> {
        let Ok(runtime) = Handle::try_current() else {
            return Err(BrokerError::configuration(
                "runtime",
                "is missing: credentials are issued on a tokio runtime",
            ));
        };
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, sdk)) = pools.iter().find(|(id, _)| *id == runtime.id()) {
            return Ok(sdk.clone());
        }
        let http = http_client(self.ca_certificates.as_deref())?;
        let sdk = Sdk::from_conf(self.config.to_builder().http_client(http).build());
        if pools.len() >= RUNTIMES_KEPT {
            pools.remove(0);
        }
        pools.push((runtime.id(), sdk.clone()));
        Ok(sdk)
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
