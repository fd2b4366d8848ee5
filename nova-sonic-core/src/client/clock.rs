//! The one place of the core that reads a clock.

use tokio::time::Instant;

use crate::time::Tick;

/// Ticks since a client was made. tokio's clock, so that a test can stop it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    epoch: Instant,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { epoch: Instant::now() }
    }

    pub(super) fn now(self) -> Tick {
        Tick::new(self.epoch.elapsed())
    }

    pub(super) fn instant(self, tick: Tick) -> Instant {
        self.epoch + tick.since_epoch()
    }
}
