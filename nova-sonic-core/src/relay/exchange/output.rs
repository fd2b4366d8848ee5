//! What a server has to do for one conversation.

use std::fmt;

use crate::{event::ClientEvent, id::ToolUseId, relay::FrameKind, secret::Withheld};

/// One thing that the server must now do, in the order polled. Prints only the length of what is said.
#[derive(Clone, PartialEq)]
#[must_use]
#[non_exhaustive]
pub enum ExchangeOutput {
    /// Open a stream to the service, with these first events. What comes after them may be sent before the service has
    /// accepted it.
    Open(Vec<ClientEvent>),
    /// Send to the service.
    ToService(ClientEvent),
    /// Nothing more will be sent to the service: end that half of the stream, and go on reading the other.
    EndInput,
    /// The service has had its time: cut the stream.
    Abandon,
    /// Send to the client.
    Message {
        /// As which kind of message.
        kind: FrameKind,
        /// Its bytes; of a text, UTF-8.
        bytes: Vec<u8>,
    },
    /// Run this tool, and give what comes of it to [`Exchange::tool_result`](super::Exchange::tool_result) or
    /// [`Exchange::tool_failed`](super::Exchange::tool_failed).
    CallTool {
        /// The call.
        id: ToolUseId,
        /// The tool, one of those that the server answers.
        name: String,
        /// Text of the arguments, normally a JSON object.
        input: String,
    },
    /// Close the client's socket. No message comes after it.
    Close {
        /// The code, see [`CloseCode`](crate::relay::CloseCode).
        code: u16,
        /// `ended` or the stable code of what went wrong: short enough for a close frame.
        reason: String,
    },
}

impl ExchangeOutput {
    /// Whether it is of no use once the client is gone.
    pub(super) const fn is_for_client(&self) -> bool {
        matches!(self, Self::Message { .. } | Self::CallTool { .. } | Self::Close { .. })
    }
}

impl fmt::Debug for ExchangeOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(first) => f.debug_tuple("Open").field(first).finish(),
            Self::ToService(event) => f.debug_tuple("ToService").field(event).finish(),
            Self::EndInput => f.write_str("EndInput"),
            Self::Abandon => f.write_str("Abandon"),
            Self::Message { kind, bytes } => {
                f.debug_tuple("Message").field(kind).field(&Withheld(bytes.len())).finish()
            }
            Self::CallTool { id, name, input } => f
                .debug_struct("CallTool")
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
