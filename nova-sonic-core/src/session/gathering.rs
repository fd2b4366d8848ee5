//! One answer of the model, gathered from the events of a conversation.

use std::fmt;

use super::{Event, Stage, State};
use crate::{audio::SampleRate, event::Role, secret::Withheld};

/// What the model has said in answer: its words, and their sound. Prints only how much there is of either.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The words: of an answer that was interrupted, those that were heard.
    pub text: String,
    /// The samples, mono.
    pub pcm: Vec<i16>,
    /// Their rate; `None` for an answer without sound.
    pub rate: Option<SampleRate>,
    /// Whether the user spoke before the end.
    pub interrupted: bool,
}

/// An answer that is still being given.
///
/// ```
/// use nova_sonic_core::session::{Event, Gathering, State};
///
/// let mut gathering = Gathering::default();
/// let changed = |from, to| Event::StateChanged { from, to };
/// assert!(!gathering.add(&changed(State::Listening, State::Speaking)));
/// assert!(gathering.add(&changed(State::Speaking, State::Listening)));
/// assert!(gathering.into_answer().text.is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Gathering {
    answer: Answer,
}

impl Gathering {
    /// Takes the next event; whether the answer has come to its end with it.
    #[expect(clippy::wildcard_enum_match_arm, reason = "few of the events are an answer, and others pass by")]
    pub fn add(&mut self, event: &Event) -> bool {
        let answer = &mut self.answer;
        match event {
            // the planned words: those that were spoken are told again, and later
            Event::Transcript { role: Role::Assistant, stage: Stage::Partial, text, .. } => {
                let text = text.trim();
                if !answer.text.is_empty() && !text.is_empty() {
                    answer.text.push(' ');
                }
                answer.text.push_str(text);
            }
            Event::Audio { pcm, rate, .. } => {
                answer.pcm.extend_from_slice(pcm);
                answer.rate = Some(*rate);
            }
            Event::Interrupted { text, .. } => {
                text.trim().clone_into(&mut answer.text);
                answer.interrupted = true;
            }
            // from one sentence to the next, and to a tool and back, it speaks or thinks
            Event::StateChanged {
                from: State::Speaking | State::Thinking,
                to: State::Listening | State::Idle,
            } => return true,
            // its stream was lost, and the next one knows nothing of the rest
            Event::StateChanged { from: State::Initializing, to: State::Listening | State::Idle } => {
                return !answer.text.is_empty() || !answer.pcm.is_empty();
            }
            _ => {}
        }
        false
    }

    /// What has come so far.
    #[must_use]
    pub fn into_answer(self) -> Answer {
        self.answer
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("text", &Withheld::text(&self.text))
            .field("samples", &self.pcm.len())
            .field("rate", &self.rate)
            .field("interrupted", &self.interrupted)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::TurnId;

    #[test]
    fn an_answer_prints_none_of_its_words() {
        let mut gathering = Gathering::default();
        let text = "Once upon a time".to_owned();
        gathering.add(&Event::Transcript {
            role: Role::Assistant,
            stage: Stage::Partial,
            text,
            turn: TurnId::new(1),
        });
        let printed = format!("{gathering:?}");
        assert!(printed.contains("text") && !printed.contains("Once"), "{printed}");
    }
}
