//! The relay: who is let in, and one connection for each WebSocket, whatever Python library holds it.

mod connection;
mod handler;
mod message;
mod rules;

pub(crate) use self::{
    connection::PyRelayConnection,
    handler::PyRelayHandler,
    message::{PyRelayClose, PyRelayToolCall},
    rules::PyRelayRules,
};
