//! The model's ear: where speech begins and where a turn of the user ends, by energy.

use std::time::Duration;

use nova_sonic_core::{
    audio::{Pcm, SampleRate},
    event::EndpointingSensitivity,
};

/// One step of the ear: everything is decided on whole frames, so the client's own framing changes nothing.
pub(super) const FRAME: Duration = Duration::from_millis(10);

/// Frames with a voice before it counts as speech, 200 ms: a click or a cough is not a turn.
const SPEECH_FRAMES: usize = 20;
/// Frames without a voice, 300 ms, after which a sound too short to be speech is forgotten.
const FORGET_FRAMES: usize = 30;
/// Sound kept from before the first voiced frame and after the last one, 200 ms each.
const MARGIN_FRAMES: usize = 20;
/// Longest utterance that is kept to be repeated, 60 s; longer ones still end where they end.
const KEPT_FRAMES: usize = 6_000;

/// Mean squares of 16-bit samples. No voice is quieter than the first (-46 dBFS) or fades below the second (-50).
const ONSET_AT_LEAST: u64 = 27_000;
const HOLD_AT_LEAST: u64 = 10_700;
/// The background's level is taken to lie between these, -65 and -35 dBFS.
const FLOOR_RANGE: (u64, u64) = (340, 340_000);
/// A voice begins 12 dB above the background and ends 6 dB above it.
const ONSET_RATIO: u64 = 16;
const HOLD_RATIO: u64 = 4;
/// While someone speaks the background may seem to rise by a 290th a frame, 1.5 dB a second: a hum that never pauses
/// is background in the end, speech is not, because it pauses.
const RISE: u64 = 290;

/// What the ear noticed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    SpeechStarted,
    SpeechEnded(Utterance),
}

/// One utterance of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Utterance {
    /// Its samples, with a little of what was around.
    pub(super) pcm: Pcm,
    pub(super) rate: SampleRate,
    /// From the first voiced frame to the last.
    pub(super) length: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Quiet,
    /// Perhaps speech: voiced frames so far, and frames since the last.
    Perhaps {
        voiced: usize,
        pause: usize,
    },
    Speech {
        pause: usize,
    },
}

pub(super) struct Listener {
    rate: SampleRate,
    frame_samples: usize,
    pause_frames: usize,
    floor: u64,
    state: State,
    /// Input that is not yet a whole frame, as a queue: samples before `read` are done with.
    input: Pcm,
    read: usize,
    /// What may become an utterance, from a margin before its first voiced frame.
    kept: Vec<i16>,
    margin_samples: usize,
    /// Voiced part: frames since the first voiced one, up to the last voiced one.
    frames: usize,
    voiced_frames: usize,
}

impl Listener {
    pub(super) fn new(rate: SampleRate, endpointing: &EndpointingSensitivity) -> Self {
        let pause_frames = match endpointing {
            EndpointingSensitivity::High => 150,
            EndpointingSensitivity::Low => 200,
            EndpointingSensitivity::Medium | EndpointingSensitivity::Other(_) | _ => 175,
        };
        Self {
            rate,
            frame_samples: rate.samples_in(FRAME),
            pause_frames,
            floor: FLOOR_RANGE.0,
            state: State::Quiet,
            input: Pcm::from(Vec::new()),
            read: 0,
            kept: Vec::new(),
            margin_samples: 0,
            frames: 0,
            voiced_frames: 0,
        }
    }

    pub(super) fn hears_speech(&self) -> bool {
        matches!(self.state, State::Speech { .. })
    }

    /// Takes samples in; [`Self::hear_frame`] then listens to them.
    pub(super) fn push(&mut self, samples: &[i16]) {
        let input = self.input.samples_mut();
        input.drain(..self.read.min(input.len()));
        self.read = 0;
        input.extend_from_slice(samples);
    }

    /// Whether a whole frame waits to be heard.
    pub(super) fn has_frame(&self) -> bool {
        self.input.len() >= self.read + self.frame_samples
    }

    /// Listens to one more frame.
    pub(super) fn hear_frame(&mut self) -> Option<Heard> {
        let end = self.read + self.frame_samples;
        let frame = self.input.get(self.read..end)?;
        let energy = mean_square(frame);
        if self.state == State::Quiet {
            self.kept.drain(..self.kept.len().saturating_sub(MARGIN_FRAMES * self.frame_samples));
        }
        if self.kept.len() < KEPT_FRAMES * self.frame_samples {
            self.kept.extend_from_slice(frame);
        }
        self.read = end;
        self.hear(energy)
    }

    /// No more input comes: what was being said has been said.
    pub(super) fn finish(&mut self) -> Option<Heard> {
        self.hears_speech().then(|| self.end_of_speech())
    }

    fn hear(&mut self, energy: u64) -> Option<Heard> {
        let speaking = self.state != State::Quiet;
        let threshold = if speaking {
            (self.floor * HOLD_RATIO).max(HOLD_AT_LEAST)
        } else {
            (self.floor * ONSET_RATIO).max(ONSET_AT_LEAST)
        };
        let voiced = energy > threshold;
        self.follow_background(energy, voiced);
        self.frames += 1;
        match self.state {
            State::Quiet if voiced => {
                self.frames = 1;
                self.voiced_frames = 1;
                self.margin_samples = self.kept.len().saturating_sub(self.frame_samples);
                self.state = State::Perhaps { voiced: 1, pause: 0 };
            }
            State::Quiet => {}
            State::Perhaps { voiced: so_far, .. } if voiced => {
                self.voiced_frames = self.frames;
                if so_far + 1 >= SPEECH_FRAMES {
                    self.state = State::Speech { pause: 0 };
                    return Some(Heard::SpeechStarted);
                }
                self.state = State::Perhaps { voiced: so_far + 1, pause: 0 };
            }
            State::Perhaps { pause, .. } if pause + 1 >= FORGET_FRAMES => self.state = State::Quiet,
            State::Perhaps { voiced: so_far, pause } => {
                self.state = State::Perhaps { voiced: so_far, pause: pause + 1 };
            }
            State::Speech { .. } if voiced => {
                self.voiced_frames = self.frames;
                self.state = State::Speech { pause: 0 };
            }
            State::Speech { pause } if pause + 1 >= self.pause_frames => return Some(self.end_of_speech()),
            State::Speech { pause } => self.state = State::Speech { pause: pause + 1 },
        }
        None
    }

    fn follow_background(&mut self, energy: u64, voiced: bool) {
        self.floor = if energy < self.floor {
            (self.floor * 3 + energy) / 4
        } else if voiced || self.state != State::Quiet {
            self.floor + self.floor / RISE
        } else {
            (self.floor * 31 + energy) / 32
        }
        .clamp(FLOOR_RANGE.0, FLOOR_RANGE.1);
    }

    fn end_of_speech(&mut self) -> Heard {
        let margin = MARGIN_FRAMES * self.frame_samples;
        let end = self.margin_samples + self.voiced_frames * self.frame_samples + margin;
        let mut samples = std::mem::take(&mut self.kept);
        samples.truncate(end);
        self.state = State::Quiet;
        Heard::SpeechEnded(Utterance {
            pcm: Pcm::from(samples),
            rate: self.rate,
            length: FRAME.saturating_mul(u32::try_from(self.voiced_frames).unwrap_or(u32::MAX)),
        })
    }
}

fn mean_square(samples: &[i16]) -> u64 {
    let sum: u64 = samples.iter().map(|sample| u64::from(sample.unsigned_abs()).pow(2)).sum();
    sum / u64::try_from(samples.len()).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: SampleRate = SampleRate::Hz16000;

    fn square_wave(length: Duration, level: i16) -> Vec<i16> {
        let wave = |index: usize| if (index / 40).is_multiple_of(2) { level } else { -level };
        (0..RATE.samples_in(length)).map(wave).collect()
    }

    /// What is heard, with the moment in milliseconds of input.
    fn listen(
        endpointing: &EndpointingSensitivity,
        parts: &[(u64, i16)],
        chunk: usize,
    ) -> Vec<(usize, Heard)> {
        let samples: Vec<i16> = parts
            .iter()
            .flat_map(|(length, level)| square_wave(Duration::from_millis(*length), *level))
            .collect();
        let mut listener = Listener::new(RATE, endpointing);
        let (mut heard, mut frames) = (Vec::new(), 0);
        for chunk in samples.chunks(chunk) {
            listener.push(chunk);
            while listener.has_frame() {
                frames += 1;
                heard.extend(listener.hear_frame().map(|news| (frames * 10, news)));
            }
        }
        heard
    }

    fn moments(heard: &[(usize, Heard)]) -> Vec<usize> {
        heard.iter().map(|(moment, _)| *moment).collect()
    }

    #[test]
    fn a_turn_ends_after_the_pause_that_the_sensitivity_asks_for() {
        for (endpointing, pause) in [
            (EndpointingSensitivity::High, 1500),
            (EndpointingSensitivity::Medium, 1750),
            (EndpointingSensitivity::Low, 2000),
        ] {
            let heard = listen(&endpointing, &[(500, 0), (1000, 4000), (2500, 0)], 512);
            assert_eq!(moments(&heard), [700, 1500 + pause], "{endpointing}");
            assert!(
                matches!(&heard[1].1, Heard::SpeechEnded(said) if said.length == Duration::from_secs(1)),
                "{endpointing}"
            );
        }
    }

    #[test]
    fn an_utterance_keeps_a_margin_on_both_sides() {
        let heard = listen(&EndpointingSensitivity::High, &[(500, 3), (1000, 4000), (2500, 3)], 333);
        let Heard::SpeechEnded(said) = &heard[1].1 else { panic!("no end of speech") };
        let all: Vec<i16> = [(500, 3), (1000, 4000), (2500, 3)]
            .iter()
            .flat_map(|(length, level)| square_wave(Duration::from_millis(*length), *level))
            .collect();
        assert_eq!(said.pcm.samples(), &all[16 * 300..16 * 1700]);
    }

    #[test]
    fn the_clients_framing_changes_nothing() {
        let parts = [(300, 0), (700, 5000), (400, 2), (900, 3000), (3000, 0), (400, 9000), (3000, 0)];
        let whole = listen(&EndpointingSensitivity::Medium, &parts, usize::MAX);
        assert_eq!(whole.len(), 4);
        for chunk in [1, 7, 160, 512, 4801] {
            assert_eq!(listen(&EndpointingSensitivity::Medium, &parts, chunk), whole, "{chunk}");
        }
    }

    #[test]
    fn a_click_a_hush_and_steady_noise_are_no_turns() {
        assert_eq!(listen(&EndpointingSensitivity::High, &[(500, 0), (190, 8000), (2500, 0)], 512), []);
        assert_eq!(listen(&EndpointingSensitivity::High, &[(3000, 120)], 512), []);
        let noise = listen(&EndpointingSensitivity::High, &[(2000, 3), (60_000, 300)], 512);
        assert!(moments(&noise).iter().all(|moment| *moment < 20_000), "{:?}", moments(&noise));
    }

    #[test]
    fn a_voice_that_fades_is_heard_until_it_meets_the_background() {
        let parts = [(2000, 120), (1000, 3000), (800, 400), (3000, 120)];
        let heard = listen(&EndpointingSensitivity::High, &parts, 512);
        let [_, (_, Heard::SpeechEnded(said))] = heard.as_slice() else { panic!("not one utterance") };
        assert_eq!(said.length, Duration::from_millis(1800));
    }

    #[test]
    fn an_endless_utterance_is_not_kept_without_end() {
        let syllables: Vec<(u64, i16)> = (0..450).flat_map(|_| [(150, 6000), (50, 40)]).collect();
        let mut parts = syllables;
        parts.push((2500, 0));
        let heard = listen(&EndpointingSensitivity::Medium, &parts, 4096);
        let Some((_, Heard::SpeechEnded(said))) = heard.last() else { panic!("no end of speech") };
        assert_eq!(heard.len(), 2);
        assert_eq!(said.length.as_secs(), 89);
        assert_eq!(said.pcm.len(), RATE.samples_in(Duration::from_mins(1)));
    }
}
