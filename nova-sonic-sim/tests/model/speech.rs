//! Real recorded speech.

use std::path::Path;

use nova_sonic_core::audio::SampleRate;
use nova_sonic_sim::model::ConversationConfig;

use crate::client::Client;

/// The samples of a mono 16-bit file.
fn wav(path: &Path) -> (u32, Vec<i16>) {
    let mut reader = hound::WavReader::open(path)
        .unwrap_or_else(|error| panic!("{}: {error}; recordings come with alsa-utils", path.display()));
    let spec = reader.spec();
    assert_eq!((spec.channels, spec.bits_per_sample), (1, 16));
    (spec.sample_rate, reader.samples().map(Result::unwrap).collect())
}

/// How many turns a recording gives, said after a second of silence and once more after four.
fn turns(rate: SampleRate, recording: &[i16]) -> usize {
    let mut client = Client::new(ConversationConfig::default());
    client.rate = rate;
    client.open(&[]);
    client.audio_block(crate::client::AUDIO);
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
        let (rate, samples) = wav(&Path::new("/usr/share/sounds/alsa").join(name).with_extension("wav"));
        assert_eq!(rate, 48_000);
        // every third sample after a mean of three: plain, and good enough for energy
        let speech: Vec<i16> = samples
            .chunks_exact(3)
            .map(|three| {
                i16::try_from(three.iter().map(|sample| i32::from(*sample)).sum::<i32>() / 3).unwrap()
            })
            .collect();
        assert_eq!(turns(SampleRate::Hz16000, &speech), 2, "{name}");
        let quiet: Vec<i16> = speech.iter().map(|sample| sample / 8).collect();
        assert_eq!(turns(SampleRate::Hz16000, &quiet), 2, "{name}, 18 dB less");
    }
}

#[test]
fn the_recorded_questions_are_one_utterance_each() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/talk/recordings");
    for name in ["question.wav", "interruption.wav"] {
        let (rate, samples) = wav(&folder.join(name));
        assert_eq!(turns(SampleRate::from_hertz(rate).unwrap(), &samples), 2, "{name}");
    }
}
