//! Interruptions: by the user's voice, which the service reports, or by the application.

use super::{Event, Phase, Session, TurnId, timer::Timer};
use crate::time::Tick;

impl Session {
    /// The user wants silence; the service goes on sending until the turn's end, and nobody hears it.
    pub(super) fn on_interrupt(&mut self, now: Tick) {
        if self.phase == Phase::Closed {
            self.tell_broken_answer(now);
            return;
        }
        // what sounds may be the answer before the one that the user has just asked for
        if let Some(turn) = self.turns.sounding().or_else(|| self.turns.assistant_turn())
            && let Some(interrupted) = self.cut(now, turn)
        {
            self.emit(interrupted);
            if let Some(answer) = self.history.answer_mut(turn) {
                answer.suppressed = true;
                self.turns.hush(turn, answer.complete || answer.broken);
            }
        }
    }

    /// Two or three signs come for one interruption; the turn that they belong to tells them apart.
    pub(super) fn on_interrupted(&mut self, now: Tick, turn: TurnId) {
        let known = Some(turn).filter(|turn| *turn != TurnId::new(0));
        let Some(turn) = known.or_else(|| self.turns.assistant_turn()).or_else(|| self.turns.last_answer())
        else {
            return;
        };
        let interrupted = self.cut(now, turn);
        self.tell(interrupted);
        self.turns.end(turn);
    }

    /// Cuts an answer where it was heard; what is to be told of it, once, if there was anything to cut.
    pub(super) fn cut(&mut self, now: Tick, turn: TurnId) -> Option<Event> {
        let (playback, rate) = (self.config.playback, self.config.output_rate);
        let answer = self.history.answer_mut(turn)?;
        if answer.interrupted()
            || (answer.complete && answer.has_sound() && answer.all_heard(now, playback, rate))
        {
            return None;
        }
        let heard = answer.cut(now, playback, rate);
        let text = answer.text(heard, false, rate);
        // whoever drops what is not yet played drops the end of the answer before as well
        self.history.cut_before(turn, now, playback, rate);
        if self.turns.sounding() == Some(turn) {
            self.timers.clear(Timer::Playback);
            self.turns.playback_over();
        }
        // who spoke in between waits for another answer
        self.thinking = self.turns.user_waits();
        let heard = rate.duration_of(usize::try_from(heard).unwrap_or(usize::MAX));
        Some(Event::Interrupted { turn, heard, text })
    }
}
