//! One conversation through the relay, without a socket and without a stream, in virtual time.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test may fail, and what it does not know fails it"
)]

#[path = "relay_exchange/hostile.rs"]
mod hostile;
#[path = "relay_exchange/world.rs"]
mod world;

use std::time::Duration;

use nova_sonic_core::{
    error::{ErrorCode, ServiceError, ServiceException},
    event::{ClientContent, ClientEvent, Role, ServerContent, ServerEvent, ServerIds, StopReason, ToolSpec},
    relay::{
        CloseCode, Control, Exchange, ExchangeEnd, ExchangeOutput, Fault, GuardedTool, PromptRule,
        RelayFrame, Relayed, ToolRule,
    },
    session::{Failure, SessionConfig, SessionError},
    time::Tick,
};
use nova_sonic_sim::model::Scenario;
use world::{World, opening, rules};

fn weather() -> ToolSpec {
    ToolSpec::new("get_weather", "Weather of a city", r#"{"type":"object"}"#).expect("a tool")
}

fn talking() -> World {
    let mut world = World::new(rules());
    world.say(opening(SessionConfig::default()));
    world
}

fn code(world: &World) -> Option<u16> {
    world.closed.as_ref().map(|(code, _)| *code)
}

#[test]
fn a_conversation_is_heard_and_ends_in_order() {
    let mut world = talking();
    assert!(matches!(world.told.first(), Some(Relayed::Control(Control::Ready(_)))), "ready comes first");
    world.speak(900, true);
    world.speak(6_000, false);
    let samples: usize = world
        .events()
        .map(|event| if let ServerEvent::AudioOutput { pcm, .. } = event { pcm.len() } else { 0 })
        .sum();
    assert!(samples > 12_000, "{samples} samples");

    world.say(goodbye());
    world.wait(5_000);
    assert_eq!(world.closed, Some((1000, "ended".to_owned())));
    assert!(world.exchange.is_over() && !world.abandoned);
    let record = world.exchange.record();
    assert_eq!(record.end.map(|end| (end.close_code, end.reason)), Some((Some(1000), "ended".to_owned())));
    assert!(record.usage.total_tokens() > 0 && record.session_id.is_some());
    assert!(record.transcript.iter().any(|message| message.role == Role::User));
    assert!(record.transcript.iter().any(|message| message.role == Role::Assistant));
}

/// What a session says at the end, its microphone being the only block that is open.
fn goodbye() -> Vec<ClientEvent> {
    let microphone = opening(SessionConfig::default()).into_iter().find_map(|event| match event {
        ClientEvent::ContentStart { prompt_name, content_name, content: ClientContent::Audio { .. } } => {
            Some((prompt_name, content_name))
        }
        _ => None,
    });
    let (prompt_name, content_name) = microphone.expect("a session opens its microphone");
    vec![
        ClientEvent::ContentEnd { prompt_name: prompt_name.clone(), content_name },
        ClientEvent::PromptEnd { prompt_name },
        ClientEvent::SessionEnd,
    ]
}

#[test]
fn the_servers_own_tool_is_answered_without_the_client() {
    let mut rules = rules();
    rules.guard.tools = ToolRule::Locked(vec![GuardedTool::on_server(weather())]);
    let mut world = World::with_scenario(rules, Scenario::weather());
    world.say(opening(SessionConfig::default()));
    world.speak(900, true);
    world.speak(4_000, false);
    let (_, name, input) = world.calls.first().cloned().expect("the model calls the tool");
    assert_eq!((name.as_str(), input.as_str()), ("get_weather", r#"{"city":"Oslo"}"#));
    let sees_a_call = |event: &ServerEvent| {
        matches!(
            event,
            ServerEvent::ToolUse { .. } | ServerEvent::ContentStart { content: ServerContent::Tool, .. }
        )
    };
    assert!(!world.events().any(sees_a_call));

    world.answer(r#"{"summary":"snowing","temperature":-3}"#);
    world.speak(6_000, false);
    let said: String = world.exchange.record().transcript.into_iter().map(|message| message.text).collect();
    assert!(said.contains("It is snowing in Oslo."), "{said}");
    assert_eq!(world.exchange.record().tool_calls, 1);
}

#[test]
fn a_tool_that_does_not_answer_has_failed_and_its_late_answer_is_nobodys() {
    let mut rules = rules();
    rules.guard.tools = ToolRule::Locked(vec![GuardedTool::on_server(weather())]);
    rules.limits.tool = Duration::from_secs(3);
    let mut world = World::with_scenario(rules, Scenario::weather());
    world.say(opening(SessionConfig::default()));
    world.speak(900, true);
    world.speak(3_000, false);
    let (id, ..) = world.calls.first().cloned().expect("the model calls the tool");
    let before = world.sent.iter().filter(|name| *name == "toolResult").count();
    world.speak(3_100, false);
    let after = world.sent.iter().filter(|name| *name == "toolResult").count();
    assert_eq!((before, after), (0, 1));
    assert_eq!(world.exchange.tool_result(world.now, &id, "{}"), Err(SessionError::UnknownCall));
    assert_eq!(world.closed, None);
}

#[test]
fn a_call_that_the_user_interrupted_is_not_run() {
    let mut rules = rules();
    rules.guard.tools = ToolRule::Locked(vec![GuardedTool::on_server(weather())]);
    let mut world = World::new(rules);
    world.say(opening(SessionConfig::default()));
    for event in tool_block(Some(StopReason::Interrupted)) {
        world.exchange.handle_service(world.now, event);
    }
    let outputs: Vec<_> = std::iter::from_fn(|| world.exchange.poll_output()).collect();
    assert!(!outputs.iter().any(|output| matches!(output, ExchangeOutput::CallTool { .. })), "{outputs:?}");
    let answered = |output: &ExchangeOutput| matches!(output, ExchangeOutput::ToService(ClientEvent::ToolResult { json, .. }) if json.contains("error"));
    assert_eq!(
        outputs.iter().filter(|output| answered(output)).count(),
        1,
        "the model still gets its one answer"
    );
}

fn tool_block(stop_reason: Option<StopReason>) -> [ServerEvent; 3] {
    let (ids, extra) = (ServerIds::default, serde_json::Map::new);
    [
        ServerEvent::ContentStart {
            ids: ids(),
            content_id: "t".into(),
            role: Role::Tool,
            content: ServerContent::Tool,
            extra: extra(),
        },
        ServerEvent::ToolUse {
            ids: ids(),
            content_id: "t".into(),
            tool_use_id: "call".into(),
            tool_name: "get_weather".to_owned(),
            input: "{}".to_owned(),
            extra: extra(),
        },
        ServerEvent::ContentEnd {
            ids: ids(),
            content_id: "t".into(),
            content_type: None,
            stop_reason,
            extra: extra(),
        },
    ]
}

#[test]
fn a_client_that_is_gone_leaves_a_stream_that_ends_in_order() {
    let mut world = talking();
    world.speak(500, true);
    world.leave();
    assert_eq!(
        world.sent.iter().rev().take(3).collect::<Vec<_>>(),
        ["sessionEnd", "promptEnd", "contentEnd"]
    );
    assert!(world.input_ended);
    world.wait(6_000);
    assert!(world.exchange.is_over());
    let end = world.exchange.record().end;
    assert_eq!(end.map(|end| (end.close_code, end.reason)), Some((None, "client_gone".to_owned())));
}

#[test]
fn a_service_that_never_ends_is_left_alone_after_its_time() {
    let mut exchange = Exchange::new(rules(), Tick::ZERO);
    let mut codec = nova_sonic_core::relay::ClientCodec::new();
    let mut out = Vec::new();
    for event in opening(SessionConfig::default()) {
        let _ = codec.encode(&event, &mut out).expect("a short event");
        exchange.handle_message(Tick::ZERO, RelayFrame::Text(std::str::from_utf8(&out).expect("UTF-8")));
    }
    exchange.handle_gone(Tick::from_millis(10));
    assert_eq!(exchange.poll_timeout(), Some(Tick::from_millis(5_010)));
    while exchange.poll_output().is_some() {}
    assert!(!exchange.is_over());
    exchange.handle_timeout(Tick::from_millis(5_010));
    assert_eq!(exchange.poll_output(), Some(ExchangeOutput::Abandon));
    assert!(exchange.is_over() && exchange.poll_timeout().is_none());
}

#[test]
fn a_client_that_never_opens_its_prompt_costs_no_stream() {
    let mut world = World::new(rules());
    world.say(opening(SessionConfig::default()).into_iter().take(1));
    world.wait(14_999);
    assert_eq!(world.closed, None);
    world.wait(1);
    assert_eq!((code(&world), world.sent.len()), (Some(4008), 0));
    assert!(world.exchange.is_over());
}

#[test]
fn silence_and_idleness_and_age_end_a_conversation_each_at_its_time() {
    let mut silent = talking();
    silent.wait(44_999);
    assert_eq!(silent.closed, None);
    silent.wait(1);
    assert_eq!((code(&silent), silent.complaint()), (Some(4008), Some("no message came for 45000 ms")));
    assert!(silent.input_ended);

    let mut limited = rules();
    limited.limits.idle = Some(Duration::from_secs(10));
    let mut idle = World::new(limited);
    idle.say(opening(SessionConfig::default()));
    idle.speak(10_100, false);
    assert_eq!(idle.complaint(), Some("nobody has said anything for 10000 ms"));

    let mut limited = rules();
    limited.guard.limits.life = Some(Duration::from_secs(8));
    let mut old = World::new(limited);
    old.say(opening(SessionConfig::default()));
    old.speak(7_980, false);
    assert_eq!(old.closed, None);
    old.speak(100, false);
    assert_eq!((code(&old), old.complaint()), (Some(4008), Some("conversation has lasted its 8000 ms")));
}

#[test]
fn garbage_ends_the_conversation_of_who_sends_it() {
    let long = vec![0; 300_000];
    for (garbage, expected) in [
        (RelayFrame::Text("garbage"), (4003, "event_invalid")),
        (RelayFrame::Text(r#"{"event":{"sessionEnd":{}}}"#), (4003, "protocol_violated")),
        (RelayFrame::Text(r#"{"event":{"madeUp":{}}}"#), (4003, "relay_refused")),
        (RelayFrame::Binary(&[0, 0, 0]), (4003, "frame_malformed")),
        (RelayFrame::Binary(&long), (4008, "frame_too_large")),
    ] {
        let mut world = World::new(rules());
        world.send(garbage);
        assert_eq!(world.closed, Some((expected.0, expected.1.to_owned())), "{garbage:?}");
        assert!(world.exchange.is_over(), "{garbage:?}");
    }
}

#[test]
fn a_flood_of_bytes_or_words_is_stopped_before_it_is_read() {
    let mut world = talking();
    let long = format!(r#"{{"relay":{{"status":{{"a":"{}"}}}}}}"#, "x".repeat(900_000));
    let sent = (1..=100).find(|_| {
        world.send(RelayFrame::Text(&long));
        world.closed.is_some()
    });
    assert_eq!((sent, code(&world)), (Some(5), Some(4008)));
    assert_eq!(world.complaint(), Some("messages come faster than 131072 bytes a second"));

    let mut limited = rules();
    limited.guard.limits.event_burst = 30;
    let mut world = World::new(limited);
    for _ in 0..31 {
        world.send(RelayFrame::Text(r#"{"relay":{"status":{}}}"#));
    }
    assert_eq!((code(&world), world.complaint()), (Some(4008), Some("events come faster than 50 a second")));
}

#[test]
fn what_fails_behind_the_relay_is_said_and_closes_it() {
    let mut broken = talking();
    broken.break_stream(&Failure::new(ErrorCode::ConnectionLost, "the connection broke"));
    assert_eq!(broken.closed, Some((4011, "connection_lost".to_owned())));
    assert_eq!(broken.complaint(), Some("the connection broke"));
    assert!(broken.exchange.is_over());

    let mut throttled = talking();
    throttled.except(ServiceError::new(ServiceException::Throttling, "Too many connections"));
    assert_eq!(throttled.closed, Some((4011, "throttled".to_owned())));
    assert!(throttled.input_ended, "the stream still ends in order");
}

#[test]
fn the_server_may_end_it_and_what_waits_is_said_before() {
    let mut world = talking();
    world.exchange.send_status(serde_json::Map::from_iter([("watchers".to_owned(), 2.into())]));
    let fault = Fault::new(ErrorCode::ConnectionLost, "this server is going down");
    world.exchange.end(world.now, CloseCode::GoingAway, Some(fault));
    world.settle();
    assert!(world.told.iter().any(|told| matches!(told, Relayed::Control(Control::Status(_)))));
    assert_eq!(world.closed, Some((4012, "connection_lost".to_owned())));
    world.wait(5_000);
    assert!(world.exchange.is_over());
}

#[test]
fn who_is_refused_is_told_why_and_costs_nothing() {
    let fault = Fault::new(ErrorCode::SignInRequired, "nobody is signed in");
    let mut exchange = Exchange::refused(CloseCode::NotAuthenticated, fault, Tick::ZERO);
    exchange.handle_message(Tick::ZERO, RelayFrame::Text(r#"{"event":{"sessionStart":{}}}"#));
    let outputs: Vec<_> = std::iter::from_fn(|| exchange.poll_output()).collect();
    let closed = ExchangeOutput::Close { code: 4001, reason: "sign_in_required".to_owned() };
    assert_eq!((outputs.len(), outputs.last()), (3, Some(&closed)));
    assert!(exchange.is_over() && exchange.poll_timeout().is_none());
}

#[test]
fn a_locked_prompt_stands_whatever_the_client_sends_and_is_not_in_the_record() {
    let mut rules = rules();
    rules.guard.system_prompt = PromptRule::Locked("You repeat what you hear.".to_owned());
    rules.keeps_transcript = false;
    let mut exchange = Exchange::new(rules, Tick::ZERO);
    let mut codec = nova_sonic_core::relay::ClientCodec::new();
    let (mut out, mut words) = (Vec::new(), Vec::new());
    for event in opening(SessionConfig::default().system_prompt("Say what you like.")) {
        let _ = codec.encode(&event, &mut out).expect("a short event");
        exchange.handle_message(Tick::ZERO, RelayFrame::Text(std::str::from_utf8(&out).expect("UTF-8")));
        while let Some(output) = exchange.poll_output() {
            if let ExchangeOutput::ToService(ClientEvent::TextInput { text, .. }) = output {
                words.push(text);
            }
        }
    }
    assert_eq!(words, ["You repeat what you hear."]);
    assert_eq!(exchange.record().transcript, []);
    let shown = format!("{exchange:?}");
    assert!(!shown.contains("repeat") && !shown.contains("like"), "{shown}");
}

#[test]
fn what_is_typed_is_in_the_record_and_a_sign_of_interruption_is_not() {
    let mut world = talking();
    let Some(ClientEvent::PromptEnd { prompt_name }) = goodbye().into_iter().nth(1) else {
        unreachable!("the second of three")
    };
    let block = nova_sonic_core::id::ContentName::from("typed");
    world.say([
        ClientEvent::ContentStart {
            prompt_name: prompt_name.clone(),
            content_name: block.clone(),
            content: ClientContent::Text { role: Role::User, interactive: true },
        },
        ClientEvent::TextInput {
            prompt_name: prompt_name.clone(),
            content_name: block.clone(),
            text: "Why is the fox sad?".to_owned(),
        },
        ClientEvent::ContentEnd { prompt_name, content_name: block },
    ]);
    for text in ["{ \"interrupted\" : true }", "  "] {
        world.hear(ServerEvent::ContentStart {
            ids: ServerIds::default(),
            content_id: "u".into(),
            role: Role::User,
            content: ServerContent::Text { stage: None },
            extra: serde_json::Map::new(),
        });
        world.hear(ServerEvent::TextOutput {
            ids: ServerIds::default(),
            content_id: "u".into(),
            role: None,
            text: text.to_owned(),
            extra: serde_json::Map::new(),
        });
    }
    let words: Vec<_> = world.exchange.record().transcript.into_iter().map(|message| message.text).collect();
    assert_eq!(words, ["Why is the fox sad?"]);
    assert_eq!(world.exchange.record().end, None::<ExchangeEnd>);
}
