//! When another stream is opened, and when it takes over: between utterances, so that nobody hears it.

use std::time::Duration;

use super::breaks::Lost;
use crate::{
    error::ErrorCode,
    session::{RenewalReason, State},
    time::Tick,
};

/// How long nobody must have said anything: longer than the service takes to call an utterance finished.
const PAUSE: Duration = Duration::from_millis(2_500);
/// A microphone that is louder than this may be somebody talking: -45 dBFS, as the mean of the squares.
const VOICE: u64 = 33_955;
/// Pause between two attempts, and between two renewals for the credentials' sake.
const RETRY: Duration = Duration::from_secs(10);
/// Attempts after a stream that has ended before another was open; the third and later ones wait before, twice as long
/// each time.
const RESCUES: u32 = 5;
const RESCUE_PAUSE: Duration = Duration::from_millis(250);

/// One renewal that is due, until it has succeeded.
#[derive(Debug)]
pub(super) struct Renewal {
    reason: RenewalReason,
    /// From then on the change is made though somebody speaks.
    deadline: Tick,
    /// No attempt is made before.
    try_at: Tick,
    /// When somebody was last in the middle of something.
    busy_at: Tick,
    busy: bool,
    rescues: u32,
    /// The failure that was told last: the same is not told again.
    told: Option<ErrorCode>,
}

impl Renewal {
    /// Looks for a moment from `now` on. `before` is when the renewal before this one succeeded.
    pub(super) fn new(reason: RenewalReason, state: State, now: Tick, before: Option<Tick>) -> Self {
        Self {
            reason,
            deadline: now.after(patience(reason)),
            try_at: match (reason, before) {
                // there are sources whose credentials are always about to end
                (RenewalReason::Credentials, Some(before)) => before.after(RETRY).max(now),
                _ => now,
            },
            // nobody has listened until now
            busy_at: now,
            busy: is_busy(state),
            rescues: 0,
            told: None,
        }
    }

    /// The stream has broken: another is opened as soon as possible.
    pub(super) fn after_break(now: Tick) -> Self {
        Self::new(RenewalReason::Connection, State::Initializing, now, None)
    }

    pub(super) const fn reason(&self) -> RenewalReason {
        self.reason
    }

    /// The stream itself ends, too.
    pub(super) fn also_for(&mut self, reason: RenewalReason, now: Tick) {
        if reason == RenewalReason::StreamLife {
            self.reason = reason;
        }
        self.deadline = self.deadline.min(now.after(patience(reason)));
    }

    /// Listens to the microphone.
    pub(super) fn hear(&mut self, samples: &[i16], now: Tick) {
        let squares: u64 = samples.iter().map(|sample| u64::from(sample.unsigned_abs()).pow(2)).sum();
        if squares > VOICE * samples.len() as u64 {
            self.busy_at = now;
        }
    }

    /// Looks at where the conversation stands.
    pub(super) fn watch(&mut self, state: State, now: Tick) {
        let busy = is_busy(state);
        if busy || self.busy {
            self.busy_at = now;
        }
        self.busy = busy;
    }

    /// Whether a change of the stream goes unnoticed, or has to be made all the same.
    pub(super) fn may_change(&self, now: Tick) -> bool {
        self.is_forced(now) || (!self.busy && now >= self.busy_at.after(PAUSE))
    }

    pub(super) fn is_forced(&self, now: Tick) -> bool {
        now >= self.deadline
    }

    /// Whether another stream is to be opened now; `lost` if there is none any more.
    pub(super) fn is_to_try(&self, now: Tick, lost: bool) -> bool {
        now >= self.try_at && (lost || self.may_change(now))
    }

    /// When to look again.
    pub(super) fn wake_at(&self, lost: bool) -> Tick {
        let moment = match (lost, self.busy) {
            (true, _) => self.try_at,
            (false, true) => self.deadline,
            (false, false) => self.busy_at.after(PAUSE).min(self.deadline),
        };
        moment.max(self.try_at)
    }

    /// The stream has ended before another was open.
    pub(super) const fn lose(&mut self, now: Tick) {
        self.try_at = now;
    }

    /// An attempt has failed; `false` when it was the last.
    pub(super) fn failed(&mut self, now: Tick, lost: Option<&Lost>) -> bool {
        let Some(lost) = lost else {
            self.try_at = now.after(RETRY);
            return true;
        };
        self.rescues += 1;
        self.try_at = if self.rescues < 2 { now } else { now.after(RESCUE_PAUSE * (1 << self.rescues)) };
        self.rescues < RESCUES && !lost.time_left(self.try_at).is_zero()
    }

    /// Whether that has not been told just before.
    pub(super) fn is_news(&mut self, code: ErrorCode) -> bool {
        self.told.replace(code) != Some(code)
    }
}

const fn is_busy(state: State) -> bool {
    !matches!(state, State::Listening | State::Idle)
}

/// How long a moment is looked for: the stream then has 45 s left, credentials a little more.
const fn patience(reason: RenewalReason) -> Duration {
    match reason {
        RenewalReason::StreamLife => Duration::from_secs(75),
        RenewalReason::Credentials => Duration::from_secs(100),
        RenewalReason::Connection => Duration::ZERO,
    }
}
