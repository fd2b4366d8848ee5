//! Tool calls that wait for results, and results in the words of an answer.

use std::{collections::VecDeque, fmt::Write as _};

use nova_sonic_core::id::ToolUseId;
use serde_json::{Map, Value};

use super::scenario::Sentence;

/// Turns that may wait at once; a stream that leaves more of them open loses the oldest.
const WAITING_TURNS: usize = 32;
/// Longest sentence with results in it, bytes.
const SENTENCE_BYTES: usize = 1_000;

#[derive(Debug)]
struct Call {
    id: ToolUseId,
    name: String,
    result: Option<Map<String, Value>>,
}

#[derive(Debug)]
struct WaitingTurn {
    calls: Vec<Call>,
    then: Vec<Sentence>,
}

/// Turns that wait for the results of their tools.
#[derive(Debug, Default)]
pub(super) struct Calls {
    turns: VecDeque<WaitingTurn>,
}

impl Calls {
    /// These calls have gone out together; `then` follows when all are answered.
    pub(super) fn wait(&mut self, calls: Vec<(ToolUseId, String)>, then: Vec<Sentence>) {
        let calls = calls.into_iter().map(|(id, name)| Call { id, name, result: None }).collect();
        if self.turns.len() == WAITING_TURNS {
            self.turns.pop_front();
        }
        self.turns.push_back(WaitingTurn { calls, then });
    }

    /// A result has come: the rest of its turn, when it was the last one missing.
    pub(super) fn answer(&mut self, id: &ToolUseId, result: Map<String, Value>) -> Option<Vec<Sentence>> {
        let place = self.turns.iter().position(|turn| turn.calls.iter().any(|call| call.id == *id))?;
        let turn = self.turns.get_mut(place)?;
        turn.calls.iter_mut().find(|call| call.id == *id)?.result = Some(result);
        if turn.calls.iter().any(|call| call.result.is_none()) {
            return None;
        }
        let WaitingTurn { calls, then } = self.turns.remove(place)?;
        Some(then.into_iter().filter_map(|sentence| fill(sentence, &calls)).collect())
    }
}

/// The sentences that need no result, for a turn whose tools the client does not have.
pub(super) fn without_results(then: &[Sentence]) -> Vec<Sentence> {
    then.iter().cloned().filter_map(|sentence| fill(sentence, &[])).collect()
}

/// Puts results in the place of `{{…}}`; `None` where one is missing.
fn fill(mut sentence: Sentence, calls: &[Call]) -> Option<Sentence> {
    if !sentence.text.contains("{{") {
        return Some(sentence);
    }
    let mut filled = String::new();
    let mut rest = sentence.text.as_str();
    while let Some((before, after)) = rest.split_once("{{") {
        let (path, after) = after.split_once("}}")?;
        filled.push_str(before);
        match look_up(path.trim(), calls)? {
            Value::String(text) => filled.push_str(text),
            // writing into a string has no way to fail
            other => _ = write!(filled, "{other}"),
        }
        filled.truncate(filled.floor_char_boundary(SENTENCE_BYTES));
        rest = after;
    }
    filled.push_str(rest);
    sentence.text = filled;
    sentence.sound = None;
    Some(sentence)
}

fn look_up<'calls>(path: &str, calls: &'calls [Call]) -> Option<&'calls Value> {
    let mut steps = path.split('.');
    let source = steps.next()?;
    let call = match source {
        "result" => calls.first()?,
        name => calls.iter().find(|call| call.name == name)?,
    };
    let mut value = call.result.as_ref()?.get(steps.next()?)?;
    for step in steps {
        value = match value {
            Value::Array(items) => items.get(step.parse::<usize>().ok()?)?,
            other => other.get(step)?,
        };
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(name: &str, result: Value) -> Call {
        let Value::Object(result) = result else { panic!("a result is an object") };
        Call { id: ToolUseId::from(name), name: name.to_owned(), result: Some(result) }
    }

    #[test]
    fn results_are_spoken_and_what_is_missing_is_left_out() {
        let calls = [
            call("weather", json!({ "degrees": 7, "days": [{ "sky": "grey" }] })),
            call("time", json!({ "hour": "noon" })),
        ];
        let said = |text: &str| {
            fill(Sentence { text: text.to_owned(), ..Sentence::default() }, &calls).map(|filled| filled.text)
        };
        assert_eq!(
            said("At {{time.hour}}: {{ result.degrees }}, {{weather.days.0.sky}}!").as_deref(),
            Some("At noon: 7, grey!")
        );
        assert_eq!(said("Plain {words}.").as_deref(), Some("Plain {words}."));
        for missing in ["{{result.wind}}", "{{tide.high}}", "{{result}}", "{{result.days.9}}", "{{", "{{}}"] {
            assert_eq!(said(missing), None, "{missing}");
        }
    }
}
