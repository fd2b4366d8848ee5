//! One answer as a list of cues, each due when enough has been sent or heard.

use std::{collections::VecDeque, ops::Range, sync::Arc, time::Duration};

use nova_sonic_core::{
    audio::SampleRate,
    event::{GenerationStage, Role, StopReason},
    id::ContentId,
    time::Tick,
};

use super::{
    scenario::{Fault, Sentence, ToolCall, TurnFault},
    sound::{tone, whole_steps},
    speaker::{SOUND_STEP, Speaker},
};

/// What is to be said.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// What was recognised of the user's speech; `None` where the user typed or a tool answered.
    pub(super) user: Option<String>,
    pub(super) say: Vec<Spoken>,
    pub(super) tools: Vec<ToolCall>,
    pub(super) then: Vec<Sentence>,
    pub(super) fault: Option<TurnFault>,
}

/// A sentence and its sound at the prompt's rate.
#[derive(Debug)]
pub(super) struct Spoken {
    text: String,
    samples: Arc<[i16]>,
}

impl Spoken {
    pub(super) fn new(text: String, samples: Vec<i16>, rate: SampleRate) -> Self {
        Self { text, samples: whole_steps(samples, rate).into() }
    }

    pub(super) fn sentence(sentence: &Sentence, rate: SampleRate) -> Self {
        let samples = match &sentence.sound {
            Some(recording) => recording.at(rate),
            None => tone(&sentence.text, rate),
        };
        Self::new(sentence.text.clone(), samples, rate)
    }
}

/// When a cue is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    /// At once.
    Open,
    /// When this much of the answer may have been sent.
    Sent(Duration),
    /// When this much of the answer has been heard.
    Heard(Duration),
}

#[derive(Debug)]
enum Act {
    Begin,
    User(String),
    Speculative(usize),
    OpenAudio,
    Sound { sentence: usize, samples: Range<usize> },
    Usage { detailed: bool },
    CloseAudio(StopReason),
    Call,
    Fail(Fault),
    Final(usize),
}

/// What a conversation must do itself.
#[derive(Debug)]
pub(super) enum Request {
    Call { tools: Vec<ToolCall>, then: Vec<Sentence> },
    Fail(Fault),
}

/// The two clocks at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) now: Tick,
    /// The conversation's clock.
    pub(super) reading: Duration,
}

/// An answer on its way.
#[derive(Debug)]
pub(super) struct Answer {
    cues: VecDeque<(Gate, Act)>,
    say: Vec<Spoken>,
    /// Where each sentence ends in the answer.
    ends: Vec<Duration>,
    tools: Vec<ToolCall>,
    then: Vec<Sentence>,
    speed: u32,
    first_sound: Option<Moment>,
    open_audio: Option<ContentId>,
    finals: usize,
}

/// Sizes of the first audio events of a sentence in steps of 40 ms; all later ones have nine.
const FIRST_SIZES: [usize; 3] = [1, 2, 4];
const LATER_SIZE: usize = 9;

impl Answer {
    pub(super) fn new(plan: Plan, rate: SampleRate, speed: u32) -> Self {
        let mut cues = VecDeque::from([(Gate::Open, Act::Begin)]);
        cues.extend(
            plan.user.iter().flat_map(|text| fragments(text)).map(|text| (Gate::Open, Act::User(text))),
        );
        let mut ends = Vec::with_capacity(plan.say.len());
        let mut offset = Duration::ZERO;
        for (index, spoken) in plan.say.iter().enumerate() {
            cues.push_back((Gate::Sent(offset), Act::Speculative(index)));
            cues.push_back((Gate::Sent(offset), Act::OpenAudio));
            offset = add_sound(&mut cues, index, spoken.samples.len(), offset, rate);
            let last = index + 1 == plan.say.len();
            let stop = if last { StopReason::EndTurn } else { StopReason::PartialTurn };
            cues.push_back((Gate::Open, Act::CloseAudio(stop)));
            ends.push(offset);
        }
        if !plan.say.is_empty() {
            cues.push_back((Gate::Open, Act::Usage { detailed: true }));
        }
        if !plan.tools.is_empty() {
            cues.push_back((Gate::Open, Act::Call));
        }
        if let Some(fault) = plan.fault {
            let sounds = cues.iter().enumerate().filter(|(_, (_, act))| matches!(act, Act::Sound { .. }));
            let places: Vec<usize> = sounds.map(|(place, _)| place).collect();
            let place = match places.get(fault.after_audio_frames) {
                Some(place) => *place,
                None => places.last().map_or(cues.len(), |last| last + 1),
            };
            let gate = cues.get(place).map_or(Gate::Open, |(gate, _)| *gate);
            cues.insert(place, (gate, Act::Fail(fault.kind)));
        }
        cues.extend(ends.iter().enumerate().map(|(index, end)| (Gate::Heard(*end), Act::Final(index))));
        Self {
            cues,
            say: plan.say,
            ends,
            tools: plan.tools,
            then: plan.then,
            speed: speed.max(1),
            first_sound: None,
            open_audio: None,
            finals: 0,
        }
    }

    /// Does what is due until something is for the conversation to do; `all` waits for nothing.
    pub(super) fn advance(&mut self, moment: Moment, all: bool, speaker: &mut Speaker) -> Option<Request> {
        while let Some((gate, _)) = self.cues.front() {
            if !all && !self.is_due(*gate, moment) {
                return None;
            }
            let (_, act) = self.cues.pop_front()?;
            match act {
                Act::Call => {
                    let (tools, then) = (std::mem::take(&mut self.tools), std::mem::take(&mut self.then));
                    return Some(Request::Call { tools, then });
                }
                Act::Fail(fault) => return Some(Request::Fail(fault)),
                act => self.perform(act, moment, speaker),
            }
        }
        None
    }

    pub(super) fn is_over(&self) -> bool {
        self.cues.is_empty()
    }

    /// Whether some of it has been heard, but not yet all.
    pub(super) fn is_being_heard(&self, moment: Moment) -> bool {
        let length = self.ends.last().copied().unwrap_or_default();
        self.heard(moment).is_some_and(|heard| heard < length)
    }

    /// The user speaks over it: it stops, and what was heard of it is said to be so.
    pub(super) fn interrupt(mut self, moment: Moment, speaker: &mut Speaker) {
        if let Some(block) = self.open_audio.take() {
            // seen of the live service: the sound's block ends as if the turn were over, before the interruption
            speaker.close_audio(block, StopReason::EndTurn);
        }
        let heard = self.heard(moment).unwrap_or_default();
        while self.ends.get(self.finals).is_some_and(|end| *end <= heard) {
            self.perform(Act::Final(self.finals), moment, speaker);
        }
        speaker.interrupted();
    }

    /// When the next cue is due, given the clock's `tick_at`; `None` when nothing is left.
    pub(super) fn next_due(&self, tick_at: impl Fn(Duration) -> Tick) -> Option<Tick> {
        let (gate, _) = self.cues.front()?;
        let Some(first) = self.first_sound else { return Some(Tick::ZERO) };
        Some(match gate {
            Gate::Open => Tick::ZERO,
            Gate::Sent(offset) => first.now.after(*offset / self.speed),
            Gate::Heard(offset) => tick_at(first.reading.saturating_add(*offset)),
        })
    }

    fn heard(&self, moment: Moment) -> Option<Duration> {
        self.first_sound.map(|first| moment.reading.saturating_sub(first.reading))
    }

    fn is_due(&self, gate: Gate, moment: Moment) -> bool {
        // nothing comes before the first sound that would have to wait for it
        let Some(first) = self.first_sound else { return true };
        match gate {
            Gate::Open => true,
            Gate::Sent(offset) => {
                let passed = moment.now.since(first.now).max(moment.reading.saturating_sub(first.reading));
                offset <= passed.saturating_mul(self.speed)
            }
            Gate::Heard(offset) => self.heard(moment).is_none_or(|heard| offset <= heard),
        }
    }

    fn perform(&mut self, act: Act, moment: Moment, speaker: &mut Speaker) {
        match act {
            Act::Begin => speaker.begin_turn(),
            Act::User(text) => {
                speaker.text(Role::User, GenerationStage::Final, &text, StopReason::PartialTurn);
            }
            Act::Speculative(index) => {
                if let Some(spoken) = self.say.get(index) {
                    let stage = GenerationStage::Speculative;
                    speaker.text(Role::Assistant, stage, &spoken.text, StopReason::PartialTurn);
                }
            }
            Act::OpenAudio => self.open_audio = Some(speaker.open_audio()),
            Act::Sound { sentence, samples } => {
                let sound = self.say.get(sentence).and_then(|spoken| spoken.samples.get(samples));
                if let (Some(block), Some(sound)) = (&self.open_audio, sound) {
                    self.first_sound.get_or_insert(moment);
                    speaker.audio(block.clone(), sound);
                }
            }
            Act::Usage { detailed } => speaker.usage(detailed),
            Act::CloseAudio(stop) => {
                if let Some(block) = self.open_audio.take() {
                    speaker.close_audio(block, stop);
                }
            }
            Act::Final(index) => {
                self.finals = index + 1;
                let Some(spoken) = self.say.get(index) else { return };
                // as recorded: the first ends the turn, later ones begin with a space and do not
                let (text, stop) = match index {
                    0 => (spoken.text.clone(), StopReason::EndTurn),
                    _ => (format!(" {}", spoken.text), StopReason::PartialTurn),
                };
                speaker.text(Role::Assistant, GenerationStage::Final, &text, stop);
            }
            Act::Call | Act::Fail(_) => {}
        }
    }
}

/// Cuts a sentence's sound into events; where the sentence ends.
fn add_sound(
    cues: &mut VecDeque<(Gate, Act)>,
    sentence: usize,
    length: usize,
    mut offset: Duration,
    rate: SampleRate,
) -> Duration {
    let step = rate.samples_in(SOUND_STEP);
    let mut sizes = FIRST_SIZES.into_iter().chain(std::iter::repeat(LATER_SIZE));
    let mut start = 0;
    while start < length {
        let end = (start + sizes.next().unwrap_or(LATER_SIZE) * step).min(length);
        cues.push_back((Gate::Sent(offset), Act::Sound { sentence, samples: start..end }));
        if start == 0 {
            // usage comes inside blocks, and not always with its details
            cues.push_back((Gate::Open, Act::Usage { detailed: sentence % 2 == 0 }));
        }
        offset = offset.saturating_add(rate.duration_of(end - start));
        start = end;
    }
    offset
}

/// Words of one recognised fragment, at most.
const FRAGMENT_WORDS: usize = 6;

/// Speech is recognised in pieces: each is a block of its own.
fn fragments(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.chunks(FRAGMENT_WORDS).map(|words| words.join(" ")).collect()
}
