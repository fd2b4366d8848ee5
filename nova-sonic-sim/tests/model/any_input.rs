//! Whatever a client sends, the model neither panics nor hangs, and what it says stays well-formed.

use std::{sync::Arc, time::Duration};

use nova_sonic_core::{
    audio::SampleRate,
    event::{ClientContent, ClientEvent, Role, ServerEvent},
};
use nova_sonic_sim::model::{ConversationConfig, Output, Scenario};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::client::{Came, Client, PROMPT, speech};

#[derive(Clone, Debug)]
enum Step {
    Start(&'static str, ClientContent),
    Text(&'static str, String),
    Audio(&'static str, u64),
    Silence(&'static str, u64),
    Noise(&'static str, Vec<i16>),
    End(&'static str),
    AnswerCall(&'static str),
    Garbage(Vec<u8>),
    Pass(u64),
    PromptEnd,
    SessionEnd,
    EndOfInput,
}

fn any_step() -> impl Strategy<Value = Step> {
    let name = || select(vec!["a", "b", "c", "t", "nobody"]);
    let role = select(vec![Role::User, Role::Assistant, Role::System, Role::SystemSpeech, Role::Tool]);
    let content = prop_oneof![
        (role, any::<bool>()).prop_map(|(role, interactive)| ClientContent::Text { role, interactive }),
        select(vec![SampleRate::Hz8000, SampleRate::Hz16000, SampleRate::Hz24000])
            .prop_map(|rate| ClientContent::Audio { rate }),
    ];
    prop_oneof![
        2 => (name(), content).prop_map(|(name, content)| Step::Start(name, content)),
        1 => (name(), ".{0,40}").prop_map(|(name, text)| Step::Text(name, text)),
        8 => (name(), 0..3000_u64).prop_map(|(name, millis)| Step::Audio(name, millis)),
        8 => (name(), 0..6000_u64).prop_map(|(name, millis)| Step::Silence(name, millis)),
        2 => (name(), vec(any::<i16>(), 0..3000)).prop_map(|(name, samples)| Step::Noise(name, samples)),
        1 => name().prop_map(Step::End),
        3 => name().prop_map(Step::AnswerCall),
        1 => vec(any::<u8>(), 0..60).prop_map(Step::Garbage),
        4 => (0..20_000_u64).prop_map(Step::Pass),
        1 => Just(Step::PromptEnd),
        1 => Just(Step::SessionEnd),
        1 => Just(Step::EndOfInput),
    ]
}

/// Steps that mostly keep to the rules: talking, typing, answering calls, waiting.
fn legal_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..3000_u64).prop_map(|millis| Step::Audio("a", millis)),
        8 => (0..6000_u64).prop_map(|millis| Step::Silence("a", millis)),
        3 => Just(Step::AnswerCall("call")),
        2 => Just(Step::Text("typed", "Go on.".to_owned())),
        4 => (0..5000_u64).prop_map(Step::Pass),
    ]
}

fn config() -> ConversationConfig {
    let mut config = ConversationConfig::default();
    config.scenario = Arc::new(
        Scenario::from_json(
            r#"{ "name": "x", "turns": [
                { "say": [{ "text": "One moment, please." }], "tools": [{ "name": "look" }, { "name": "see" }],
                  "then": [{ "text": "Found {{look.it}}." }, { "text": "So there." }] },
                { "delay_ms": 300, "say": [{ "text": "A first sentence." }, { "text": "A second one." }] }
            ], "otherwise": "parrot" }"#,
        )
        .expect("a scenario"),
    );
    config
}

fn take(client: &mut Client, step: &Step, number: usize) {
    match step {
        Step::Start(name, content) => client.start_block(name, content.clone()),
        Step::Text("typed", text) => client.block(&format!("typed{number}"), Role::User, true, text),
        Step::Text(name, text) => client.text(name, text),
        Step::Audio(name, millis) => client.audio(name, &speech(SampleRate::Hz16000, *millis)),
        Step::Silence(name, millis) => {
            client.audio(name, &vec![0; SampleRate::Hz16000.samples_in(Duration::from_millis(*millis))]);
        }
        Step::Noise(name, samples) => client.audio(name, samples),
        Step::End(name) => client.end_block(name),
        Step::AnswerCall("call") => {
            let answered = number;
            if let Some((call, ..)) = client.calls().get(client.answered) {
                client.answered += 1;
                client.tool_result(&format!("result{answered}"), call, r#"{"it":"nothing"}"#);
            }
        }
        Step::AnswerCall(name) => {
            let call = client.calls().first().map_or_else(String::new, |(call, ..)| call.clone());
            client.tool_result(name, &call, r#"{"it":"nothing"}"#);
        }
        Step::Garbage(bytes) => client.send_json(bytes),
        Step::Pass(millis) => client.pass(Duration::from_millis(*millis)),
        Step::PromptEnd => client.send(&ClientEvent::PromptEnd { prompt_name: PROMPT.into() }),
        Step::SessionEnd => client.send(&ClientEvent::SessionEnd),
        Step::EndOfInput => client.end_input(),
    }
}

/// What every client may rely on.
fn check_order(came: &[Came]) {
    let mut open: Option<String> = None;
    let mut ended = false;
    let mut completions = 0;
    for came in came {
        assert!(!ended, "something came after the end: {came:?}");
        match came {
            Came::Event(event, _) => match event {
                ServerEvent::ContentStart { content_id, .. } => {
                    assert_eq!(open.replace(content_id.to_string()), None, "nested blocks");
                }
                ServerEvent::ContentEnd { content_id, .. } => {
                    assert_eq!(open.take().as_deref(), Some(content_id.as_str()));
                }
                ServerEvent::TextOutput { content_id, .. }
                | ServerEvent::AudioOutput { content_id, .. }
                | ServerEvent::ToolUse { content_id, .. } => {
                    assert_eq!(open.as_deref(), Some(content_id.as_str()));
                }
                ServerEvent::CompletionStart { .. } => completions += 1,
                _ => {}
            },
            Came::Exception(exception) => ended = !exception.stream_continues,
            Came::Other(Output::End | Output::Fault(_)) => ended = true,
            Came::Other(other) => panic!("{other:?}"),
        }
    }
    assert!(completions <= 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_events_is_survived(opened in any::<bool>(), steps in vec(any_step(), 0..40)) {
        let mut client = Client::new(config());
        if opened {
            client.open(&["look", "see"]);
            client.audio_block("a");
        }
        for (number, step) in steps.iter().enumerate() {
            take(&mut client, step, number);
        }
        check_order(&client.came);
    }

    #[test]
    fn a_client_that_keeps_to_the_rules_is_never_refused(steps in vec(legal_step(), 0..40)) {
        let mut client = Client::talking(config(), &["look", "see"]);
        for (number, step) in steps.iter().enumerate() {
            client.audio("a", &[0; 160]);
            take(&mut client, step, number);
        }
        client.close();
        check_order(&client.came);
        prop_assert_eq!(client.came.last(), Some(&Came::Other(Output::End)));
    }
}
