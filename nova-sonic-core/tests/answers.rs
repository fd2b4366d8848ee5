//! The shared vectors of answers: what of a conversation is one, and where it ends.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "outside of the test function itself, too, a test stops at the first surprise"
)]

use std::time::Duration;

use nova_sonic_core::{
    audio::SampleRate,
    event::Role,
    session::{Event, Gathering, Stage, State, TurnId},
};
use serde_json::Value;

/// The event; nothing for those that are no part of an answer.
fn event(told: &Value) -> Option<Event> {
    let word = |name: &str| told[name].as_str().unwrap_or_else(|| panic!("{told} has no {name}"));
    let state = |name| State::from_word(word(name)).expect("a state");
    let turn = TurnId::new(told["turn"].as_u64().unwrap_or(0));
    Some(match word("type") {
        "stateChanged" => Event::StateChanged { from: state("from"), to: state("to") },
        "transcript" => Event::Transcript {
            role: if word("role") == "assistant" { Role::Assistant } else { Role::User },
            stage: if word("stage") == "partial" { Stage::Partial } else { Stage::Final },
            text: word("text").to_owned(),
            turn,
        },
        "audio" => Event::Audio {
            pcm: samples(&told["samples"]).into(),
            rate: rate(&told["rate"]).expect("a rate"),
            turn,
        },
        "interrupted" => {
            let heard = Duration::from_millis(told["heardMs"].as_u64().expect("a time"));
            Event::Interrupted { turn, heard, text: word("text").to_owned() }
        }
        "usage" | "renewing" => return None,
        other => panic!("the vectors have no {other}"),
    })
}

fn samples(told: &Value) -> Vec<i16> {
    serde_json::from_value(told.clone()).expect("samples")
}

fn rate(told: &Value) -> Option<SampleRate> {
    let hertz = told.as_u64().and_then(|hertz| u32::try_from(hertz).ok());
    hertz.map(|hertz| SampleRate::from_hertz(hertz).expect("a rate of the service"))
}

#[test]
fn an_answer_has_its_words_its_sound_and_its_end() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/answers/gathered.json");
    let text = std::fs::read_to_string(path).expect("the vectors");
    let vectors: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    assert!(vectors.len() > 4);
    for vector in vectors {
        let mut gathering = Gathering::default();
        let events = vector["events"].as_array().expect("events");
        let ended: Vec<bool> =
            events.iter().map(|told| event(told).is_some_and(|event| gathering.add(&event))).collect();
        let expected = &vector["answer"];
        let end = (!expected.is_null()).then(|| events.len() - 1);
        assert_eq!(ended.iter().position(|ended| *ended), end, "{}", vector["name"]);
        if expected.is_null() {
            continue;
        }
        let answer = gathering.into_answer();
        assert_eq!(Some(answer.text.as_str()), expected["text"].as_str(), "{}", vector["name"]);
        assert_eq!(answer.pcm, samples(&expected["samples"]), "{}", vector["name"]);
        assert_eq!(answer.rate, rate(&expected["rate"]), "{}", vector["name"]);
        assert_eq!(Some(answer.interrupted), expected["interrupted"].as_bool(), "{}", vector["name"]);
    }
}
