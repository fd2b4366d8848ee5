//! Tool calls that wait for their one answer.

use std::{collections::VecDeque, time::Duration};

use serde_json::{Map, Value};

use super::SessionError;
use crate::{id::ToolUseId, time::Tick};

/// Longest result, bytes: what fits into one event of 1,000,000 bytes after escaping and two layers of base64.
pub(super) const RESULT_LIMIT: usize = 250_000;
/// Calls that may wait at once: a model that asks for more is out of its mind.
const PENDING_LIMIT: usize = 128;
/// Answered calls whose ids are remembered, so that an echo does not run a tool twice.
const REMEMBERED: usize = 256;

#[derive(Debug, Default)]
pub(super) struct PendingCalls {
    calls: Vec<(ToolUseId, Tick)>,
    answered: VecDeque<ToolUseId>,
}

/// What is to become of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It waits for its answer now.
    Admitted,
    /// It waits already, or has had its answer.
    Repeated,
    /// Too many wait: it is to be refused.
    Refused,
}

impl PendingCalls {
    /// Notes a call, unless it is known already or one too many.
    pub(super) fn add(&mut self, call: ToolUseId, now: Tick) -> Admission {
        if self.contains(&call) || self.answered.contains(&call) {
            return Admission::Repeated;
        }
        if self.calls.len() >= PENDING_LIMIT {
            self.remember(call);
            return Admission::Refused;
        }
        self.calls.push((call, now));
        Admission::Admitted
    }

    fn remember(&mut self, call: ToolUseId) {
        if self.answered.len() >= REMEMBERED {
            self.answered.pop_front();
        }
        self.answered.push_back(call);
    }

    pub(super) fn contains(&self, call: &ToolUseId) -> bool {
        self.calls.iter().any(|(known, _)| known == call)
    }

    /// Takes a call off the list; `false` when it is not on it.
    pub(super) fn take(&mut self, call: &ToolUseId) -> bool {
        let Some(place) = self.calls.iter().position(|(known, _)| known == call) else { return false };
        let (call, _) = self.calls.remove(place);
        self.remember(call);
        true
    }

    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &ToolUseId> {
        self.calls.iter().map(|(call, _)| call)
    }

    /// When the oldest call is late.
    pub(super) fn deadline(&self, patience: Duration) -> Option<Tick> {
        self.calls.first().map(|(_, since)| since.after(patience))
    }

    /// The calls that are late by `now`.
    pub(super) fn late(&self, now: Tick, patience: Duration) -> Vec<ToolUseId> {
        self.calls
            .iter()
            .filter(|(_, since)| since.after(patience) <= now)
            .map(|(call, _)| call.clone())
            .collect()
    }
}

/// The text of a JSON object for any JSON value: the service refuses everything else with "Tool Response parsing error".
pub(super) fn result_object(json: &str) -> Result<String, SessionError> {
    if json.len() > RESULT_LIMIT {
        return Err(SessionError::ToolResultTooLong { length: json.len(), limit: RESULT_LIMIT });
    }
    let value: Value = serde_json::from_str(json)
        .map_err(|error| SessionError::ToolResultInvalid { line: error.line(), column: error.column() })?;
    if value.is_object() {
        return Ok(json.to_owned());
    }
    Ok(object("result", value))
}

/// `{"error":"…"}`, which models understand as a failure.
pub(super) fn error_object(message: &str) -> String {
    let message: String = message.chars().take(4_000).collect();
    object("error", message.into())
}

fn object(name: &str, value: Value) -> String {
    let mut fields = Map::new();
    fields.insert(name.to_owned(), value);
    Value::Object(fields).to_string()
}
