//! What whoever holds the socket has to do.

use std::borrow::Cow;

use nova_sonic_core::relay_handler::RelayMessage;
use pyo3::prelude::*;

/// A tool of the server's own is to be run, and its result given to the connection.
#[pyclass(frozen, module = "nova_sonic.relay", name = "RelayToolCall")]
pub(crate) struct PyRelayToolCall {
    /// The call.
    #[pyo3(get)]
    id: String,
    /// The tool.
    #[pyo3(get)]
    name: String,
    /// Text of the arguments, normally a JSON object.
    #[pyo3(get)]
    input: String,
}

#[pymethods]
impl PyRelayToolCall {
    #[classattr]
    fn __match_args__() -> (&'static str, &'static str, &'static str) {
        ("id", "name", "input")
    }

    /// Shows nothing of what was said.
    fn __repr__(&self) -> String {
        format!("<RelayToolCall {}>", self.name)
    }
}

/// The socket is to be closed. Nothing comes after it for the client.
#[pyclass(frozen, module = "nova_sonic.relay", name = "RelayClose")]
pub(crate) struct PyRelayClose {
    /// The code: 1000, or one of 4000 to 4999.
    #[pyo3(get)]
    code: u16,
    /// ``ended``, or the stable code of what went wrong.
    #[pyo3(get)]
    reason: String,
}

#[pymethods]
impl PyRelayClose {
    #[classattr]
    fn __match_args__() -> (&'static str, &'static str) {
        ("code", "reason")
    }

    fn __repr__(&self) -> String {
        format!("<RelayClose {} {}>", self.code, self.reason)
    }
}

/// One thing to do, as Python sees it.
#[derive(IntoPyObject)]
pub(super) enum ToDo {
    Text(String),
    Binary(Cow<'static, [u8]>),
    ToolCall(PyRelayToolCall),
    Close(PyRelayClose),
}

impl ToDo {
    /// `None` for what a later version of the core may want, which this one cannot do.
    pub(super) fn of(message: RelayMessage) -> Option<Self> {
        Some(match message {
            RelayMessage::Text(text) => Self::Text(text),
            RelayMessage::Binary(bytes) => Self::Binary(Cow::Owned(bytes)),
            RelayMessage::ToolCall { id, name, input } => {
                Self::ToolCall(PyRelayToolCall { id: id.as_str().to_owned(), name, input })
            }
            RelayMessage::Close { code, reason } => Self::Close(PyRelayClose { code, reason }),
            _ => return None,
        })
    }
}
