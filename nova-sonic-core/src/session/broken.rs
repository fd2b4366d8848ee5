//! A stream that breaks in mid-conversation: what its session leaves behind, and the session that takes that up.

use super::{
    Event, Microphone, Phase, Playback, Session, SessionConfig, SessionError, State, answer::Answer,
    receive::grace_of, timer::Timer,
};
use crate::time::Tick;

/// How a session stood when it ended.
pub(super) struct Left {
    /// The user waited for an answer.
    pub(super) waiting: bool,
    pub(super) idle_ends: Option<Tick>,
    pub(super) state: State,
    /// The conversation goes on: the session listens on until another takes it up.
    pub(super) broken: bool,
}

impl Left {
    pub(super) const fn new() -> Self {
        Self { waiting: false, idle_ends: None, state: State::Initializing, broken: false }
    }
}

impl Session {
    /// The stream has broken, which has closed this session, and the conversation goes on: what is to be told of the answer
    /// that broke off.
    ///
    /// An answer that has come whole is heard to its end. Of another, what has come is heard where the player reports it,
    /// and [`Event::Interrupted`] tells then how much that was; elsewhere it is cut where it was heard, and that is to be
    /// told now. This session keeps what is said from then on, minds where the microphone stands, and follows what is played.
    ///
    /// ```
    /// use nova_sonic_core::{session::{Input, Session, SessionConfig}, time::Tick};
    /// let mut session = Session::new(SessionConfig::default(), [1; 32], Tick::ZERO)?;
    /// session.handle_input(Tick::from_millis(100), Input::Disconnected)?;
    /// assert_eq!(session.break_off(), None); // nothing was being said
    /// assert!(!session.plays_out());
    /// # Ok::<(), nova_sonic_core::session::SessionError>(())
    /// ```
    pub fn break_off(&mut self) -> Option<Event> {
        let now = self.timers.now();
        if self.phase != Phase::Closed || std::mem::replace(&mut self.left.broken, true) {
            return None;
        }
        for call in self.blocks.untold_calls() {
            self.calls.take(call);
        }
        // words whose end had not come yet would have been answered, too
        let recent = |at| now.since(at) < self.config.timing.recent_audio;
        self.left.waiting |= self.history.last_heard_at().is_some_and(recent);
        let interrupted = self.break_answer_off(now);
        self.follow_former_answer(now);
        interrupted
    }

    fn break_answer_off(&mut self, now: Tick) -> Option<Event> {
        let (playback, rate) = (self.config.playback, self.config.output_rate);
        let turn = self.turns.assistant_turn()?;
        let answer = self.history.answer_mut(turn)?;
        if answer.is_whole() {
            answer.complete = true;
            return None;
        }
        answer.broken = true;
        let plays_on = playback == Playback::Reported && !answer.all_heard(now, playback, rate);
        let reaches_anybody = plays_on && answer.reaches_anybody(now, playback, rate);
        if plays_on {
            // nobody follows two
            self.tell_broken_answer(now);
            self.former_answer = Some(turn);
            self.left.waiting |= !reaches_anybody;
            return None;
        }
        let interrupted = self.cut(now, turn);
        let cut = self.history.answer_mut(turn);
        self.left.waiting |= cut.is_some_and(|answer| !answer.reaches_anybody(now, playback, rate));
        interrupted
    }

    /// Waits until what has come of an answer is played whose stream is gone.
    fn follow_former_answer(&mut self, now: Tick) {
        let (playback, rate) = (self.config.playback, self.config.output_rate);
        if let Some((turn, until)) = self.history.sounding(now, playback, rate)
            && self.former_answer == Some(turn)
        {
            self.timers.set(Timer::Playback, until.after(grace_of(playback)));
        }
    }

    /// The session that goes on after that: as [`successor`](Self::successor), but what had no answer yet is asked again in writing, for
    /// the words of it are told already; and what is still being heard of an answer is heard to its end.
    pub(super) fn heir(
        &self,
        mut config: SessionConfig,
        seed: [u8; 32],
        now: Tick,
    ) -> Result<Self, SessionError> {
        let (playback, rate) = (self.config.playback, self.config.output_rate);
        // the answer of a tool is answered in its place
        let asks = self.left.waiting && self.unanswered().is_empty();
        let asked = if asks { self.history.asked(now, playback, rate) } else { None };
        config.microphone = self.feed.position();
        config.history = self.history.messages_before(asked.as_ref(), now, playback, rate);
        config.speak_first = asked.map(|asked| asked.words);
        let sound = match config.microphone {
            Microphone::Open => self.recent.since(self.history.understood()),
            Microphone::Muted | Microphone::Closed => Vec::new(),
        };
        let mut heir = Self::new(config, seed, now)?;
        heir.config.speak_first = None;
        heir.history = self.history.clone();
        heir.take_up(now, self, &sound)?;
        heir.recent.count_on_from(&self.recent);
        if let Some((turn, _)) = heir.history.sounding(now, playback, rate) {
            heir.turns.sounds(turn);
            heir.former_answer = Some(turn);
            heir.follow_former_answer(now);
        }
        Ok(heir)
    }

    /// When nobody has said anything for as long as is allowed, of a session that has ended.
    pub(super) const fn idle_ends(&self) -> Option<Tick> {
        self.left.idle_ends
    }

    /// The user speaks: an answer of the stream before is over by that, though this stream's service does not say so.
    pub(super) fn end_former_answer(&mut self, now: Tick) {
        let Some(turn) = self.former_answer else { return };
        let interrupted = if self.turns.sounding() == Some(turn) {
            self.cut(now, turn)
        } else {
            self.cut_broken_answer(now)
        };
        self.former_answer = None;
        self.tell(interrupted);
    }

    /// Whether an answer that broke off is still being played, and nobody has been told how much of it was heard.
    pub fn plays_out(&self) -> bool {
        let former = self.former_answer.and_then(|turn| self.history.answer(turn));
        former.is_some_and(Answer::plays_out)
    }

    /// What has come of an answer that broke off has been played, or nothing more of it will be: what is to be told of it.
    pub(super) fn cut_broken_answer(&mut self, now: Tick) -> Option<Event> {
        let turn = self.former_answer.filter(|_| self.plays_out())?;
        // who has asked something else meanwhile waits for that as before
        let thinking = self.thinking;
        let interrupted = self.cut(now, turn);
        self.thinking = thinking;
        interrupted
    }

    pub(super) fn tell_broken_answer(&mut self, now: Tick) {
        // nothing follows the end of a conversation
        if self.phase == Phase::Closed && !self.left.broken {
            return;
        }
        let interrupted = self.cut_broken_answer(now);
        self.tell(interrupted);
    }

    /// What the session before has told of an answer that broke off is not told again.
    pub(super) fn heed_broken_answer(&mut self, before: &Self) {
        let told = self.former_answer.filter(|_| self.plays_out() && !before.plays_out());
        let Some(turn) = told else { return };
        let (playback, rate) = (before.config.playback, before.config.output_rate);
        let now = self.timers.advance_to(before.timers.now());
        let heard = before.history.answer(turn).map(|answer| answer.heard(now, playback, rate));
        if let (Some(answer), Some(heard)) = (self.history.answer_mut(turn), heard) {
            answer.report_played(heard);
        }
        let _ = self.cut_broken_answer(now);
        self.settle(now);
    }

    /// No session takes that up: what is to be told of an answer that is still being heard.
    pub(super) fn give_up(&mut self) -> Option<Event> {
        self.left.broken = false;
        self.cut_broken_answer(self.timers.now())
    }

    /// The conversation is over, and nothing more is played: what is to be told of answers that were being given or heard,
    /// one after the other.
    ///
    /// ```
    /// use nova_sonic_core::{session::{Session, SessionConfig}, time::Tick};
    /// let mut session = Session::new(SessionConfig::default(), [1; 32], Tick::ZERO)?;
    /// assert_eq!(session.fall_silent(), None); // there was none
    /// # Ok::<(), nova_sonic_core::session::SessionError>(())
    /// ```
    pub fn fall_silent(&mut self) -> Option<Event> {
        if let Some(interrupted) = self.give_up() {
            return Some(interrupted);
        }
        let state = if self.phase == Phase::Closed { self.left.state } else { self.state };
        if !matches!(state, State::Speaking | State::Thinking) {
            return None;
        }
        let (now, playback, rate) = (self.timers.now(), self.config.playback, self.config.output_rate);
        let turn = self.turns.last_answer().or(self.former_answer)?;
        let answer = self.history.answer(turn)?;
        let is_heard = answer.is_whole() && answer.all_heard(now, playback, rate);
        if is_heard { None } else { self.cut(now, turn) }
    }
}
