//! What the model's sentences sound like: a recording, or a tone that has the rhythm of the words.

use std::{fmt, io::Cursor};

use nova_sonic_core::audio::SampleRate;

use super::speaker::SOUND_STEP;

/// Longest recording, samples: ten minutes at 24 kHz.
const RECORDING_SAMPLES: u32 = 24_000 * 600;

/// A recorded sentence. Prints only its length.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Recording {
    samples: Vec<i16>,
    rate: SampleRate,
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recording({} samples, {} Hz)", self.samples.len(), self.rate.hertz())
    }
}

impl Recording {
    /// Reads a mono 16-bit WAV file.
    pub(super) fn from_wav(bytes: &[u8]) -> Result<Self, String> {
        let reader = hound::WavReader::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
        let spec = reader.spec();
        if (spec.channels, spec.bits_per_sample, spec.sample_format) != (1, 16, hound::SampleFormat::Int) {
            return Err("it is not mono with 16-bit samples".to_owned());
        }
        let Some(rate) = SampleRate::from_hertz(spec.sample_rate) else {
            return Err("its rate is not 8, 16 or 24 kHz".to_owned());
        };
        if reader.duration() > RECORDING_SAMPLES {
            return Err("it is longer than ten minutes".to_owned());
        }
        let samples: Result<Vec<i16>, _> = reader.into_samples().collect();
        Ok(Self { samples: samples.map_err(|error| error.to_string())?, rate })
    }

    pub(super) fn at(&self, rate: SampleRate) -> Vec<i16> {
        resampled(&self.samples, self.rate, rate)
    }
}

/// The same sound at another rate.
pub(super) fn resampled(samples: &[i16], from: SampleRate, to: SampleRate) -> Vec<i16> {
    if from == to {
        return samples.to_vec();
    }
    let length = samples.len() * to.hertz() as usize / from.hertz() as usize;
    let place = |index: usize| index * from.hertz() as usize / to.hertz() as usize;
    (0..length).filter_map(|index| samples.get(place(index)).copied()).collect()
}

/// Silence added up to a whole number of the service's smallest steps, 40 ms.
pub(super) fn whole_steps(mut samples: Vec<i16>, rate: SampleRate) -> Vec<i16> {
    samples.resize(samples.len().next_multiple_of(rate.samples_in(SOUND_STEP)), 0);
    samples
}

/// Letters a second of calm speech.
const LETTERS_PER_SECOND: u32 = 15;
/// Loudest sample of the tone, -12 dBFS.
const TONE_LEVEL: i64 = 8_000;

/// A tone that rises and falls with the letters and pauses with the spaces: heard as speech by anything that listens
/// for energy, and the same for the same text.
pub(super) fn tone(text: &str, rate: SampleRate) -> Vec<i16> {
    let letter_samples = (rate.hertz() / LETTERS_PER_SECOND) as usize;
    let letters: Vec<char> = text.chars().collect();
    let mut samples = Vec::with_capacity(letters.len() * letter_samples);
    let mut phase = 0_u32;
    for (index, letter) in letters.iter().enumerate() {
        if !letter.is_alphanumeric() {
            samples.resize(samples.len() + letter_samples, 0);
            continue;
        }
        let next_is_silent = letters.get(index + 1).is_none_or(|next| !next.is_alphanumeric());
        let hertz = 110 + u32::from(*letter) % 16 * 6;
        let step = u32::try_from((u64::from(hertz) << 32) / u64::from(rate.hertz())).unwrap_or(0);
        for place in 0..letter_samples {
            phase = phase.wrapping_add(step);
            let loudness = if next_is_silent { letter_samples - place } else { letter_samples };
            let sample = (arch(phase) + arch(phase.wrapping_mul(3)) / 2) * 2 / 3;
            samples.push(scaled(sample, loudness, letter_samples));
        }
    }
    samples
}

/// A sine made of two parabolas, ±[`TONE_LEVEL`]; a whole turn is 2³².
fn arch(phase: u32) -> i64 {
    let position = i64::from(phase >> 15) - 65_536;
    let parabola = position * (65_536 - position.abs()) >> 15;
    parabola * TONE_LEVEL >> 15
}

fn scaled(sample: i64, part: usize, whole: usize) -> i16 {
    let part = i64::try_from(part).unwrap_or(0);
    let whole = i64::try_from(whole).unwrap_or(1).max(1);
    i16::try_from(sample * part / whole).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_has_the_length_of_its_text_and_stays_below_its_level() {
        let text = "Good morning, dear fox.";
        for rate in [SampleRate::Hz8000, SampleRate::Hz16000, SampleRate::Hz24000] {
            let samples = tone(text, rate);
            assert_eq!(samples.len(), text.len() * (rate.hertz() as usize / 15));
            let loudest = samples.iter().map(|sample| sample.unsigned_abs()).max();
            assert!(loudest.is_some_and(|loudest| (5_000..=8_000).contains(&loudest)), "{loudest:?}");
        }
    }

    #[test]
    fn what_is_no_wav_is_refused_with_a_reason() {
        assert!(Recording::from_wav(b"RIFF").is_err());
        assert!(Recording::from_wav(b"").is_err());
    }
}
