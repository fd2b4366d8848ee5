//! The one place of the core that reads a clock.

use tokio::time::Instant;

use crate::time::{Tick, Timestamp};

/// Ticks since a client was made. tokio's clock, so that a test can stop it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    epoch: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { epoch: Instant::now() }
    }

    pub(crate) fn now(self) -> Tick {
        Tick::new(self.epoch.elapsed())
    }

    pub(crate) fn instant(self, tick: Tick) -> Instant {
        self.epoch + tick.since_epoch()
    }
}

/// The time of day, which signatures carry.
#[expect(
    clippy::disallowed_methods,
    reason = "a signature is dated by the calendar; everything else works in ticks"
)]
pub(crate) fn timestamp() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
