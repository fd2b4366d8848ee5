//! Who is calling: signatures verified with `aws-sigv4`, keys, principals and what they may do.

mod authorize;
mod bearer;
mod chunk;
mod credential_scope;
mod credentials;
mod endpoint;
mod error;
mod header;
mod presigned;
mod principal;
mod signature;

pub(crate) use authorize::{Denial, authorize, authorize_trusted};
pub(crate) use bearer::{CALL_WITH_BEARER_TOKEN, bearer_token, is_bearer_call, verify_bearer};
pub(crate) use chunk::{ChunkError, ChunkVerifier};
pub(crate) use credentials::{CredentialStore, Identity, IssuedCredentials, SessionGrant, unique_id};
pub(crate) use endpoint::EndpointRegion;
pub(crate) use error::AuthError;
pub(crate) use header::{SignedBody, verify_headers};
pub(crate) use presigned::verify_presigned;
pub(crate) use principal::{Permissions, Principal, PrincipalKind, Tag};
pub(crate) use signature::host_name;

use std::{sync::Arc, time::Duration};

use nova_sonic_core::time::Timestamp;

/// How far a signature's time may be from the simulator's, as AWS allows.
pub(crate) const CLOCK_TOLERANCE: Duration = Duration::from_mins(5);

/// What a signature must be made for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expectation<'a> {
    pub(crate) service: &'static str,
    /// The region played, then others that are let through (the global STS endpoint signs for us-east-1).
    pub(crate) regions: &'a [&'a str],
    pub(crate) now: Timestamp,
}

/// A caller whose signature was right.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) identity: Arc<Identity>,
    /// Hex signature of the request: the first prior signature of the chunk chain.
    pub(crate) signature: String,
    /// The region of the credential scope.
    pub(crate) region: String,
}

#[cfg(test)]
mod tests;
