//! What the model says to what it heard, read or got back from a tool.

use std::time::Duration;

use nova_sonic_core::audio::SampleRate;

use super::{
    Scenario,
    answer::{Plan, Spoken},
    calls::without_results,
    listener::Utterance,
    scenario::{Otherwise, Sentence, Turn},
    sound::{resampled, tone},
};

/// Something that the model is to answer.
pub(super) enum Ask {
    Said(Utterance),
    /// Words typed; they are answered once audio flows.
    Typed(String),
    /// The results of a turn's tools have come: this is the rest of the turn.
    Resumed(Vec<Sentence>),
}

/// Letters of a typed text that are said back, at most: 40 s of sound.
const PARROTED_LETTERS: usize = 600;

impl Ask {
    /// The turn of the script that answers it, when `index` turns have been taken in order.
    pub(super) fn turn<'scenario>(
        &self,
        scenario: &'scenario Scenario,
        index: usize,
    ) -> Option<&'scenario Turn> {
        match self {
            Self::Resumed(_) => None,
            Self::Typed(text) if scenario.listens_for_words() => scenario.turn_named_in(text),
            Self::Said(_) | Self::Typed(_) => scenario.turn(index),
        }
    }

    /// Whether it takes the turns in order.
    pub(super) fn is_in_order(&self, scenario: &Scenario) -> bool {
        match self {
            Self::Resumed(_) => false,
            Self::Typed(_) => !scenario.listens_for_words(),
            Self::Said(_) => true,
        }
    }
}

/// What is to be said to an ask when `index` turns have been taken in order, with sound at `rate`.
pub(super) fn plan(
    ask: &Ask,
    scenario: &Scenario,
    index: usize,
    has_tool: impl Fn(&str) -> bool,
    rate: SampleRate,
) -> Plan {
    let user = match ask {
        Ask::Resumed(rest) => return Plan { say: spoken(rest, rate), ..Plan::default() },
        Ask::Said(utterance) => Some(neutral_text(utterance.length)),
        Ask::Typed(_) => None,
    };
    if let Some(turn) = ask.turn(scenario, index) {
        return scripted(turn, user, has_tool, rate);
    }
    let say = match (scenario.otherwise, ask) {
        (Otherwise::Listen, _) | (_, Ask::Resumed(_)) => Vec::new(),
        (_, Ask::Said(said)) => {
            // all of the service's rates can be turned into each other
            let sound = resampled(&said.pcm, said.rate.hertz(), rate).unwrap_or_default();
            vec![Spoken::new(neutral_text(said.length), sound, rate)]
        }
        (_, Ask::Typed(text)) => {
            let text: String = text.chars().take(PARROTED_LETTERS).collect();
            let sound = tone(&text, rate);
            vec![Spoken::new(text, sound, rate)]
        }
    };
    Plan { user, say, ..Plan::default() }
}

fn scripted(turn: &Turn, neutral: Option<String>, has_tool: impl Fn(&str) -> bool, rate: SampleRate) -> Plan {
    let tools: Vec<_> = turn.tools.iter().filter(|tool| has_tool(&tool.name)).cloned().collect();
    let mut say = spoken(&turn.say, rate);
    let mut then = turn.then.clone();
    if tools.is_empty() {
        say.extend(spoken(&without_results(&then), rate));
        then.clear();
    }
    // only speech is recognised; what was typed needs no transcript
    let user = neutral.map(|neutral| turn.user.clone().unwrap_or(neutral));
    Plan { user, say, tools, then, fault: turn.fault.clone() }
}

fn spoken(sentences: &[Sentence], rate: SampleRate) -> Vec<Spoken> {
    sentences.iter().map(|sentence| Spoken::sentence(sentence, rate)).collect()
}

/// What stands for words that nobody recognised.
fn neutral_text(length: Duration) -> String {
    format!("(speech of {}.{} s)", length.as_secs(), length.subsec_millis() / 100)
}
