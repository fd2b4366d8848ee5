//! The client of the core and the official SDK for Rust, over TLS, against the simulator.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test may panic anywhere, and waits for some events among many"
)]

mod breaks;
mod conversation;
mod faults;
mod front_page;
mod grants;
mod handles;
mod many;
mod openings;
mod pressure;
mod renewal;
mod sdk;
mod settings;
mod streams;
mod support;
mod talking;
mod tools;
