//! How JavaScript's thread learns that something can be taken.

use std::{
    sync::Arc,
    task::{Wake, Waker},
};

use napi::{
    Status,
    threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode},
};

/// A function of JavaScript's that any thread may call, and that keeps no process alive.
pub(crate) type Ring = ThreadsafeFunction<(), (), (), Status, false, true>;

/// Rings where a task would be woken. Whoever waits rings once: the next time is after something was taken.
struct Bell(Ring);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // JavaScript's thread is being ended, and nobody listens any more
        let _ = self.0.call((), ThreadsafeFunctionCallMode::NonBlocking);
    }
}

/// A waker that rings.
pub(crate) fn waker(ring: Ring) -> Waker {
    Waker::from(Arc::new(Bell(ring)))
}
