//! Spoken conversations with Amazon Nova Sonic.

#![forbid(unsafe_code)]

pub mod audio;
#[cfg(feature = "client")]
pub mod client;
pub mod codec;
pub mod error;
pub mod event;
pub mod id;
pub mod secret;
pub mod session;
pub mod sigv4;
pub mod time;
pub mod wire;
