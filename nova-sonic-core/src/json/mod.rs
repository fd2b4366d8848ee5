//! JSON in and out of plain values.
//!
//! Everywhere but in a browser that is `serde_json`'s work. There its reader and writer would be a third of what is
//! downloaded, and short ones of our own take their place: they take, refuse and write the same, which is tested against
//! `serde_json` with whatever looks like JSON.

mod fields;
#[cfg(any(target_family = "wasm", test))]
mod number;
mod object;
#[cfg(any(target_family = "wasm", test))]
mod reader;
#[cfg(test)]
mod tests;
#[cfg(any(target_family = "wasm", test))]
mod writer;

pub(crate) use fields::Fields;
pub use object::ObjectWriter;
use serde::Deserialize;
use serde_json::Value;

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
/// let value: serde_json::Value = json::read(br#"{"city":"Paris"}"#).unwrap();
/// assert_eq!(value["city"], "Paris");
/// assert_eq!(json::read::<bool>(b"tru").unwrap_err().column, 3);
/// ```
///
/// # Errors
///
/// [`Defect`] where it is no JSON, or has another shape than `T`.
#[cfg(not(target_family = "wasm"))]
pub fn read<'json, T: Deserialize<'json>>(text: &'json [u8]) -> Result<T, Defect> {
    serde_json::from_slice(text).map_err(|error| Defect {
        line: error.line(),
        column: error.column(),
        is_shape: error.is_data(),
    })
}

/// Reads the whole of a text.
///
/// # Errors
///
/// [`Defect`] where it is no JSON, or has another shape than `T`.
#[cfg(target_family = "wasm")]
pub fn read<'json, T: Deserialize<'json>>(text: &'json [u8]) -> Result<T, Defect> {
    reader::read(text)
}

/// Appends a value to `out`, without white space.
///
/// ```
/// let mut out = Vec::new();
/// nova_sonic_core::json::write(&serde_json::json!({ "city": "Paris" }), &mut out);
/// assert_eq!(out, br#"{"city":"Paris"}"#);
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

/// A value as text.
///
/// ```
/// assert_eq!(nova_sonic_core::json::text(&serde_json::json!([1, null])), "[1,null]");
/// ```
pub fn text(value: &Value) -> String {
    let mut out = Vec::new();
    write(value, &mut out);
    String::from_utf8(out).unwrap_or_default()
}
