//! What a scenario lets go wrong, as it arrives at the other end of each transport.

use std::time::Duration;

use aws_smithy_eventstream::frame::read_message_from;
use aws_smithy_types::event_stream::Message;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http_body_util::BodyExt;
use nova_sonic_sim::{Simulator, StreamEnd, model::Scenario};
use tokio_tungstenite::tungstenite::Message as WebSocketMessage;

use crate::{
    raw::{Chain, RawStream, header, now, open, presigned, signed_request},
    support::{events, simulator, user, within},
    websocket::connect,
};

async fn with_scenario(parts: &str) -> Simulator {
    let scenario = Scenario::from_json(&format!(r#"{{"name":"fault",{parts}}}"#)).unwrap();
    simulator(|config| config.conversation.scenario = scenario.into()).await
}

/// A simulator in which `kind` happens after the first event.
async fn with_fault(kind: &str) -> Simulator {
    with_scenario(&format!(r#""faults":[{{"after_events":1,"kind":{kind}}}]"#)).await
}

/// Everything that comes back over HTTP after one event; `Err` for a broken connection.
async fn over_http(simulator: &Simulator) -> Result<Bytes, hyper::Error> {
    let (mut stream, mut chain) = open(simulator, &user()).await;
    stream.write(chain.event(&events()[0], now(simulator))).await;
    within(stream.response.body_mut().collect()).await.map(http_body_util::Collected::to_bytes)
}

/// The same over a WebSocket; `Err` when it was not closed in order.
async fn over_websocket(simulator: &Simulator) -> Result<Bytes, ()> {
    let (path, signature) = presigned(simulator, &user(), now(simulator), 60);
    let mut socket = connect(simulator, &path).await.unwrap();
    let event = Chain::new(user(), signature).event(&events()[0], now(simulator));
    socket.send(WebSocketMessage::Binary(event.into())).await.unwrap();
    let mut received = Vec::new();
    loop {
        match within(socket.next()).await {
            Some(Ok(WebSocketMessage::Binary(bytes))) => received.extend_from_slice(&bytes),
            Some(Ok(WebSocketMessage::Close(_))) => return Ok(received.into()),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Err(()),
        }
    }
}

fn decoded(bytes: &Bytes) -> Result<Message, String> {
    read_message_from(bytes.clone()).map_err(|error| error.to_string())
}

#[tokio::test]
async fn broken_frames_arrive_broken_on_both_transports() {
    type Check = fn(&Bytes);
    let cases: [(&str, Check); 5] = [
        (r#""truncated_frame""#, |bytes| {
            let length = u32::from_be_bytes(bytes[..4].try_into().unwrap());
            assert!(!bytes.is_empty() && bytes.len() < length as usize);
        }),
        (r#""wrong_checksum""#, |bytes| {
            assert!(decoded(bytes).unwrap_err().contains("checksum"), "{:?}", decoded(bytes));
        }),
        (r#""huge_length""#, |bytes| {
            assert_eq!(bytes[..], *b"\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff");
            assert_eq!(crc32fast::hash(&bytes[..8]).to_be_bytes(), bytes[8..12]);
        }),
        (r#""garbage_json""#, |bytes| {
            let message = decoded(bytes).unwrap();
            assert_eq!(header(&message, ":event-type"), "chunk");
            assert!(serde_json::from_slice::<serde_json::Value>(message.payload()).is_err());
        }),
        (r#"{"error_message":{"code":"boom","message":"it broke"}}"#, |bytes| {
            let message = decoded(bytes).unwrap();
            assert_eq!(header(&message, ":message-type"), "error");
            assert_eq!(header(&message, ":error-code"), "boom");
            assert_eq!(header(&message, ":error-message"), "it broke");
        }),
    ];
    for (kind, check) in cases {
        let simulator = with_fault(kind).await;
        check(&over_http(&simulator).await.unwrap());
        check(&over_websocket(&simulator).await.unwrap());
        for number in 0..2 {
            assert_eq!(within(simulator.ended_stream(number)).await.end, Some(StreamEnd::Fault), "{kind}");
        }
    }
}

#[tokio::test]
async fn a_cut_connection_ends_without_a_word() {
    let simulator = with_fault(r#""cut""#).await;
    assert!(over_http(&simulator).await.is_err());
    assert!(over_websocket(&simulator).await.is_err());
    assert_eq!(within(simulator.ended_stream(1)).await.end, Some(StreamEnd::Fault));
}

#[tokio::test]
async fn an_exception_in_mid_stream_is_framed_as_one() {
    let simulator = with_fault(r#""throttled""#).await;
    for bytes in [over_http(&simulator).await.unwrap(), over_websocket(&simulator).await.unwrap()] {
        let (name, text) = crate::raw::exception_of(&decoded(&bytes).unwrap());
        assert_eq!(name, "throttlingException");
        assert!(text.contains("Too many requests"), "{text}");
    }
}

#[tokio::test]
async fn an_opening_can_be_refused() {
    let opening =
        r#""opening":{"refuse":{"name":"ModelNotReadyException","message":"The model is loading."}}"#;
    let simulator = with_scenario(opening).await;
    let (request, _) = signed_request(&simulator, &user(), now(&simulator));
    let refusal = RawStream::send(&simulator, request, Vec::new()).await.refusal().await;
    assert_eq!(refusal, (429, "ModelNotReadyException".to_owned(), "The model is loading.".to_owned()));
    assert!(simulator.streams().is_empty());
}

#[tokio::test]
async fn the_headers_can_wait_for_the_first_event() {
    let simulator = with_scenario(r#""opening":"await_first_event""#).await;
    let (request, _) = signed_request(&simulator, &user(), now(&simulator));
    let sending = RawStream::send(&simulator, request, Vec::new());
    let early = tokio::time::timeout(Duration::from_millis(200), sending).await;
    assert!(early.is_err(), "the headers came before any event");

    let (request, signature) = signed_request(&simulator, &user(), now(&simulator));
    let first = Chain::new(user(), signature).event(&events()[0], now(&simulator));
    assert_eq!(RawStream::send(&simulator, request, first).await.response.status(), 200);
}

#[tokio::test]
async fn the_headers_can_come_late_in_the_models_time() {
    let simulator = {
        let scenario = Scenario::from_json(r#"{"name":"late","opening":{"delay_ms":60000}}"#).unwrap();
        simulator(|config| {
            config.conversation.scenario = scenario.into();
            config.speed = 1000.0;
        })
        .await
    };
    let (_stream, _) = open(&simulator, &user()).await;
    assert!(simulator.clock().tick().as_millis() >= 60_000);
}

#[tokio::test]
async fn a_silent_opening_is_never_answered_and_gives_its_place_back() {
    let simulator = with_scenario(r#""opening":"silence""#).await;
    let (request, _) = signed_request(&simulator, &user(), now(&simulator));
    tokio::select! {
        stream = RawStream::send(&simulator, request, Vec::new()) => panic!("answered: {:?}", stream.response),
        () = async {
            simulator.stream_when(0, |_| true).await;
            tokio::time::sleep(Duration::from_millis(200)).await;
        } => {}
    }
    assert_eq!(within(simulator.ended_stream(0)).await.end, Some(StreamEnd::ClientGone));
}
