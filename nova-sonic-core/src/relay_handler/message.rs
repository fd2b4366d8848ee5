//! What whoever holds the socket has to do.

use std::fmt;

use crate::{id::ToolUseId, secret::Withheld};

/// One thing to do for whoever holds the socket. Prints only the length of what is said.
#[derive(Clone, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum RelayMessage {
    /// Send this text message.
    Text(String),
    /// Send this binary message.
    Binary(Vec<u8>),
    /// Run this tool of the server's own, and give what comes of it to
    /// [`RelayConnection::tool_result`](super::RelayConnection::tool_result) or
    /// [`RelayConnection::tool_failed`](super::RelayConnection::tool_failed). After the time that the rules give it, the
    /// model is told that it did not answer.
    ToolCall {
        /// The call.
        id: ToolUseId,
        /// The tool.
        name: String,
        /// Text of the arguments, normally a JSON object.
        input: String,
    },
    /// Close the socket with this code and reason. No message comes after it.
    Close {
        /// The code: 1000, or one of 4000 to 4999, see [`CloseCode`](crate::relay::CloseCode).
        code: u16,
        /// `ended`, or the stable code of what went wrong.
        reason: String,
    },
}

impl fmt::Debug for RelayMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.debug_tuple("Text").field(&Withheld::text(text)).finish(),
            Self::Binary(bytes) => f.debug_tuple("Binary").field(&Withheld(bytes.len())).finish(),
            Self::ToolCall { id, name, input } => f
                .debug_struct("ToolCall")
                .field("id", id)
                .field("name", name)
                .field("input", &Withheld::text(input))
                .finish(),
            Self::Close { code, reason } => {
                f.debug_struct("Close").field("code", code).field("reason", reason).finish()
            }
        }
    }
}
