//! What is said: read from a file, and sent as a microphone would send it.

use std::{path::Path, time::Duration};

use nova_sonic_core::{
    audio::{Level, Recording, Resampler, SampleRate},
    client::VoiceSession,
    session::SessionError,
};
use tokio::time::{Instant, Interval, interval_at};

use crate::error::TalkError;

/// The rate that speech is sent at, the service's customary one.
const RATE: SampleRate = SampleRate::Hz16000;
/// A stream lives eight minutes, and the answer needs some of them.
const LONGEST: Duration = Duration::from_mins(5);
/// What a microphone gives at a time: the session's own frame.
const FRAME: Duration = Duration::from_millis(32);
/// More than any pause that the service waits for before it answers.
const TRAILING_SILENCE: Duration = Duration::from_millis(2500);
/// How far below its loudest moment a recording may fall before nobody speaks any more, in dB.
const SPEECH_RANGE: f32 = 30.0;

/// How time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As it does for a person at a microphone.
    Microphone,
    /// With the samples that are sent.
    Fast,
}

/// Something to be said.
pub(crate) struct Utterance {
    samples: Vec<i16>,
    speech_ends: usize,
}

impl Utterance {
    /// Reads a WAV file in which somebody speaks.
    pub(crate) fn read(path: &Path) -> Result<Self, TalkError> {
        let failed = |error| TalkError::recording(path.to_owned(), error);
        let recording = Recording::open(path, LONGEST).map_err(failed)?;
        recording.audible().map_err(failed)?;
        let mut resampler = Resampler::new(recording.hertz(), RATE.hertz()).map_err(failed)?;
        let mut samples = Vec::new();
        resampler.process(recording.samples(), &mut samples);
        resampler.flush(&mut samples);
        Ok(Self { speech_ends: end_of_speech(&samples), samples })
    }

    pub(crate) fn duration(&self) -> Duration {
        RATE.duration_of(self.samples.len())
    }
}

/// How many samples there are up to the end of the last frame in which somebody speaks.
fn end_of_speech(samples: &[i16]) -> usize {
    let length = RATE.samples_in(FRAME);
    let levels: Vec<f32> = samples.chunks(length).map(|frame| Level::of(frame).rms_dbfs).collect();
    let loudest = levels.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let last = levels.iter().rposition(|level| *level >= loudest - SPEECH_RANGE);
    last.map_or(0, |last| ((last + 1) * length).min(samples.len()))
}

/// An utterance on its way.
pub(crate) struct Delivery {
    samples: Vec<i16>,
    sent: usize,
    speech_ends: Option<usize>,
    clock: Option<Interval>,
}

/// What a step has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A frame.
    Frame,
    /// The frame in which the speech ends.
    EndOfSpeech,
    /// Everything is said.
    Done,
}

impl Delivery {
    /// Begins to say `utterance`. `answer` is how long the answer before it takes to be heard: with [`Pace::Fast`],
    /// silence stands in for that time and for the pause after the speech.
    pub(crate) fn new(utterance: Utterance, pace: Pace, answer: Duration) -> Self {
        let Utterance { samples: mut speech, mut speech_ends } = utterance;
        if pace == Pace::Fast {
            let mut samples = vec![0; RATE.samples_in(answer)];
            speech_ends += samples.len();
            samples.append(&mut speech);
            samples.resize(samples.len() + RATE.samples_in(TRAILING_SILENCE), 0);
            speech = samples;
        }
        // a frame is there when it has been spoken
        let clock = (pace == Pace::Microphone).then(|| interval_at(Instant::now() + FRAME, FRAME));
        Self { samples: speech, sent: 0, speech_ends: Some(speech_ends), clock }
    }

    /// Sends the next frame when it is due. Dropped while waiting, it has sent nothing.
    pub(crate) async fn step(&mut self, voice: &VoiceSession) -> Result<Step, SessionError> {
        if let Some(clock) = &mut self.clock {
            clock.tick().await;
        }
        let end = (self.sent + RATE.samples_in(FRAME)).min(self.samples.len());
        let Some(frame) = self.samples.get(self.sent..end) else { return Ok(Step::Done) };
        voice.send_audio(frame).await?;
        self.sent = end;
        if self.speech_ends.take_if(|speech_ends| *speech_ends <= end).is_some() {
            return Ok(Step::EndOfSpeech);
        }
        Ok(if end == self.samples.len() { Step::Done } else { Step::Frame })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speech_ends_before_the_hiss_that_follows_it() {
        let mut samples = vec![3_i16; 16_000];
        samples.extend((0..16_000_i16).map(|index| index % 128 * 100));
        samples.extend((0..16_000_i16).map(|index| index % 7));
        assert_eq!(end_of_speech(&samples), 32_256, "the end of the frame in which the second second ends");
        assert_eq!(end_of_speech(&[]), 0);
        assert_eq!(end_of_speech(&[900; 100]), 100);
    }

    #[tokio::test]
    async fn with_a_fast_pace_silence_stands_in_for_time() {
        let utterance = || Utterance { samples: vec![900; 1_600], speech_ends: 1_600 };
        let fast = Delivery::new(utterance(), Pace::Fast, Duration::from_secs(1));
        assert_eq!((fast.samples.len(), fast.speech_ends), (16_000 + 1_600 + 40_000, Some(17_600)));
        let real = Delivery::new(utterance(), Pace::Microphone, Duration::from_secs(1));
        assert_eq!((real.samples.len(), real.speech_ends), (1_600, Some(1_600)));
    }
}
