//! `{"bytes":"…"}`, the payload of a chunk, both ways.

use base64_simd::STANDARD;

use super::CodecError;
use crate::json::Fields;

const OPENING: &[u8] = br#"{"bytes":""#;
const CLOSING: &[u8] = br#""}"#;

/// How long the payload of an event of `length` bytes of JSON is.
pub(super) const fn written_length(length: usize) -> usize {
    OPENING.len() + STANDARD.encoded_length(length) + CLOSING.len()
}

/// Appends the payload of an event.
pub(super) fn write(json: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(OPENING);
    STANDARD.encode_append(json, out);
    out.extend_from_slice(CLOSING);
}

/// Puts the JSON of an event into `out`, in place of what was there.
pub(super) fn read(payload: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
    out.clear();
    let exact = payload.strip_prefix(OPENING).and_then(|rest| rest.strip_suffix(CLOSING));
    if exact.is_some_and(|base64| STANDARD.decode_append(base64, out).is_ok()) {
        return Ok(());
    }
    let invalid = || CodecError::Payload { length: payload.len() };
    // padded with further keys, spaced, or escaped
    let fields = Fields::read(payload).map_err(|_| invalid())?;
    let base64 = fields.text("bytes").ok_or_else(invalid)?;
    STANDARD.decode_append(base64.as_bytes(), out).map(drop).map_err(|_| invalid())
}
