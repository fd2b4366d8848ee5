//! The user speaks over an answer.

use crate::client::{AUDIO, Client, scenario, speech};

const LONG: &str = r#"{
    "name": "long",
    "turns": [
        { "user": "tell me", "say": [
            { "text": "First sentence, thirty letters." },
            { "text": "Second sentence, thirty letters" },
            { "text": "Third sentence, thirty letters." }
        ] },
        { "user": "wait", "say": [{ "text": "Yes?" }] }
    ],
    "otherwise": "listen"
}"#;

fn texts(lines: &[String], kind: &str) -> Vec<String> {
    let mut lines = lines.iter();
    let mut texts = Vec::new();
    while let Some(line) = lines.next() {
        if line == kind {
            texts.extend(lines.next().cloned());
        }
    }
    texts
}

const FINAL: &str = "contentStart TEXT ASSISTANT FINAL";
const INTERRUPTION: [&str; 3] = [
    "contentStart TEXT ASSISTANT FINAL",
    "textOutput \"{ \\\"interrupted\\\" : true }\"",
    "contentEnd TEXT INTERRUPTED",
];

#[test]
fn speech_stops_an_answer_that_is_being_sent() {
    let mut client = Client::talking(scenario(LONG), &[]);
    client.speech(1000);
    client.silence(1760 + 600);
    client.speech(190);
    assert_eq!(texts(&client.lines(), FINAL), [""; 0], "less than 200 ms is no speech");
    client.speech(40);
    let lines = client.lines();
    let expected = ["contentEnd AUDIO END_TURN"].iter().chain(&INTERRUPTION).map(ToString::to_string);
    assert_eq!(lines[lines.len() - 4..], expected.collect::<Vec<_>>());
    client.silence(1700);
    assert_eq!(client.lines(), [""; 0], "nothing more of the old answer comes");
    client.silence(3000);
    let lines = client.lines();
    assert_eq!(texts(&lines, FINAL), ["textOutput \"Yes?\""]);
    assert_eq!(texts(&lines, "contentStart TEXT USER FINAL"), ["textOutput \"wait\""]);
}

#[test]
fn what_was_heard_is_final_and_the_rest_never_comes() {
    let mut client = Client::talking(scenario(LONG), &[]);
    client.speech(1000);
    // each sentence lasts 2.08 s: the second has been heard after 4.16 s, the third would be after 6.24 s
    client.silence(1760 + 4300);
    assert!(
        texts(&client.lines(), FINAL).len() == 2,
        "texts of heard sentences come when they have been heard"
    );
    client.speech(400);
    assert_eq!(client.lines(), INTERRUPTION, "the sound's block had ended: everything had been sent");
    client.silence(1700);
    assert_eq!(client.lines(), [""; 0]);
}

#[test]
fn speech_after_an_answer_has_been_heard_is_just_the_next_turn() {
    let mut client = Client::talking(scenario(LONG), &[]);
    client.speech(1000);
    client.silence(1760 + 6400);
    assert_eq!(texts(&client.lines(), FINAL).len(), 3);
    client.speech(500);
    client.silence(3000);
    let lines = client.lines();
    assert!(!lines.iter().any(|line| line.contains("interrupted")));
    assert_eq!(texts(&lines, FINAL), ["textOutput \"Yes?\""]);
}

#[test]
fn a_click_and_background_do_not_interrupt() {
    let mut client = Client::talking(scenario(LONG), &[]);
    client.speech(1000);
    client.silence(1760 + 500);
    client.speech(64);
    client.silence(400);
    let murmur: Vec<i16> = speech(client.rate, 3000).iter().map(|sample| sample / 60).collect();
    client.microphone(&murmur);
    client.silence(3000);
    let lines = client.lines();
    assert!(!lines.iter().any(|line| line.contains("interrupted")));
    assert_eq!(texts(&lines, FINAL).len(), 3);
}

#[test]
fn faster_than_real_time_it_happens_at_the_same_place() {
    let mut samples = speech(nova_sonic_core::audio::SampleRate::Hz16000, 1000);
    samples.resize(16_000 * 5, 0);
    samples.extend(speech(nova_sonic_core::audio::SampleRate::Hz16000, 600));
    samples.resize(16_000 * 10, 0);
    let mut real = Client::talking(scenario(LONG), &[]);
    real.microphone(&samples);
    let mut fast = Client::talking(scenario(LONG), &[]);
    fast.audio(AUDIO, &samples);
    let (real, fast) = (real.lines(), fast.lines());
    assert!(real.iter().any(|line| line.contains("interrupted")));
    assert_eq!(texts(&fast, FINAL), texts(&real, FINAL));
}

#[test]
fn a_second_thought_while_the_model_thinks_is_answered_after_the_first() {
    let config = scenario(
        r#"{ "name": "slow", "turns": [
            { "user": "one", "delay_ms": 1000, "say": [{ "text": "Answer one." }] },
            { "user": "two", "say": [{ "text": "Answer two." }] }
        ] }"#,
    );
    let mut client = Client::talking(config, &[]);
    client.speech(1000);
    client.silence(2200);
    client.speech(1000);
    client.silence(1740);
    assert_eq!(client.lines(), [""; 0], "it does not talk into the user's words");
    client.silence(5000);
    let lines = client.lines();
    assert_eq!(texts(&lines, FINAL), ["textOutput \"Answer one.\"", "textOutput \"Answer two.\""]);
    assert!(!lines.iter().any(|line| line.contains("interrupted")));
}
