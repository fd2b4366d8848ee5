//! A pause for STS when it fails: nobody waits for what cannot come, and a service in trouble is not pressed.

use std::time::Duration;

use crate::{error::ErrorCode, time::Tick};

/// When to come back while one request tries whether STS is well again.
const TRIAL_RETRY: Duration = Duration::from_secs(1);

/// Opens after some failures in a row, refuses everything for a while, then lets one request try.
///
/// Time is an argument.
///
/// ```
/// use nova_sonic_core::{broker::{Breaker, Outcome}, error::ErrorCode, time::Tick};
/// use std::time::Duration;
/// let mut breaker = Breaker::new(1, Duration::from_secs(10));
/// let pass = breaker.admit(Tick::ZERO)?;
/// breaker.settle(pass, Outcome::Failed(ErrorCode::Throttled), Tick::ZERO);
/// assert_eq!(breaker.admit(Tick::from_millis(4_000)).unwrap_err().retry_after, Duration::from_secs(6));
/// let trial = breaker.admit(Tick::from_millis(10_000))?;
/// breaker.settle(trial, Outcome::Succeeded, Tick::from_millis(10_100));
/// assert!(breaker.admit(Tick::from_millis(10_100)).is_ok());
/// # Ok::<(), nova_sonic_core::broker::BreakerRefusal>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaker {
    threshold: u32,
    pause: Duration,
    state: State,
    /// Counts changes of state, so that what was let in before one has no say after it.
    generation: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Tick, last: ErrorCode },
    HalfOpen { trial: bool, last: ErrorCode },
}

/// What a breaker does now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BreakerState {
    /// Everything is let through.
    #[default]
    Closed,
    /// Nothing is let through.
    Open,
    /// One request tries.
    HalfOpen,
}

/// Leave to ask STS; to be given back with what came of it.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a pass that is not settled keeps a half-open breaker from ever closing"]
pub struct Pass {
    generation: u64,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// STS answered as asked.
    Succeeded,
    /// STS failed or refused, with this code.
    Failed(ErrorCode),
    /// STS was not asked after all, or nobody waited for its answer: says nothing about it.
    Unknown,
}

/// A request that was refused because STS has failed too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("STS has failed repeatedly (last: {last}); it is not asked for a while")]
#[non_exhaustive]
pub struct BreakerRefusal {
    /// The failure that opened the breaker; [`ErrorCode::CredentialsUnavailable`] where several processes share it, and
    /// another may have seen the failure.
    pub last: ErrorCode,
    /// When a request may be let through again.
    pub retry_after: Duration,
}

/// Opens after five failures in a row, for ten seconds.
impl Default for Breaker {
    fn default() -> Self {
        Self::new(5, Duration::from_secs(10))
    }
}

impl Breaker {
    /// Opens after `threshold` failures in a row (at least one), for `pause`.
    pub const fn new(threshold: u32, pause: Duration) -> Self {
        let threshold = if threshold == 0 { 1 } else { threshold };
        Self { threshold, pause, state: State::Closed { failures: 0 }, generation: 0 }
    }

    /// Failures in a row that open it.
    #[cfg(feature = "redis")]
    pub(super) const fn threshold(&self) -> u32 {
        self.threshold
    }

    /// How long it then stays open.
    #[cfg(feature = "redis")]
    pub(super) const fn pause(&self) -> Duration {
        self.pause
    }

    /// Lets a request through, or says why not.
    ///
    /// # Errors
    /// [`BreakerRefusal`] while it is open, and while another request tries.
    pub fn admit(&mut self, now: Tick) -> Result<Pass, BreakerRefusal> {
        match self.state {
            State::Open { until, last } if now < until => {
                return Err(BreakerRefusal { last, retry_after: until.since(now) });
            }
            State::HalfOpen { trial: true, last } => {
                return Err(BreakerRefusal { last, retry_after: TRIAL_RETRY });
            }
            State::Open { last, .. } => self.change(State::HalfOpen { trial: true, last }),
            State::HalfOpen { trial: false, last } => self.state = State::HalfOpen { trial: true, last },
            State::Closed { .. } => {}
        }
        Ok(Pass { generation: self.generation })
    }

    /// Takes a pass back.
    #[expect(clippy::needless_pass_by_value, reason = "a pass is settled once")]
    pub fn settle(&mut self, pass: Pass, outcome: Outcome, now: Tick) {
        if pass.generation != self.generation {
            return;
        }
        match (self.state, outcome) {
            (State::Closed { .. }, Outcome::Succeeded) => self.state = State::Closed { failures: 0 },
            (State::HalfOpen { .. }, Outcome::Succeeded) => self.change(State::Closed { failures: 0 }),
            (State::HalfOpen { .. }, Outcome::Failed(code)) => self.open(code, now),
            (State::HalfOpen { last, .. }, Outcome::Unknown) => {
                self.state = State::HalfOpen { trial: false, last };
            }
            (State::Closed { failures }, Outcome::Failed(code)) if failures + 1 >= self.threshold => {
                self.open(code, now);
            }
            (State::Closed { failures }, Outcome::Failed(_)) => {
                self.state = State::Closed { failures: failures + 1 };
            }
            (State::Closed { .. }, Outcome::Unknown) | (State::Open { .. }, _) => {}
        }
    }

    /// What it does now.
    pub fn state(&self, now: Tick) -> BreakerState {
        match self.state {
            State::Closed { .. } => BreakerState::Closed,
            State::Open { until, .. } if now < until => BreakerState::Open,
            State::Open { .. } | State::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    fn open(&mut self, last: ErrorCode, now: Tick) {
        self.change(State::Open { until: now.after(self.pause), last });
    }

    const fn change(&mut self, state: State) {
        self.state = state;
        self.generation += 1;
    }
}

#[cfg(test)]
mod tests;
