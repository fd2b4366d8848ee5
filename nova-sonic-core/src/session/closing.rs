//! The end: in order where there is time, and without losing a word where there is none.

use super::{CloseReason, Event, Output, Phase, Session, broken::Left, timer::Timer, tools};
use crate::{error::ServiceError, event::ClientEvent, time::Tick};

impl Session {
    /// Queues the closing events; the service then has its time for its last words.
    pub(super) fn close(&mut self, now: Tick, reason: CloseReason) {
        if !self.phase.takes_speech() {
            return;
        }
        let unanswered: Vec<_> = self.calls.ids().cloned().collect();
        for call in unanswered {
            self.answer_call(&call, tools::error_object("the conversation is ending"));
        }
        self.close_audio_block();
        self.send(ClientEvent::PromptEnd { prompt_name: self.prompt_name.clone() });
        self.send(ClientEvent::SessionEnd);
        self.queue.push_back(Output::EndInput);
        self.phase = Phase::Closing;
        self.closing_for = Some(reason);
        self.thinking = false;
        // what was answered before the goodbye is still being heard
        self.timers.keep_only(Timer::Playback);
        self.timers.set(Timer::Close, now.after(self.config.timing.close));
    }

    /// The service has said its last word, or has had its time.
    pub(super) fn finish_closing(&mut self) {
        let reason = self.closing_for.take().unwrap_or(CloseReason::Hangup);
        self.conclude(reason);
    }

    /// The stream is gone. What was received stays in the queue, what was to be sent does not.
    pub(super) fn abandon(&mut self, reason: CloseReason) {
        if self.phase == Phase::Closed {
            return;
        }
        if self.phase == Phase::Closing {
            self.finish_closing();
            return;
        }
        let reason = if reason == CloseReason::Disconnected {
            self.closing_for.take().unwrap_or(reason)
        } else {
            reason
        };
        for _ in 0..self.queue.len() {
            if let Some(told @ Output::Emit(_)) = self.queue.pop_front() {
                self.queue.push_back(told);
            }
        }
        self.earlier.clear();
        self.queued_samples = 0;
        self.queue.push_back(Output::EndInput);
        self.conclude(reason);
    }

    pub(super) fn on_exception(&mut self, error: ServiceError) {
        if error.stream_continues() {
            self.emit_error(error.into());
        } else {
            self.abandon(CloseReason::Failed(error.into()));
        }
    }

    fn conclude(&mut self, reason: CloseReason) {
        if !matches!(reason, CloseReason::Disconnected | CloseReason::Failed(_)) {
            // no other session will
            self.tell_broken_answer(self.timers.now());
        }
        self.phase = Phase::Closed;
        self.left = Left {
            waiting: self.thinking,
            idle_ends: self.timers.deadline(Timer::Idle),
            state: self.state,
            broken: false,
        };
        self.thinking = false;
        self.turns.playback_over();
        self.timers.clear_all();
        self.emit(Event::Closed { reason });
    }
}
