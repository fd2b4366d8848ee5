//! Nova Sonic's JSON: the only place that knows it.

mod body;
mod read_client;
mod read_server;
mod write_client;
mod write_server;

pub use read_server::EventReader;

use super::EventError;
use crate::json::{Defect, Value};

/// The error of a text of `length` bytes: it is no JSON, or JSON of another shape.
const fn refused(defect: Defect, length: usize) -> EventError {
    let Defect { line, column, is_shape } = defect;
    if is_shape { EventError::Envelope } else { EventError::Json { line, column, length } }
}

/// Sets a field of an object; anything else is left alone.
fn put(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Value::Object(fields) = object {
        fields.insert(name.to_owned(), value.into());
    }
}
