//! The engine of the browser package: one conversation over one WebSocket.
//!
//! It lives in a Worker, which owns the socket, the clocks and the random numbers, and asks nothing of the browser itself.
//! It converts; every rule is the core's. [`Engine`] is what JavaScript sees, [`conversation`] what it does.

mod capture;
mod conversation;
mod direct;
mod engine;
mod fault;
mod link;
mod told;
mod views;

pub use engine::Engine;
