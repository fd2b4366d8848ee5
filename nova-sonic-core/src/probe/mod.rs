//! Whether what a broker issues opens a stream, and nothing else (features `broker` and `client`).
//!
//! One set of fresh credentials is issued and tried: a stream must open, and a handful of other things that a thief
//! would try must be refused. It costs one short stream. Against AWS it sends nothing that could cost more, even if
//! it were let through.
//!
//! ```no_run
//! use nova_sonic_core::{broker::CredentialBroker, probe::{ProbeSettings, probe}};
//!
//! # async fn check(broker: &CredentialBroker) {
//! for result in probe(broker, &ProbeSettings::default()).await {
//!     let mark = if result.passed { "ok" } else { "FAILED" };
//!     println!("{mark} {}: {} (expected: {})", result.check, result.seen, result.expected);
//!     if let Some(advice) = result.advice {
//!         println!("   {advice}");
//!     }
//! }
//! # }
//! ```

mod bedrock;
mod identity;
mod result;
mod run;
mod settings;
mod stream;

pub use result::ProbeResult;
pub use run::probe;
pub use settings::ProbeSettings;
