//! What the simulator sends, framed by `aws-smithy-eventstream`, and the frames that are broken on purpose.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::Bytes;

use crate::model::{Exception, WireFault};

/// One event of the model as a `chunk`.
pub(super) fn event(json: &[u8]) -> Bytes {
    let mut payload = Vec::with_capacity(json.len() * 4 / 3 + 16);
    payload.extend_from_slice(b"{\"bytes\":\"");
    base64_simd::STANDARD.encode_append(json, &mut payload);
    payload.extend_from_slice(b"\"}");
    chunk(payload)
}

/// One event of any stream, with JSON in it.
pub(crate) fn json_frame(event_type: &str, payload: &serde_json::Value) -> Bytes {
    frame(
        &[(":event-type", event_type), (":content-type", "application/json"), (":message-type", "event")],
        payload.to_string().into_bytes(),
    )
}

/// An exception of the model or of the stream itself.
pub(super) fn exception(exception: &Exception) -> Bytes {
    let name = exception.exception.name();
    let mut lower_camel = String::with_capacity(name.len());
    let mut letters = name.chars();
    lower_camel.extend(letters.next().map(|first| first.to_ascii_lowercase()));
    lower_camel.extend(letters);
    let payload = serde_json::json!({ "message": exception.message }).to_string();
    frame(
        &[
            (":exception-type", &lower_camel),
            (":content-type", "application/json"),
            (":message-type", "exception"),
        ],
        payload.into_bytes(),
    )
}

/// What a fault puts on the wire, and nothing for a cut.
pub(super) fn fault(fault: &WireFault) -> Bytes {
    let sample = event(br#"{"event":{"usageEvent":{}}}"#);
    match fault {
        WireFault::Cut => Bytes::new(),
        WireFault::TruncatedFrame => sample.slice(..sample.len() / 2),
        WireFault::WrongChecksum => {
            let mut bytes = sample.to_vec();
            if let Some(last) = bytes.last_mut() {
                *last ^= 0xff;
            }
            bytes.into()
        }
        WireFault::HugeLength => huge_prelude(),
        WireFault::GarbageJson => chunk(b"{\"bytes\": not json".to_vec()),
        WireFault::ErrorMessage { code, message } => frame(
            &[(":message-type", "error"), (":error-code", code), (":error-message", message)],
            Vec::new(),
        ),
    }
}

fn chunk(payload: Vec<u8>) -> Bytes {
    frame(
        &[(":event-type", "chunk"), (":content-type", "application/json"), (":message-type", "event")],
        payload,
    )
}

/// A prelude that claims four GiB less one byte, with the right checksum: only a check of the length refuses it.
fn huge_prelude() -> Bytes {
    let mut prelude = Vec::with_capacity(12);
    prelude.extend_from_slice(&u32::MAX.to_be_bytes());
    prelude.extend_from_slice(&0_u32.to_be_bytes());
    prelude.extend_from_slice(&HUGE_PRELUDE_CHECKSUM.to_be_bytes());
    prelude.into()
}

/// CRC-32 of `ff ff ff ff 00 00 00 00`.
const HUGE_PRELUDE_CHECKSUM: u32 = 0xffff_ffff;

fn frame(headers: &[(&'static str, &str)], payload: Vec<u8>) -> Bytes {
    let headers = headers.iter().map(|(name, value)| {
        // a header holds at most 32 767 bytes
        let value: String = value.chars().take(4096).collect();
        Header::new(*name, HeaderValue::String(value.into()))
    });
    let message = Message::new_from_parts(headers.collect(), payload);
    let mut bytes = Vec::with_capacity(message.payload().len() + 128);
    match write_message_to(&message, &mut bytes) {
        Ok(()) => bytes.into(),
        // only a payload over four GiB
        Err(_) => Bytes::new(),
    }
}
