//! The client of the core, over the AWS SDK for Rust and TLS, against the simulator.

mod conversation;
