//! What was said, as far as it was heard.

use std::{collections::VecDeque, fmt, time::Duration};

use super::{
    Playback, SessionError, TurnId,
    answer::{Answer, Words},
};
use crate::{audio::SampleRate, event::Role, secret::Withheld, time::Tick};

/// Longest message of a history, bytes, and of all messages together.
///
/// Source: Nova 2 user guide, `doc-history`, since 22 June 2026 (before it: 1 KB and 40 KB).
pub(crate) const MESSAGE_LIMIT: usize = 50 * 1024;
pub(crate) const TOTAL_LIMIT: usize = 200 * 1024;

/// One message of a conversation. Prints only the length of its words.
///
/// ```
/// use nova_sonic_core::{event::Role, session::Message};
/// assert_eq!(Message::user("Why is the fox sad?").role, Role::User);
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// [`Role::User`] or [`Role::Assistant`].
    pub role: Role,
    /// The words.
    pub text: String,
}

impl Message {
    /// Something the user said.
    pub fn user(text: impl Into<String>) -> Self {
        Self { role: Role::User, text: text.into() }
    }

    /// Something the model said.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self { role: Role::Assistant, text: text.into() }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("role", &self.role)
            .field("text", &Withheld::text(&self.text))
            .finish()
    }
}

pub(super) fn check(messages: &[Message]) -> Result<(), SessionError> {
    for (index, message) in messages.iter().enumerate() {
        if !matches!(message.role, Role::User | Role::Assistant) {
            let problem = "has a message whose role is neither user nor assistant";
            return Err(SessionError::Configuration { setting: "history", problem });
        }
        if message.text.len() > MESSAGE_LIMIT {
            let length = message.text.len();
            return Err(SessionError::HistoryMessageTooLong { index, length, limit: MESSAGE_LIMIT });
        }
    }
    Ok(())
}

/// The messages as the service takes them: no empty ones, neighbours of one role merged, the first one the
/// user's, no message over its limit, and the oldest dropped until all fit.
pub(super) fn shaped(messages: Vec<Message>) -> Vec<Message> {
    let mut shaped: Vec<Message> = Vec::new();
    for message in messages {
        let text = message.text.trim();
        if text.is_empty() {
            continue;
        }
        match shaped.last_mut() {
            Some(last) if last.role == message.role && last.text.len() + text.len() < MESSAGE_LIMIT => {
                last.text.push(' ');
                last.text.push_str(text);
            }
            Some(last) if last.role == message.role => text.clone_into(&mut last.text),
            _ => shaped.push(Message { role: message.role, text: text.to_owned() }),
        }
        if let Some(last) = shaped.last_mut() {
            truncate(&mut last.text, MESSAGE_LIMIT);
        }
    }
    let mut total: usize = shaped.iter().map(|message| message.text.len()).sum();
    let mut dropped = 0;
    while let Some(first) =
        shaped.get(dropped).filter(|first| total > TOTAL_LIMIT || first.role != Role::User)
    {
        total -= first.text.len();
        dropped += 1;
    }
    shaped.drain(..dropped);
    shaped
}

/// Cuts at a character boundary.
fn truncate(text: &mut String, limit: usize) {
    if text.len() > limit {
        text.truncate(text.floor_char_boundary(limit));
    }
}

#[derive(Clone)]
enum Entry {
    /// Something said, or typed.
    Said {
        message: Message,
        heard: Option<Heard>,
    },
    Answered(Answer),
}

/// When words were understood, and after how many samples of the microphone.
#[derive(Clone, Copy)]
struct Heard {
    at: Tick,
    position: u64,
}

/// What the user has said last, and has had no answer to.
pub(super) struct Asked {
    pub(super) words: String,
    /// The entries before it.
    before: usize,
}

impl Entry {
    /// Bytes of its words.
    fn weight(&self) -> usize {
        match self {
            Self::Said { message, .. } => message.text.len(),
            Self::Answered(answer) => answer.weight(),
        }
    }
}

/// The conversation so far. Old entries are dropped long after they stopped fitting into a successor.
#[derive(Clone, Default)]
pub(super) struct History {
    entries: VecDeque<Entry>,
}

const ENTRY_LIMIT: usize = 2_000;
/// Answers that may still change: late words and late reports of the player concern one of the last.
const RECENT_ANSWERS: usize = 8;

impl History {
    pub(super) fn new(earlier: Vec<Message>) -> Self {
        let entries = earlier.into_iter().map(|message| Entry::Said { message, heard: None }).collect();
        Self { entries }
    }

    /// Something heard, after so many samples of the microphone.
    pub(super) fn say(&mut self, mut message: Message, at: Tick, position: u64) {
        truncate(&mut message.text, MESSAGE_LIMIT);
        self.push(Entry::Said { message, heard: Some(Heard { at, position }) });
    }

    /// Something written, of which there is no sound.
    pub(super) fn write(&mut self, mut message: Message) {
        truncate(&mut message.text, MESSAGE_LIMIT);
        self.push(Entry::Said { message, heard: None });
    }

    pub(super) fn begin_answer(&mut self, turn: TurnId) {
        self.push(Entry::Answered(Answer::new(turn)));
    }

    fn push(&mut self, entry: Entry) {
        let mut weight: usize = self.entries.iter().map(Entry::weight).sum();
        while self.entries.len() >= ENTRY_LIMIT || weight > 2 * TOTAL_LIMIT {
            weight -= self.entries.pop_front().map_or(weight, |oldest| oldest.weight());
        }
        self.entries.push_back(entry);
    }

    fn recent_answers(&self) -> impl Iterator<Item = &Answer> {
        let answers = self.entries.iter().rev().filter_map(|entry| match entry {
            Entry::Answered(answer) => Some(answer),
            Entry::Said { .. } => None,
        });
        answers.take(RECENT_ANSWERS)
    }

    /// The answer of that turn, if it is recent enough that anything can still change.
    pub(super) fn answer_mut(&mut self, turn: TurnId) -> Option<&mut Answer> {
        let answers = self.entries.iter_mut().rev().filter_map(|entry| match entry {
            Entry::Answered(answer) => Some(answer),
            Entry::Said { .. } => None,
        });
        answers.take(RECENT_ANSWERS).find(|answer| answer.turn() == turn)
    }

    pub(super) fn answer(&self, turn: TurnId) -> Option<&Answer> {
        self.recent_answers().find(|answer| answer.turn() == turn)
    }

    /// The earliest recent turn that has planned these words and not yet spoken them.
    pub(super) fn turn_that_planned(&self, text: &str) -> Option<TurnId> {
        self.recent_answers().filter(|answer| answer.still_owes(text)).last().map(Answer::turn)
    }

    /// When real-time playback of all that came so far ends.
    pub(super) fn play_until(&self) -> Tick {
        let playing = self.recent_answers().filter(|answer| !answer.interrupted()).map(Answer::play_until);
        playing.max().unwrap_or(Tick::ZERO)
    }

    /// Cuts the recent answers before that turn where they are still being played.
    pub(super) fn cut_before(&mut self, turn: TurnId, now: Tick, playback: Playback, rate: SampleRate) {
        let answers = self.entries.iter_mut().rev().filter_map(|entry| match entry {
            Entry::Answered(answer) => Some(answer),
            Entry::Said { .. } => None,
        });
        let earlier = answers.take(RECENT_ANSWERS).filter(|answer| answer.turn() < turn);
        for answer in earlier.filter(|answer| !answer.interrupted() && answer.play_until() > now) {
            answer.cut(now, playback, rate);
        }
    }

    /// The messages, answers cut to what was heard by `now`.
    pub(super) fn messages(&self, now: Tick, playback: Playback, rate: SampleRate) -> Vec<Message> {
        self.rendered(self.entries.len(), self.entries.len().checked_sub(1), now, playback, rate)
    }

    /// The messages without what the user has said in the last `replayed` time, if nobody has answered it; and up to
    /// which sample the sound of the others has come.
    pub(super) fn messages_without(
        &self,
        replayed: Duration,
        now: Tick,
        playback: Playback,
        rate: SampleRate,
    ) -> (Vec<Message>, u64) {
        // an answer of which nothing was heard is no answer
        let left_out = self.entries.iter().rev().take_while(|entry| match entry {
            Entry::Said { heard, .. } => heard.is_some_and(|heard| now.since(heard.at) < replayed),
            Entry::Answered(answer) => answer.has_sound() && answer.heard(now, playback, rate) == 0,
        });
        let count = self.entries.len() - left_out.count();
        (
            self.rendered(count, self.entries.len().checked_sub(1), now, playback, rate),
            self.understood_until(count),
        )
    }

    /// Up to which sample the user's sound has become words.
    pub(super) fn understood(&self) -> u64 {
        self.understood_until(self.entries.len())
    }

    fn understood_until(&self, count: usize) -> u64 {
        let positions = self.entries.iter().take(count).rev().filter_map(|entry| match entry {
            Entry::Said { heard, .. } => heard.map(|heard| heard.position),
            Entry::Answered(_) => None,
        });
        positions.max().unwrap_or(0)
    }

    /// When the user was last understood, unless something else came after.
    pub(super) fn last_heard_at(&self) -> Option<Tick> {
        match self.entries.back() {
            Some(Entry::Said { heard, .. }) => heard.map(|heard| heard.at),
            Some(Entry::Answered(_)) | None => None,
        }
    }

    /// What has had no answer that anybody has heard, or is about to hear: of it the latest that one message takes.
    pub(super) fn asked(&self, now: Tick, playback: Playback, rate: SampleRate) -> Option<Asked> {
        let (mut before, mut length) = (self.entries.len(), 0);
        for entry in self.entries.iter().rev() {
            match entry {
                Entry::Said { message, .. } if message.role == Role::User => {
                    length += message.text.len() + 1;
                    if length > MESSAGE_LIMIT {
                        break;
                    }
                }
                Entry::Answered(answer) if !answer.reaches_anybody(now, playback, rate) => {}
                Entry::Said { .. } | Entry::Answered(_) => break,
            }
            before -= 1;
        }
        let mut words = Words::default();
        for entry in self.entries.iter().skip(before) {
            if let Entry::Said { message, .. } = entry {
                words.add(&message.text);
            }
        }
        let words = words.0;
        (!words.is_empty()).then_some(Asked { words, before })
    }

    /// The messages once all that has come of the answers is heard, and without what is asked again.
    pub(super) fn messages_before(
        &self,
        asked: Option<&Asked>,
        now: Tick,
        playback: Playback,
        rate: SampleRate,
    ) -> Vec<Message> {
        let before = asked.map_or(self.entries.len(), |asked| asked.before);
        self.rendered(before, None, now, playback, rate)
    }

    /// The answer that is being played, and until when at real time.
    pub(super) fn sounding(&self, now: Tick, playback: Playback, rate: SampleRate) -> Option<(TurnId, Tick)> {
        let sounding = self.recent_answers().filter(|answer| {
            answer.has_sound() && !answer.interrupted() && !answer.all_heard(now, playback, rate)
        });
        sounding.map(|answer| (answer.turn(), answer.play_until())).max_by_key(|(_, until)| *until)
    }

    /// The first `count` messages. An answer at `current` ends where it was heard, though nobody interrupted it.
    fn rendered(
        &self,
        count: usize,
        current: Option<usize>,
        now: Tick,
        playback: Playback,
        rate: SampleRate,
    ) -> Vec<Message> {
        let mut rendered = Vec::new();
        for (index, entry) in self.entries.iter().take(count).enumerate() {
            rendered.push(match entry {
                Entry::Said { message, .. } => message.clone(),
                Entry::Answered(answer) => Message::assistant(answer.text(
                    answer.heard(now, playback, rate),
                    current == Some(index),
                    rate,
                )),
            });
        }
        shaped(rendered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_is_shaped_as_the_service_takes_it() {
        let messages = shaped(vec![
            Message::assistant("Hello."),
            Message::user("one"),
            Message::user("  "),
            Message::user("two"),
            Message::assistant("three"),
        ]);
        assert_eq!(messages, [Message::user("one two"), Message::assistant("three")]);
    }

    #[test]
    fn the_oldest_messages_go_when_all_are_too_long() {
        let long = "x".repeat(MESSAGE_LIMIT);
        let pairs = (0..4).flat_map(|_| [Message::user(long.clone()), Message::assistant(long.clone())]);
        let messages = shaped(pairs.chain([Message::user("last")]).collect());
        let total: usize = messages.iter().map(|message| message.text.len()).sum();
        assert!(total <= TOTAL_LIMIT, "{total}");
        assert_eq!(messages.first().map(|message| &message.role), Some(&Role::User));
        assert_eq!(messages.last(), Some(&Message::user("last")));
    }

    #[test]
    fn a_message_is_cut_between_characters() {
        let messages = shaped(vec![Message::user("ä".repeat(MESSAGE_LIMIT))]);
        assert_eq!(messages.first().map(|message| message.text.len()), Some(MESSAGE_LIMIT));
    }

    #[test]
    fn a_conversation_without_end_does_not_fill_the_memory() {
        let mut history = History::new(Vec::new());
        for turn in 1..100 {
            history.say(Message::user("x".repeat(10 * MESSAGE_LIMIT)), Tick::ZERO, 0);
            history.begin_answer(TurnId::new(turn));
            for _ in 0..10 {
                let answer = history.answer_mut(TurnId::new(turn)).expect("the answer just begun");
                answer.plan(&"y".repeat(MESSAGE_LIMIT / 2));
                answer.speak(&"y".repeat(MESSAGE_LIMIT / 2));
            }
            let weight: usize = history.entries.iter().map(Entry::weight).sum();
            assert!(weight <= 2 * TOTAL_LIMIT + 3 * MESSAGE_LIMIT, "{weight} bytes after turn {turn}");
        }
        let words = "z".repeat(MESSAGE_LIMIT);
        history.say(Message::user(words.as_str()), Tick::ZERO, 0);
        let messages = history.messages(Tick::ZERO, Playback::Assumed, SampleRate::Hz24000);
        assert_eq!(messages.last().map(|message| message.text.as_str()), Some(words.as_str()));
    }
}
