//! Spoken conversations with Amazon Nova Sonic: everything that is true in every language.
//!
//! By default the crate is pure: no clock, no randomness, no socket; it builds for `wasm32-unknown-unknown`.
//!
//! | to | use |
//! | --- | --- |
//! | hold a conversation over a transport of your own | [`session`] |
//! | read and write Nova Sonic's events | [`event`] |
//! | turn events into signed bytes and back, without an AWS SDK | [`codec`], over [`wire`] and [`sigv4`] |
//! | speak through a server of your own, and guard what its clients send | [`relay`] |
//! | say what a credential may do, as the policy that STS takes | [`scope`] |
//! | hand a browser signing keys instead of a secret | [`grant`] |
//! | convert, cut, play and measure sound | [`audio`] |
//! | understand an error | [`error`] |
//! | read and write JSON at a browser's price | [`json`] |
//! | take settings from JavaScript and tell it events | [`javascript`] |
#![cfg_attr(feature = "client", doc = "| talk to Amazon Bedrock from a server | [`client`] |")]
#![cfg_attr(feature = "relay", doc = "| let browsers talk through your own server | [`relay_handler`] |")]
#![cfg_attr(feature = "broker", doc = "| issue short-lived credentials for browsers | [`broker`] |")]
#![cfg_attr(
    all(feature = "broker", feature = "client"),
    doc = "| check that they open a stream and nothing else | [`probe`] |"
)]
//!
//! Features: `native-audio` adds streaming resampling and WAV files to [`audio`]; `client` adds a tokio client over
//! the AWS SDK for Rust; `broker` adds the issuing of credentials by STS, and with `client` a probe of what they open;
//! `relay` adds the relay behind any WebSocket library; `redis` adds limits that several processes share. Features only
//! add.

#![forbid(unsafe_code)]

pub mod audio;
#[cfg(any(feature = "broker", feature = "client"))]
mod aws;
#[cfg(feature = "broker")]
pub mod broker;
#[cfg(feature = "client")]
pub mod client;
pub mod codec;
pub mod error;
pub mod event;
pub mod grant;
pub mod id;
pub mod javascript;
pub mod json;
#[cfg(all(feature = "broker", feature = "client"))]
pub mod probe;
pub mod relay;
#[cfg(feature = "relay")]
pub mod relay_handler;
pub mod scope;
mod scratch;
mod search;
pub mod secret;
pub mod session;
pub mod sigv4;
pub mod time;
pub mod wire;

/// The code in the project's front page is compiled with the documentation's tests.
#[cfg(all(doctest, feature = "client"))]
#[doc = include_str!("../../README.md")]
struct FrontPage;
