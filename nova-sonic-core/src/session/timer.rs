//! Named deadlines in a fixed table.

use crate::time::Tick;

/// Everything that a session waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// The service must have answered.
    Open,
    /// The service has had its time after a hang-up.
    Close,
    /// The next silent frame is due.
    Silence,
    /// The closed microphone has left the stream idle long enough.
    KeepAlive,
    /// A successor is due for the stream's sake.
    Renew,
    /// A successor is due for the credentials' sake.
    Credentials,
    /// The answer is late.
    Answer,
    /// The oldest tool call is late.
    Tool,
    /// The answer has been played.
    Playback,
    /// Nobody has said anything for long.
    Idle,
    /// The session has lasted long enough.
    Life,
}

const ALL: [Timer; 11] = [
    Timer::Open,
    Timer::Close,
    Timer::Silence,
    Timer::KeepAlive,
    Timer::Renew,
    Timer::Credentials,
    Timer::Answer,
    Timer::Tool,
    Timer::Playback,
    Timer::Idle,
    Timer::Life,
];

#[derive(Debug)]
pub(super) struct Timers {
    deadlines: [Option<Tick>; ALL.len()],
    now: Tick,
}

impl Timers {
    pub(super) fn new(now: Tick) -> Self {
        Self { deadlines: [None; ALL.len()], now }
    }

    /// The latest time seen: time that goes backwards counts as standing still.
    pub(super) fn advance_to(&mut self, now: Tick) -> Tick {
        self.now = self.now.max(now);
        self.now
    }

    pub(super) fn now(&self) -> Tick {
        self.now
    }

    pub(super) fn set(&mut self, timer: Timer, deadline: Tick) {
        *self.place(timer) = Some(deadline);
    }

    /// Moves a deadline later, never earlier.
    pub(super) fn postpone(&mut self, timer: Timer, deadline: Tick) {
        let place = self.place(timer);
        *place = (*place).max(Some(deadline));
    }

    /// Expects the same at the same time as those, if they expect it.
    pub(super) fn follow(&mut self, timer: Timer, others: &Self) {
        if let Some(deadline) = others.deadline(timer) {
            self.set(timer, deadline);
        }
    }

    pub(super) fn deadline(&self, timer: Timer) -> Option<Tick> {
        let named = ALL.iter().zip(&self.deadlines).find(|(name, _)| **name == timer);
        named.and_then(|(_, deadline)| *deadline)
    }

    pub(super) fn clear(&mut self, timer: Timer) {
        *self.place(timer) = None;
    }

    pub(super) fn clear_all(&mut self) {
        self.deadlines = [None; ALL.len()];
    }

    /// Clears all but one.
    pub(super) fn keep_only(&mut self, timer: Timer) {
        let kept = *self.place(timer);
        self.clear_all();
        *self.place(timer) = kept;
    }

    pub(super) fn is_set(&self, timer: Timer) -> bool {
        self.deadline(timer).is_some()
    }

    pub(super) fn next(&self) -> Option<Tick> {
        self.deadlines.iter().flatten().min().copied()
    }

    /// Takes the earliest deadline that has passed.
    pub(super) fn expired(&mut self) -> Option<Timer> {
        let now = self.now;
        let (timer, _) = ALL
            .iter()
            .zip(&self.deadlines)
            .filter_map(|(timer, deadline)| {
                deadline.filter(|deadline| *deadline <= now).map(|at| (*timer, at))
            })
            .min_by_key(|(_, deadline)| *deadline)?;
        self.clear(timer);
        Some(timer)
    }

    fn place(&mut self, timer: Timer) -> &mut Option<Tick> {
        let [open, close, silence, keep_alive, renew, credentials, answer, tool, playback, idle, life] =
            &mut self.deadlines;
        match timer {
            Timer::Open => open,
            Timer::Close => close,
            Timer::Silence => silence,
            Timer::KeepAlive => keep_alive,
            Timer::Renew => renew,
            Timer::Credentials => credentials,
            Timer::Answer => answer,
            Timer::Tool => tool,
            Timer::Playback => playback,
            Timer::Idle => idle,
            Timer::Life => life,
        }
    }
}
