//! What the service says, turned into what happened.

use super::{
    CloseReason, Event, Failure, Message, Phase, Playback, Session, Stage, TurnId,
    answer::Answer,
    blocks::{Block, Call, Kind},
    timer::Timer,
    tools,
};
use crate::{
    audio::Pcm,
    error::ErrorCode,
    event::{GenerationStage, Role, ServerContent, ServerEvent, StopReason, UsageDetails},
    id::ContentId,
    json::{self, Value},
    time::Tick,
};

/// With a player that reports, how long after real time its report may come before the answer counts as played.
const REPORT_GRACE: std::time::Duration = std::time::Duration::from_secs(3);

/// How long after real time an answer counts as played.
pub(super) const fn grace_of(playback: Playback) -> std::time::Duration {
    match playback {
        Playback::Assumed => std::time::Duration::ZERO,
        Playback::Reported => REPORT_GRACE,
    }
}

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
        if self.phase == Phase::Live {
            // the completion that had ended was not the last
            self.closing_for = None;
        }
        if *role != Role::User {
            self.turns.block_at(self.timers.now());
        }
        let (kind, turn) = match (content, role) {
            // a user's block may stay empty: only its words begin a turn
            (ServerContent::Text { .. }, Role::User) => (Kind::UserText { words: false }, TurnId::new(0)),
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
            Some(Block { kind: Kind::UserText { words }, .. }) => {
                *words |= !text.trim().is_empty();
                (true, None, TurnId::new(0))
            }
            Some(Block { kind: Kind::AssistantText { stage }, turn, .. }) => (false, stage.clone(), *turn),
            Some(_) | None => (role == Some(&Role::User), None, TurnId::new(0)),
        };
        if is_barge_in_signal(&text) {
            self.on_interrupted(now, turn);
        } else if text.trim().is_empty() {
            // empty recognitions have caused false interruptions in other clients
        } else if kind_is_user {
            self.end_former_answer(now);
            let turn = self.turns.user_speaks();
            let position = self.recent.position();
            self.history.say(Message::user(text.as_str()), now, position);
            self.emit(Event::Transcript { role: Role::User, text, stage: Stage::Final, turn });
            self.stir(now);
        } else if stage == Some(GenerationStage::Speculative) {
            let turn = self.answer_turn(id);
            self.plan(turn, text);
            self.stir(now);
        } else {
            self.spoken(turn, text);
            self.stir(now);
        }
    }

    /// The user has finished, perhaps not for the first time: an answer is due from now on.
    pub(super) fn expect_answer(&mut self) {
        self.thinking = true;
        self.timers.clear(Timer::Answer);
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
        // an answer may have begun before the last words of the one before it came
        let turn = self.history.turn_that_planned(&text).unwrap_or(turn);
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
            self.thinking = false;
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
        self.turns.block_at(now);
        let turn = self.answer_turn(id);
        let rate = self.config.output_rate;
        let start = now.max(self.history.play_until());
        let Some(answer) = self.history.answer_mut(turn) else { return };
        if answer.suppressed || answer.interrupted() || pcm.is_empty() {
            return;
        }
        answer.hear(pcm.len(), start, rate);
        let play_until = answer.play_until();
        self.turns.sounds(turn);
        // who has typed in the meantime still waits for another answer
        self.thinking &= self.turns.is_unfinished(turn);
        self.timers.set(Timer::Playback, play_until.after(grace_of(self.config.playback)));
        self.stir(play_until);
        self.emit(Event::Audio { pcm, rate, turn });
    }

    fn on_content_end(&mut self, now: Tick, id: &ContentId, stop_reason: Option<&StopReason>) {
        let block = self.blocks.close(id);
        if stop_reason == Some(&StopReason::Interrupted) {
            // also of a block whose beginning could not be read
            self.on_interrupted(now, block.as_ref().map_or(TurnId::new(0), |block| block.turn));
        }
        let Some(block) = block else { return };
        match block.kind {
            Kind::Tool { call: Some(call) } if stop_reason == Some(&StopReason::Interrupted) => {
                self.answer_call(
                    &call.id,
                    tools::error_object("the user interrupted before the call was made"),
                );
            }
            _ if stop_reason == Some(&StopReason::Interrupted) => {}
            // the end of the user's turn is not signalled otherwise
            Kind::UserText { words: true } if !self.turns.speaking() => self.expect_answer(),
            Kind::Audio => self.on_sound_end(now, block.turn, stop_reason == Some(&StopReason::EndTurn)),
            Kind::Tool { call: Some(call) } => {
                if self.calls.contains(&call.id) {
                    self.emit(Event::ToolCall { id: call.id, name: call.name, input: call.input });
                }
            }
            Kind::UserText { .. } | Kind::AssistantText { .. } | Kind::Tool { call: None } | Kind::Other => {}
        }
    }

    fn on_sound_end(&mut self, now: Tick, turn: TurnId, complete: bool) {
        if complete {
            self.turns.finish(turn);
        }
        if let Some(answer) = self.history.answer_mut(turn) {
            answer.end_segment();
            answer.complete = complete;
        }
        self.check_playback(now, turn);
    }

    /// A player that reports is done when the service has said that this was all, whichever comes first.
    fn check_playback(&mut self, now: Tick, turn: TurnId) {
        let (playback, rate) = (self.config.playback, self.config.output_rate);
        let all_heard = |answer: &mut Answer| answer.all_heard(now, playback, rate);
        if self.former_answer == Some(turn) && self.history.answer_mut(turn).is_some_and(all_heard) {
            self.tell_broken_answer(now);
        }
        if playback == Playback::Reported
            && self.turns.sounding() == Some(turn)
            && let Some(answer) = self.history.answer_mut(turn)
            && answer.complete
            && answer.all_heard(now, playback, rate)
        {
            self.timers.clear(Timer::Playback);
            self.turns.playback_over();
        }
    }

    pub(super) fn on_answer_late(&mut self) {
        self.thinking = false;
        let waited = Tick::new(self.config.timing.answer).as_millis();
        self.emit_error(Failure::new(ErrorCode::ServerSilent, format!("no answer came within {waited} ms")));
    }

    pub(super) fn on_played(&mut self, now: Tick, turn: TurnId, samples: u64) {
        if let Some(answer) = self.history.answer_mut(turn) {
            answer.report_played(samples);
            self.check_playback(now, turn);
        }
    }

    /// All that came has been played. An answer that the service has not ended yet is still to go on.
    pub(super) fn on_played_out(&mut self, now: Tick) {
        self.tell_broken_answer(now);
        self.turns.playback_over();
        let Some(turn) = self.turns.assistant_turn() else { return };
        if let Some(answer) = self.history.answer_mut(turn)
            && !answer.complete
            && !answer.suppressed
        {
            self.thinking = true;
        }
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
pub(crate) fn is_barge_in_signal(text: &str) -> bool {
    let text = text.trim();
    text.starts_with('{')
        && text.len() < 200
        && json::read(text.as_bytes())
            .is_ok_and(|value| value.get("interrupted").and_then(Value::as_bool) == Some(true))
}
