//! `RelayConnection`: one socket of one client.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use nova_sonic_core::{
    error::ErrorCode,
    id::ToolUseId,
    relay::{CloseCode, Fault},
    relay_handler::{RelayConnection, RelayMessage},
    session::SessionError,
};
use pyo3::{exceptions::PyTypeError, prelude::*, types::PyBytes};

use super::message::ToDo;
use crate::{
    awaited::{self, Coroutine},
    error,
    runtime::{self, Current},
};

/// Messages that are taken at once: more would keep an event loop from others for too long.
const BATCH: usize = 32;

/// One client's conversation, whatever holds its WebSocket. What the client sends is given to :meth:`receive_text` and
/// :meth:`receive_binary`, and what :meth:`next` says is done, until it says that it is over. :mod:`nova_sonic.asgi` and
/// ``nova_sonic.django.consumers`` do that.
///
/// Dropped before its end, it hangs up in order.
#[pyclass(frozen, module = "nova_sonic.relay", name = "RelayConnection")]
pub(crate) struct PyRelayConnection {
    current: Current,
    /// Always there until it is dropped.
    connection: Option<Arc<RelayConnection>>,
}

impl PyRelayConnection {
    pub(super) fn new(current: Current, connection: RelayConnection) -> Self {
        Self { current, connection: Some(Arc::new(connection)) }
    }

    /// The connection, unless this is a child of the process that holds it.
    fn connection(&self) -> PyResult<&Arc<RelayConnection>> {
        match &self.connection {
            Some(connection) if self.current.generation == runtime::generation() => Ok(connection),
            _ => Err(Python::attach(|py| {
                let message = "the conversation belongs to the process that this one was forked from";
                error::coded(py, ErrorCode::SessionClosed, message)
            })),
        }
    }
}

#[pymethods]
impl PyRelayConnection {
    /// Its own name, 32 hexadecimal digits drawn at random.
    #[getter]
    fn id(&self) -> PyResult<&str> {
        Ok(self.connection()?.id())
    }

    /// Who speaks, as the application named them.
    #[getter]
    fn subject(&self) -> PyResult<&str> {
        Ok(self.connection()?.subject())
    }

    /// Takes a text message of the client; never waits.
    fn receive_text(&self, text: &str) -> PyResult<()> {
        let _runtime = self.current.enter();
        self.connection()?.receive_text(text);
        Ok(())
    }

    /// Takes a binary message of the client; never waits.
    fn receive_binary(&self, data: &Bound<'_, PyBytes>) -> PyResult<()> {
        let _runtime = self.current.enter();
        self.connection()?.receive_binary(data.as_bytes());
        Ok(())
    }

    /// The client's socket is closed, by whomever. :meth:`next` then has nothing more for it, and waits for what the
    /// service says last.
    fn gone(&self) -> PyResult<()> {
        let _runtime = self.current.enter();
        self.connection()?.gone();
        Ok(())
    }

    /// Waits for the next things to do, in their order: a text or bytes to send, a tool to run, the socket to close.
    /// ``None`` when both sides are done. For one task at a time; cancelled, it may lose what it has just taken.
    fn next(&self, py: Python<'_>) -> PyResult<Coroutine<Option<Vec<ToDo>>>> {
        let connection = Arc::clone(self.connection()?);
        let current = self.current.clone();
        let begin = move |_: Python<'_>| Ok((current, async move { batch(&connection).await }));
        awaited::coroutine(py, "next", begin, |_, taken| {
            Ok(taken.map(|messages| messages.into_iter().filter_map(ToDo::of).collect::<Vec<_>>()))
        })
    }

    /// Gives a tool's result, the text of any JSON; ``False`` for a call that does not wait any more.
    fn tool_result(&self, py: Python<'_>, id: &str, json: &str) -> PyResult<bool> {
        let _runtime = self.current.enter();
        waited(py, self.connection()?.tool_result(&ToolUseId::new(id), json))
    }

    /// Tells the model, in these words, that a tool has failed; ``False`` for a call that does not wait any more.
    fn tool_failed(&self, py: Python<'_>, id: &str, message: &str) -> PyResult<bool> {
        let _runtime = self.current.enter();
        waited(py, self.connection()?.tool_failed(&ToolUseId::new(id), message))
    }

    /// Tells the client how things stand, in the application's own fields: the text of a JSON object.
    fn send_status(&self, py: Python<'_>, json: &str) -> PyResult<()> {
        let fields = super::rules::fields(py, json)?;
        let _runtime = self.current.enter();
        self.connection()?.send_status(fields);
        Ok(())
    }

    /// Ends the conversation from the server's side, in order, with one of the relay's close codes. What is said goes to
    /// the client.
    #[pyo3(signature = (code = 1000, message = None))]
    fn end(&self, py: Python<'_>, code: u16, message: Option<String>) -> PyResult<()> {
        let code = close_code(py, code)?;
        let _runtime = self.current.enter();
        self.connection()?.end(code, message.and_then(|message| Some(Fault::new(code.code()?, message))));
        Ok(())
    }

    /// What is worth keeping of it so far, as JSON: times in milliseconds since 1970, tokens used, and what was said.
    fn record_json(&self) -> PyResult<String> {
        Ok(self.connection()?.record().to_json().to_string())
    }

    /// Shows neither who speaks nor what is said.
    fn __repr__(&self) -> PyResult<String> {
        Ok(format!("<RelayConnection {}>", self.connection()?.id()))
    }

    /// Refused: it belongs to a socket of this process.
    #[expect(clippy::unused_self, reason = "a method, to Python")]
    fn __reduce__(&self) -> PyResult<String> {
        Err(PyTypeError::new_err("a RelayConnection cannot be pickled or copied"))
    }
}

impl Drop for PyRelayConnection {
    /// What a fork has left of another process's conversation is not safe to take apart. Otherwise it hangs up.
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if self.current.generation != runtime::generation() {
            return runtime::abandon(connection);
        }
        let _runtime = self.current.enter();
        drop(connection);
    }
}

/// The next message, and those that are there with it; `None` at the end.
async fn batch(connection: &RelayConnection) -> Option<Vec<RelayMessage>> {
    let mut taken = vec![connection.next().await?];
    poll_fn(|context: &mut Context<'_>| {
        while taken.len() < BATCH
            && let Poll::Ready(Some(message)) = connection.poll_next(context)
        {
            taken.push(message);
        }
        Poll::Ready(())
    })
    .await;
    Some(taken)
}

fn waited(py: Python<'_>, answered: Result<(), SessionError>) -> PyResult<bool> {
    match answered {
        Ok(()) => Ok(true),
        Err(SessionError::UnknownCall) => Ok(false),
        Err(why) => Err(error::session(py, &why)),
    }
}

/// One of the relay's own codes.
pub(super) fn close_code(py: Python<'_>, code: u16) -> PyResult<CloseCode> {
    CloseCode::from_number(code).ok_or_else(|| {
        error::configuration(py, "code", "is none of the relay's: 1000, 4001, 4003, 4004, 4008, 4011, 4012")
    })
}
