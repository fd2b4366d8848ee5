//! What an answer looks like on the wire.

use std::{path::Path, time::Duration};

use nova_sonic_core::{
    audio::{Pcm, SampleRate},
    event::{EndpointingSensitivity, Role, ServerEvent, Usage},
};
use nova_sonic_sim::model::ConversationConfig;
use serde_json::Value;

use crate::client::{AUDIO, Came, Client, scenario, speech};

const TWO_SENTENCES: &str = r#"{
    "name": "two",
    "turns": [{
        "user": "why is the little fox so very sad today",
        "say": [{ "text": "She has lost her way." }, { "text": "But listen." }]
    }],
    "otherwise": "listen"
}"#;

/// The expected lines of a recorded conversation; `UPDATE_VECTORS=1` writes them anew.
fn assert_lines(name: &str, lines: &[String]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/simulator").join(name);
    let text = serde_json::to_string_pretty(lines).unwrap() + "\n";
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let expected: Vec<String> = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(lines, expected, "{name}");
}

#[test]
fn a_turn_has_the_order_of_recorded_sessions() {
    let mut client = Client::talking(scenario(TWO_SENTENCES), &[]);
    client.silence(500);
    client.speech(1500);
    client.silence(6000);
    client.close();
    let lines = client.lines();
    assert_lines("turn.json", &lines);
}

#[test]
fn every_event_has_the_fields_of_recorded_sessions() {
    let mut client = Client::talking(scenario(TWO_SENTENCES), &[]);
    client.speech(1500);
    client.silence(6000);
    client.close();
    let mut sessions = std::collections::BTreeSet::new();
    for came in &client.came {
        let Came::Event(event, json) = came else { continue };
        let body = &json["event"][event.name()];
        assert_eq!(body["promptName"], "p");
        sessions.insert((body["sessionId"].to_string(), body["completionId"].to_string()));
        match event {
            ServerEvent::ContentStart { .. } if body["type"] == "TEXT" => {
                let fields = body["additionalModelFields"].as_str().expect("a string that holds JSON");
                let fields: Value = serde_json::from_str(fields).unwrap();
                assert!(fields["generationStage"].is_string());
                assert_eq!(body["textOutputConfiguration"]["mediaType"], "text/plain");
            }
            ServerEvent::ContentStart { .. } => {
                assert_eq!(body["audioOutputConfiguration"]["mediaType"], "audio/lpcm");
                assert_eq!(body["audioOutputConfiguration"]["sampleRateHertz"], 24_000);
                assert!(body.get("additionalModelFields").is_none());
            }
            ServerEvent::AudioOutput { .. } | ServerEvent::TextOutput { .. } => {
                assert!(body["role"].is_string());
            }
            _ => {}
        }
    }
    assert_eq!(sessions.len(), 1, "one session and one completion");
}

#[test]
fn the_same_input_gives_the_same_bytes_and_another_seed_other_ids() {
    let run = |seed: u8| {
        let mut config = scenario(TWO_SENTENCES);
        config.seed = [seed; 32];
        let mut client = Client::talking(config, &[]);
        client.speech(1500);
        client.silence(6000);
        client.close();
        client.came
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn audio_comes_in_steps_of_forty_milliseconds_at_every_rate() {
    for (rate, step) in [(SampleRate::Hz8000, 640), (SampleRate::Hz16000, 1280), (SampleRate::Hz24000, 1920)]
    {
        let mut client = Client::new(scenario(TWO_SENTENCES));
        client.session_start(None);
        client.prompt_start("matthew", rate, &[]);
        client.block("s", Role::System, false, "Be brief.");
        client.audio_block(AUDIO);
        client.speech(1000);
        client.silence(6000);
        let sizes: Vec<usize> = client
            .came
            .iter()
            .filter_map(|came| match came {
                Came::Event(ServerEvent::AudioOutput { pcm, .. }, _) => Some(pcm.len() * 2),
                _ => None,
            })
            .collect();
        assert_eq!(sizes[..4], [step, step * 2, step * 4, step * 9]);
        assert!(sizes.iter().all(|size| size % step == 0 && *size <= step * 9), "{sizes:?}");
        // 32 letters at 15 a second, each sentence filled up to whole steps
        let seconds = sizes.iter().sum::<usize>() / 2 / rate.hertz() as usize;
        assert_eq!(seconds, 2);
    }
}

#[test]
fn an_answer_is_sent_faster_than_it_is_heard_and_its_final_text_comes_late() {
    let config = scenario(
        r#"{ "name": "long", "turns": [{ "say": [{ "text": "A sentence that has sixty letters or so, to last four whole seconds." }] }] }"#,
    );
    let mut client = Client::talking(config, &[]);
    client.speech(1000);
    client.silence(1760);
    let begun = client.now;
    let mut sent = None;
    let mut finished = None;
    for _ in 0..200 {
        client.silence(32);
        let lines = client.lines();
        let passed = client.now.since(begun);
        if lines.iter().any(|line| line == "contentEnd AUDIO END_TURN") {
            sent = Some(passed);
        }
        if lines.iter().any(|line| line == "contentStart TEXT ASSISTANT FINAL") {
            finished = Some(passed);
        }
    }
    let (sent, finished) = (sent.unwrap().as_millis(), finished.unwrap().as_millis());
    assert!((950..1200).contains(&sent), "sent after {sent} ms");
    assert!((4400..4700).contains(&finished), "finished after {finished} ms");
}

#[test]
fn the_parrot_says_the_same_samples_back() {
    let rate = SampleRate::Hz16000;
    let mut client = Client::new(ConversationConfig::default());
    client.session_start(None);
    client.prompt_start("tiffany", rate, &[]);
    client.block("s", Role::System, false, "Be a parrot.");
    client.audio_block(AUDIO);
    let said = speech(rate, 2100);
    client.silence(500);
    client.microphone(&said);
    client.silence(8000);
    let heard = client.heard_audio();
    let start = heard.windows(said.len()).position(|window| window == said).expect("the words come back");
    assert!(heard[..start].iter().all(|sample| *sample == 0));
    assert!(heard[start + said.len()..].iter().all(|sample| *sample == 0));
    assert!(start <= rate.samples_in(Duration::from_millis(200)));
    let lines = client.lines();
    let texts: Vec<_> = lines.iter().filter(|line| line.starts_with("textOutput")).collect();
    assert_eq!(texts, ["textOutput \"(speech of 2.1 s)\""; 3]);
}

#[test]
fn the_parrot_keeps_pitch_and_length_at_another_rate() {
    for (from, to) in [
        (SampleRate::Hz16000, SampleRate::Hz24000),
        (SampleRate::Hz8000, SampleRate::Hz24000),
        (SampleRate::Hz24000, SampleRate::Hz8000),
    ] {
        let mut client = Client::new(ConversationConfig::default());
        client.rate = from;
        client.session_start(None);
        client.prompt_start("tiffany", to, &[]);
        client.block("s", Role::System, false, "Be a parrot.");
        client.audio_block(AUDIO);
        client.silence(400);
        client.speech(1000);
        client.silence(6000);
        let heard = client.heard_audio();
        let rises = heard.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
        assert!((195..=260).contains(&rises), "200 periods from {from:?} to {to:?}, got {rises}");
        let length = to.duration_of(heard.len()).as_millis();
        assert!((1400..=1440).contains(&length), "{length} ms");
    }
}

#[test]
fn an_answer_begins_when_the_pause_is_over() {
    for (sensitivity, pause) in [
        (EndpointingSensitivity::High, 1500),
        (EndpointingSensitivity::Medium, 1750),
        (EndpointingSensitivity::Low, 2000),
    ] {
        let mut client = Client::new(scenario(TWO_SENTENCES));
        client.session_start(Some(sensitivity.clone()));
        client.prompt_start("tiffany", SampleRate::Hz24000, &[]);
        client.block("s", Role::System, false, "Be brief.");
        client.audio_block(AUDIO);
        client.speech(1000);
        client.silence(pause - 10);
        assert_eq!(client.lines(), [""; 0], "{sensitivity}");
        client.silence(10);
        assert!(!client.came.is_empty(), "{sensitivity}");
    }
}

#[test]
fn input_faster_than_real_time_gets_the_same_conversation() {
    let mut samples = speech(SampleRate::Hz16000, 1500);
    samples.resize(16_000 * 10, 0);
    let mut slow = Client::talking(scenario(TWO_SENTENCES), &[]);
    slow.microphone(&samples);
    slow.close();
    for chunk in [160_000, 4_000, 333] {
        let mut fast = Client::talking(scenario(TWO_SENTENCES), &[]);
        for chunk in samples.chunks(chunk) {
            fast.audio(AUDIO, chunk);
        }
        fast.close();
        assert_eq!(fast.lines(), crate::client::lines(&slow.came), "{chunk}");
    }
}

#[test]
fn an_answer_goes_on_when_the_client_sends_nothing() {
    let mut client = Client::talking(scenario(TWO_SENTENCES), &[]);
    client.speech(1000);
    client.silence(1760);
    client.pass(Duration::from_secs(6));
    let lines = client.lines();
    assert!(lines.contains(&"contentEnd AUDIO END_TURN".to_owned()));
    assert_eq!(lines.iter().filter(|line| *line == "contentStart TEXT ASSISTANT FINAL").count(), 2);
}

#[test]
fn any_speed_brings_the_same_answer() {
    let mut answers = [0, 1, 3, 7, u32::MAX].map(|speed| {
        let mut config = scenario(TWO_SENTENCES);
        config.answer_speed = speed;
        let mut client = Client::talking(config, &[]);
        client.speech(1000);
        client.silence(1760);
        client.pass(Duration::from_secs(10));
        client.lines()
    });
    assert_eq!(answers[0].len(), 39, "{:?}", answers[0]);
    answers.rotate_left(1);
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn closing_the_audio_block_ends_what_was_being_said() {
    let mut client = Client::talking(scenario(TWO_SENTENCES), &[]);
    client.speech(1000);
    client.end_block(AUDIO);
    client.pass(Duration::from_secs(8));
    assert!(client.lines().contains(&"contentEnd AUDIO END_TURN".to_owned()));
}

#[test]
fn a_client_that_closes_at_once_still_gets_the_whole_answer() {
    let mut client = Client::talking(scenario(TWO_SENTENCES), &[]);
    client.audio(AUDIO, &speech(SampleRate::Hz16000, 1500));
    client.close();
    let lines = client.lines();
    assert_eq!(lines.iter().filter(|line| line.starts_with("contentStart AUDIO")).count(), 2);
    assert_eq!(lines[lines.len() - 2..], ["completionEnd END_TURN", "End"]);
}

#[test]
fn typed_text_is_answered_once_audio_flows() {
    let mut client = Client::new(ConversationConfig::default());
    client.open(&[]);
    client.block("typed", Role::User, true, "Begin, please.");
    client.pass(Duration::from_secs(5));
    assert_eq!(client.lines(), [""; 0]);
    client.audio_block(AUDIO);
    assert_eq!(client.lines(), [""; 0]);
    client.silence(4000);
    let lines = client.lines();
    assert_eq!(lines.iter().filter(|line| *line == "textOutput \"Begin, please.\"").count(), 2);
    assert!(!lines.iter().any(|line| line.contains("USER")), "what was typed has no transcript");
    client.block("more", Role::User, true, "And on.");
    client.silence(4000);
    let lines = client.lines();
    assert!(lines.contains(&"textOutput \"And on.\"".to_owned()));
    assert!(!lines.contains(&"completionStart".to_owned()), "one completion spans the session");
}

#[test]
fn a_delay_is_time_to_think() {
    let config =
        scenario(r#"{ "name": "slow", "turns": [{ "delay_ms": 700, "say": [{ "text": "Well." }] }] }"#);
    let mut client = Client::talking(config, &[]);
    client.speech(1000);
    client.silence(1750 + 670);
    assert_eq!(client.lines(), [""; 0]);
    client.silence(64);
    assert!(!client.came.is_empty());
}

#[test]
fn usage_adds_up() {
    let mut client = Client::talking(scenario(TWO_SENTENCES), &[]);
    client.speech(1500);
    client.silence(8000);
    client.close();
    let (mut sum, mut last_total, mut without_details) = (Usage::default(), 0, 0);
    for came in &client.came {
        let Came::Event(ServerEvent::Usage { total_input_tokens, total_output_tokens, details, .. }, _) =
            came
        else {
            continue;
        };
        let total = total_input_tokens + total_output_tokens;
        assert!(total >= last_total);
        last_total = total;
        match details {
            Some(details) => {
                sum.add(details.delta);
                assert_eq!(details.total, sum);
                assert_eq!(details.total.total_tokens(), total);
            }
            None => without_details += 1,
        }
    }
    assert_eq!((sum.input.speech, without_details), (9500 / 40, 1));
    assert!(sum.output.speech > 0 && sum.output.text > 0 && sum.input.text > 0);
    let Came::Event(first, _) = &client.came[0] else { panic!("no event") };
    assert_eq!(first.name(), "usageEvent", "usage comes before completionStart");
}

#[test]
fn nothing_that_is_said_is_printed() {
    let mut client = Client::talking(ConversationConfig::default(), &[]);
    client.block("typed", Role::User, true, "My password is swordfish.");
    client.audio(AUDIO, &[0; 512]);
    let output = client.conversation.poll_output();
    assert!(!format!("{:?} {output:?}", client.conversation).contains("swordfish"));
    let pcm = Pcm::from(vec![1, 2]);
    assert_eq!(format!("{pcm:?}"), "Pcm(2 samples)");
}
