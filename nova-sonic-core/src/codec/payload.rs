//! `{"bytes":"…"}`, the payload of a chunk, both ways.

use std::borrow::Cow;

use base64_simd::STANDARD;
use serde::Deserialize;

use super::CodecError;

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

/// The payload as JSON may have it: padded with further keys, spaced, escaped.
#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    bytes: Cow<'a, str>,
}

/// Puts the JSON of an event into `json`, in place of what was there.
pub(super) fn read(payload: &[u8], json: &mut Vec<u8>) -> Result<(), CodecError> {
    json.clear();
    let exact = payload.strip_prefix(OPENING).and_then(|rest| rest.strip_suffix(CLOSING));
    if exact.is_some_and(|base64| STANDARD.decode_append(base64, json).is_ok()) {
        return Ok(());
    }
    let invalid = || CodecError::Payload { length: payload.len() };
    let chunk: Chunk<'_> = serde_json::from_slice(payload).map_err(|_| invalid())?;
    STANDARD.decode_append(chunk.bytes.as_bytes(), json).map(drop).map_err(|_| invalid())
}
