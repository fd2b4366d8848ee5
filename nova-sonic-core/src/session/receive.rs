//! What the service says, turned into what happened.

use serde_json::Value;

use super::{
    CloseReason, Event, Failure, Message, Phase, Playback, Session, SessionError, Stage, TurnId,
    blocks::{Block, Call, Kind},
    timer::Timer,
    tools,
};
use crate::{
    audio::Pcm,
    error::ErrorCode,
    event::{
        ClientContent, ClientEvent, GenerationStage, Role, ServerContent, ServerEvent, StopReason,
        UsageDetails,
    },
    id::{ContentId, ToolUseId},
    time::Tick,
};

/// With a player that reports, how long after real time its report may come before the answer counts as played.
const REPORT_GRACE: std::time::Duration = std::time::Duration::from_secs(3);

impl Session {
    pub(super) fn on_received(&mut self, now: Tick, event: ServerEvent) {
        if self.phase == Phase::Closed {
            return;
        }
        // an event of the service is as good as its response headers
        self.on_connected(now);
        match event {
            ServerEvent::Usage { details, .. } => self.on_usage(details),
            ServerEvent::CompletionStart { .. } => {}
            ServerEvent::ContentStart { content_id, role, content, .. } => {
                self.on_content_start(content_id, &role, content);
            }
            ServerEvent::TextOutput { content_id, role, text, .. } => {
                self.on_text_output(now, &content_id, role.as_ref(), text);
            }
            ServerEvent::AudioOutput { content_id, pcm, .. } => self.on_audio_output(now, &content_id, pcm),
            ServerEvent::ToolUse { content_id, tool_use_id: id, tool_name: name, input, .. } => {
                self.on_tool_use(now, &content_id, Call { id, name, input });
            }
            ServerEvent::ContentEnd { content_id, stop_reason, .. } => {
                self.on_content_end(now, &content_id, stop_reason.as_ref());
            }
            ServerEvent::CompletionEnd { .. } => self.on_completion_end(),
            ServerEvent::Unknown { name, body } => self.emit(Event::Unknown { name, body }),
        }
    }

    /// Usage is metered from the deltas; the totals are cumulative and would count twice.
    fn on_usage(&mut self, details: Option<UsageDetails>) {
        if let Some(UsageDetails { delta, .. }) = details {
            self.usage.add(delta);
            self.emit(Event::Usage { delta, total: self.usage });
        }
    }

    fn on_content_start(&mut self, id: ContentId, role: &Role, content: ServerContent) {
        let (kind, turn) = match (content, role) {
            // a user's block may stay empty: only its words begin a turn
            (ServerContent::Text { .. }, Role::User) => (Kind::UserText, TurnId::new(0)),
            // what was spoken comes late: by then the user may have the word
            (ServerContent::Text { stage: Some(GenerationStage::Final) }, _) => {
                let turn = self.turns.last_answer().unwrap_or(TurnId::new(0));
                (Kind::AssistantText { stage: Some(GenerationStage::Final) }, turn)
            }
            (ServerContent::Text { stage }, _) => {
                (Kind::AssistantText { stage }, self.assistant_turn_for_block())
            }
            (ServerContent::Audio { .. }, _) => (Kind::Audio, self.assistant_turn_for_block()),
            (ServerContent::Tool, _) => {
                self.thinking = true;
                (Kind::Tool { call: None }, self.assistant_turn_for_block())
            }
            (ServerContent::Other(_), _) => (Kind::Other, TurnId::new(0)),
        };
        self.blocks.open(Block { id, kind, turn });
    }

    /// The turn that a block belongs to when it opens; whether it begins one shows only when something is in it.
    fn assistant_turn_for_block(&self) -> TurnId {
        self.turns.assistant_turn().unwrap_or(TurnId::new(0))
    }

    fn on_text_output(&mut self, now: Tick, id: &ContentId, role: Option<&Role>, text: String) {
        let (kind_is_user, stage, turn) = match self.blocks.find_mut(id) {
            Some(Block { kind: Kind::UserText, .. }) => (true, None, TurnId::new(0)),
            Some(Block { kind: Kind::AssistantText { stage }, turn, .. }) => (false, stage.clone(), *turn),
            Some(_) | None => (role == Some(&Role::User), None, TurnId::new(0)),
        };
        if is_barge_in_signal(&text) {
            self.on_interrupted(now, turn);
        } else if text.trim().is_empty() {
            // empty recognitions have caused false interruptions in other clients
        } else if kind_is_user {
            let turn = self.turns.user_speaks();
            self.history.say(Message::user(text.as_str()), now);
            self.emit(Event::Transcript { role: Role::User, text, stage: Stage::Final, turn });
            self.stir(now);
        } else if stage == Some(GenerationStage::Speculative) {
            let turn = self.answer_turn(id);
            self.plan(turn, text);
            self.stir(now);
        } else {
            self.spoken(turn, text);
        }
    }

    fn plan(&mut self, turn: TurnId, text: String) {
        let Some(answer) = self.history.answer_mut(turn) else { return };
        if answer.suppressed || answer.interrupted() {
            return;
        }
        answer.plan(&text);
        self.emit(Event::Transcript { role: Role::Assistant, text, stage: Stage::Partial, turn });
    }

    /// What was really spoken comes late, often after the sound, and belongs to the turn that it was spoken in.
    fn spoken(&mut self, turn: TurnId, text: String) {
        let turn = if turn == TurnId::new(0) { self.assistant_turn_for_block() } else { turn };
        let Some(answer) = self.history.answer_mut(turn) else {
            // words without a plan: a turn of their own
            let (turn, begins) = self.turns.assistant_speaks();
            if begins {
                self.history.begin_answer(turn);
            }
            if let Some(answer) = self.history.answer_mut(turn) {
                answer.plan(&text);
                answer.speak(&text);
            }
            self.emit(Event::Transcript { role: Role::Assistant, text, stage: Stage::Final, turn });
            return;
        };
        answer.speak(&text);
        self.emit(Event::Transcript { role: Role::Assistant, text, stage: Stage::Final, turn });
    }

    /// The model's turn, begun here if need be, and noted on the block.
    fn answer_turn(&mut self, id: &ContentId) -> TurnId {
        let known = self.blocks.find_mut(id).map(|block| block.turn).filter(|turn| *turn != TurnId::new(0));
        if let Some(turn) = known {
            return turn;
        }
        let (turn, begins) = self.turns.assistant_speaks();
        if begins {
            self.history.begin_answer(turn);
        }
        if let Some(block) = self.blocks.find_mut(id) {
            block.turn = turn;
        }
        turn
    }

    fn on_audio_output(&mut self, now: Tick, id: &ContentId, pcm: Pcm) {
        let turn = self.answer_turn(id);
        let rate = self.config.output_rate;
        let Some(answer) = self.history.answer_mut(turn) else { return };
        if answer.suppressed || answer.interrupted() || pcm.is_empty() {
            return;
        }
        answer.hear(pcm.len(), now, rate);
        let grace = match self.config.playback {
            Playback::Assumed => std::time::Duration::ZERO,
            Playback::Reported => REPORT_GRACE,
        };
        let play_until = answer.play_until().after(grace);
        self.turns.sounds();
        self.thinking = !self.calls.is_empty();
        self.timers.set(Timer::Playback, play_until);
        self.stir(now);
        self.emit(Event::Audio { pcm, rate, turn });
    }

    fn on_content_end(&mut self, now: Tick, id: &ContentId, stop_reason: Option<&StopReason>) {
        let Some(block) = self.blocks.close(id) else { return };
        if stop_reason == Some(&StopReason::Interrupted) {
            self.on_interrupted(now, block.turn);
            return;
        }
        match block.kind {
            // the end of the user's turn is not signalled otherwise
            Kind::UserText => self.thinking = !self.turns.speaking(),
            Kind::Audio => {
                let ended = stop_reason == Some(&StopReason::EndTurn);
                let (playback, rate) = (self.config.playback, self.config.output_rate);
                if let Some(answer) = self.history.answer_mut(block.turn) {
                    answer.end_segment();
                    answer.complete = ended;
                    let heard =
                        playback == Playback::Reported && answer.all_heard(now, Playback::Reported, rate);
                    if ended && answer.suppressed {
                        self.turns.end(block.turn);
                    } else if ended && heard && self.turns.assistant_turn() == Some(block.turn) {
                        // the player was done before the service said that this was all
                        self.timers.clear(Timer::Playback);
                        self.turns.playback_over();
                    }
                }
            }
            Kind::Tool { call: Some(call) } => {
                if self.calls.contains(&call.id) {
                    self.emit(Event::ToolCall { id: call.id, name: call.name, input: call.input });
                }
            }
            Kind::AssistantText { .. } | Kind::Tool { call: None } | Kind::Other => {}
        }
    }

    fn on_tool_use(&mut self, now: Tick, content_id: &ContentId, call: Call) {
        if !self.calls.add(call.id.clone(), now) {
            return;
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
        let object = tools::result_object(json)?;
        self.answer_call(call, object);
        self.stir(now);
        Ok(())
    }

    pub(super) fn on_tool_failed(
        &mut self,
        now: Tick,
        call: &ToolUseId,
        message: &str,
    ) -> Result<(), SessionError> {
        self.check_call(call)?;
        self.answer_call(call, tools::error_object(message));
        self.stir(now);
        Ok(())
    }

    fn check_call(&self, call: &ToolUseId) -> Result<(), SessionError> {
        if !self.phase.takes_speech() {
            return Err(SessionError::Closed);
        }
        if self.calls.contains(call) { Ok(()) } else { Err(SessionError::UnknownCall) }
    }

    /// The one answer to a call: a whole block, which may stand between frames of sound.
    pub(super) fn answer_call(&mut self, call: &ToolUseId, json: String) {
        if !self.calls.take(call) {
            return;
        }
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
        self.watch_calls();
    }

    pub(super) fn on_tool_late(&mut self, now: Tick) {
        let patience = self.config.timing.tool;
        for call in self.calls.late(now, patience) {
            self.answer_call(&call, tools::error_object("the tool did not answer in time"));
        }
        self.watch_calls();
    }

    fn watch_calls(&mut self) {
        match self.calls.deadline(self.config.timing.tool) {
            Some(deadline) => self.timers.set(Timer::Tool, deadline),
            None => self.timers.clear(Timer::Tool),
        }
    }

    pub(super) fn on_answer_late(&mut self) {
        self.thinking = false;
        let waited = self.config.timing.answer.as_millis();
        self.emit_error(Failure::new(ErrorCode::ServerSilent, format!("no answer came within {waited} ms")));
    }

    pub(super) fn on_played(&mut self, turn: TurnId, samples: u64) {
        let (now, rate) = (self.timers.now(), self.config.output_rate);
        let current = self.turns.assistant_turn() == Some(turn);
        if let Some(answer) = self.history.answer_mut(turn) {
            answer.report_played(samples);
            if current && answer.complete && answer.all_heard(now, Playback::Reported, rate) {
                self.timers.clear(Timer::Playback);
                self.turns.playback_over();
            }
        }
    }

    /// All that came has been played. An answer that the service has not ended yet is still to go on.
    pub(super) fn on_played_out(&mut self) {
        self.turns.playback_over();
        let Some(turn) = self.turns.assistant_turn() else { return };
        if let Some(answer) = self.history.answer_mut(turn)
            && !answer.complete
            && !answer.suppressed
        {
            self.thinking = true;
        }
    }

    /// The user wants silence; the service goes on sending until the turn's end, and nobody hears it.
    pub(super) fn on_interrupt(&mut self, now: Tick) {
        if let Some(turn) = self.turns.assistant_turn()
            && self.cut(now, turn)
        {
            if let Some(answer) = self.history.answer_mut(turn) {
                answer.suppressed = true;
                if answer.complete {
                    self.turns.end(turn);
                }
            }
            self.turns.playback_over();
        }
    }

    /// Two or three signs come for one interruption; the turn that they belong to tells them apart.
    fn on_interrupted(&mut self, now: Tick, turn: TurnId) {
        let turn = if turn == TurnId::new(0) { self.assistant_turn_for_block() } else { turn };
        if self.cut(now, turn) {
            self.thinking = false;
        }
        self.turns.end(turn);
    }

    /// Cuts an answer where it was heard and says so once; `false` when there was nothing to cut.
    fn cut(&mut self, now: Tick, turn: TurnId) -> bool {
        let (playback, rate) = (self.config.playback, self.config.output_rate);
        let Some(answer) = self.history.answer_mut(turn) else { return false };
        if answer.interrupted()
            || (answer.complete && answer.has_sound() && answer.all_heard(now, playback, rate))
        {
            return false;
        }
        let heard = answer.cut(now, playback, rate);
        let text = answer.text(heard, false, rate);
        self.timers.clear(Timer::Playback);
        let heard = rate.duration_of(usize::try_from(heard).unwrap_or(usize::MAX));
        self.emit(Event::Interrupted { turn, heard, text });
        true
    }

    /// In practice the end of all output: it comes once, after the closing events.
    fn on_completion_end(&mut self) {
        if self.phase == Phase::Closing {
            self.finish_closing();
        } else {
            self.closing_for = Some(CloseReason::Ended);
        }
    }
}

/// `{ "interrupted" : true }` as the words of a text block, whatever its white space.
fn is_barge_in_signal(text: &str) -> bool {
    let text = text.trim();
    text.starts_with('{')
        && text.len() < 200
        && serde_json::from_str::<Value>(text)
            .is_ok_and(|value| value.get("interrupted").and_then(Value::as_bool) == Some(true))
}
