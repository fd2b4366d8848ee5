//! Real recorded speech.

use std::{path::Path, time::Duration};

use nova_sonic_core::audio::{Recording, Resampler};
use nova_sonic_sim::model::ConversationConfig;

use crate::client::Client;

/// The samples of a recording at 16 kHz.
fn recording(path: &Path) -> Vec<i16> {
    let recording = Recording::open(path, Duration::from_secs(30))
        .unwrap_or_else(|error| panic!("{error}: recorded voices come with alsa-utils"));
    let mut resampler = Resampler::new(recording.hertz(), 16_000).unwrap();
    let mut samples = Vec::new();
    resampler.process(recording.samples(), &mut samples);
    resampler.flush(&mut samples);
    samples
}

/// How many turns a recording gives, said after a second of silence and once more after four.
fn turns(recording: &[i16]) -> usize {
    let mut client = Client::talking(ConversationConfig::default(), &[]);
    client.silence(1000);
    for _ in 0..2 {
        client.microphone(recording);
        client.silence(10_000);
    }
    let lines = client.lines();
    assert!(!lines.iter().any(|line| line.contains("interrupted")));
    lines.iter().filter(|line| *line == "contentStart TEXT USER FINAL").count()
}

#[test]
fn a_person_saying_front_center_is_one_utterance() {
    for name in ["Front_Center", "Front_Left", "Rear_Right", "Side_Left"] {
        let speech = recording(&Path::new("/usr/share/sounds/alsa").join(name).with_extension("wav"));
        assert_eq!(turns(&speech), 2, "{name}");
        let quiet: Vec<i16> = speech.iter().map(|sample| sample / 8).collect();
        assert_eq!(turns(&quiet), 2, "{name}, 18 dB less");
    }
}

#[test]
fn the_recorded_questions_are_one_utterance_each() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/talk/recordings");
    for name in ["question.wav", "interruption.wav", "next.wav", "night.wav"] {
        assert_eq!(turns(&recording(&folder.join(name))), 2, "{name}");
    }
}
