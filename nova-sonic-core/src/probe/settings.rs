//! Where a probe looks for Bedrock, and how long.

use std::{fmt, time::Duration};

/// How to reach Bedrock Runtime. Everything has a default.
#[derive(Clone)]
#[must_use]
pub struct ProbeSettings {
    pub(super) endpoint_url: Option<String>,
    pub(super) ca_certificates: Option<Vec<u8>>,
    pub(super) patience: Duration,
}

impl Default for ProbeSettings {
    fn default() -> Self {
        Self { endpoint_url: None, ca_certificates: None, patience: Duration::from_secs(15) }
    }
}

impl ProbeSettings {
    /// Sets another endpoint than the region's, such as the simulator's. Default: `AWS_ENDPOINT_URL_BEDROCK_RUNTIME` and
    /// its kin.
    pub fn endpoint_url(mut self, endpoint_url: impl Into<String>) -> Self {
        self.endpoint_url = Some(endpoint_url.into());
        self
    }

    /// Trusts these certificate authorities, in PEM, and no others. Default: those that the broker trusts.
    pub fn ca_certificates_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_certificates = Some(pem.into());
        self
    }

    /// Sets how long one check may take. Default: 15 s.
    pub const fn patience(mut self, time: Duration) -> Self {
        self.patience = time;
        self
    }
}

impl fmt::Debug for ProbeSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProbeSettings")
            .field("endpoint_url", &self.endpoint_url)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}
