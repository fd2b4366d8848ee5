//! One stream's conversation, without a clock or a socket.

use nova_sonic_core::time::Tick;

use super::{OpeningFault, Output};

/// How one conversation behaves.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ConversationConfig {}

/// One stream's conversation: events in, outputs out, time as an argument.
#[derive(Debug)]
pub struct Conversation {}

impl Conversation {
    /// A conversation that starts `now`.
    pub fn new(_config: ConversationConfig, _now: Tick) -> Self {
        Self {}
    }

    /// What goes wrong before the first frame, if the scenario asks for it.
    pub fn opening_fault(&self) -> Option<OpeningFault> {
        None
    }

    /// Takes one event of the client, the JSON of one chunk.
    pub fn handle_event(&mut self, _now: Tick, _json: &[u8]) {}

    /// The client has ended its input.
    pub fn handle_end_of_input(&mut self, _now: Tick) {}

    /// A deadline may have passed; early calls change nothing.
    pub fn handle_timeout(&mut self, _now: Tick) {}

    /// The next thing to do; `None` once drained.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output> {
        None
    }

    /// When to call [`Self::handle_timeout`]; `None` when no deadline is pending.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Tick> {
        None
    }
}
