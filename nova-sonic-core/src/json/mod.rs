//! JSON in and out of plain values.
//!
//! Reading is our own everywhere: it takes no message along, borrows what it can, and refuses what it refuses in every
//! language alike, which is tested against `serde_json` with whatever looks like JSON. Values are `serde_json`'s; in a
//! browser, where its tree and its writer would be a good part of what is downloaded, short ones of our own take their place.

mod fields;
mod number;
mod object;
mod reader;
#[cfg(test)]
mod tests;
#[cfg(any(target_family = "wasm", test))]
mod value;
#[cfg(any(target_family = "wasm", test))]
mod writer;

pub(crate) use fields::Fields;
pub(crate) use number::Number;
pub use object::ObjectWriter;
pub(crate) use reader::{Read, Reader, Token, read_by};
#[cfg(not(target_family = "wasm"))]
pub use serde_json::Value;
#[cfg(target_family = "wasm")]
pub use value::{AnyNumber, Object, Value};

/// The members of an object, in the order of their names.
#[cfg(not(target_family = "wasm"))]
pub type Object = serde_json::Map<String, Value>;

/// Why a text is not the JSON that it should be. Nothing of the text is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "all that a reader of JSON has to say")]
pub struct Defect {
    /// Where reading ended: the line, from 1.
    pub line: usize,
    /// And the column, bytes; 0 before the first.
    pub column: usize,
    /// Whether it is JSON, but of another shape.
    pub is_shape: bool,
}

/// Reads the whole of a text.
///
/// ```
/// use nova_sonic_core::json;
/// let value = json::read(br#"{"city":"Paris"}"#).unwrap();
/// assert_eq!(value.get("city").and_then(json::Value::as_str), Some("Paris"));
/// assert_eq!(json::read(b"tru").unwrap_err().column, 3);
/// ```
///
/// # Errors
///
/// [`Defect`] where it is no JSON.
pub fn read(text: &[u8]) -> Result<Value, Defect> {
    let mut value = Value::Null;
    read_by(text, &mut |reader| {
        value = reader.value()?;
        Ok(())
    })?;
    Ok(value)
}

/// Appends a value to `out`, without white space.
///
/// ```
/// let mut out = Vec::new();
/// nova_sonic_core::json::write(&"Paris".into(), &mut out);
/// assert_eq!(out, br#""Paris""#);
/// ```
pub fn write(value: &Value, out: &mut Vec<u8>) {
    #[cfg(target_family = "wasm")]
    writer::write(value, out);
    // writing a `Value` into memory has no way to fail
    #[cfg(not(target_family = "wasm"))]
    let _ = serde_json::to_writer(out, value);
}

/// Appends a text with its quotes to `out`.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    #[cfg(target_family = "wasm")]
    writer::write_text(text, out);
    #[cfg(not(target_family = "wasm"))]
    let _ = serde_json::to_writer(out, text);
}

/// An object of these members.
pub(crate) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let mut fields = Object::new();
    for (name, value) in members {
        fields.insert(name.to_owned(), value);
    }
    Value::Object(fields)
}

/// A value as text.
///
/// ```
/// assert_eq!(nova_sonic_core::json::text(&true.into()), "true");
/// ```
pub fn text(value: &Value) -> String {
    let mut out = Vec::new();
    write(value, &mut out);
    String::from_utf8(out).unwrap_or_default()
}
