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

/// From so many conversations on, they wake the processor together: on the grid, or when their thread has rested.
const BUSY: usize = 8;
const GRID: Duration = Duration::from_millis(8);
/// With many conversations, how often each one's deadlines are looked at.
const SCAN: Duration = Duration::from_millis(32);
/// A wake-up that would come so soon, and find its deadline moved so far, is planned anew while somebody is awake.
/// tokio looks at a timer up to 64 ms before it fires, and the next frame comes 32 ms from now.
const SOON: Duration = Duration::from_millis(64 + 40);
const MOVED: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(super) struct Ticker {
    clock: Clock,
    thread_rests: bool,
    sessions: Mutex<Vec<Weak<Shared>>>,
    /// Conversations with a frame of sound that waits for the grid.
    sounding: Mutex<Vec<Weak<Shared>>>,
    scan_due_millis: AtomicU64,
    count: AtomicUsize,
    planned_millis: AtomicU64,
    changed: Notify,
    running: AtomicBool,
    streams: AtomicUsize,
    ended: Notify,
}

/// A stream that is open, or being opened or ended. What is said last in a conversation is still to be sent when the
/// conversation itself is over.
#[derive(Debug)]
pub(super) struct OpenStream(Arc<Ticker>);

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::AcqRel);
        self.0.ended.notify_waiters();
    }
}

impl Ticker {
    pub(super) fn new(clock: Clock) -> Self {
        Self::with(clock, false)
    }

    /// A timer on a thread that rests by itself: there sound need not wait a second time.
    pub(super) fn of_resting_thread(clock: Clock) -> Self {
        Self::with(clock, true)
    }

    fn with(clock: Clock, thread_rests: bool) -> Self {
        Self {
            clock,
            thread_rests,
            sessions: Mutex::default(),
            sounding: Mutex::default(),
            scan_due_millis: AtomicU64::new(0),
            count: AtomicUsize::new(0),
            planned_millis: AtomicU64::new(0),
            changed: Notify::new(),
            running: AtomicBool::new(false),
            streams: AtomicUsize::new(0),
            ended: Notify::new(),
        }
    }

    pub(super) const fn clock(&self) -> Clock {
        self.clock
    }

    pub(super) fn is_busy(&self) -> bool {
        self.count.load(Ordering::Relaxed) >= BUSY
    }

    /// The same for the thread: a stream need not have a session here.
    pub(super) fn has_busy_thread(&self) -> bool {
        self.is_busy() || self.streams.load(Ordering::Relaxed) >= BUSY
    }

    /// Whether sound is to wait for the grid.
    pub(super) fn has_grid(&self) -> bool {
        !self.thread_rests && self.is_busy()
    }

    /// Takes a conversation in, and starts the timer on the current runtime if it does not run.
    pub(super) fn add(self: &Arc<Self>, session: &Arc<Shared>) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.push(Arc::downgrade(session));
        // under the lock: a timer that has just found nobody must not be taken for one that runs
        if self.running.swap(true, Ordering::AcqRel) {
            self.changed.notify_one();
        } else {
            tokio::spawn(Running { ticker: Arc::clone(self), stopped: false }.run());
        }
    }

    /// Makes sure that the timer fires by `deadline`.
    pub(super) fn expect_by(&self, deadline: Tick) {
        let planned = Tick::from_millis(self.planned_millis.load(Ordering::Relaxed));
        let moved =
            || !self.is_busy() && deadline > planned.after(MOVED) && planned < self.clock.now().after(SOON);
        if deadline.as_millis() < planned.as_millis() || moved() {
            self.changed.notify_one();
        }
    }

    /// Hands this conversation's sound over at the next point of the grid.
    pub(super) fn sound_waits(&self, session: Weak<Shared>) {
        self.sounding.lock().unwrap_or_else(PoisonError::into_inner).push(session);
    }

    /// Counts a stream until the value is dropped.
    pub(super) fn stream(self: &Arc<Self>) -> OpenStream {
        self.streams.fetch_add(1, Ordering::AcqRel);
        OpenStream(Arc::clone(self))
    }

    /// Waits until no conversation is left, and no stream of one.
    pub(super) async fn ended(&self) {
        loop {
            let ended = self.ended.notified();
            if !self.running.load(Ordering::Acquire) && self.streams.load(Ordering::Acquire) == 0 {
                return;
            }
            ended.await;
        }
    }

    /// Runs what is due and says when to come again; `None` when there is no conversation left, and the timer no
    /// longer counts as running.
    fn tick(&self) -> Option<Tick> {
        let now = self.clock.now();
        let sounding = std::mem::take(&mut *self.sounding.lock().unwrap_or_else(PoisonError::into_inner));
        for session in sounding.iter().filter_map(Weak::upgrade) {
            session.tick(now);
        }
        let scan_due = Tick::from_millis(self.scan_due_millis.load(Ordering::Relaxed));
        if self.is_busy() && now < scan_due {
            return Some(if self.thread_rests { scan_due } else { next_on_grid(now) });
        }
        self.scan_due_millis.store(now.after(SCAN).as_millis(), Ordering::Relaxed);
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
        if sessions.is_empty() {
            self.running.store(false, Ordering::Release);
            self.ended.notify_waiters();
        }
        if sessions.len() >= BUSY {
            next = Some(if self.thread_rests { now.after(SCAN) } else { next_on_grid(now) });
        }
        next
    }
}

fn next_on_grid(now: Tick) -> Tick {
    let grid = u64::try_from(GRID.as_millis()).unwrap_or(1);
    Tick::from_millis((now.as_millis() / grid + 1) * grid)
}

/// Notes that the timer has stopped, also when its runtime is shut down under it.
struct Running {
    ticker: Arc<Ticker>,
    stopped: bool,
}

impl Running {
    async fn run(mut self) {
        let ticker = Arc::clone(&self.ticker);
        loop {
            ticker.planned_millis.store(u64::MAX, Ordering::Relaxed);
            let Some(next) = ticker.tick() else {
                // the next one may run already
                self.stopped = true;
                return;
            };
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
        if !self.stopped {
            self.ticker.running.store(false, Ordering::Release);
            self.ticker.count.store(0, Ordering::Relaxed);
            self.ticker.ended.notify_waiters();
        }
    }
}
