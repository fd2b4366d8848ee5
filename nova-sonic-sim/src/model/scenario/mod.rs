//! What the model says, which tools it calls, and what goes wrong.

mod built_in;
mod error;
pub(super) mod fault;
mod read;

use std::{sync::Arc, time::Duration};

use nova_sonic_core::audio::Recording;
use serde::Deserialize;
use serde_json::{Map, Value};

pub use error::ScenarioError;
pub use fault::{Fault, Opening, TimedFault, TurnFault};

use super::Limits;

/// What the model says, turn by turn.
///
/// ```
/// use nova_sonic_sim::model::Scenario;
/// let scenario = Scenario::from_json(r#"{ "name": "hello", "turns": [ { "say": [ { "text": "Good morning." } ] } ] }"#)?;
/// assert_eq!(scenario.turns[0].say[0].text, "Good morning.");
/// let error = Scenario::from_json(r#"{ "name": "hello", "turns": [ { "says": [] } ] }"#).unwrap_err();
/// assert!(error.to_string().starts_with("turns[0].says: "));
/// # Ok::<(), nova_sonic_sim::model::ScenarioError>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Scenario {
    /// Its name, for log lines.
    pub name: String,
    /// What goes wrong before the first frame.
    #[serde(default)]
    pub opening: Option<Opening>,
    /// What goes wrong at a time or after a number of events, whatever is being said.
    #[serde(default)]
    pub faults: Vec<TimedFault>,
    /// Limits other than the service's.
    #[serde(default)]
    pub limits: LimitChanges,
    /// The turns: each utterance of the user takes the next one, and so does each typed text, unless turns have `words`.
    #[serde(default)]
    pub turns: Vec<Turn>,
    /// What happens when there is no turn left.
    #[serde(default)]
    pub otherwise: Otherwise,
}

/// One turn of the model.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Turn {
    /// What was recognised of the user's speech; without it, how long the user spoke.
    #[serde(default)]
    pub user: Option<String>,
    /// What chooses this turn when it is typed, whichever turn is next: any of these words, in either case. In a scenario
    /// with such words, a typed text without any of them is off script.
    #[serde(default)]
    pub words: Vec<String>,
    /// How long the model thinks, milliseconds of the conversation.
    #[serde(default)]
    pub delay_ms: u32,
    /// What it says, sentence by sentence.
    #[serde(default)]
    pub say: Vec<Sentence>,
    /// Which tools it then calls, all at once. Those that the client has not declared are not called.
    #[serde(default)]
    pub tools: Vec<ToolCall>,
    /// What it says when every result has come. `{{result.field}}` stands for a field of the first result,
    /// `{{tool_name.field}}` for one of that tool's; a sentence whose field did not come is left out.
    #[serde(default)]
    pub then: Vec<Sentence>,
    /// What goes wrong in the middle of `say`.
    #[serde(default)]
    pub fault: Option<TurnFault>,
}

/// One sentence, with its sound.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Sentence {
    /// The words.
    pub text: String,
    /// A WAV file of any rate, mono or stereo, relative to the scenario's; without one the words get a speech-like tone.
    #[serde(default)]
    pub recording: Option<String>,
    /// The recording, once read.
    #[serde(skip)]
    pub(super) sound: Option<Arc<Recording>>,
}

/// One tool call.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ToolCall {
    /// The tool's name.
    pub name: String,
    /// The arguments. In a text, `{{prompt.name}}` stands for what the system prompt has between `<name>` and `</name>`.
    #[serde(default)]
    pub input: Map<String, Value>,
    /// Whether the arguments go out as a JSON string that holds the object's JSON, as seen of the live service.
    #[serde(default)]
    pub double_encoded: bool,
}

/// What the model does without a script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Otherwise {
    /// Says the user's own words back.
    #[default]
    Parrot,
    /// Takes the first turn again.
    Repeat,
    /// Recognises the user's words and says nothing.
    Listen,
}

/// Limits other than the service's; what is left out stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LimitChanges {
    /// Longest time without audio or interactive text, seconds.
    pub idle_seconds: Option<u32>,
    /// Life of the stream, seconds.
    pub life_seconds: Option<u32>,
    /// Most bytes of one history message.
    pub history_message_bytes: Option<usize>,
    /// Most bytes of the whole history.
    pub history_total_bytes: Option<usize>,
}

impl LimitChanges {
    pub(super) fn apply(self, limits: Limits) -> Limits {
        let seconds = |seconds: Option<u32>| seconds.map(|seconds| Duration::from_secs(seconds.into()));
        Limits {
            idle: seconds(self.idle_seconds).unwrap_or(limits.idle),
            life: seconds(self.life_seconds).unwrap_or(limits.life),
            history_message_bytes: self.history_message_bytes.unwrap_or(limits.history_message_bytes),
            history_total_bytes: self.history_total_bytes.unwrap_or(limits.history_total_bytes),
            event_bytes: limits.event_bytes,
        }
    }
}

impl Scenario {
    /// The turn that a typed text chooses by its words.
    pub(super) fn turn_named_in(&self, typed: &str) -> Option<&Turn> {
        let typed = typed.to_lowercase();
        let typed: Vec<&str> = typed.split(|letter: char| !letter.is_alphanumeric()).collect();
        let is_typed = |word: &String| typed.contains(&word.to_lowercase().as_str());
        self.turns.iter().find(|turn| turn.words.iter().any(is_typed))
    }

    /// Whether typed texts choose their turns, and leave the order to what is spoken.
    pub(super) fn listens_for_words(&self) -> bool {
        self.turns.iter().any(|turn| !turn.words.is_empty())
    }

    /// The turn that answers the user's `index`-th utterance, from 0; `None` where there is none left.
    pub(super) fn turn(&self, index: usize) -> Option<&Turn> {
        match (self.turns.get(index), self.otherwise) {
            (None, Otherwise::Repeat) => self.turns.get(index.checked_rem(self.turns.len())?),
            (turn, _) => turn,
        }
    }
}

impl ToolCall {
    /// The arguments as they go over the wire, with what they quote of `instructions`, the system prompt.
    pub(super) fn arguments(&self, instructions: &str) -> String {
        let quoting = |(name, value): (&String, &Value)| {
            let value = value.as_str().map_or_else(|| value.clone(), |text| quote(text, instructions).into());
            (name.clone(), value)
        };
        let object = Value::Object(self.input.iter().map(quoting).collect()).to_string();
        if self.double_encoded { Value::String(object).to_string() } else { object }
    }
}

/// Puts parts of the system prompt in the place of `{{prompt.name}}`; one that it does not have leaves nothing.
fn quote(text: &str, instructions: &str) -> String {
    let mut quoted = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{prompt.") {
        let Some((name, after)) = after.split_once("}}") else { break };
        quoted.push_str(before);
        quoted.push_str(tagged(instructions, name.trim()).unwrap_or_default());
        rest = after;
    }
    quoted.push_str(rest);
    quoted.trim().to_owned()
}

/// What stands between `<name>` and `</name>`.
fn tagged<'text>(text: &'text str, name: &str) -> Option<&'text str> {
    let (_, after) = text.split_once(&format!("<{name}>"))?;
    let (between, _) = after.split_once(&format!("</{name}>"))?;
    Some(between.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_quote_the_system_prompt() {
        let said = |text: &str| quote(text, "Tell it.\n<story>\nThere was a fox.\n</story><open>x");
        assert_eq!(said("{{prompt.story}}\n\nShe had a friend."), "There was a fox.\n\nShe had a friend.");
        assert_eq!(said("{{ prompt.story }} and {{prompt.story"), "{{ prompt.story }} and {{prompt.story");
        for missing in ["{{prompt.open}} So.", "{{prompt.nothing}} So.", "{{prompt.}} So."] {
            assert_eq!(said(missing), "So.", "{missing}");
        }
    }

    #[test]
    fn a_typed_word_chooses_its_turn_whole_and_in_either_case() {
        let scenario = Scenario::storyteller();
        let chosen = |typed: &str| scenario.turn_named_in(typed).and_then(|turn| turn.user.as_deref());
        assert_eq!(chosen("Please CHANGE it!"), Some("Wait! Can the fox have a friend, please?"));
        assert_eq!(chosen("good night"), Some("Thank you. Good night!"));
        for other in ["exchange rates", "", "nightly", "what is the time?"] {
            assert_eq!(chosen(other), None, "{other}");
        }
    }
}
