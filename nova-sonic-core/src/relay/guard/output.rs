//! What becomes of what came.

use std::fmt;

use crate::{
    event::{ClientEvent, ServerEvent},
    id::ToolUseId,
    secret::Withheld,
};

/// One thing that the server must now do, in the order polled. Prints only the length of what is said.
#[derive(Clone, PartialEq)]
#[must_use]
#[non_exhaustive]
pub enum GuardOutput {
    /// Send to the service.
    ToService(ClientEvent),
    /// Nothing more will be sent to the service: end that half of the stream.
    EndInput,
    /// Send to the client.
    ToClient(ServerEvent),
    /// Run this tool, and give its result to [`Guard::tool_result`](super::Guard::tool_result).
    CallTool {
        /// The call.
        id: ToolUseId,
        /// The tool, one of those that the server answers.
        name: String,
        /// Text of the arguments, normally a JSON object.
        input: String,
    },
}

impl fmt::Debug for GuardOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ToService(event) => f.debug_tuple("ToService").field(event).finish(),
            Self::EndInput => f.write_str("EndInput"),
            Self::ToClient(event) => f.debug_tuple("ToClient").field(event).finish(),
            Self::CallTool { id, name, input } => f
                .debug_struct("CallTool")
                .field("id", id)
                .field("name", name)
                .field("input", &Withheld::text(input))
                .finish(),
        }
    }
}
