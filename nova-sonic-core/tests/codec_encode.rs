//! Encoding: what AWS's own SDKs send.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "outside of the test functions themselves, too, a test stops at the first surprise"
)]

use aws_smithy_types::event_stream::{Header as AwsHeader, HeaderValue as AwsValue, Message};
use nova_sonic_core::{
    audio::Pcm,
    codec::Encoder,
    error::ErrorCode,
    event::ClientEvent,
    id::{ContentName, PromptName},
    secret::SecretText,
    sigv4::{ChunkSigner, DatePrecision, Signature, SigningKey, SigningKeys},
    time::{Date, Timestamp},
    wire::{FrameDecoder, HeaderValue},
};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

fn vectors(file: &str) -> Value {
    let path = format!("{}/../tests/vectors/signatures/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn keys() -> SigningKeys {
    SigningKeys::from_secret(SecretText::new(SECRET.to_owned()))
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis)
}

fn signature(hexadecimal: &str) -> Signature {
    Signature::from_bytes(hex::decode(hexadecimal).unwrap().try_into().unwrap())
}

fn encoder(seed: Signature, opened: Timestamp) -> Encoder {
    Encoder::new(ChunkSigner::new(keys(), "us-east-1", seed, opened))
}

fn audio(samples: &[i16]) -> ClientEvent {
    ClientEvent::AudioInput {
        prompt_name: PromptName::from("p-0001"),
        content_name: ContentName::from("c-0001"),
        pcm: Pcm::from(samples.to_vec()),
    }
}

#[test]
fn the_frames_of_the_sdk_for_javascript_are_reproduced_bit_by_bit() {
    let fixture = vectors("aws-js-sdk-websocket.json");
    let events = fixture["inputEvents"].as_array().unwrap();
    for capture in fixture["captures"].as_array().unwrap() {
        let frames = capture["frames"].as_array().unwrap();
        let date_of = |frame: &Value| at(frame["outer"]["date_ms"].as_i64().unwrap());
        let seed = signature(capture["presign"]["signature"].as_str().unwrap());
        let signer = ChunkSigner::new(keys(), "us-east-1", seed, date_of(&frames[0]));
        let mut encoder = Encoder::new(signer.with_precision(DatePrecision::Millisecond));
        assert_eq!(frames.len(), events.len() + 1);
        let mut out = Vec::new();
        for (frame, event) in frames.iter().zip(events) {
            out.clear();
            // taken from the frame, because `Value` does not keep the order of the fields
            let json = inner_json(frame["hex"].as_str().unwrap()).unwrap();
            assert_eq!(serde_json::from_slice::<Value>(&json).unwrap(), *event);
            encoder.encode_json(&json, date_of(frame), &mut out).unwrap();
            assert_eq!(hex::encode(&out), frame["hex"], "{event}");
        }
        out.clear();
        let last = frames.last().unwrap();
        encoder.finish(date_of(last), &mut out).unwrap();
        assert_eq!(hex::encode(&out), last["hex"]);
    }
}

#[test]
fn audio_events_are_those_of_the_sdk_for_javascript() {
    let fixture = vectors("aws-js-sdk-websocket.json");
    let capture = &fixture["captures"][0];
    let mut count = 0;
    for frame in capture["frames"].as_array().unwrap() {
        let Some(json) = inner_json(frame["hex"].as_str().unwrap()) else { continue };
        let event: Value = serde_json::from_slice(&json).unwrap();
        let Some(content) = event["event"]["audioInput"]["content"].as_str() else { continue };
        let bytes = base64_simd::STANDARD.decode_to_vec(content).unwrap();
        let samples: Vec<_> = bytes.chunks(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();

        let signing = &frame["signing"];
        let now = at(frame["outer"]["date_ms"].as_i64().unwrap());
        let seed = signature(signing["priorSignature"].as_str().unwrap());
        let signer = ChunkSigner::new(keys(), "us-east-1", seed, now);
        let mut encoder = Encoder::new(signer.with_precision(DatePrecision::Millisecond));
        let mut out = b"what was there stays".to_vec();
        encoder.encode(&audio(&samples), now, &mut out).unwrap();
        assert_eq!(hex::encode(out.strip_prefix(b"what was there stays").unwrap()), frame["hex"]);
        count += 1;
    }
    assert_eq!(count, 2);
}

#[test]
fn known_answers_are_reproduced() {
    let chain = &vectors("known-answers.json")["chain"];
    let now = at(chain["unix_millis"].as_i64().unwrap());
    let mut encoder = encoder(Signature::from_bytes([0; 32]), now);
    for chunk in chain["chunks"].as_array().unwrap() {
        let mut out = Vec::new();
        match chunk["json"].as_str() {
            Some(json) => {
                assert_eq!(json, r#"{"event":{"sessionEnd":{}}}"#);
                encoder.encode(&ClientEvent::SessionEnd, now, &mut out).unwrap();
            }
            None => encoder.finish(now, &mut out).unwrap(),
        }
        assert_eq!(out.len() as u64, chunk["frame_bytes"]);
        assert_eq!(hex::encode(signature_in(&out).as_bytes()), chunk["signature"]);
    }
}

#[test]
fn a_frame_that_cannot_be_signed_leaves_buffer_and_chain_alone() {
    let today = Date::parse("20261122").unwrap();
    let midnight = at(1_795_392_000_000);
    let only_today = || {
        let key = SigningKey::derive(&SecretText::new(SECRET.to_owned()), today, "us-east-1");
        let keys = SigningKeys::from_derived(vec![key]);
        Encoder::new(ChunkSigner::new(
            keys,
            "us-east-1",
            Signature::from_bytes([3; 32]),
            at(1_795_391_000_000),
        ))
    };
    let (mut disturbed, mut undisturbed) = (only_today(), only_today());
    let mut out = b"before".to_vec();
    let error = disturbed.encode(&ClientEvent::SessionEnd, midnight, &mut out).unwrap_err();
    assert_eq!((error.code(), out.as_slice()), (ErrorCode::SigningKeyMissing, b"before".as_slice()));
    let just_before = at(midnight.unix_millis() - 1);
    let (mut one, mut other) = (Vec::new(), Vec::new());
    disturbed.finish(just_before, &mut one).unwrap();
    undisturbed.finish(just_before, &mut other).unwrap();
    assert_eq!(one, other);
}

#[test]
fn nothing_follows_the_frame_that_ends_the_stream() {
    let mut encoder = encoder(Signature::from_bytes([0; 32]), at(0));
    let mut out = Vec::new();
    encoder.finish(at(0), &mut out).unwrap();
    let length = out.len();
    let error = encoder.encode(&ClientEvent::SessionEnd, at(0), &mut out).unwrap_err();
    assert_eq!(error.code(), ErrorCode::SessionClosed);
    assert_eq!(encoder.finish(at(0), &mut out), Err(error));
    assert_eq!(out.len(), length);
}

#[test]
fn an_encoder_prints_nothing_that_was_said() {
    let mut encoder = encoder(Signature::from_bytes([0xab; 32]), at(0));
    encoder.encode_json(b"spoken words", at(0), &mut Vec::new()).unwrap();
    let shown = format!("{encoder:?}");
    assert!(!shown.contains("spoken") && !shown.contains("abab") && !shown.contains("171"), "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn frames_are_those_of_aws(
        json in vec(any::<u8>(), 0..3000),
        seed in any::<[u8; 32]>(),
        seconds in 0..4_102_444_800_i64,
    ) {
        let now = at(seconds * 1000);
        let mut ours = Vec::new();
        encoder(Signature::from_bytes(seed), now).encode_json(&json, now, &mut ours).unwrap();

        let text = |name: &'static str, value: &'static str| AwsHeader::new(name, AwsValue::String(value.into()));
        let payload = json!({ "bytes": base64_simd::STANDARD.encode_to_string(&json) }).to_string();
        let inner = Message::new(payload.into_bytes())
            .add_header(text(":event-type", "chunk"))
            .add_header(text(":message-type", "event"))
            .add_header(text(":content-type", "application/json"));
        let mut inner_bytes = Vec::new();
        aws_smithy_eventstream::frame::write_message_to(&inner, &mut inner_bytes).unwrap();
        let outer = Message::new(inner_bytes)
            .add_header(AwsHeader::new(":date", AwsValue::Timestamp(aws_smithy_types::DateTime::from_secs(seconds))))
            .add_header(AwsHeader::new(
                ":chunk-signature",
                AwsValue::ByteArray(signature_in(&ours).as_bytes().to_vec().into()),
            ));
        let mut theirs = Vec::new();
        aws_smithy_eventstream::frame::write_message_to(&outer, &mut theirs).unwrap();
        prop_assert_eq!(ours, theirs);
    }
}

fn signature_in(frame: &[u8]) -> Signature {
    let mut decoder = FrameDecoder::new();
    decoder.push(frame);
    let frame = decoder.next_frame().unwrap().unwrap();
    let header = frame.headers.iter().find(|header| header.name == ":chunk-signature").unwrap();
    let HeaderValue::Bytes(bytes) = header.value else { panic!("the signature is not bytes") };
    Signature::from_bytes(bytes.try_into().unwrap())
}

/// The event's JSON in a signed frame; `None` in the last one.
fn inner_json(frame: &str) -> Option<Vec<u8>> {
    let mut outer = FrameDecoder::new();
    outer.push(&hex::decode(frame).unwrap());
    let mut inner = FrameDecoder::new();
    inner.push(outer.next_frame()?.unwrap().payload);
    let payload: Value = serde_json::from_slice(inner.next_frame()?.unwrap().payload).unwrap();
    Some(base64_simd::STANDARD.decode_to_vec(payload["bytes"].as_str().unwrap()).unwrap())
}
