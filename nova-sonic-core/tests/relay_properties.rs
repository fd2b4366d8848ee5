//! Whatever comes over the relay, nothing panics; and what the guard lets through, a strict service takes.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test may fail, and what it does not know fails it"
)]

#[path = "relay_properties/stack.rs"]
mod stack;

use nova_sonic_core::{
    audio::{Pcm, SampleRate},
    error::ServiceException,
    event::{
        ClientContent, ClientEvent, InferenceConfiguration, PromptAudio, Role, ServerContent, ServerEvent,
        ServerIds, ToolChoice,
    },
    relay::{ClientCodec, FrameKind, Guard, GuardOutput, GuardRules, RelayFrame, Relayed, ServerCodec},
    session::{Input, SessionConfig},
    time::Tick,
};
use nova_sonic_sim::model::{Conversation, ConversationConfig, Output};
use proptest::{collection::vec, prelude::*};
use stack::{Act, Stack};

fn cases() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, max_shrink_iters: 2_000, ..ProptestConfig::with_cases(300) }
}

/// Text that is nearly a message, cut, changed or glued together.
fn nearly_a_message() -> impl Strategy<Value = String> {
    let seeds = prop::sample::select(vec![
        r#"{"relay":{"ready":{"version":1,"model":"m","locks":["voice",7]}}}"#,
        r#"{"relay":{"error":{"code":"throttled","message":"m","retryable":true,"blame":"service"}}}"#,
        r#"{"relay":{"status":{"a":[[[[{}]]]]}}}"#,
        r#"{"relay":{"close":{"reason":"\u0000"}}}"#,
        r#"{"event":{"contentStart":{"promptName":"p","contentName":"a","type":"AUDIO","audioInputConfiguration":{"sampleRateHertz":16000}}}}"#,
        r#"{"event":{"contentStart":{"contentId":"a","type":"AUDIO","audioOutputConfiguration":{"sampleRateHertz":24000}}}}"#,
        r#"{"event":{"audioInput":{"promptName":"p","contentName":"a","content":"AAA="}}}"#,
        r#"{"event":{"audioOutput":{"contentId":"a","content":"AAA="}}}"#,
        r#"{"event":{"contentEnd":{"promptName":"p","contentName":"a","contentId":"a"}}}"#,
    ]);
    (
        seeds,
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        prop::option::of(any::<char>()),
        any::<u8>(),
    )
        .prop_map(|(seed, at, until, put, how)| {
            let mut text = seed.to_owned();
            let (at, until) = (at.index(text.len()), until.index(text.len()));
            match how % 4 {
                0 => {}
                1 => text.truncate(at),
                2 => text.replace_range(at.min(until)..at.max(until), ""),
                _ => text.insert(at, put.unwrap_or('"')),
            }
            text
        })
}

fn any_message() -> impl Strategy<Value = Result<String, Vec<u8>>> {
    prop_oneof![
        4 => nearly_a_message().prop_map(Ok),
        1 => ".{0,40}".prop_map(Ok),
        2 => vec(any::<u8>(), 0..40).prop_map(Err),
    ]
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "c", "d", "T1", ""])
}

fn samples() -> impl Strategy<Value = Pcm> {
    vec(any::<i16>(), 0..50).prop_map(Pcm::from)
}

/// Any event of a client, most of them in no good order.
fn client_event() -> impl Strategy<Value = ClientEvent> {
    let role = prop::sample::select(vec![
        Role::System,
        Role::SystemSpeech,
        Role::User,
        Role::Assistant,
        Role::Tool,
        Role::Other("NARRATOR".to_owned()),
    ]);
    let rate = prop::sample::select(vec![SampleRate::Hz8000, SampleRate::Hz16000, SampleRate::Hz24000]);
    let content = prop_oneof![
        4 => (role, any::<bool>()).prop_map(|(role, interactive)| ClientContent::Text { role, interactive }),
        3 => rate.prop_map(|rate| ClientContent::Audio { rate }),
        1 => name().prop_map(|call| ClientContent::ToolResult { tool_use_id: call.into() }),
    ];
    let start = |(content_name, content): (&str, _)| ClientEvent::ContentStart {
        prompt_name: "p".into(),
        content_name: content_name.into(),
        content,
    };
    prop_oneof![
        1 => Just(session_start()),
        1 => Just(prompt_start()),
        6 => (name(), content).prop_map(start),
        4 => (name(), ".{0,9}").prop_map(|(block, text)| ClientEvent::TextInput {
            prompt_name: "p".into(), content_name: block.into(), text,
        }),
        6 => (name(), samples()).prop_map(|(block, pcm)| ClientEvent::AudioInput {
            prompt_name: "p".into(), content_name: block.into(), pcm,
        }),
        1 => (name(), prop::sample::select(vec!["{}", "{\"a\":1}", "[]", "x"])).prop_map(|(block, json)| ClientEvent::ToolResult {
            prompt_name: "p".into(), content_name: block.into(), json: json.to_owned(),
        }),
        6 => name().prop_map(|block| ClientEvent::ContentEnd { prompt_name: "p".into(), content_name: block.into() }),
        1 => Just(ClientEvent::PromptEnd { prompt_name: "p".into() }),
        1 => Just(ClientEvent::SessionEnd),
    ]
}

fn session_start() -> ClientEvent {
    ClientEvent::SessionStart { inference: InferenceConfiguration::default(), endpointing: None }
}

fn prompt_start() -> ClientEvent {
    ClientEvent::PromptStart {
        prompt_name: "p".into(),
        audio: PromptAudio { rate: SampleRate::Hz24000, voice_id: "tiffany".to_owned() },
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
    }
}

fn server_event() -> impl Strategy<Value = ServerEvent> {
    let ids = || {
        prop::sample::select(vec![None, Some("C")])
            .prop_map(|id| ServerIds { completion_id: id.map(Into::into), ..ServerIds::default() })
    };
    let extra = serde_json::Map::new;
    prop_oneof![
        2 => (ids(), name()).prop_map(move |(ids, block)| ServerEvent::ContentStart {
            ids, content_id: block.into(), role: Role::Assistant,
            content: ServerContent::Audio { sample_rate_hertz: 24_000 }, extra: extra(),
        }),
        4 => (ids(), name(), samples()).prop_map(move |(ids, block, pcm)| ServerEvent::AudioOutput {
            ids, content_id: block.into(), pcm, extra: extra(),
        }),
        1 => (ids(), name()).prop_map(move |(ids, block)| ServerEvent::ContentEnd {
            ids, content_id: block.into(), content_type: None, stop_reason: None, extra: extra(),
        }),
        1 => (ids(), name(), ".{0,9}").prop_map(move |(ids, block, text)| ServerEvent::TextOutput {
            ids, content_id: block.into(), role: None, text, extra: extra(),
        }),
    ]
}

fn frame(kind: FrameKind, bytes: &[u8]) -> RelayFrame<'_> {
    match kind {
        FrameKind::Text => RelayFrame::Text(std::str::from_utf8(bytes).expect("JSON is UTF-8")),
        FrameKind::Binary => RelayFrame::Binary(bytes),
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_message_harms_a_codec(messages in vec(any_message(), 0..30)) {
        let (mut client, mut server) = (ClientCodec::new(), ServerCodec::new());
        for message in &messages {
            let frame = match message {
                Ok(text) => RelayFrame::Text(text),
                Err(bytes) => RelayFrame::Binary(bytes),
            };
            let mut out = Vec::new();
            // what was read can be written again, and is then read as the same
            if let Ok(Relayed::Control(control)) = client.decode(frame) {
                control.write_json(&mut out);
                let written = std::str::from_utf8(&out).expect("JSON is UTF-8");
                prop_assert_eq!(client.decode(RelayFrame::Text(written)), Ok(Relayed::Control(control)));
            }
            let _ = server.decode(frame);
        }
    }

    #[test]
    fn every_event_arrives_as_it_was_sent(up in vec(client_event(), 0..40), down in vec(server_event(), 0..40)) {
        let (mut client, mut server) = (ClientCodec::new(), ServerCodec::new());
        let mut out = Vec::new();
        for event in up {
            let kind = client.encode(&event, &mut out).expect("a short event");
            prop_assert_eq!(server.decode(frame(kind, &out)), Ok(Relayed::Event(event)));
        }
        for event in down {
            let kind = server.encode(&event, &mut out).expect("a short event");
            prop_assert_eq!(client.decode(frame(kind, &out)), Ok(Relayed::Event(event)));
        }
    }

    /// The simulator's model has rules of its own, written by other hands from the same guide.
    #[test]
    fn what_the_guard_lets_through_a_strict_service_takes(
        opened in any::<bool>(), events in vec((client_event(), 0..200_u64), 0..60),
    ) {
        let mut guard = Guard::new(GuardRules::new("amazon.nova-2-sonic-v1:0"), Tick::ZERO);
        let mut service = Conversation::new(ConversationConfig::default(), Tick::ZERO);
        let opening = if opened { stack::opening() } else { Vec::new() };
        let mut now = 0;
        for (event, later) in opening.into_iter().map(|event| (event, 0)).chain(events) {
            now += later;
            let tick = Tick::from_millis(now);
            let judged = guard.handle_client(tick, event);
            while let Some(output) = guard.poll_output() {
                match output {
                    GuardOutput::ToService(event) => {
                        let mut json = Vec::new();
                        event.write_json(&mut json);
                        service.handle_event(tick, &json);
                    }
                    GuardOutput::EndInput => service.handle_end_of_input(tick),
                    other => prop_assert!(false, "{other:?}"),
                }
            }
            if judged.is_err() {
                guard.hang_up();
                while let Some(output) = guard.poll_output() {
                    if let GuardOutput::ToService(event) = output {
                        let mut json = Vec::new();
                        event.write_json(&mut json);
                        service.handle_event(tick, &json);
                    }
                }
            }
            while let Some(output) = service.poll_output() {
                if let Output::Exception(refused) = output {
                    prop_assert!(refused.exception != ServiceException::Validation, "{}", refused.message);
                }
            }
            if judged.is_err() {
                break;
            }
        }
    }

}

proptest! {
    // each is minutes of conversation
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 200, ..cases() })]

    #[test]
    fn a_session_never_does_what_the_guard_refuses(script in vec(stack::act(), 0..40), tools in any::<bool>()) {
        let mut stack = Stack::new(stack::configuration(tools), GuardRules::new("amazon.nova-2-sonic-v1:0"));
        for act in script.into_iter().chain([Act::Hangup, Act::Wait(6_000)]) {
            stack.act(act);
        }
        prop_assert_eq!(stack.refused, None);
        prop_assert!(stack.closed, "the session did not end");
    }
}

#[test]
fn a_locked_conversation_is_heard_through_the_whole_stack() {
    let mut rules = GuardRules::new("amazon.nova-2-sonic-v1:0");
    rules.system_prompt = nova_sonic_core::relay::PromptRule::Locked("You repeat what you hear.".to_owned());
    rules.voice = nova_sonic_core::relay::VoiceRule::Locked("amy".to_owned());
    let mut stack = Stack::new(SessionConfig::default(), rules);
    stack.act(Act::Speak(900));
    stack.act(Act::Wait(8_000));
    assert!(stack.heard > 12_000, "{} samples", stack.heard);
    stack.give(Input::Hangup);
    stack.act(Act::Wait(6_000));
    assert_eq!((stack.refused, stack.closed), (None, true));
}
