//! One timer for all conversations of a client.
//!
//! A timer for each would wake the processor for each; waking from idle is what a lone conversation costs most.

use std::{
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

use super::{clock::Clock, shared::Shared};
use crate::time::Tick;

/// From so many conversations on, sound waits for the grid.
pub(super) const BUSY: usize = 8;
const GRID: Duration = Duration::from_millis(8);

#[derive(Debug)]
pub(super) struct Ticker {
    clock: Clock,
    sessions: Mutex<Vec<Weak<Shared>>>,
    count: AtomicUsize,
    planned_millis: AtomicU64,
    changed: Notify,
    running: AtomicBool,
}

impl Ticker {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            sessions: Mutex::default(),
            count: AtomicUsize::new(0),
            planned_millis: AtomicU64::new(0),
            changed: Notify::new(),
            running: AtomicBool::new(false),
        }
    }

    pub(super) const fn clock(&self) -> Clock {
        self.clock
    }

    /// Whether sound is to wait for the grid.
    pub(super) fn is_busy(&self) -> bool {
        self.count.load(Ordering::Relaxed) >= BUSY
    }

    /// Takes a conversation in, and starts the timer on the current runtime if it does not run.
    pub(super) fn add(self: &Arc<Self>, session: &Arc<Shared>) {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(session));
        if self.running.swap(true, Ordering::AcqRel) {
            self.changed.notify_one();
        } else {
            tokio::spawn(Running(Arc::clone(self)).run());
        }
    }

    /// Makes sure that the timer fires by `deadline`.
    pub(super) fn expect_by(&self, deadline: Tick) {
        if deadline.as_millis() < self.planned_millis.load(Ordering::Relaxed) {
            self.changed.notify_one();
        }
    }

    /// Runs what is due and says when to come again; `None` when there is no conversation left.
    fn tick(&self) -> Option<Tick> {
        let now = self.clock.now();
        let mut next: Option<Tick> = None;
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|session| {
            let Some(deadline) = session.upgrade().and_then(|session| session.tick(now)) else {
                return false;
            };
            next = Some(next.map_or(deadline, |earliest| earliest.min(deadline)));
            true
        });
        self.count.store(sessions.len(), Ordering::Relaxed);
        if sessions.len() >= BUSY {
            let grid = u64::try_from(GRID.as_millis()).unwrap_or(1);
            next = Some(Tick::from_millis((now.as_millis() / grid + 1) * grid));
        }
        next
    }
}

/// Notes that the timer has stopped, also when its runtime is shut down under it.
struct Running(Arc<Ticker>);

impl Running {
    async fn run(self) {
        let ticker = &self.0;
        loop {
            ticker.planned_millis.store(u64::MAX, Ordering::Relaxed);
            let Some(next) = ticker.tick() else { return };
            // a millisecond of patience: deadlines are checked in whole ones
            let next = next.max(ticker.clock.now().after(Duration::from_millis(1)));
            ticker.planned_millis.store(next.as_millis(), Ordering::Relaxed);
            tokio::select! {
                () = tokio::time::sleep_until(ticker.clock.instant(next)) => {}
                () = ticker.changed.notified() => {}
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.store(false, Ordering::Release);
        self.0.count.store(0, Ordering::Relaxed);
    }
}
