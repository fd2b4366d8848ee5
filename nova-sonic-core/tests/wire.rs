//! Frames: what is taken, what is refused, and that cutting the bytes differently changes nothing.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "outside of the test functions themselves, too, a test stops at the first surprise"
)]

use aws_smithy_types::event_stream::{Header as AwsHeader, HeaderValue as AwsValue, Message};
use nova_sonic_core::{
    error::ErrorCode,
    wire::{DEFAULT_FRAME_LIMIT, FrameDecoder, HeaderValue, WireError, seal, write_frame},
};
use proptest::{collection::vec, prelude::*};
use serde_json::Value;

fn vectors(file: &str) -> Vec<Value> {
    let path = format!("{}/../tests/vectors/frames/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["frames"].as_array().unwrap().clone()
}

fn bytes_of(vector: &Value, field: &str) -> Vec<u8> {
    hex::decode(vector[field].as_str().unwrap()).unwrap()
}

/// A header that owns its value.
#[derive(Clone, Debug, PartialEq)]
struct Owned {
    name: String,
    value: OwnedValue,
}

#[derive(Clone, Debug, PartialEq)]
enum OwnedValue {
    Bool(bool),
    Byte(i8),
    Int16(i16),
    Int32(i32),
    Int64(i64),
    Bytes(Vec<u8>),
    Text(String),
    Timestamp(i64),
    Uuid([u8; 16]),
}

impl OwnedValue {
    fn borrowed(&self) -> HeaderValue<'_> {
        match self {
            Self::Bool(value) => HeaderValue::Bool(*value),
            Self::Byte(value) => HeaderValue::Byte(*value),
            Self::Int16(value) => HeaderValue::Int16(*value),
            Self::Int32(value) => HeaderValue::Int32(*value),
            Self::Int64(value) => HeaderValue::Int64(*value),
            Self::Bytes(value) => HeaderValue::Bytes(value),
            Self::Text(value) => HeaderValue::Text(value),
            Self::Timestamp(value) => HeaderValue::Timestamp(*value),
            Self::Uuid(value) => HeaderValue::Uuid(*value),
        }
    }

    fn aws(&self) -> AwsValue {
        match self.clone() {
            Self::Bool(value) => AwsValue::Bool(value),
            Self::Byte(value) => AwsValue::Byte(value),
            Self::Int16(value) => AwsValue::Int16(value),
            Self::Int32(value) => AwsValue::Int32(value),
            Self::Int64(value) => AwsValue::Int64(value),
            Self::Bytes(value) => AwsValue::ByteArray(value.into()),
            Self::Text(value) => AwsValue::String(value.into()),
            Self::Timestamp(value) => AwsValue::Timestamp(aws_smithy_types::DateTime::from_millis(value)),
            Self::Uuid(value) => AwsValue::Uuid(u128::from_be_bytes(value)),
        }
    }

    fn of(vector: &Value) -> Self {
        let (kind, value) = vector.as_object().unwrap().iter().find(|(field, _)| *field != "name").unwrap();
        let number = || value.as_i64().unwrap();
        match kind.as_str() {
            "bool" => Self::Bool(value.as_bool().unwrap()),
            "byte" => Self::Byte(number().try_into().unwrap()),
            "int16" => Self::Int16(number().try_into().unwrap()),
            "int32" => Self::Int32(number().try_into().unwrap()),
            "int64" => Self::Int64(number()),
            "bytes" => Self::Bytes(bytes_of(vector, "bytes")),
            "text" => Self::Text(value.as_str().unwrap().to_owned()),
            "timestamp" => Self::Timestamp(number()),
            "uuid" => Self::Uuid(bytes_of(vector, "uuid").try_into().unwrap()),
            other => panic!("the vector has an unknown type {other}"),
        }
    }
}

type OwnedFrame = (Vec<Owned>, Vec<u8>);

fn own(value: HeaderValue<'_>) -> OwnedValue {
    match value {
        HeaderValue::Bool(value) => OwnedValue::Bool(value),
        HeaderValue::Byte(value) => OwnedValue::Byte(value),
        HeaderValue::Int16(value) => OwnedValue::Int16(value),
        HeaderValue::Int32(value) => OwnedValue::Int32(value),
        HeaderValue::Int64(value) => OwnedValue::Int64(value),
        HeaderValue::Bytes(value) => OwnedValue::Bytes(value.to_vec()),
        HeaderValue::Text(value) => OwnedValue::Text(value.to_owned()),
        HeaderValue::Timestamp(value) => OwnedValue::Timestamp(value),
        HeaderValue::Uuid(value) => OwnedValue::Uuid(value),
        other => panic!("a type without a test: {other:?}"),
    }
}

fn written((headers, payload): &OwnedFrame) -> Vec<u8> {
    let headers: Vec<_> =
        headers.iter().map(|header| (header.name.as_str(), header.value.borrowed())).collect();
    let mut bytes = Vec::new();
    write_frame(&headers, payload, &mut bytes).unwrap();
    bytes
}

/// Everything that comes out of a stream pushed in pieces of `size`: its frames, then how it ended.
fn read_in_pieces(stream: &[u8], size: usize) -> (Vec<OwnedFrame>, Result<(), WireError>) {
    let mut decoder = FrameDecoder::new();
    let mut frames = Vec::new();
    for piece in stream.chunks(size.max(1)) {
        decoder.push(piece);
        while let Some(frame) = decoder.next_frame() {
            let Ok(frame) = frame else { return (frames, Err(frame.unwrap_err())) };
            let headers = frame.headers.iter();
            let headers =
                headers.map(|header| Owned { name: header.name.to_owned(), value: own(header.value) });
            frames.push((headers.collect(), frame.payload.to_vec()));
        }
    }
    let end = decoder.finish();
    (frames, end)
}

#[test]
fn accepted_frames_are_read_and_written_as_their_vectors_say() {
    for vector in vectors("accepted.json") {
        let stream = bytes_of(&vector, "hex");
        let headers = vector["headers"].as_array().unwrap().iter();
        let headers = headers.map(|header| Owned {
            name: header["name"].as_str().unwrap().to_owned(),
            value: OwnedValue::of(header),
        });
        let expected = (headers.collect::<Vec<_>>(), bytes_of(&vector, "payload"));
        assert_eq!(read_in_pieces(&stream, usize::MAX), (vec![expected.clone()], Ok(())), "{vector}");
        assert_eq!(hex::encode(written(&expected)), vector["hex"], "{vector}");
    }
}

#[test]
fn a_stream_reads_the_same_at_every_chunk_size() {
    let accepted = vectors("accepted.json");
    let stream: Vec<u8> = accepted.iter().flat_map(|vector| bytes_of(vector, "hex")).collect();
    let whole = read_in_pieces(&stream, usize::MAX);
    assert_eq!((whole.0.len(), &whole.1), (accepted.len(), &Ok(())));
    for size in 1..=stream.len() {
        assert_eq!(read_in_pieces(&stream, size), whole, "in pieces of {size}");
    }
}

#[test]
fn every_defect_is_named_after_the_frames_before_it_at_every_chunk_size() {
    for vector in vectors("defects.json") {
        let stream = bytes_of(&vector, "hex");
        for size in 1..=stream.len() {
            let (frames, end) = read_in_pieces(&stream, size);
            let code = end.expect_err("the vector has a defect").code();
            assert_eq!(code.as_str(), vector["code"], "{vector} in pieces of {size}");
            assert_eq!(frames.len() as u64, vector["frames_before"], "{vector} in pieces of {size}");
        }
    }
}

#[test]
fn a_malformed_frame_is_refused_for_what_is_wrong_with_it() {
    let headers = |offset| WireError::HeaderTruncated { offset };
    for (name, error) in [
        ("length 15, one less than the fixed parts", WireError::LengthsContradict { total: 15, headers: 0 }),
        ("name longer than the headers", headers(0)),
        ("second header is cut", headers(3)),
        ("type 10", WireError::HeaderTypeUnknown { offset: 0, kind: 10 }),
        ("name is not utf-8", WireError::HeaderNotText { offset: 0 }),
        ("text is not utf-8", WireError::HeaderNotText { offset: 0 }),
        ("ends one byte early", WireError::FrameTruncated { missing: 1 }),
    ] {
        let vectors = vectors("defects.json");
        let vector = vectors.iter().find(|vector| vector["name"] == name).unwrap();
        assert_eq!(read_in_pieces(&bytes_of(vector, "hex"), usize::MAX).1, Err(error), "{name}");
    }
}

#[test]
fn nothing_is_kept_of_a_frame_whose_length_is_refused() {
    for vector in vectors("defects.json").iter().filter(|vector| vector["code"] == "frame_too_large") {
        let mut decoder = FrameDecoder::new();
        decoder.push(&bytes_of(vector, "hex"));
        while let Some(Ok(_)) = decoder.next_frame() {}
        for _ in 0..100 {
            decoder.push(&[0; 4096]);
            assert_eq!(decoder.buffered(), 0, "{vector}");
        }
    }
}

#[test]
fn a_defect_is_said_once_for_each_push_and_again_at_the_end() {
    let mut good = Vec::new();
    write_frame(&[], b"good", &mut good).unwrap();
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 1;

    let mut decoder = FrameDecoder::new();
    decoder.push(&bad);
    let defect = decoder.next_frame().unwrap().unwrap_err();
    assert_eq!(defect.code(), ErrorCode::FrameCorrupt);
    assert_eq!(decoder.next_frame(), None);
    decoder.push(&good);
    assert_eq!(decoder.next_frame(), Some(Err(defect.clone())));
    assert_eq!(decoder.next_frame(), None);
    assert_eq!(decoder.finish(), Err(defect));
}

#[test]
fn a_caller_who_never_reads_meets_a_limit_and_loses_no_frame_before_it() {
    let mut frame = Vec::new();
    write_frame(&[], &[7; 1000], &mut frame).unwrap();
    let mut decoder = FrameDecoder::with_frame_limit(1016);
    for _ in 0..100 {
        decoder.push(&frame);
        assert!(decoder.buffered() <= 4 * 1016);
    }
    for _ in 0..4 {
        assert_eq!(decoder.next_frame().unwrap().unwrap().payload, [7; 1000]);
    }
    assert_eq!(decoder.next_frame(), Some(Err(WireError::BacklogFull { limit: 4 * 1016 })));
}

#[test]
fn the_limit_is_the_longest_frame_that_is_taken() {
    let mut frame = Vec::new();
    write_frame(&[], &vec![1; DEFAULT_FRAME_LIMIT - 16], &mut frame).unwrap();
    let mut decoder = FrameDecoder::new();
    decoder.push(&frame);
    assert_eq!(decoder.next_frame().unwrap().unwrap().payload.len(), DEFAULT_FRAME_LIMIT - 16);
    let mut decoder = FrameDecoder::with_frame_limit(DEFAULT_FRAME_LIMIT - 1);
    decoder.push(&frame);
    assert_eq!(
        decoder.next_frame(),
        Some(Err(WireError::FrameTooLarge { total: DEFAULT_FRAME_LIMIT, limit: DEFAULT_FRAME_LIMIT - 1 }))
    );
}

#[test]
fn what_cannot_be_written_is_refused_and_leaves_the_buffer_alone() {
    let mut out = b"before".to_vec();
    let long = "n".repeat(256);
    let value = "v".repeat(0x8000);
    for (headers, error) in [
        (
            [("ok", HeaderValue::Bool(true)), ("", HeaderValue::Bool(true))],
            WireError::HeaderNameLength { length: 0 },
        ),
        (
            [("ok", HeaderValue::Bool(true)), (&*long, HeaderValue::Bool(true))],
            WireError::HeaderNameLength { length: 256 },
        ),
        (
            [("ok", HeaderValue::Bool(true)), ("a", HeaderValue::Text(&value))],
            WireError::HeaderValueTooLong { length: 0x8000, limit: 0x7fff },
        ),
        (
            [("ok", HeaderValue::Bool(true)), ("a", HeaderValue::Bytes(value.as_bytes()))],
            WireError::HeaderValueTooLong { length: 0x8000, limit: 0x7fff },
        ),
    ] {
        assert_eq!(write_frame(&headers, b"payload", &mut out), Err(error));
        assert_eq!(out, b"before");
    }
    assert_eq!(seal(&mut [0; 15], 0), Err(WireError::LengthsContradict { total: 15, headers: 0 }));
    assert_eq!(seal(&mut [0; 16], 1), Err(WireError::LengthsContradict { total: 16, headers: 1 }));
}

#[test]
fn frames_print_neither_payload_nor_bytes() {
    let mut bytes = Vec::new();
    write_frame(&[(":chunk-signature", HeaderValue::Bytes(&[0xab; 32]))], b"spoken words", &mut bytes)
        .unwrap();
    let mut decoder = FrameDecoder::new();
    decoder.push(&bytes);
    assert!(!format!("{decoder:?}").contains("spoken"));
    let frame = decoder.next_frame().unwrap().unwrap();
    assert_eq!(
        format!("{frame:?}"),
        r#"Frame { headers: {":chunk-signature": [32 bytes]}, payload: [12 bytes] }"#
    );
}

fn any_value() -> impl Strategy<Value = OwnedValue> {
    prop_oneof![
        any::<bool>().prop_map(OwnedValue::Bool),
        any::<i8>().prop_map(OwnedValue::Byte),
        any::<i16>().prop_map(OwnedValue::Int16),
        any::<i32>().prop_map(OwnedValue::Int32),
        any::<i64>().prop_map(OwnedValue::Int64),
        vec(any::<u8>(), 0..40).prop_map(OwnedValue::Bytes),
        ".{0,20}".prop_map(OwnedValue::Text),
        any::<i64>().prop_map(OwnedValue::Timestamp),
        any::<[u8; 16]>().prop_map(OwnedValue::Uuid),
    ]
}

fn any_frame() -> impl Strategy<Value = OwnedFrame> {
    let header = (".{1,20}", any_value()).prop_map(|(name, value)| Owned { name, value });
    (vec(header, 0..6), vec(any::<u8>(), 0..300))
}

fn aws_message((headers, payload): &OwnedFrame) -> Message {
    let message = Message::new(payload.clone());
    let headers = headers.iter().map(|header| AwsHeader::new(header.name.clone(), header.value.aws()));
    headers.fold(message, Message::add_header)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn frames_come_back_however_the_bytes_are_cut(frames in vec(any_frame(), 1..4), size in 1..400_usize) {
        let stream: Vec<u8> = frames.iter().flat_map(written).collect();
        prop_assert_eq!(read_in_pieces(&stream, size), (frames, Ok(())));
    }

    #[test]
    fn frames_are_those_of_aws_byte_for_byte(frame in any_frame()) {
        let mut theirs = Vec::new();
        aws_smithy_eventstream::frame::write_message_to(&aws_message(&frame), &mut theirs).unwrap();
        prop_assert_eq!(written(&frame), theirs);
    }

    #[test]
    fn altered_frames_are_refused_exactly_when_aws_refuses_them(
        frame in any_frame(),
        place in any::<prop::sample::Index>(),
        bit in 0..8_u32,
        repaired in any::<bool>(),
    ) {
        let mut stream = written(&frame);
        let place = place.index(stream.len());
        stream[place] ^= 1 << bit;
        if repaired {
            repair(&mut stream);
        }
        let (ours, end) = read_in_pieces(&stream, usize::MAX);
        let theirs = aws_smithy_eventstream::frame::read_message_from(stream.as_slice());
        match theirs {
            Ok(message) if message_length(&message) == stream.len() => {
                prop_assert_eq!(end, Ok(()));
                prop_assert_eq!(aws_message(&ours[0]), message);
            }
            _ => prop_assert!(end.is_err(), "AWS refuses what we read: {ours:?}"),
        }
    }

    #[test]
    fn no_bytes_make_the_decoder_panic_or_hang(noise in vec(any::<u8>(), 0..200), repaired in any::<bool>(), size in 1..64_usize) {
        let mut noise = noise;
        if repaired && noise.len() >= 16 {
            let total = u32::try_from(noise.len()).unwrap();
            noise[..4].copy_from_slice(&total.to_be_bytes());
            noise[4..7].fill(0);
            repair(&mut noise);
        }
        let (frames, end) = read_in_pieces(&noise, size);
        prop_assert!(frames.len() <= 1);
        prop_assert!(frames.len() == 1 || end.is_err() || noise.is_empty());
    }
}

/// Makes both checksums right again, so that what is behind them is reached.
fn repair(frame: &mut [u8]) {
    let prelude = crc32fast::hash(&frame[..8]);
    frame[8..12].copy_from_slice(&prelude.to_be_bytes());
    let end = frame.len() - 4;
    let whole = crc32fast::hash(&frame[..end]);
    frame[end..].copy_from_slice(&whole.to_be_bytes());
}

fn message_length(message: &Message) -> usize {
    let mut bytes = Vec::new();
    aws_smithy_eventstream::frame::write_message_to(message, &mut bytes).unwrap();
    bytes.len()
}
