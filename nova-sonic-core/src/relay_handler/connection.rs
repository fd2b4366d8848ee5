//! One socket of one client.

use std::{
    fmt,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use serde_json::{Map, Value};

use super::{RelayMessage, RelayRecord, state::State};
use crate::{
    id::ToolUseId,
    relay::{CloseCode, Fault, RelayFrame},
    session::SessionError,
    time::Timestamp,
};

/// Time that the service has for its last words when nobody asks for them.
const LINGER: Duration = Duration::from_secs(3);

/// One socket of one client, whatever library holds it. What is received is taken at once and never waited for; what is
/// to be done comes from [`RelayConnection::next`], which drives everything.
///
/// Dropped before its end, it hangs up in order.
pub struct RelayConnection {
    core: Arc<Core>,
}

/// What the handler knows of a connection.
pub(super) struct Core {
    id: String,
    subject: Arc<str>,
    started: Timestamp,
    state: Mutex<State>,
}

impl Core {
    pub(super) const fn new(id: String, subject: Arc<str>, started: Timestamp, state: State) -> Self {
        Self { id, subject, started, state: Mutex::new(state) }
    }

    pub(super) fn subject(&self) -> &str {
        &self.subject
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on the state, and wakes whom it concerns outside of the lock.
    fn with<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        let result = work(&mut state);
        let waker = state.settle();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        result
    }

    pub(super) fn end(&self, code: CloseCode, fault: Option<Fault>) {
        self.with(|state| {
            let now = state.now();
            state.exchange.end(now, code, fault);
        });
    }

    pub(super) fn send_status(&self, fields: Map<String, Value>) {
        self.with(|state| state.exchange.send_status(fields));
    }
}

impl RelayConnection {
    pub(super) const fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// Its own name, 32 hexadecimal digits drawn at random.
    pub fn id(&self) -> &str {
        &self.core.id
    }

    /// Who speaks, as the application named them.
    pub fn subject(&self) -> &str {
        self.core.subject()
    }

    /// Takes a text message of the client.
    pub fn receive_text(&self, text: &str) {
        self.receive(RelayFrame::Text(text));
    }

    /// Takes a binary message of the client.
    pub fn receive_binary(&self, bytes: &[u8]) {
        self.receive(RelayFrame::Binary(bytes));
    }

    fn receive(&self, frame: RelayFrame<'_>) {
        self.core.with(|state| {
            let now = state.now();
            state.exchange.handle_message(now, frame);
        });
    }

    /// The client's socket is closed, by whomever: hangs up in order. [`RelayConnection::next`] then has no more
    /// messages, and waits for what the service says last.
    pub fn gone(&self) {
        let waker = self.core.lock().client_gone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The next thing to do, by one task at a time; `None` when both sides are done and the record is complete. May be
    /// dropped and called again without losing any. Belongs on the tokio runtime of the handler's client.
    pub async fn next(&self) -> Option<RelayMessage> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// The same for a caller with a poll of its own.
    pub fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<RelayMessage>> {
        self.core.lock().poll(context)
    }

    /// Gives the result of a [`RelayMessage::ToolCall`]: any JSON; what is no object becomes `{"result": …}`.
    ///
    /// # Errors
    ///
    /// [`SessionError::UnknownCall`] for a call that does not wait (any more), [`SessionError::ToolResultInvalid`] and
    /// [`SessionError::ToolResultTooLong`] for a result that the service would not take; the call then still waits.
    pub fn tool_result(&self, call: &ToolUseId, json: &str) -> Result<(), SessionError> {
        self.core.with(|state| {
            let now = state.now();
            state.exchange.tool_result(now, call, json)
        })
    }

    /// Answers a [`RelayMessage::ToolCall`] with an error, in words that the model reads.
    ///
    /// # Errors
    ///
    /// [`SessionError::UnknownCall`] for a call that does not wait (any more).
    pub fn tool_failed(&self, call: &ToolUseId, message: &str) -> Result<(), SessionError> {
        self.core.with(|state| {
            let now = state.now();
            state.exchange.tool_failed(now, call, message)
        })
    }

    /// Tells the client how things stand, in the application's own fields; nothing after the end.
    pub fn send_status(&self, fields: Map<String, Value>) {
        self.core.send_status(fields);
    }

    /// Ends the conversation from the server's side, in order: the client is told the fault, if there is one.
    pub fn end(&self, code: CloseCode, fault: Option<Fault>) {
        self.core.end(code, fault);
    }

    /// What is worth keeping of it, so far.
    pub fn record(&self) -> RelayRecord {
        let state = self.core.lock();
        RelayRecord {
            id: self.core.id.clone(),
            subject: self.subject().to_owned(),
            started: self.core.started,
            ended: state.ended(),
            exchange: state.exchange.record(),
        }
    }
}

impl Drop for RelayConnection {
    fn drop(&mut self) {
        let mut state = self.core.lock();
        if state.ended().is_none() {
            state.abandon(LINGER);
        }
    }
}

/// Shows neither who speaks nor what is said.
impl fmt::Debug for RelayConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayConnection").field("id", &self.core.id).finish_non_exhaustive()
    }
}
