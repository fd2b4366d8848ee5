//! Decoding: what the service answers, and what it should not.
#![expect(
    clippy::unwrap_used,
    reason = "outside of the test functions themselves, too, a test stops at the first surprise"
)]

use nova_sonic_core::{
    codec::{CodecError, Decoder, Received},
    error::{ErrorCode, ServiceException},
    event::ServerEvent,
    wire::{HeaderValue, write_frame},
};
use proptest::{collection::vec, prelude::*};
use serde_json::Value;

#[test]
fn the_answers_in_the_fixture_are_read_in_any_pieces() {
    let fixture = vectors("aws-js-sdk-websocket.json");
    for capture in fixture["captures"].as_array().unwrap() {
        let replies = &capture["serverReplies"]["hex"];
        let stream: Vec<u8> = replies
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|hex| hex::decode(hex.as_str().unwrap()).unwrap())
            .collect();
        let whole = received(&stream, stream.len());
        let [Ok(Received::Event(start)), Ok(Received::Event(audio)), Ok(Received::Event(usage))] = &whole[..]
        else {
            panic!("three events, not {whole:?}");
        };
        assert!(
            matches!(start, ServerEvent::CompletionStart { ids, .. } if ids.session_id == Some("s-1".into()))
        );
        assert!(matches!(audio, ServerEvent::AudioOutput { pcm, .. } if pcm.samples() == [0x0100, 0x0302]));
        assert!(matches!(usage, ServerEvent::Usage { extra, .. } if extra["note"] == "unicode ü ✓"));
        for size in 1..stream.len() {
            assert_eq!(received(&stream, size), whole, "in pieces of {size}");
        }
    }
}

#[test]
fn payloads_are_read_in_every_shape_that_json_allows() {
    let json = r#"{"event":{"completionStart":{}}}"#;
    let base64 = base64_simd::STANDARD.encode_to_string(json);
    let escaped = base64.replace('J', "\\u004a");
    for payload in [
        format!(r#"{{"bytes":"{base64}"}}"#),
        format!(r#"{{"bytes":"{base64}","p":"abcdefghijkl"}}"#),
        format!(r#"{{"p":"abc\"def","bytes":"{base64}"}}"#),
        format!("{{ \"bytes\" :\n\"{base64}\" }}\n"),
        format!(r#"{{"bytes":"{escaped}"}}"#),
        format!(r#"{{"p":{{"bytes":7}},"bytes":"{base64}"}}"#),
    ] {
        let got = received(&chunk(payload.as_bytes()), usize::MAX);
        assert!(
            matches!(&got[..], [Ok(Received::Event(ServerEvent::CompletionStart { .. }))]),
            "{payload}: {got:?}"
        );
    }
}

#[test]
fn a_chunk_that_is_no_event_is_an_error_and_the_next_one_is_read() {
    let good = chunk(br#"{"bytes":"eyJldmVudCI6eyJjb21wbGV0aW9uU3RhcnQiOnt9fX0="}"#);
    for payload in [
        "",
        "null",
        "{}",
        r#"{"bytes":7}"#,
        r#"{"bytes":"***"}"#,
        r#"{"bytes":"AAA"}"#,
        r#"{"bytes":""}"#,
        r#"{"bytes":"e30="}"#,
        r#"{"bytes":"eyJldmVudCI6"}"#,
        r#"{"bytes":"e30="}{"bytes":"e30="}"#,
    ] {
        let got = received(&[chunk(payload.as_bytes()), good.clone()].concat(), usize::MAX);
        let [Err(error), Ok(Received::Event(_))] = &got[..] else { panic!("{payload}: {got:?}") };
        assert_eq!(error.code(), ErrorCode::EventInvalid, "{payload}: {error}");
    }
}

#[test]
fn exceptions_are_read_in_all_three_forms() {
    let body = br#"{"message":"RequestId=4f1c : Too many requests"}"#;
    let text = HeaderValue::Text;
    for (headers, payload) in [
        (
            vec![(":message-type", text("exception")), (":exception-type", text("throttlingException"))],
            &body[..],
        ),
        (vec![(":message-type", text("event")), (":event-type", text("throttlingException"))], &body[..]),
        (
            vec![
                (":error-code", text("ThrottlingException")),
                (":error-message", text("RequestId=4f1c : Too many requests")),
                (":message-type", text("error")),
            ],
            &b""[..],
        ),
        (
            vec![(":message-type", text("exception")), (":exception-type", text("throttlingException"))],
            &br#"{"Message":"RequestId=4f1c : Too many requests","originalStatusCode":429}"#[..],
        ),
        (
            vec![(":message-type", text("exception")), (":exception-type", text("throttlingException"))],
            &b"RequestId=4f1c : Too many requests"[..],
        ),
    ] {
        let got = received(&frame(&headers, payload), usize::MAX);
        let [Ok(Received::Exception(error))] = &got[..] else { panic!("{headers:?}: {got:?}") };
        assert_eq!(error.code(), ErrorCode::Throttled);
        assert_eq!((error.message(), error.request_id()), ("Too many requests", Some("4f1c")));
    }
}

#[test]
fn an_unknown_exception_keeps_its_name() {
    let headers =
        [(":message-type", HeaderValue::Text("exception")), (":exception-type", HeaderValue::Text("newOne"))];
    let got = received(&frame(&headers, br#"{"message":"hm"}"#), usize::MAX);
    let [Ok(Received::Exception(error))] = &got[..] else { panic!("{got:?}") };
    assert_eq!(*error.exception(), ServiceException::Other("NewOne".to_owned()));

    let got = received(&frame(&[(":message-type", HeaderValue::Text("exception"))], b"\xff\xfe"), usize::MAX);
    assert!(matches!(&got[..], [Ok(Received::Exception(_))]), "{got:?}");
}

#[test]
fn unknown_event_types_and_the_initial_response_are_passed_over() {
    let event = HeaderValue::Text("event");
    let good = chunk(br#"{"bytes":"eyJldmVudCI6eyJjb21wbGV0aW9uU3RhcnQiOnt9fX0="}"#);
    for headers in [
        vec![(":message-type", event), (":event-type", HeaderValue::Text("initial-response"))],
        vec![(":message-type", event), (":event-type", HeaderValue::Text("somethingNew"))],
        vec![(":message-type", event)],
        vec![(":message-type", event), (":event-type", HeaderValue::Int32(7))],
    ] {
        let got = received(&[frame(&headers, b"anything"), good.clone()].concat(), usize::MAX);
        assert!(matches!(&got[..], [Ok(Received::Event(_))]), "{headers:?}: {got:?}");
    }
    for headers in [vec![], vec![(":message-type", HeaderValue::Text("telegram"))]] {
        let got = received(&frame(&headers, b""), usize::MAX);
        assert_eq!(got, [Err(CodecError::MessageType)]);
    }
}

#[test]
fn after_a_bad_frame_nothing_more_is_read() {
    let good = chunk(br#"{"bytes":"eyJldmVudCI6eyJjb21wbGV0aW9uU3RhcnQiOnt9fX0="}"#);
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 1;
    let mut decoder = Decoder::new();
    decoder.push(&[good.clone(), bad].concat());
    assert!(matches!(decoder.poll(), Some(Ok(Received::Event(_)))));
    let error = decoder.poll().unwrap().unwrap_err();
    assert_eq!(error.code(), ErrorCode::FrameCorrupt);
    assert_eq!(decoder.poll(), None);
    decoder.push(&good);
    assert_eq!(decoder.poll(), Some(Err(error.clone())));
    assert_eq!(decoder.poll(), None);
    assert_eq!(decoder.finish(), Err(error));
}

#[test]
fn a_stream_may_end_between_frames_only() {
    let good = chunk(br#"{"bytes":"eyJldmVudCI6eyJjb21wbGV0aW9uU3RhcnQiOnt9fX0="}"#);
    for length in 0..=good.len() {
        let mut decoder = Decoder::new();
        decoder.push(&good[..length]);
        let _ = decoder.poll();
        let code = decoder.finish().map_err(|error| error.code());
        let whole = length == 0 || length == good.len();
        assert_eq!(code, if whole { Ok(()) } else { Err(ErrorCode::FrameTruncated) }, "{length} bytes");
    }
}

#[test]
fn a_decoder_prints_nothing_that_was_said() {
    let mut decoder = Decoder::new();
    decoder.push(&chunk(br#"{"bytes":"c3Bva2VuIHdvcmRz"}"#)[..80]);
    let shown = format!("{decoder:?}");
    assert!(shown.contains("80") && !shown.contains("c3Bv") && !shown.contains("spoken"), "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_payload_makes_the_decoder_panic(payload in vec(any::<u8>(), 0..80), event in "[a-zA-Z-]{0,12}", size in 1..90_usize) {
        let headers = [(":message-type", HeaderValue::Text("event")), (":event-type", HeaderValue::Text(&event))];
        prop_assert!(received(&frame(&headers, &payload), size).len() <= 1);
        prop_assert!(received(&chunk(&payload), size).len() <= 1);
    }
}

fn vectors(file: &str) -> Value {
    let path = format!("{}/../tests/vectors/signatures/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn frame(headers: &[(&str, HeaderValue<'_>)], payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_frame(headers, payload, &mut bytes).unwrap();
    bytes
}

fn chunk(payload: &[u8]) -> Vec<u8> {
    let headers =
        [(":message-type", HeaderValue::Text("event")), (":event-type", HeaderValue::Text("chunk"))];
    frame(&headers, payload)
}

fn received(stream: &[u8], size: usize) -> Vec<Result<Received, CodecError>> {
    let mut decoder = Decoder::new();
    let mut received = Vec::new();
    for piece in stream.chunks(size.max(1)) {
        decoder.push(piece);
        received.extend(std::iter::from_fn(|| decoder.poll()));
    }
    received
}
