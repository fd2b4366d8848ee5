//! When the thread of the runtime rests, and until when.
//!
//! To wake a processor is most of what a conversation costs. With many of them, one wake-up serves for all that has come
//! meanwhile; and where the application's own thread is awake in any case, because it speaks, it needs none at all.

use std::{
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

/// From so many conversations on, the thread rests between two looks at the network.
const BUSY: usize = 8;
/// From one look to the next, at most: how much later sound may come and go for it.
const LONGEST: Duration = Duration::from_millis(10);
/// From when on a rest ends with the next sound of the application.
const SHORTEST: Duration = Duration::from_millis(7);

/// Conversations that are under way.
static TALKING: AtomicUsize = AtomicUsize::new(0);

/// Counts a conversation for as long as it lives.
pub(crate) struct Talking;

impl Talking {
    pub(crate) fn begin() -> Self {
        TALKING.fetch_add(1, Ordering::Relaxed);
        Self
    }

    /// In the child of a fork there are none.
    pub(crate) fn none() {
        TALKING.store(0, Ordering::Relaxed);
    }

    fn are_many() -> bool {
        TALKING.load(Ordering::Relaxed) >= BUSY
    }
}

impl Drop for Talking {
    fn drop(&mut self) {
        TALKING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The rests of one runtime's thread.
#[derive(Debug)]
pub(crate) struct Rest {
    /// Locked for a moment only, and by the threads of one process.
    state: Mutex<State>,
    over: Condvar,
}

#[derive(Debug)]
struct State {
    looked: Instant,
    is_resting: bool,
}

impl Rest {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::new(State { looked: Instant::now(), is_resting: false }), over: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Called by the thread before it looks at the network.
    pub(crate) fn take(&self) {
        if !Talking::are_many() {
            return;
        }
        let mut state = self.lock();
        let left = LONGEST.saturating_sub(state.looked.elapsed());
        if !left.is_zero() {
            state.is_resting = true;
            let waited = self.over.wait_timeout_while(state, left, |state| state.is_resting);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.is_resting = false;
        }
        state.looked = Instant::now();
    }

    /// Called by a thread that is awake and has given the network something to do.
    pub(crate) fn may_end(&self) {
        let mut state = self.lock();
        if state.is_resting && state.looked.elapsed() >= SHORTEST {
            state.is_resting = false;
            drop(state);
            self.over.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: Duration = Duration::from_secs(1);

    fn resting(looked: Instant) -> Rest {
        let rest = Rest::new();
        *rest.lock() = State { looked, is_resting: true };
        rest
    }

    #[test]
    fn a_rest_that_has_lasted_ends_with_the_next_sound_and_one_that_has_begun_does_not() {
        let lasting = resting(Instant::now() - BEFORE);
        lasting.may_end();
        assert!(!lasting.lock().is_resting);
        // it can only have begun: its beginning is still to come
        let begun = resting(Instant::now() + BEFORE);
        begun.may_end();
        assert!(begun.lock().is_resting);
    }

    /// In one test, since conversations are counted for the whole process.
    #[test]
    fn with_many_conversations_there_is_a_rest_that_ends_and_with_few_there_is_none() {
        let rest = Rest::new();
        let looked = Instant::now() + BEFORE;
        rest.lock().looked = looked;
        rest.take();
        assert_eq!(rest.lock().looked, looked);

        let talking: Vec<Talking> = std::iter::repeat_with(Talking::begin).take(BUSY).collect();
        let rest = Rest::new();
        let looked = rest.lock().looked;
        rest.take();
        let state = rest.lock();
        assert!(!state.is_resting && state.looked >= looked + LONGEST);
        drop(talking);
    }
}
