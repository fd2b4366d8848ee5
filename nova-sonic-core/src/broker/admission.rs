//! Who is let through to STS: limits and breaker under one lock, so that no interleaving lets one too many in.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    Breaker, BrokerError, BrokerMetrics, LimitKind, LimitTable, Outcome,
    breaker::{BreakerState, Pass},
    clock::Clock,
    limits::SubjectKey,
};
use crate::time::Tick;

/// Limits, breaker and counters of one broker; clones share them.
#[derive(Clone)]
pub(super) struct Admission(Arc<Shared>);

struct Shared {
    clock: Clock,
    state: Mutex<State>,
}

struct State {
    limits: Option<LimitTable>,
    breaker: Breaker,
    metrics: BrokerMetrics,
}

impl Admission {
    pub(super) fn new(limits: Option<LimitTable>, breaker: Breaker, clock: Clock) -> Self {
        let state = State { limits, breaker, metrics: BrokerMetrics::default() };
        Self(Arc::new(Shared { clock, state: Mutex::new(state) }))
    }

    /// Lets a request through, or says why not. The breaker is asked last: a trial is given to nobody who is over his
    /// limit; and a subject is charged for nothing that the breaker refused.
    pub(super) fn admit(&self, subject: SubjectKey) -> Result<Permit, BrokerError> {
        let now = self.0.clock.tick();
        let mut state = self.state();
        let State { limits, breaker, metrics } = &mut *state;
        if let Some(refusal) = limits.as_mut().and_then(|limits| limits.refusal(subject, now)) {
            if refusal.kind == LimitKind::Subjects {
                metrics.refused_by_table += 1;
            } else {
                metrics.refused_by_limit += 1;
            }
            return Err(refusal.into());
        }
        let pass = breaker.admit(now).inspect_err(|_| metrics.refused_by_breaker += 1)?;
        if let Some(limits) = limits {
            limits.charge(subject, now);
        }
        metrics.in_flight += 1;
        Ok(Permit { admission: self.clone(), subject, began: now, pass: Some(pass) })
    }

    /// Notes a request that limits refused which are kept elsewhere.
    #[cfg(feature = "redis")]
    pub(super) fn count_refusal(&self, error: &BrokerError) {
        let metrics = &mut self.state().metrics;
        metrics.refused_by_breaker += u64::from(matches!(error, BrokerError::Breaker(_)));
        metrics.refused_by_limit += u64::from(matches!(error, BrokerError::Limit(_)));
    }

    /// Notes a call of STS.
    pub(super) fn count_call(&self, attempt: u32) {
        let mut state = self.state();
        state.metrics.sts_calls += 1;
        state.metrics.retries += u64::from(attempt > 1);
    }

    /// Takes a first call back that the backend had no credentials for.
    pub(super) fn uncount_call(&self) {
        let mut state = self.state();
        state.metrics.sts_calls = state.metrics.sts_calls.saturating_sub(1);
    }

    pub(super) fn metrics(&self) -> BrokerMetrics {
        let now = self.0.clock.tick();
        let state = self.state();
        let subjects = state.limits.as_ref().map_or(0, LimitTable::subjects);
        BrokerMetrics {
            subjects: u64::try_from(subjects).unwrap_or(u64::MAX),
            breaker: state.breaker.state(now),
            ..state.metrics.clone()
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission").field("metrics", &self.metrics()).finish_non_exhaustive()
    }
}

/// A request that was let through. Dropped before it is settled, as when its caller goes away, it frees the subject's
/// place and says nothing about STS.
pub(super) struct Permit {
    admission: Admission,
    subject: SubjectKey,
    began: Tick,
    pass: Option<Pass>,
}

/// How a request ended, for the counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Issued,
    Failed(Outcome),
    WithoutCredentials,
}

impl Permit {
    /// Time since the request was let through, ms.
    pub(super) fn elapsed_ms(&self) -> u64 {
        millis(self.admission.0.clock.tick(), self.began)
    }

    /// Frees the subject's place and tells the breaker.
    pub(super) fn settle(mut self, ended: Ended) {
        self.end(Some(ended));
    }

    fn end(&mut self, ended: Option<Ended>) {
        let Some(pass) = self.pass.take() else { return };
        let now = self.admission.0.clock.tick();
        let mut state = self.admission.state();
        let State { limits, breaker, metrics } = &mut *state;
        if let Some(limits) = limits {
            limits.release(self.subject, now);
        }
        metrics.in_flight -= 1;
        let outcome = match ended {
            Some(Ended::Issued) => {
                let took = millis(now, self.began);
                metrics.issued += 1;
                metrics.issue_ms += took;
                metrics.slowest_ms = metrics.slowest_ms.max(took);
                Outcome::Succeeded
            }
            Some(Ended::Failed(outcome)) => {
                metrics.failed += 1;
                outcome
            }
            Some(Ended::WithoutCredentials) => {
                metrics.without_credentials += 1;
                Outcome::Unknown
            }
            None => {
                metrics.abandoned += 1;
                Outcome::Unknown
            }
        };
        let before = breaker.state(now);
        breaker.settle(pass, outcome, now);
        let opened = breaker.state(now) == BreakerState::Open && before != BreakerState::Open;
        metrics.breaker_opened += u64::from(opened);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.end(None);
    }
}

fn millis(now: Tick, began: Tick) -> u64 {
    u64::try_from(now.since(began).as_millis()).unwrap_or(u64::MAX)
}
