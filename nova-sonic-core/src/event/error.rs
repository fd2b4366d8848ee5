//! What can be wrong with an event.

use thiserror::Error;

use crate::error::ErrorCode;

/// An event that cannot be read or may not be written. Numbers tell where; no text of the event is repeated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EventError {
    /// Not JSON, or cut off.
    #[error("event is not valid JSON at line {line}, column {column} of {length} bytes")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// Length of the whole text, bytes.
        length: usize,
    },
    /// JSON, but not `{"event":{"name":{…}}}`.
    #[error("event has no name: expected one object under \"event\"")]
    Envelope,
    /// A field of a known event is missing or of another type.
    #[error("{event}.{field} is missing or of the wrong type")]
    Field {
        /// The event's name.
        event: &'static str,
        /// The field's name, as the wire spells it.
        field: &'static str,
    },
    /// Audio that is not base64 of whole 16-bit samples.
    #[error("audio content of {length} characters is not base64 of 16-bit samples")]
    Audio {
        /// Length of the base64 text, characters.
        length: usize,
    },
    /// A tool's name is outside `[a-zA-Z0-9_-]{1,64}`.
    #[error("tool name of {length} bytes is not 1 to 64 letters, digits, '_' or '-'")]
    ToolName {
        /// Length of the name, bytes.
        length: usize,
    },
    /// A tool's schema is not a JSON object.
    #[error("tool schema is not a JSON object, at line {line}, column {column}")]
    ToolSchema {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
}

impl EventError {
    /// The stable code.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Json { .. } | Self::Envelope | Self::Field { .. } | Self::Audio { .. } => {
                ErrorCode::EventInvalid
            }
            Self::ToolName { .. } => ErrorCode::ToolNameInvalid,
            Self::ToolSchema { .. } => ErrorCode::ToolSchemaInvalid,
        }
    }
}
