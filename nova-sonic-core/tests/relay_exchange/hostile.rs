//! Clients that send anything at any time: they harm only themselves.

use nova_sonic_core::{
    error::ErrorCode,
    relay::{GuardedTool, RelayFrame, ToolRule},
    session::{Failure, SessionConfig},
};
use nova_sonic_sim::model::Scenario;
use proptest::{collection::vec, prelude::*};

use crate::{
    weather,
    world::{World, opening, rules},
};

/// What happens around an exchange.
#[derive(Clone, Debug)]
enum Step {
    /// The opening of a session, from its first event to this one.
    Open(usize),
    Text(String),
    Sound(Vec<u8>),
    Speak(u64),
    Silence(u64),
    Wait(u64),
    Answer(&'static str),
    Leave,
    Break,
}

fn message() -> impl Strategy<Value = String> {
    let seeds = prop::sample::select(vec![
        r#"{"event":{"sessionStart":{"inferenceConfiguration":{"maxTokens":9}}}}"#,
        r#"{"event":{"promptStart":{"promptName":"p","audioOutputConfiguration":{"voiceId":"amy","sampleRateHertz":24000}}}}"#,
        r#"{"event":{"contentStart":{"promptName":"p","contentName":"s","type":"TEXT","role":"SYSTEM","interactive":false,"textInputConfiguration":{"mediaType":"text/plain"}}}}"#,
        r#"{"event":{"textInput":{"promptName":"p","contentName":"s","content":"Be brief."}}}"#,
        r#"{"event":{"contentEnd":{"promptName":"p","contentName":"s"}}}"#,
        r#"{"event":{"contentStart":{"promptName":"p","contentName":"a","type":"AUDIO","role":"USER","interactive":true,"audioInputConfiguration":{"sampleRateHertz":16000}}}}"#,
        r#"{"event":{"audioInput":{"promptName":"p","contentName":"a","content":"AAAA"}}}"#,
        r#"{"event":{"contentEnd":{"promptName":"p","contentName":"a"}}}"#,
        r#"{"event":{"promptEnd":{"promptName":"p"}}}"#,
        r#"{"event":{"sessionEnd":{}}}"#,
        r#"{"event":{"toolResult":{"promptName":"p","contentName":"t","content":"{}"}}}"#,
        r#"{"relay":{"ready":{"version":1,"model":"m"}}}"#,
        r#"{"relay":{"close":{"reason":"x"}}}"#,
    ]);
    let cut = (seeds.clone(), any::<prop::sample::Index>(), any::<char>());
    prop_oneof![
        6 => seeds.prop_map(str::to_owned),
        1 => cut.prop_map(|(seed, at, put)| {
            let mut text = seed.to_owned();
            text.insert(at.index(seed.len()), put);
            text
        }),
        1 => ".{0,30}",
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..12_usize).prop_map(Step::Open),
        6 => message().prop_map(Step::Text),
        2 => vec(any::<u8>(), 0..2_000).prop_map(Step::Sound),
        3 => (20..1_500_u64).prop_map(Step::Speak),
        3 => (20..3_000_u64).prop_map(Step::Silence),
        2 => (0..70_000_u64).prop_map(Step::Wait),
        2 => prop::sample::select(vec!["{}", "[1]", "no JSON", ""]).prop_map(Step::Answer),
        1 => Just(Step::Leave),
        1 => Just(Step::Break),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, max_shrink_iters: 1_000, ..ProptestConfig::with_cases(120)
    })]

    /// The world fails at once when something is sent where nothing may be sent, or when the strict service refuses an
    /// event.
    #[test]
    fn whoever_does_whatever_the_exchange_ends_in_order(
        ordered in any::<bool>(), steps in vec(step(), 0..25), on_server in any::<bool>(),
    ) {
        let mut rules = rules();
        if on_server {
            rules.guard.tools = ToolRule::Merged(vec![GuardedTool::on_server(weather())]);
        }
        let mut world = World::with_scenario(rules, Scenario::weather());
        if ordered {
            world.say(opening(SessionConfig::default()));
        }
        let mut gone = false;
        for step in steps {
            match step {
                Step::Open(until) => world.say(opening(SessionConfig::default()).into_iter().take(until)),
                Step::Text(text) => world.send(RelayFrame::Text(&text)),
                Step::Sound(bytes) => world.send(RelayFrame::Binary(&bytes)),
                Step::Speak(millis) => world.speak(millis, true),
                Step::Silence(millis) => world.speak(millis, false),
                Step::Wait(millis) => world.wait(millis),
                Step::Answer(json) => world.answer(json),
                Step::Leave if !gone => {
                    gone = true;
                    world.leave();
                }
                Step::Break if !world.exchange.is_over() => {
                    world.break_stream(&Failure::new(ErrorCode::ConnectionLost, "broken"));
                }
                Step::Leave | Step::Break => {}
            }
        }
        // whatever has happened: left alone, it ends by itself, and both sides have heard of it
        world.wait(600_000);
        prop_assert!(world.exchange.is_over(), "{:?}", world.exchange);
        prop_assert!(world.closed.is_some() || gone);
        prop_assert!(world.exchange.record().end.is_some());
        prop_assert_eq!(world.exchange.poll_timeout(), None);
        world.send(RelayFrame::Text("garbage"));
        prop_assert!(world.exchange.is_over());
    }
}
