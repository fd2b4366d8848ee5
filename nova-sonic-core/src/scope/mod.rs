//! What a credential may do, and nothing else: models, regions, and the session policy as typed data.
//!
//! A [`ScopePolicy`] is rendered to the exact JSON that is sent to STS with every request for credentials. Whatever is
//! wider than a few named models in one region has a constructor that is called `dangerous_…`.
//!
//! Sources: AWS IAM user guide, "Policy evaluation logic" and "IAM JSON policy elements"; Amazon Bedrock API
//! reference, `InvokeModelWithBidirectionalStream`; Service Authorization Reference, "Amazon Bedrock".

mod error;
mod model;
mod network;
mod partition;
mod policy;
mod profile;
mod region;
mod render;

pub use error::ScopeError;
pub use model::{Lifecycle, ModelId};
pub use network::Cidr;
pub use partition::Partition;
pub use policy::{LIFETIME_LIMIT, POLICY_LIMIT, ScopePolicy};
pub use profile::{AccountId, InferenceProfile};
pub use region::Region;
