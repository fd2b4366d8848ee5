//! A local AWS for voice: STS and Nova Sonic on localhost, strict enough for the official SDKs.
//!
//! [`Simulator::start`] opens two ports, one with TLS and one without. Both speak HTTP/2, HTTP/1.1 and
//! WebSocket, and both play two services: `POST /` is STS (`AssumeRole`, `GetFederationToken`,
//! `GetCallerIdentity`), `/model/{id}/…` is Bedrock Runtime. Every signature is verified by `aws-sigv4`, every
//! policy is enforced, and the model behind it answers as Nova Sonic does.
//!
//! 1. Start it: `let simulator = Simulator::start(SimulatorConfig::default()).await?`.
//! 2. Point an SDK at [`Simulator::https_url`] and let it trust [`Simulator::ca_pem`], or at
//!    [`Simulator::http_url`].
//! 3. Sign with [`DEFAULT_ACCESS_KEY_ID`] and [`DEFAULT_SECRET_ACCESS_KEY`], or assume [`DEFAULT_ROLE`].
//! 4. Ask [`Simulator::streams`] and [`Simulator::calls`] what came in.

mod api_error;
mod auth;
mod bedrock;
mod clock;
mod config;
mod control;
mod iam;
pub mod model;
mod observation;
pub mod policy;
mod relay;
mod server;
mod service;
mod simulator;
mod stream;
mod sts;
mod tally;

pub use clock::Clock;
pub use config::{
    AccessKey, DEFAULT_ACCESS_KEY_ID, DEFAULT_ROLE, DEFAULT_SECRET_ACCESS_KEY, GUARDED_ROLE, NARROW_ROLE,
    Role, SimulatorConfig,
};
pub use control::SimulatorState;
pub use observation::{CallRecord, StreamEnd, StreamRecord, Transport};
pub use relay::RelayFault;
pub use server::TlsError;
pub use simulator::{Simulator, StartError};
pub use sts::{FaultSchedule, StsFault, StsFaultKind};
pub use tally::{Outcomes, SessionNameTally, StreamTally, StsTally, Tally};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
