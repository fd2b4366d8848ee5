//! The client of the core and the official SDK for Rust, over TLS, against the simulator.

mod conversation;
mod faults;
mod handles;
mod many;
mod openings;
mod pressure;
mod sdk;
mod settings;
mod support;
mod talking;
mod tools;
