//! The broker against the simulator, over TLS: what it issues, what it refuses, and what it makes of trouble.

#![cfg(all(feature = "broker", feature = "client"))]
#![expect(
    clippy::unwrap_used,
    reason = "outside of the test functions themselves, too, a test stops at the first surprise"
)]

mod crowds;
mod environment;
mod issuing;
mod midnight;
mod probing;
mod refusals;
mod requests;
mod runtimes;
mod scripted;
mod settings;
mod sources;
mod stage;
mod trouble;
