//! The engine of the browser package: one conversation over one WebSocket.
//!
//! It lives in a Worker, which owns the socket, the clocks and the random numbers, and asks nothing of the browser itself.
//! It converts; every rule is the core's. [`exports`] is what JavaScript calls, `desk` what then happens, `conversation` what
//! a conversation does.

#[cfg(target_family = "wasm")]
mod allocator;
mod capture;
mod conversation;
mod desk;
mod direct;
pub mod exports;
mod fault;
mod link;
mod told;
