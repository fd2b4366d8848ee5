//! The simulator from outside: the official SDKs, requests made by hand, and clients that mean harm.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic anywhere"
)]

mod bedrock_sdk;
mod control;
mod conversation;
mod decoys;
mod faults;
mod hostile;
mod raw;
mod recorded;
mod regions;
mod relay;
mod relay_client;
mod request;
mod roles;
mod shutdown;
mod signatures;
mod sts_sdk;
mod support;
mod websocket;
