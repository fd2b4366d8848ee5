//! A stream that is lost before another could take over: whether the conversation outlives that, and for how long.

use std::{collections::VecDeque, time::Duration};

use super::{Conversation, Directive, Renewal};
use crate::{
    error::Blame,
    session::{CloseReason, Event, RenewalReason, State},
    time::Tick,
};

/// How long another stream is tried for: who has heard nothing for so long has hung up.
const TIME: Duration = Duration::from_secs(30);
/// Breaks within a minute that a conversation outlives: more are no accident.
const MOST: usize = 6;
const WITHIN: Duration = Duration::from_mins(1);

/// The current stream has ended before another could take over.
pub(super) struct Lost {
    pub(super) reason: CloseReason,
    pub(super) at: Tick,
}

impl Lost {
    /// Until it is too late for another stream.
    pub(super) fn time_left(&self, now: Tick) -> Duration {
        self.at.after(TIME).since(now)
    }
}

/// The latest breaks.
#[derive(Default)]
pub(super) struct Breaks(VecDeque<Tick>);

impl Breaks {
    /// Counts one more.
    fn note(&mut self, now: Tick) {
        self.0.retain(|at| now.since(*at) < WITHIN);
        self.0.push_back(now);
    }

    /// Whether another would be one too many.
    fn are_too_many(&self, now: Tick) -> bool {
        self.0.iter().filter(|at| now.since(**at) < WITHIN).count() >= MOST
    }
}

impl Conversation {
    /// Whether with this only a stream is over, and there is another to be had.
    pub(super) fn outlives(&self, reason: &CloseReason) -> bool {
        let goes_on = self.current.opened && self.current.session.config().renewal;
        goes_on && is_break(reason) && !self.breaks.are_too_many(self.now)
    }

    /// The current stream is gone.
    pub(super) fn lose(&mut self, reason: CloseReason) {
        let now = self.now;
        self.breaks.note(now);
        if let Some(interrupted) = self.current.session.break_off() {
            let event = self.as_of_conversation(interrupted, self.current.turn_base);
            self.queue.push_back(Directive::Emit(event));
        }
        self.tell_state(State::Initializing);
        let plays_out = self.current.session.plays_out();
        if self.next.as_ref().is_some_and(|next| plays_out || next.after != self.last_turn) {
            // something was said since it was made, or is still heard, of which it does not know
            self.release_next();
        }
        if let Some(renewal) = &mut self.renewal {
            renewal.lose(now);
        } else {
            let mut renewal = Renewal::after_break(now);
            if let CloseReason::Failed(failure) = &reason
                && renewal.is_news(failure.code())
            {
                self.queue.push_back(Directive::Emit(Event::Error(failure.clone())));
            }
            self.renewal = Some(renewal);
            let reason = RenewalReason::Connection;
            self.queue.push_back(Directive::Emit(Event::Renewing { reason }));
        }
        self.lost = Some(Lost { reason, at: now });
    }

    /// When the conversation is over though another stream may still open, and why.
    pub(super) fn end_while_lost(&self) -> Option<(Tick, CloseReason)> {
        self.lost.as_ref()?;
        let life = self.life_ends.map(|at| (at, CloseReason::TimeLimit));
        let idle = self.current.session.idle_ends().map(|at| (at, CloseReason::Idle));
        [life, idle].into_iter().flatten().min_by_key(|(at, _)| *at)
    }
}

/// Whether with this only a stream is over, and not what was to be said.
fn is_break(reason: &CloseReason) -> bool {
    match reason {
        CloseReason::Disconnected => true,
        CloseReason::Failed(failure) => {
            failure.retryable() || matches!(failure.blame(), Blame::Network | Blame::Service)
        }
        CloseReason::Hangup | CloseReason::Ended | CloseReason::Idle | CloseReason::TimeLimit => false,
    }
}
