//! Events to signed frames.

use std::fmt;

use super::{CodecError, payload};
use crate::{
    event::ClientEvent,
    scratch::Scratch,
    sigv4::{ChunkSigner, DATE_HEADER_BYTES, SignedChunk},
    time::Timestamp,
    wire::{FRAME_OVERHEAD, PRELUDE_BYTES, WireError, seal},
};

/// The headers of every inner frame: `:event-type`, `:message-type` and `:content-type`, each with its lengths.
const INNER_HEADERS: &[u8] =
    b"\x0b:event-type\x07\0\x05chunk\x0d:message-type\x07\0\x05event\x0d:content-type\x07\0\x10application/json";
/// Everything of the header `:chunk-signature` but its value: name, type 6 (bytes), length.
const SIGNATURE_HEADER_START: &[u8; 20] = b"\x10:chunk-signature\x06\0\x20";
/// Length of the headers of every outer frame: `:date` and `:chunk-signature`.
const OUTER_HEADERS_BYTES: usize = DATE_HEADER_BYTES + SIGNATURE_HEADER_START.len() + 32;

/// Writes the events of one stream as signed frames.
///
/// The frame is laid out once, in the caller's buffer, and a frame of audio costs no allocation.
pub struct Encoder {
    signer: ChunkSigner,
    ended: bool,
}

impl Encoder {
    /// An encoder that continues the signer's chain.
    pub const fn new(signer: ChunkSigner) -> Self {
        Self { signer, ended: false }
    }

    /// Appends exactly one frame to `out`: one binary message of the WebSocket.
    ///
    /// # Errors
    ///
    /// There is no key for the UTC date of `now`, the event is longer than a frame can be, or the stream has been
    /// ended; `out` and the chain are then as they were.
    pub fn encode(
        &mut self,
        event: &ClientEvent,
        now: Timestamp,
        out: &mut Vec<u8>,
    ) -> Result<(), CodecError> {
        let mut json = Scratch::take();
        event.write_json(&mut json);
        self.encode_json(&json, now, out)
    }

    /// The same for an event whose JSON is at hand.
    ///
    /// # Errors
    ///
    /// Those of [`Encoder::encode`].
    pub fn encode_json(&mut self, json: &[u8], now: Timestamp, out: &mut Vec<u8>) -> Result<(), CodecError> {
        self.append(Some(json), now, out)
    }

    /// Appends the empty frame that ends the stream.
    ///
    /// # Errors
    ///
    /// There is no key for the UTC date of `now`, or the stream has been ended before.
    pub fn finish(&mut self, now: Timestamp, out: &mut Vec<u8>) -> Result<(), CodecError> {
        self.append(None, now, out)?;
        self.ended = true;
        Ok(())
    }

    fn append(&mut self, json: Option<&[u8]>, now: Timestamp, out: &mut Vec<u8>) -> Result<(), CodecError> {
        if self.ended {
            return Err(CodecError::Ended);
        }
        let start = out.len();
        let appended = append_frame(&mut self.signer, json, now, out);
        if appended.is_err() {
            out.truncate(start);
        }
        appended
    }
}

/// Shows nothing of the events.
impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("signer", &self.signer).finish_non_exhaustive()
    }
}

fn append_frame(
    signer: &mut ChunkSigner,
    json: Option<&[u8]>,
    now: Timestamp,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    let start = out.len();
    let payload_length = json.map_or(0, |json| payload::written_length(json.len()));
    let longest = 2 * FRAME_OVERHEAD + OUTER_HEADERS_BYTES + INNER_HEADERS.len() + payload_length;
    // known before anything is signed, so that a refused event does not break the chain
    if u32::try_from(longest).is_err() {
        let limit = usize::try_from(u32::MAX).unwrap_or(usize::MAX);
        return Err(WireError::FrameTooLarge { total: longest, limit }.into());
    }
    out.reserve(longest);

    out.extend_from_slice(&[0; PRELUDE_BYTES + OUTER_HEADERS_BYTES]);
    let inner_start = out.len();
    if let Some(json) = json {
        out.extend_from_slice(&[0; PRELUDE_BYTES]);
        out.extend_from_slice(INNER_HEADERS);
        payload::write(json, out);
        out.extend_from_slice(&[0; FRAME_OVERHEAD - PRELUDE_BYTES]);
        seal(out.get_mut(inner_start..).unwrap_or_default(), INNER_HEADERS.len())?;
    }
    let chunk = signer.sign(out.get(inner_start..).unwrap_or_default(), now)?;
    out.extend_from_slice(&[0; FRAME_OVERHEAD - PRELUDE_BYTES]);
    let frame = out.get_mut(start..).unwrap_or_default();
    if let Some(headers) = frame.get_mut(PRELUDE_BYTES..).and_then(<[u8]>::first_chunk_mut) {
        *headers = outer_headers(&chunk);
    }
    Ok(seal(frame, OUTER_HEADERS_BYTES)?)
}

/// In the order of AWS's SDK for JavaScript; the order does not matter to the signature.
fn outer_headers(chunk: &SignedChunk) -> [u8; OUTER_HEADERS_BYTES] {
    let mut headers = [0; OUTER_HEADERS_BYTES];
    let (date, signature) = headers.split_at_mut(DATE_HEADER_BYTES);
    date.copy_from_slice(&chunk.date_header);
    let (start, value) = signature.split_at_mut(SIGNATURE_HEADER_START.len());
    start.copy_from_slice(SIGNATURE_HEADER_START);
    value.copy_from_slice(chunk.signature.as_bytes());
    headers
}
