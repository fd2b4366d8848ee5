//! Nova Sonic's JSON: the only place that knows it.

mod body;
mod read_client;
mod read_server;
mod write_client;
mod write_server;

pub use read_server::EventReader;

use serde_json::Value;

use super::EventError;

/// The error of a text of `length` bytes that `serde_json` refused: it is no JSON, or JSON of another shape.
fn refused(error: &serde_json::Error, length: usize) -> EventError {
    if error.is_data() {
        return EventError::Envelope;
    }
    EventError::Json { line: error.line(), column: error.column(), length }
}

/// Sets a field of an object; anything else is left alone.
fn put(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Value::Object(fields) = object {
        fields.insert(name.to_owned(), value.into());
    }
}
