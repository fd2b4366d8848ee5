//! Why a scope cannot be.

use crate::error::ErrorCode;

/// Why something cannot be part of a scope, or a scope cannot be written as a policy.
///
/// ```
/// use nova_sonic_core::scope::ModelId;
/// let error = ModelId::parse("us.amazon.nova-2-sonic-v1:0").unwrap_err();
/// assert_eq!(error.code().as_str(), "configuration_invalid");
/// assert!(error.advice().starts_with("give the model's own id without the geography"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScopeError {
    /// The region is not lower-case words and a number.
    #[error("region of {length} bytes is not lower-case words and a number joined by hyphens")]
    RegionInvalid {
        /// Its length, bytes.
        length: usize,
    },
    /// No partition of AWS has regions that begin like this one.
    #[error("region {region} is of no known partition")]
    RegionUnknown {
        /// The region, which consists of lower-case letters, digits and hyphens.
        region: String,
    },
    /// The model id is not one of a foundation model.
    #[error("model id of {length} bytes is not the id of a foundation model")]
    ModelInvalid {
        /// Its length, bytes.
        length: usize,
    },
    /// The model id is the id of an inference profile.
    #[error("{id} is an inference profile, not a foundation model")]
    ModelIsProfile {
        /// The id, which consists of lower-case letters, digits and `-._:`.
        id: String,
    },
    /// The network is not an address with a prefix.
    #[error("network of {length} bytes is not an address and a prefix with no bits set after it")]
    CidrInvalid {
        /// Its length, bytes.
        length: usize,
    },
    /// The account is not twelve digits.
    #[error("account of {length} bytes is not twelve digits")]
    AccountInvalid {
        /// Its length, bytes.
        length: usize,
    },
    /// The profile's id is not a geography and a model, or the profile routes nowhere.
    #[error("inference profile of {length} bytes is not a geography and a model id, or has no regions")]
    ProfileInvalid {
        /// Its length, bytes.
        length: usize,
    },
    /// The profile is authorised without a region.
    #[error("a global inference profile cannot be pinned to regions")]
    ProfileGlobal,
    /// The profile stands for a model that the scope does not name.
    #[error("the inference profile stands for {profile}, which is not a model of this scope")]
    ProfileModelDiffers {
        /// The profile's model.
        profile: String,
    },
    /// Regions of different partitions.
    #[error("regions of different partitions cannot be in one policy")]
    PartitionsMixed,
    /// The window is shorter than a second.
    #[error("open window of {millis} ms is shorter than a second")]
    OpenWindowTooShort {
        /// Its length, milliseconds.
        millis: u128,
    },
    /// The credentials would live for no time at all, or for too long.
    #[error("credentials that live for {seconds} s: at least 1 and at most {limit}")]
    LifetimeInvalid {
        /// From now to the expiration, seconds.
        seconds: i64,
        /// The longest lifetime taken, seconds.
        limit: i64,
    },
    /// The policy is longer than STS takes.
    #[error("policy of {length} characters is longer than the {limit} that STS takes")]
    TooLong {
        /// Its length, characters.
        length: usize,
        /// The most that STS takes, characters.
        limit: usize,
    },
}

impl ScopeError {
    /// The stable code.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::RegionInvalid { .. } | Self::RegionUnknown { .. } => ErrorCode::RegionUnknown,
            Self::TooLong { .. } => ErrorCode::PolicyTooLarge,
            Self::ModelInvalid { .. }
            | Self::ModelIsProfile { .. }
            | Self::CidrInvalid { .. }
            | Self::AccountInvalid { .. }
            | Self::ProfileInvalid { .. }
            | Self::ProfileGlobal
            | Self::ProfileModelDiffers { .. }
            | Self::PartitionsMixed
            | Self::OpenWindowTooShort { .. }
            | Self::LifetimeInvalid { .. } => ErrorCode::ConfigurationInvalid,
        }
    }

    /// What to do about it, one sentence for the person who configures the scope.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::RegionInvalid { .. } => "name the region as AWS does, for example us-east-1",
            Self::RegionUnknown { .. } => {
                "check the region's spelling; if it is newer than this library, say which partition it belongs to"
            }
            Self::ModelInvalid { .. } => {
                "give the id of a foundation model, for example amazon.nova-2-sonic-v1:0, not an ARN or a pattern"
            }
            Self::ModelIsProfile { .. } => {
                "give the model's own id without the geography, and the profile as an inference profile"
            }
            Self::CidrInvalid { .. } => {
                "write networks like 203.0.113.0/24 or 2001:db8::/32; to allow every address, name none"
            }
            Self::AccountInvalid { .. } => "write the account's twelve digits without hyphens",
            Self::ProfileInvalid { .. } => {
                "give the profile's id, for example us.amazon.nova-2-sonic-v1:0, and the regions that it routes to"
            }
            Self::ProfileGlobal => "use a profile of one geography, for example us. or eu.",
            Self::ProfileModelDiffers { .. } => "name the profile's model in the scope, or another profile",
            Self::PartitionsMixed => "make one scope for each partition",
            Self::OpenWindowTooShort { .. } => "give the window in seconds, one at least",
            Self::LifetimeInvalid { .. } => {
                "render the policy for credentials that expire between now and an hour from now"
            }
            Self::TooLong { .. } => "name fewer models, networks or member regions",
        }
    }
}
