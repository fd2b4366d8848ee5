//! Frames into the caller's buffer.

use super::{
    HeaderValue, WireError,
    checksum::crc32,
    header::kind,
    prelude::{FRAME_OVERHEAD, PRELUDE_BYTES, Prelude, TRAILER_BYTES},
};

/// Longest text or byte value of a header: AWS's own libraries read the length as a signed 16-bit number.
const VALUE_LIMIT: usize = 0x7fff;

/// Appends a whole frame to `out`.
///
/// # Errors
///
/// A header or the frame is too long for the format; `out` is then as it was.
///
/// ```
/// use nova_sonic_core::wire::write_frame;
/// let mut out = Vec::new();
/// write_frame(&[], b"", &mut out)?;
/// assert_eq!(out, *b"\0\0\0\x10\0\0\0\0\x05\xc2\x48\xeb\x7d\x98\xc8\xff");
/// # Ok::<(), nova_sonic_core::wire::WireError>(())
/// ```
pub fn write_frame(
    headers: &[(&str, HeaderValue<'_>)],
    payload: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), WireError> {
    let start = out.len();
    let written = append_frame(headers, payload, start, out);
    if written.is_err() {
        out.truncate(start);
    }
    written
}

fn append_frame(
    headers: &[(&str, HeaderValue<'_>)],
    payload: &[u8],
    start: usize,
    out: &mut Vec<u8>,
) -> Result<(), WireError> {
    out.extend_from_slice(&[0; PRELUDE_BYTES]);
    for (name, value) in headers {
        write_header(name, *value, out)?;
    }
    let headers = out.len() - start - PRELUDE_BYTES;
    out.extend_from_slice(payload);
    out.extend_from_slice(&[0; TRAILER_BYTES]);
    seal(out.get_mut(start..).unwrap_or_default(), headers)
}

/// Appends one header to `out`, as it stands in a frame.
///
/// # Errors
///
/// The name is empty or longer than 255 bytes, or the value longer than 32767; `out` is then as it was.
pub fn write_header(name: &str, value: HeaderValue<'_>, out: &mut Vec<u8>) -> Result<(), WireError> {
    let length = u8::try_from(name.len()).ok().filter(|length| *length > 0);
    let length = length.ok_or(WireError::HeaderNameLength { length: name.len() })?;
    let counted = match value {
        HeaderValue::Bytes(bytes) => bytes.len(),
        HeaderValue::Text(text) => text.len(),
        HeaderValue::Bool(_)
        | HeaderValue::Byte(_)
        | HeaderValue::Int16(_)
        | HeaderValue::Int32(_)
        | HeaderValue::Int64(_)
        | HeaderValue::Timestamp(_)
        | HeaderValue::Uuid(_) => 0,
    };
    if counted > VALUE_LIMIT {
        return Err(WireError::HeaderValueTooLong { length: counted, limit: VALUE_LIMIT });
    }
    out.push(length);
    out.extend_from_slice(name.as_bytes());
    match value {
        HeaderValue::Bool(true) => out.push(kind::TRUE),
        HeaderValue::Bool(false) => out.push(kind::FALSE),
        HeaderValue::Byte(value) => write_fixed(kind::BYTE, &value.to_be_bytes(), out),
        HeaderValue::Int16(value) => write_fixed(kind::INT16, &value.to_be_bytes(), out),
        HeaderValue::Int32(value) => write_fixed(kind::INT32, &value.to_be_bytes(), out),
        HeaderValue::Int64(value) => write_fixed(kind::INT64, &value.to_be_bytes(), out),
        HeaderValue::Bytes(value) => write_counted(kind::BYTES, value, out),
        HeaderValue::Text(value) => write_counted(kind::TEXT, value.as_bytes(), out),
        HeaderValue::Timestamp(value) => write_fixed(kind::TIMESTAMP, &value.to_be_bytes(), out),
        HeaderValue::Uuid(value) => write_fixed(kind::UUID, &value, out),
    }
    Ok(())
}

fn write_fixed(kind: u8, value: &[u8], out: &mut Vec<u8>) {
    out.push(kind);
    out.extend_from_slice(value);
}

fn write_counted(kind: u8, value: &[u8], out: &mut Vec<u8>) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    out.push(kind);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(value);
}

/// Fills in the first twelve and the last four bytes of a frame whose headers and payload already stand between them.
///
/// This is for a frame that is laid out in place, such as one whose payload is another frame.
///
/// # Errors
///
/// [`WireError::LengthsContradict`] if `frame` has no room for `headers` bytes of headers,
/// [`WireError::FrameTooLarge`] beyond 4 GiB.
///
/// ```
/// use nova_sonic_core::wire::{FRAME_OVERHEAD, FrameDecoder, PRELUDE_BYTES, seal};
/// let mut frame = [0; FRAME_OVERHEAD + 5];
/// frame[PRELUDE_BYTES..][..5].copy_from_slice(b"hello");
/// seal(&mut frame, 0)?;
///
/// let mut decoder = FrameDecoder::new();
/// decoder.push(&frame);
/// assert_eq!(decoder.next_frame().expect("one frame")?.payload, b"hello");
/// # Ok::<(), nova_sonic_core::wire::WireError>(())
/// ```
pub fn seal(frame: &mut [u8], headers: usize) -> Result<(), WireError> {
    let total = frame.len();
    let contradiction = || WireError::LengthsContradict { total, headers };
    if headers > total.checked_sub(FRAME_OVERHEAD).ok_or_else(contradiction)? {
        return Err(contradiction());
    }
    let limit = usize::try_from(u32::MAX).unwrap_or(usize::MAX);
    let bytes = Prelude { total, headers }.write().ok_or(WireError::FrameTooLarge { total, limit })?;
    let (checked, trailer) = frame.split_last_chunk_mut::<TRAILER_BYTES>().ok_or_else(contradiction)?;
    *checked.first_chunk_mut().ok_or_else(contradiction)? = bytes;
    *trailer = crc32(checked).to_be_bytes();
    Ok(())
}
