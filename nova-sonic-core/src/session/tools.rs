//! Tool calls that wait for their one answer.

use std::{collections::VecDeque, time::Duration};

use super::{
    Event, Session, SessionError,
    blocks::{Block, Call, Kind},
    timer::Timer,
};
use crate::{
    event::{ClientContent, ClientEvent},
    id::{ContentId, ToolUseId},
    json::{self, Defect, Object, Value},
    time::Tick,
};

/// Longest result, bytes: what fits into one event of 1,000,000 bytes after escaping and two layers of base64.
pub(crate) const RESULT_LIMIT: usize = 250_000;
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

impl Session {
    /// The model calls a tool; the application learns of it when the block ends.
    pub(super) fn on_tool_use(&mut self, now: Tick, content_id: &ContentId, call: Call) {
        if !self.phase.takes_speech() {
            // nobody could answer any more
            return;
        }
        match self.calls.add(call.id.clone(), now) {
            Admission::Admitted => {}
            Admission::Repeated => return,
            Admission::Refused => {
                self.send_tool_result(&call.id, error_object("too many calls wait for their answer"));
                return;
            }
        }
        self.thinking = true;
        self.watch_calls();
        match self.blocks.find_mut(content_id) {
            Some(Block { kind: Kind::Tool { call: place }, .. }) if place.is_none() => *place = Some(call),
            // no block to wait for
            _ => self.emit(Event::ToolCall { id: call.id, name: call.name, input: call.input }),
        }
    }

    pub(super) fn on_tool_result(
        &mut self,
        now: Tick,
        call: &ToolUseId,
        json: &str,
    ) -> Result<(), SessionError> {
        self.check_call(call)?;
        self.answer_or_tell(now, call, result_object(json)?)
    }

    pub(super) fn on_tool_failed(
        &mut self,
        now: Tick,
        call: &ToolUseId,
        message: &str,
    ) -> Result<(), SessionError> {
        self.check_call(call)?;
        self.answer_or_tell(now, call, error_object(message))
    }

    fn answer_or_tell(&mut self, now: Tick, call: &ToolUseId, json: String) -> Result<(), SessionError> {
        if self.inherited.contains(call) {
            self.tell_result(now, call, &json)?;
        } else {
            self.answer_call(call, json);
        }
        self.expect_answer();
        self.stir(now);
        Ok(())
    }

    fn check_call(&self, call: &ToolUseId) -> Result<(), SessionError> {
        if !self.phase.takes_speech() {
            return Err(SessionError::Closed);
        }
        if self.waits_for(call) { Ok(()) } else { Err(SessionError::UnknownCall) }
    }

    /// The one answer to a call: a whole block, which may stand between frames of sound.
    pub(super) fn answer_call(&mut self, call: &ToolUseId, json: String) {
        if self.calls.take(call) {
            self.send_tool_result(call, json);
            self.watch_calls();
        }
    }

    fn send_tool_result(&mut self, call: &ToolUseId, json: String) {
        let prompt_name = self.prompt_name.clone();
        let content_name = self.next_content_name();
        self.send(ClientEvent::ContentStart {
            prompt_name: prompt_name.clone(),
            content_name: content_name.clone(),
            content: ClientContent::ToolResult { tool_use_id: call.clone() },
        });
        self.send(ClientEvent::ToolResult {
            prompt_name: prompt_name.clone(),
            content_name: content_name.clone(),
            json,
        });
        self.send(ClientEvent::ContentEnd { prompt_name, content_name });
    }

    pub(super) fn on_tool_late(&mut self, now: Tick) {
        let patience = self.config.timing.tool;
        for call in self.calls.late(now, patience) {
            self.answer_call(&call, error_object("the tool did not answer in time"));
            self.expect_answer();
        }
        self.watch_calls();
    }

    fn watch_calls(&mut self) {
        match self.calls.deadline(self.config.timing.tool) {
            Some(deadline) => self.timers.set(Timer::Tool, deadline),
            None => self.timers.clear(Timer::Tool),
        }
    }
}

/// The text of a JSON object for any JSON value: the service refuses everything else with "Tool Response parsing error".
pub(crate) fn result_object(json: &str) -> Result<String, SessionError> {
    if json.len() > RESULT_LIMIT {
        return Err(SessionError::ToolResultTooLong { length: json.len(), limit: RESULT_LIMIT });
    }
    let value = json::read(json.as_bytes())
        .map_err(|Defect { line, column, .. }| SessionError::ToolResultInvalid { line, column })?;
    if value.is_object() {
        return Ok(json.to_owned());
    }
    Ok(object("result", value))
}

/// `{"error":"…"}`, which models understand as a failure.
pub(crate) fn error_object(message: &str) -> String {
    let message: String = message.chars().take(4_000).collect();
    object("error", message.into())
}

fn object(name: &str, value: Value) -> String {
    let mut fields = Object::new();
    fields.insert(name.to_owned(), value);
    json::text(&Value::Object(fields))
}
