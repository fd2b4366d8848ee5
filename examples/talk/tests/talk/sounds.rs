//! Recordings to say.

use std::path::{Path, PathBuf};

use hound::{SampleFormat, WavSpec, WavWriter};

/// The question that is shipped: "Why is the little fox so sad?"
pub(crate) fn question() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/question.wav")
}

/// The interruption that is shipped: "Wait! Can the fox have a friend, please?"
pub(crate) fn interruption() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/interruption.wav")
}

/// A person who says "front center", recorded at 48 kHz.
pub(crate) fn front_center() -> PathBuf {
    let path = PathBuf::from("/usr/share/sounds/alsa/Front_Center.wav");
    assert!(path.exists(), "{} is missing: install alsa-utils for its recorded speech", path.display());
    path
}

/// Pitch of [`vowel`], Hz.
pub(crate) const PITCH: u32 = 125;

/// A second of a sound like a vowel, between two tenths of silence, in any format; the second channel is silent.
pub(crate) fn vowel(path: &Path, spec: WavSpec) {
    let mut writer = WavWriter::create(path, spec).expect("a file");
    let rate = spec.sample_rate;
    for index in 0..rate + rate / 5 {
        let spoken = (rate / 10..rate + rate / 10).contains(&index);
        // a saw between -16,384 and 16,383, so that no format rounds
        let saw = i32::try_from(index * PITCH % rate * 32_768 / rate).expect("a saw") - 16_384;
        for channel in 0..spec.channels {
            let level = if spoken && channel == 0 { saw } else { 0 };
            match (spec.sample_format, spec.bits_per_sample) {
                (SampleFormat::Float, _) => {
                    writer.write_sample(f32::from(i16::try_from(level).expect("a level")) / 32_768.0)
                }
                (SampleFormat::Int, 8) => writer.write_sample(level >> 8),
                (SampleFormat::Int, bits) => writer.write_sample(level << (bits - 16)),
            }
            .expect("a sample");
        }
    }
    writer.finalize().expect("a file");
}

/// 16-bit mono at 16 kHz.
pub(crate) const PLAIN: WavSpec =
    WavSpec { channels: 1, sample_rate: 16_000, bits_per_sample: 16, sample_format: SampleFormat::Int };

/// A recording of these samples.
pub(crate) fn plain(path: &Path, samples: impl IntoIterator<Item = i16>) {
    let mut writer = WavWriter::create(path, PLAIN).expect("a file");
    samples.into_iter().for_each(|sample| writer.write_sample(sample).expect("a sample"));
    writer.finalize().expect("a file");
}

/// The pitch of 24 kHz sound, Hz: the shortest time, between 1/400 and 1/60 s, after which it repeats itself.
pub(crate) fn pitch(samples: &[i16]) -> usize {
    let middle = &samples[samples.len() / 2 - 2_400..samples.len() / 2 + 2_400];
    let likeness = |lag: usize| -> i64 {
        middle.iter().zip(&middle[lag..]).take(4_000).map(|(a, b)| i64::from(*a) * i64::from(*b)).sum()
    };
    let best = (60..400).map(likeness).max().expect("lags");
    let mut lag = (60..400).find(|lag| likeness(*lag) > best / 10 * 9).expect("a lag");
    // from its shoulder to its peak
    while likeness(lag + 1) > likeness(lag) {
        lag += 1;
    }
    24_000 / lag
}
