//! The relay: a browser's fallback through a server, from the handshake to the close.

use futures_util::SinkExt;
use nova_sonic_core::{
    event::ServerEvent,
    relay::{Control, Relayed, SUBPROTOCOL},
    secret::SecretText,
};
use nova_sonic_sim::{RelayFault, StreamEnd, Transport, model::Scenario};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::{
    relay_client::{Client, Closed, MICROPHONE, MICROPHONE_ENDS, connect},
    request::control,
    support::{events, simulator, within},
};

fn is_interrupted(event: &ServerEvent) -> bool {
    matches!(event, ServerEvent::ContentEnd { stop_reason: Some(reason), .. } if reason.as_str() == "INTERRUPTED")
}

fn is_sound(event: &ServerEvent) -> bool {
    matches!(event, ServerEvent::AudioOutput { pcm, .. } if !pcm.is_empty())
}

#[tokio::test]
async fn a_conversation_with_an_interruption_goes_over_the_relay() {
    let simulator = simulator(|_| {}).await;
    let mut client = Client::open(&simulator).await;
    let Some(Relayed::Control(Control::Ready(ready))) = client.next().await else {
        panic!("not ready first")
    };
    assert_eq!((ready.version, ready.model.as_str()), (1, "amazon.nova-2-sonic-v1:0"));
    assert!(ready.locks.is_empty());

    for json in events().into_iter().take(5) {
        client.say(&json).await;
    }
    client.say(MICROPHONE).await;
    client.speak(120, 70).await;
    client.until(is_sound).await;
    client.speak(40, 60).await;
    client.until(is_interrupted).await;
    client.say(MICROPHONE_ENDS).await;
    for json in events().into_iter().skip(5) {
        client.say(&json).await;
    }
    client.until(|event| matches!(event, ServerEvent::CompletionEnd { .. })).await;
    assert_eq!(client.closed().await, Closed::plain(1000, "ended"));

    let record = within(simulator.ended_stream(0)).await;
    assert_eq!((record.transport, record.tls, record.input_ended), (Transport::Relay, false, true));
    assert_eq!((record.end, record.access_key_id.as_str()), (Some(StreamEnd::Completed), ""));
    assert_eq!(record.events_received, 9 + 120 + 70 + 40 + 60);
}

#[tokio::test]
async fn a_tool_is_called_and_answered_over_the_relay() {
    let simulator = simulator(|config| {
        config.conversation.scenario = Scenario::weather().into();
    })
    .await;
    let mut client = Client::talking(&simulator, true).await;
    client.speak(40, 70).await;
    let ServerEvent::ToolUse { tool_use_id, tool_name, .. } =
        client.until(|event| matches!(event, ServerEvent::ToolUse { .. })).await
    else {
        unreachable!()
    };
    assert_eq!(tool_name, "get_weather");
    for event in [
        json!({ "contentStart": {
            "promptName": "p", "contentName": "r", "type": "TOOL", "interactive": false, "role": "TOOL",
            "toolResultInputConfiguration": { "toolUseId": tool_use_id.as_str(), "type": "TEXT" },
        } }),
        json!({ "toolResult": { "promptName": "p", "contentName": "r", "content": "{\"summary\":\"foggy\"}" } }),
        json!({ "contentEnd": { "promptName": "p", "contentName": "r" } }),
    ] {
        client.say(&json!({ "event": event }).to_string()).await;
    }
    client.speak(0, 60).await;
    let said = |words: &'static str| move |event: &ServerEvent| matches!(event, ServerEvent::TextOutput { text, .. } if text.contains(words));
    client.until(said("foggy in Oslo")).await;
}

#[tokio::test]
async fn what_is_no_message_or_not_allowed_closes_with_4003() {
    let simulator = simulator(|_| {}).await;
    for (message, fault) in [
        (Message::Text("hello".into()), "event_invalid"),
        (Message::Text(r#"{"relay":{"ready":{}}}"#.into()), "event_invalid"),
        (Message::Binary(vec![0, 0].into()), "frame_malformed"),
        (Message::Binary(vec![0].into()), "frame_malformed"),
        (Message::Text(r#"{"event":{"response.cancel":{}}}"#.into()), "relay_refused"),
        (Message::Text(r#"{"event":{"promptEnd":{"promptName":"p"}}}"#.into()), "protocol_violated"),
    ] {
        let mut client = Client::open(&simulator).await;
        client.socket.send(message.clone()).await.unwrap();
        assert_eq!(client.closed().await, Closed::refused(4003, fault), "{message:?}");
    }
    let end = within(simulator.ended_stream(0)).await.end;
    assert_eq!(end, Some(StreamEnd::Refused("event_invalid".to_owned())));
}

#[tokio::test]
async fn a_word_of_a_later_version_is_passed_over() {
    let simulator = simulator(|_| {}).await;
    let mut client = Client::open(&simulator).await;
    client.socket.send(Message::Text(r#"{"relay":{"later":{}}}"#.into())).await.unwrap();
    for json in events() {
        client.say(&json).await;
    }
    assert_eq!(client.closed().await, Closed::plain(1000, "ended"));
}

#[tokio::test]
async fn floods_close_with_4008() {
    let simulator = simulator(|_| {}).await;
    let mut sound = Client::talking(&simulator, false).await;
    // 16 s of it in no time
    sound.speak(0, 500).await;
    assert_eq!(sound.closed().await, Closed::refused(4008, "relay_limit_exceeded"));

    let mut words = Client::open(&simulator).await;
    for json in events().into_iter().take(5) {
        words.say(&json).await;
    }
    for number in 0..2_500 {
        let start = json!({ "event": { "contentStart": {
            "promptName": "p", "contentName": format!("b{number}"), "type": "TEXT", "interactive": true, "role": "USER",
        } } });
        let end =
            json!({ "event": { "contentEnd": { "promptName": "p", "contentName": format!("b{number}") } } });
        for event in [start, end] {
            let _ = words.socket.feed(Message::Text(event.to_string().into())).await;
        }
    }
    let _ = words.socket.flush().await;
    assert_eq!(words.closed().await, Closed::refused(4008, "relay_limit_exceeded"));

    for message in [Message::Binary(vec![0; 300_000].into()), Message::Text("x".repeat(1_000_001).into())] {
        let mut long = Client::open(&simulator).await;
        // the server may be gone before all of it is written
        let _ = long.socket.send(message).await;
        assert_eq!(long.closed().await, Closed::refused(4008, "frame_too_large"));
    }
}

#[tokio::test]
async fn a_token_lets_in_whoever_names_it() {
    let simulator =
        simulator(|config| config.relay_token = Some(SecretText::new("open sesame".to_owned()))).await;
    for query in ["", "?token=", "?token=open", "?Token=open+sesame"] {
        let client = connect(&simulator, query, Some(SUBPROTOCOL)).await.unwrap();
        assert_eq!(client.closed().await, Closed::refused(4001, "sign_in_required"), "{query}");
    }
    assert!(simulator.streams().is_empty());
    assert_eq!(simulator.state().tally.streams.refused["sign_in_required"], 4);
    let mut client = connect(&simulator, "?token=open%20sesame", Some(SUBPROTOCOL)).await.unwrap();
    assert!(matches!(client.next().await, Some(Relayed::Control(Control::Ready(_)))));
    assert!(!format!("{simulator:?}").contains("sesame"));
}

#[tokio::test]
async fn a_model_that_does_not_speak_closes_with_4004() {
    let simulator = simulator(|_| {}).await;
    for model in ["amazon.nova-9-sonic", "amazon.nova-lite-v1:0", "amazon.nova-sonic-v1:0", ""] {
        let client = connect(&simulator, &format!("?model={model}"), Some(SUBPROTOCOL)).await.unwrap();
        assert_eq!(client.closed().await, Closed::refused(4004, "model_not_found"), "{model}");
    }
    let mut client =
        connect(&simulator, "?model=amazon.nova-2-5-sonic", Some("chat, nova-sonic.relay.v1")).await.unwrap();
    let Some(Relayed::Control(Control::Ready(ready))) = client.next().await else { panic!("not ready") };
    assert_eq!(ready.model, "amazon.nova-2-5-sonic");
}

#[tokio::test]
async fn other_subprotocols_are_refused_before_the_switch() {
    let simulator = simulator(|_| {}).await;
    for protocol in [None, Some("nova-sonic.relay.v2"), Some("xnova-sonic.relay.v1")] {
        let Err(error) = connect(&simulator, "", protocol).await else { panic!("{protocol:?} was taken") };
        let Error::Http(answer) = *error else { panic!("{error}") };
        assert_eq!(answer.status().as_u16(), 400);
    }
}

#[tokio::test]
async fn faults_are_set_from_another_process() {
    let simulator = simulator(|config| config.control = true).await;
    let set = async |fault: Value| {
        let answer = control(&simulator, "POST", "faults", &json!({ "relay": fault }).to_string()).await;
        assert_eq!((answer.status, &answer.json()["relay_fault"]), (200, &fault));
    };
    set(json!({ "refuse": { "code": 4011 } })).await;
    assert_eq!(Client::open(&simulator).await.closed().await, Closed::plain(4011, "fault"));
    assert!(simulator.streams().is_empty());

    set(json!({ "close_after": { "messages": 3, "code": 4008 } })).await;
    assert_eq!(Client::talking(&simulator, false).await.closed().await, Closed::plain(4008, "fault"));

    set(json!({ "cut_after": { "messages": 3 } })).await;
    assert_eq!(Client::talking(&simulator, false).await.closed().await, Closed::Cut);

    simulator.relay_fault(Some(RelayFault::Refuse { code: 4003 }));
    assert_eq!(Client::open(&simulator).await.closed().await, Closed::plain(4003, "fault"));
    assert_eq!(control(&simulator, "POST", "reset", "").await.json()["relay_fault"], Value::Null);
    assert!(Client::open(&simulator).await.next().await.is_some());
}

#[tokio::test]
async fn a_failing_service_closes_with_4011() {
    for (scenario, fault) in [
        (
            r#"{"name":"x","opening":{"refuse":{"name":"ThrottlingException","message":"later"}}}"#,
            "throttled",
        ),
        (r#"{"name":"x","faults":[{"after_events":2,"kind":"model_timeout"}]}"#, "model_timeout"),
        (
            r#"{"name":"x","faults":[{"after_events":2,"kind":{"error_message":{"code":"InternalServerException","message":"m"}}}]}"#,
            "service_failed",
        ),
    ] {
        let simulator = simulator(|config| {
            config.conversation.scenario = Scenario::from_json(scenario).unwrap().into();
        })
        .await;
        let mut client = Client::open(&simulator).await;
        for json in events().into_iter().take(2) {
            // a refused one may be closed already
            let _ = client.socket.send(Message::Text(json.into())).await;
        }
        assert_eq!(client.closed().await, Closed::refused(4011, fault));
    }
}

#[tokio::test]
async fn a_client_that_opens_nothing_is_not_waited_for() {
    let simulator = simulator(|config| config.speed = 100.0).await;
    assert_eq!(Client::open(&simulator).await.closed().await, Closed::refused(4008, "relay_limit_exceeded"));
}

#[tokio::test]
async fn whoever_leaves_gives_its_place_back() {
    let simulator = simulator(|config| config.max_concurrent_streams = 1).await;
    let first = Client::talking(&simulator, false).await;
    within(simulator.stream_when(0, |record| record.events_received > 0)).await;
    assert_eq!(Client::open(&simulator).await.closed().await, Closed::refused(4011, "throttled"));
    drop(first);
    assert_eq!(within(simulator.ended_stream(0)).await.end, Some(StreamEnd::ClientGone));
    assert!(matches!(Client::open(&simulator).await.next().await, Some(Relayed::Control(Control::Ready(_)))));
}
