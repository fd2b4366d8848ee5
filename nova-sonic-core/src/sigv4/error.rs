//! Why something cannot be signed.

use crate::{error::ErrorCode, time::Date};

/// Why a request or a frame cannot be signed. No key, token or signature is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// None of the keys at hand is for this date and region.
    #[error("no signing key for {date} in {region}")]
    KeyMissing {
        /// The UTC date of the request or frame.
        date: Date,
        /// The region of the stream.
        region: String,
    },
    /// The access key id is empty or has characters that none has.
    #[error("access key id of {length} bytes is not letters and digits")]
    AccessKeyInvalid {
        /// Its length, bytes.
        length: usize,
    },
    /// The region is not lower-case letters, digits and hyphens.
    #[error("region of {length} bytes is not lower-case letters, digits and hyphens")]
    RegionInvalid {
        /// Its length, bytes.
        length: usize,
    },
    /// The region is of no partition that this library knows, so its endpoint has to be given.
    #[error("no endpoint is known for {region}")]
    EndpointUnknown {
        /// The region.
        region: String,
    },
    /// The model id is empty, or would change the path that it stands in.
    #[error("model id of {length} bytes is empty or a step in a path")]
    ModelInvalid {
        /// Its length, bytes.
        length: usize,
    },
    /// The endpoint is not `wss://host`, `wss://host:port`, or the same with `ws`, `https` or `http`.
    #[error("endpoint of {length} bytes is not wss://host or wss://host:port")]
    EndpointInvalid {
        /// Its length, bytes.
        length: usize,
    },
    /// A query item has the name of one that the signature itself needs.
    #[error("query item {name} belongs to the signature")]
    QueryItemReserved {
        /// Its name.
        name: String,
    },
}

impl SignError {
    /// The stable code.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::KeyMissing { .. } => ErrorCode::SigningKeyMissing,
            Self::AccessKeyInvalid { .. } => ErrorCode::CredentialsInvalid,
            Self::RegionInvalid { .. } | Self::EndpointUnknown { .. } => ErrorCode::RegionUnknown,
            Self::ModelInvalid { .. } | Self::EndpointInvalid { .. } | Self::QueryItemReserved { .. } => {
                ErrorCode::ConfigurationInvalid
            }
        }
    }
}
