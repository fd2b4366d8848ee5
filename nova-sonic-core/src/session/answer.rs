//! One answer of the model: what it planned, what it spoke, and how much of it was heard.

use super::{Playback, TurnId, history::MESSAGE_LIMIT};
use crate::{audio::SampleRate, search, time::Tick};

/// A planned text and the sound that came for it.
#[derive(Clone, Default)]
struct Segment {
    planned: String,
    received: u64,
    ended: bool,
}

#[derive(Clone)]
pub(super) struct Answer {
    turn: TurnId,
    segments: Vec<Segment>,
    spoken: Vec<String>,
    received: u64,
    reported: u64,
    play_until: Tick,
    cut_at: Option<u64>,
    /// Its stream has broken off: what has come of it is heard, and no more than that comes.
    pub(super) broken: bool,
    /// The user wants silence, but the service does not know and goes on talking.
    pub(super) suppressed: bool,
    /// The service has said that the answer is complete.
    pub(super) complete: bool,
}

/// Spoken characters per second, for the length of a sentence whose sound was cut off while it came in.
const CHARACTERS_PER_SECOND: u64 = 15;
/// What a player may miss of an answer that it has played, samples: counting is rounded where a loudspeaker has another rate.
const ROUNDED: u64 = 8;

impl Answer {
    pub(super) const fn new(turn: TurnId) -> Self {
        Self {
            turn,
            segments: Vec::new(),
            spoken: Vec::new(),
            received: 0,
            reported: 0,
            play_until: Tick::ZERO,
            cut_at: None,
            broken: false,
            suppressed: false,
            complete: false,
        }
    }

    pub(super) const fn turn(&self) -> TurnId {
        self.turn
    }

    pub(super) const fn interrupted(&self) -> bool {
        self.cut_at.is_some()
    }

    /// Bytes of its words.
    pub(super) fn weight(&self) -> usize {
        let planned: usize = self.segments.iter().map(|segment| segment.planned.len()).sum();
        planned + self.spoken.iter().map(String::len).sum::<usize>()
    }

    /// Whether these words were planned and not yet reported as spoken.
    pub(super) fn still_owes(&self, text: &str) -> bool {
        let text = text.trim();
        !self.broken
            && !self.spoken.iter().any(|spoken| spoken == text)
            && self.segments.iter().any(|segment| search::has(&segment.planned, text))
    }

    pub(super) fn plan(&mut self, text: &str) {
        self.complete = false;
        if self.weight() + text.len() > MESSAGE_LIMIT {
            // no history would take it
            return;
        }
        match self.segments.last_mut() {
            // two planned texts before any sound belong to the same sound
            Some(last) if last.received == 0 => {
                if !last.planned.is_empty() && !last.planned.ends_with(' ') {
                    last.planned.push(' ');
                }
                last.planned.push_str(text.trim());
            }
            _ => self.segments.push(Segment { planned: text.trim().to_owned(), ..Segment::default() }),
        }
    }

    pub(super) fn speak(&mut self, text: &str) {
        if self.weight() + text.len() > 2 * MESSAGE_LIMIT {
            return;
        }
        self.spoken.push(text.trim().to_owned());
    }

    /// Takes in sound that plays from `start`, or after what came before.
    pub(super) fn hear(&mut self, samples: usize, start: Tick, rate: SampleRate) {
        if self.segments.is_empty() {
            self.segments.push(Segment::default());
        }
        if let Some(last) = self.segments.last_mut() {
            last.received += samples as u64;
        }
        self.received += samples as u64;
        self.play_until = self.play_until.max(start).after(rate.duration_of(samples));
    }

    pub(super) fn end_segment(&mut self) {
        if let Some(last) = self.segments.last_mut() {
            last.ended = true;
        }
    }

    /// A report counts from the turn's first sample; it never takes back what was heard.
    pub(super) fn report_played(&mut self, samples: u64) {
        let samples = if samples.saturating_add(ROUNDED) < self.received { samples } else { self.received };
        self.reported = self.reported.max(samples);
        if self.cut_at.is_some() {
            self.cut_at = Some(self.reported);
        }
    }

    pub(super) fn cut(&mut self, now: Tick, playback: Playback, rate: SampleRate) -> u64 {
        let heard = self.heard(now, playback, rate);
        self.cut_at = Some(heard);
        heard
    }

    /// When real-time playback of all that came so far ends.
    pub(super) const fn play_until(&self) -> Tick {
        self.play_until
    }

    /// Whether every sentence that was begun has come to its end.
    pub(super) fn is_whole(&self) -> bool {
        let sounded = |segment: &Segment| segment.ended && segment.received > 0;
        self.complete || (self.has_sound() && self.segments.iter().all(sounded))
    }

    /// Whether anything of it has been heard, or will be when what has come is played.
    pub(super) fn reaches_anybody(&self, now: Tick, playback: Playback, rate: SampleRate) -> bool {
        let heard = if self.plays_out() { self.received } else { self.heard(now, playback, rate) };
        let wordless = self.segments.iter().all(|segment| segment.planned.is_empty());
        !self.text(heard, false, rate).is_empty() || (wordless && heard > 0)
    }

    /// Whether it broke off, and nobody has cut it since.
    pub(super) const fn plays_out(&self) -> bool {
        self.broken && self.cut_at.is_none()
    }

    pub(super) const fn has_sound(&self) -> bool {
        self.received > 0
    }

    pub(super) fn all_heard(&self, now: Tick, playback: Playback, rate: SampleRate) -> bool {
        self.heard(now, playback, rate) >= self.received
    }

    pub(super) fn heard(&self, now: Tick, playback: Playback, rate: SampleRate) -> u64 {
        match (self.cut_at, playback) {
            (Some(heard), _) => heard,
            (None, Playback::Reported) => self.reported,
            (None, Playback::Assumed) => {
                let ahead = rate.samples_in(self.play_until.since(now)) as u64;
                self.received.saturating_sub(ahead)
            }
        }
    }

    /// The words that belong to the first `heard` samples; all of them once the conversation has moved on from an
    /// answer that nobody interrupted.
    pub(super) fn text(&self, heard: u64, current: bool, rate: SampleRate) -> String {
        let mut words = Words::default();
        if self.segments.iter().all(|segment| segment.planned.is_empty()) {
            // no plan to cut: what the service says it has spoken is all there is
            return words.all(&self.spoken);
        }
        if !self.interrupted() && !self.broken && (!current || heard >= self.received) {
            if !self.spoken.is_empty() && self.spoken.len() >= self.segments.len() {
                return words.all(&self.spoken);
            }
            // a plan that has no sound yet was not heard by anybody
            for segment in self.segments.iter().filter(|segment| segment.received > 0) {
                words.add(&segment.planned);
            }
            return words.0;
        }
        // what came of an answer that broke off was heard once the conversation has moved on
        let mut rest = if self.plays_out() && !current { self.received } else { heard };
        for segment in &self.segments {
            let characters = segment.planned.chars().count() as u64;
            let length = if segment.ended {
                segment.received
            } else {
                // the service stopped sending: guess how long the whole sentence would have been
                segment.received.max(characters * u64::from(rate.hertz()) / CHARACTERS_PER_SECOND)
            };
            if rest < length {
                words.add(first_words(&segment.planned, characters * rest / length.max(1)));
                break;
            }
            words.add(&segment.planned);
            rest -= length;
        }
        words.0
    }
}

/// Texts with a space between them.
#[derive(Default)]
pub(super) struct Words(pub(super) String);

impl Words {
    pub(super) fn add(&mut self, text: &str) {
        let text = text.trim();
        if !text.is_empty() && !self.0.is_empty() {
            self.0.push(' ');
        }
        self.0.push_str(text);
    }

    fn all(mut self, texts: &[String]) -> String {
        for text in texts {
            self.add(text);
        }
        self.0
    }
}

/// The whole words within the first `characters` characters.
fn first_words(text: &str, characters: u64) -> &str {
    let characters = usize::try_from(characters).unwrap_or(usize::MAX);
    let Some((end, next)) = text.char_indices().nth(characters) else { return text };
    let (head, _) = text.split_at(end);
    if next.is_whitespace() {
        return head;
    }
    head.rfind(char::is_whitespace).map_or("", |space| head.split_at(space).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: SampleRate = SampleRate::Hz24000;

    fn answer() -> Answer {
        let mut answer = Answer::new(TurnId::new(2));
        answer.plan("The fox lost his way.");
        answer.hear(24_000, Tick::ZERO, RATE);
        answer.end_segment();
        answer.plan("But a friend is near.");
        answer.hear(24_000, Tick::from_millis(200), RATE);
        answer.end_segment();
        answer
    }

    #[test]
    fn an_answer_is_assumed_to_play_in_real_time() {
        let answer = answer();
        let heard = |ms| answer.heard(Tick::from_millis(ms), Playback::Assumed, RATE);
        assert_eq!((heard(200), heard(1500), heard(2000), heard(9000)), (4800, 36_000, 48_000, 48_000));
    }

    #[test]
    fn an_interrupted_answer_ends_at_a_word_that_was_heard() {
        let mut answer = answer();
        let heard = answer.cut(Tick::from_millis(1500), Playback::Assumed, RATE);
        assert_eq!(answer.text(heard, false, RATE), "The fox lost his way. But a");
    }

    #[test]
    fn a_late_report_of_the_player_corrects_the_cut() {
        let mut answer = answer();
        answer.cut(Tick::from_millis(1500), Playback::Reported, RATE);
        answer.report_played(12_000);
        answer.report_played(6_000);
        assert_eq!(answer.text(answer.heard(Tick::ZERO, Playback::Reported, RATE), false, RATE), "The fox");
    }

    #[test]
    fn what_was_spoken_replaces_the_plan_once_it_is_complete() {
        let mut answer = answer();
        answer.speak("The fox has lost his way.");
        assert_eq!(answer.text(48_000, false, RATE), "The fox lost his way. But a friend is near.");
        answer.speak(" A friend is near.");
        assert_eq!(answer.text(48_000, false, RATE), "The fox has lost his way. A friend is near.");
    }

    #[test]
    fn nothing_heard_is_nothing_said() {
        let mut answer = answer();
        let heard = answer.cut(Tick::ZERO, Playback::Reported, RATE);
        assert_eq!((heard, answer.text(heard, false, RATE).as_str()), (0, ""));
    }
}
