//! What is said over the relay never stands in a `Debug` or `Display` text.

use std::fmt::Debug;

use nova_sonic_core::{
    event::{
        ClientContent, ClientEvent, InferenceConfiguration, PromptAudio, Role, ServerEvent, ServerIds,
        ToolChoice,
    },
    relay::{
        ClientCodec, Control, Exchange, ExchangeOutput, FrameKind, Guard, GuardOutput, GuardRules,
        PromptRule, RelayFrame, RelayRules, Relayed, ServerCodec,
        ticket::{Ticket, TicketKey},
    },
    secret::SecretText,
    time::{Tick, Timestamp},
};
use serde_json::json;

/// Stands for whatever must not be printed.
const WORDS: &str = "marigold";

#[track_caller]
fn says_nothing(value: &impl Debug) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!text.is_empty() && !text.contains(WORDS), "{text}");
        // its letters as numbers
        assert!(!text.contains("109, 97") && !text.contains("28_001") && !text.contains("24941"), "{text}");
    }
}

#[test]
fn messages_and_what_they_said_print_lengths() {
    says_nothing(&RelayFrame::Text(WORDS));
    says_nothing(&RelayFrame::Binary(WORDS.as_bytes()));
    says_nothing(&Relayed::<ClientEvent>::Control(Control::Unknown {
        name: "later".to_owned(),
        body: WORDS.into(),
    }));
    let Ok(fields) = serde_json::from_value(json!({ "said": WORDS })) else { unreachable!() };
    says_nothing(&Control::Status(fields));
}

#[test]
fn what_cannot_be_read_is_not_repeated() {
    let block = r#"{"event":{"contentStart":{"promptName":"p","contentName":"a","type":"AUDIO","audioInputConfiguration":{"sampleRateHertz":16000}}}}"#;
    let (mut client, mut server) = (ClientCodec::new(), ServerCodec::new());
    for text in [
        block.to_owned(),
        WORDS.to_owned(),
        format!(r#"{{"relay":{{"{WORDS}":1,"b":"{WORDS}"}}}}"#),
        format!(r#"{{"relay":{{"error":"{WORDS}"}}}}"#),
        format!(r#"{{"event":{{"textInput":{{"content":"{WORDS}"}}}}}}"#),
        format!(r#"{{"event":{{"textOutput":{{"content":"{WORDS}"}}}}}}"#),
    ] {
        for error in
            [client.decode(RelayFrame::Text(&text)).err(), server.decode(RelayFrame::Text(&text)).err()]
        {
            says_nothing(&error);
            assert!(!error.is_some_and(|error| error.to_string().contains(WORDS)), "{text}");
        }
        let _ = client.decode(RelayFrame::Binary(WORDS.as_bytes()));
        says_nothing(&server.decode(RelayFrame::Binary(WORDS.as_bytes())));
        says_nothing(&client);
        says_nothing(&server);
    }
}

#[test]
fn a_guard_prints_neither_prompts_nor_what_waits_in_it() {
    let mut rules = GuardRules::new("amazon.nova-2-sonic-v1:0");
    for prompt in [PromptRule::Locked(WORDS.to_owned()), PromptRule::Prefixed(WORDS.to_owned())] {
        rules.system_prompt = prompt;
        says_nothing(&rules);
    }
    let mut guard = Guard::new(rules, Tick::ZERO);
    for event in [
        ClientEvent::SessionStart { inference: InferenceConfiguration::default(), endpointing: None },
        ClientEvent::PromptStart {
            prompt_name: "p".into(),
            audio: PromptAudio {
                rate: nova_sonic_core::audio::SampleRate::Hz24000,
                voice_id: "amy".to_owned(),
            },
            tools: Vec::new(),
            tool_choice: ToolChoice::Auto,
        },
        ClientEvent::ContentStart {
            prompt_name: "p".into(),
            content_name: "s".into(),
            content: ClientContent::Text { role: Role::System, interactive: false },
        },
        ClientEvent::TextInput { prompt_name: "p".into(), content_name: "s".into(), text: WORDS.to_owned() },
    ] {
        assert_eq!(guard.handle_client(Tick::ZERO, event), Ok(()));
    }
    let refused =
        guard.handle_client(Tick::ZERO, ClientEvent::Unknown { name: WORDS.to_owned(), body: WORDS.into() });
    says_nothing(&refused);
    guard.handle_service(ServerEvent::TextOutput {
        ids: ServerIds::default(),
        content_id: "c".into(),
        role: None,
        text: WORDS.to_owned(),
        extra: serde_json::Map::new(),
    });
    says_nothing(&guard);
    says_nothing(&GuardOutput::CallTool {
        id: "t".into(),
        name: "look_up".to_owned(),
        input: WORDS.to_owned(),
    });
    let mut polled = 0;
    while let Some(output) = guard.poll_output() {
        polled += 1;
        says_nothing(&output);
    }
    assert_eq!(polled, 7);
}

#[test]
fn an_exchange_prints_neither_what_waits_in_it_nor_its_record() {
    let mut rules = RelayRules::new("amazon.nova-2-sonic-v1:0");
    rules.guard.system_prompt = PromptRule::Locked(WORDS.to_owned());
    says_nothing(&rules);
    let mut exchange = Exchange::new(rules, Tick::ZERO);
    exchange.handle_service(
        Tick::ZERO,
        ServerEvent::ContentStart {
            ids: ServerIds::default(),
            content_id: "c".into(),
            role: Role::User,
            content: nova_sonic_core::event::ServerContent::Text { stage: None },
            extra: serde_json::Map::new(),
        },
    );
    exchange.handle_service(
        Tick::ZERO,
        ServerEvent::TextOutput {
            ids: ServerIds::default(),
            content_id: "c".into(),
            role: None,
            text: WORDS.to_owned(),
            extra: serde_json::Map::new(),
        },
    );
    exchange.handle_message(Tick::ZERO, RelayFrame::Text(WORDS));
    assert_eq!(exchange.record().transcript.len(), 1);
    says_nothing(&exchange.record());
    says_nothing(&exchange);
    let mut polled = 0;
    while let Some(output) = exchange.poll_output() {
        polled += 1;
        says_nothing(&output);
    }
    assert!(polled > 4);
    says_nothing(&ExchangeOutput::Message { kind: FrameKind::Text, bytes: WORDS.as_bytes().to_vec() });
    says_nothing(&ExchangeOutput::CallTool {
        id: "t".into(),
        name: "look_up".to_owned(),
        input: WORDS.to_owned(),
    });
}

#[cfg(feature = "relay")]
#[test]
fn what_a_socket_is_to_send_prints_lengths() {
    use nova_sonic_core::relay_handler::RelayMessage;
    says_nothing(&RelayMessage::Text(WORDS.to_owned()));
    says_nothing(&RelayMessage::Binary(WORDS.as_bytes().to_vec()));
    says_nothing(&RelayMessage::ToolCall {
        id: "t".into(),
        name: "look_up".to_owned(),
        input: WORDS.to_owned(),
    });
}

#[test]
fn tickets_and_their_key_print_neither_who_nor_what() {
    let mut ticket = Ticket::new(WORDS, Timestamp::from_unix_millis(0));
    ticket.system_prompt = Some(WORDS.to_owned());
    says_nothing(&ticket);
    let key = TicketKey::new(&SecretText::new(WORDS.repeat(4)));
    says_nothing(&key);
    says_nothing(&key.map(|key| key.open(WORDS, Timestamp::from_unix_millis(0))));
}
