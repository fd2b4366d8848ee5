//! Short-lived credentials for a browser, from AWS's Security Token Service (feature `broker`).
//!
//! A broker asks STS for a quarter of an hour's credentials with the session policy of a
//! [`ScopePolicy`](crate::scope::ScopePolicy), and makes a [`Grant`](crate::grant::Grant) of them. It calls
//! `AssumeRole` or, where a backend owns no role, `GetFederationToken`; never a call that takes no policy. Before STS
//! is asked, the subject's [`Limits`] and a [`Breaker`] are.
//!
//! ```no_run
//! use nova_sonic_core::{
//!     broker::{CredentialBroker, Subject},
//!     scope::{ModelId, Region, ScopePolicy},
//!     secret::SecretText,
//! };
//!
//! # async fn issue(key: SecretText) -> Result<(), Box<dyn std::error::Error>> {
//! let broker = CredentialBroker::builder()
//!     .scope(ScopePolicy::new(Region::parse("us-east-1")?, ModelId::default()))
//!     .assume_role("arn:aws:iam::123456789012:role/nova-sonic-voice")
//!     .session_name_key(key)
//!     .build()
//!     .await?;
//! let issued = broker.issue(&Subject::new("user-4711")?).await?;
//! println!("{} until {}", issued.record.subject_hash, issued.record.expiration);
//! let body = issued.grant.write_json(); // for the browser, with Cache-Control: no-store
//! # Ok(())
//! # }
//! ```
//!
//! Nothing here logs. At the level `trace` the SDK's target `aws_sigv4` logs the session token of the backend's own
//! temporary credentials: whoever logs that much filters it, as with `trace,aws_sigv4=debug`. With the environment
//! variable `LOG_SENSITIVE_BODIES` the SDK logs what STS answers, secret and all: never set it.

mod admission;
mod breaker;
mod builder;
mod clock;
mod connection;
mod error;
mod issue;
mod limits;
mod patience;
mod record;
mod refusal;
mod settings;
#[cfg(feature = "redis")]
mod shared;
mod source;
mod sts;
mod subject;

pub use breaker::{Breaker, BreakerRefusal, BreakerState, Outcome, Pass};
pub use builder::CredentialBrokerBuilder;
pub use error::{BackendProblem, BrokerError};
#[cfg(feature = "client")]
pub(crate) use issue::Fresh;
pub use issue::{CredentialBroker, Issued};
pub use limits::{LimitKind, LimitRefusal, LimitTable, Limits, SubjectKey};
pub use patience::Patience;
pub use record::{BrokerMetrics, IssueRecord};
pub use refusal::StsRefusal;
#[cfg(all(feature = "redis", feature = "relay"))]
pub(crate) use shared::Store;
#[cfg(feature = "redis")]
use shared::{SharedAdmission, SharedPermit};
#[cfg(feature = "redis")]
pub use shared::{SharedDemand, SharedKeys, SharedLimitKind, SharedLimits, SharedLimitsError, SharedVerdict};
pub use source::BackendKind;
pub use subject::Subject;
