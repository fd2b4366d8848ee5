//! From one stream to the next: what becomes of each of them, and of the conversation when there is none.

use std::time::Duration;

use super::{Conversation, Directive, Leg, Renewal, StreamId};
use crate::{
    error::ErrorCode,
    session::{CloseReason, Event, Failure, Input, Phase, RenewalReason, State},
    time::Tick,
};

impl Conversation {
    /// Whether credentials that end then are worth a renewal.
    pub(super) fn are_fresh(&self, expiry: Tick) -> bool {
        let wanted = self.renewal.as_ref().map(Renewal::reason) == Some(RenewalReason::Credentials);
        let known = self.current.credentials_expire;
        // the same moment of the calendar is a little later or earlier each time it is looked at
        !wanted || known.is_none_or(|known| expiry > known.after(Duration::from_secs(1)))
    }

    /// What follows for the conversation from what has happened to one of its streams.
    pub(super) fn follow_up(&mut self) {
        let now = self.now;
        let calm = self.renewal.is_none() && self.next.is_none() && self.leaving.is_empty();
        if calm && self.current.session.phase != Phase::Closed {
            return;
        }
        for leg in self.next.as_deref_mut().into_iter().chain(&mut self.leaving) {
            if leg.session.poll_timeout().is_some_and(|deadline| deadline <= now) {
                let _ = leg.session.handle_input(now, Input::Timeout);
            }
        }
        if let Some(next) = &self.next
            && next.session.phase == Phase::Closed
        {
            let failure = match next.session.closed_for() {
                Some(CloseReason::Failed(failure)) => failure.clone(),
                _ => Failure::new(ErrorCode::ConnectionLost, "the successor's stream has ended at once"),
            };
            self.attempt_failed(Some(failure));
        }
        if !self.over && self.lost.is_none() {
            self.look_at_current();
        }
        if let Some((at, reason)) = self.end_while_lost()
            && at <= now
        {
            self.give_up_renewal();
            self.lost = None;
            self.conclude(reason);
        }
        let lost = self.lost.is_some();
        if let Some(renewal) = &mut self.renewal {
            if !lost {
                renewal.watch(self.current.session.state(), now);
            }
            if self.next.is_none() && renewal.is_to_try(now, lost) {
                self.prepare();
            }
        }
    }

    /// The current stream may be over, or about to be.
    fn look_at_current(&mut self) {
        match self.current.session.phase {
            Phase::Opening | Phase::Live => {}
            Phase::Closing => self.give_up_renewal(),
            Phase::Closed => {
                let reason = self.current.session.closed_for().cloned();
                if let Some(reason) = reason.filter(|reason| self.outlives(reason)) {
                    self.lose(reason);
                    return;
                }
                self.over = true;
                self.give_up_renewal();
                let streams = self.leaving.drain(..).map(|leg| Directive::Release(leg.stream));
                self.queue.extend(streams);
            }
        }
    }

    pub(super) fn give_up_renewal(&mut self) {
        self.renewal = None;
        self.release_next();
    }

    pub(super) fn release_next(&mut self) {
        if let Some(next) = self.next.take() {
            self.queue.push_back(Directive::Release(next.stream));
        }
    }

    /// A stream that hears the microphone from now on.
    fn prepare(&mut self) {
        let mut config = self.current.session.config().clone();
        config.timing.credentials_expire = None;
        config.timing.life = self.life_ends.map(|ends| ends.since(self.now));
        let seed = self.next_seed();
        let successor = if let Some(lost) = &self.lost {
            config.timing.open = self.open.min(lost.time_left(self.now));
            self.current.session.heir(config, seed, self.now)
        } else {
            config.timing.open = self.open;
            self.current.session.successor(config, seed, self.now)
        };
        match successor {
            Ok(session) => {
                let stream = StreamId(self.streams);
                self.streams += 1;
                self.queue.push_back(Directive::Open(stream));
                self.next = Some(Box::new(Leg {
                    stream,
                    session,
                    credentials_expire: None,
                    turn_base: self.current.turn_base,
                    after: self.last_turn,
                    carried: false,
                    opened: false,
                }));
            }
            // the settings are those that were taken before
            Err(error) => self.attempt_failed(Some(Failure::new(error.code(), error.to_string()))),
        }
    }

    fn next_seed(&mut self) -> [u8; 32] {
        let mut seed = [0; 32];
        let texts = [self.seeds.next_uuid(), self.seeds.next_uuid()].concat();
        for (index, byte) in texts.bytes().enumerate() {
            if let Some(place) = seed.get_mut(index % 32) {
                *place ^= byte.rotate_left(u32::try_from(index / 32).unwrap_or(0));
            }
        }
        seed
    }

    /// The successor's stream is open: now or never.
    pub(super) fn on_next_open(&mut self) {
        let changes = self.renewal.as_ref().is_some_and(|renewal| renewal.may_change(self.now));
        if changes || self.lost.is_some() {
            self.hand_over();
        } else if let Some(mut next) = self.next.take() {
            // somebody has begun to speak while it opened: its history would be one turn behind
            let _ = next.session.handle_input(self.now, Input::Hangup);
            self.leaving.push(*next);
        }
    }

    fn hand_over(&mut self) {
        let (Some(mut next), Some(renewal)) = (self.next.take(), self.renewal.take()) else { return };
        next.session.catch_up(&self.current.session);
        next.turn_base += self.last_turn - next.after;
        let lost = self.lost.take();
        // what is still heard of the answers of a stream that is gone is left to this one
        next.after = if lost.is_some() { self.current.after } else { self.last_turn };
        next.carried = true;
        let mut old = std::mem::replace(&mut self.current, *next);
        let _ = old.session.handle_input(self.now, Input::Hangup);
        self.leaving.push(old);
        self.tell_state(self.current.session.state());
        let gap = lost.map_or(Duration::ZERO, |lost| self.now.since(lost.at));
        self.renewed_at = Some(self.now);
        self.queue.push_back(Directive::Emit(Event::Renewed { reason: renewal.reason(), gap }));
        self.waiting.deliver(&mut self.current.session, self.now);
    }

    pub(super) fn attempt_failed(&mut self, failure: Option<Failure>) {
        self.release_next();
        let lost = self.lost.as_ref();
        let Some(renewal) = &mut self.renewal else { return };
        if let Some(failure) = failure
            && renewal.is_news(failure.code())
        {
            self.queue.push_back(Directive::Emit(Event::Error(failure)));
        }
        if !renewal.failed(self.now, lost) {
            self.renewal = None;
            if let Some(lost) = self.lost.take() {
                self.conclude(lost.reason);
            }
        } else if self.lost.is_none() {
            self.waiting.deliver(&mut self.current.session, self.now);
        }
    }

    /// The end of a conversation that has no stream any more.
    pub(super) fn conclude(&mut self, reason: CloseReason) {
        self.over = true;
        let streams = self.leaving.drain(..).map(|leg| Directive::Release(leg.stream));
        self.queue.extend(streams);
        if let Some(interrupted) = self.current.session.give_up() {
            let event = self.as_of_conversation(interrupted, self.current.turn_base);
            self.queue.push_back(Directive::Emit(event));
        }
        self.tell_state(State::Closed);
        self.queue.push_back(Directive::Emit(Event::Closed { reason }));
    }
}
