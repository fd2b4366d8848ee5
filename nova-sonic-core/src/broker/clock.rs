//! The one place of the broker that reads clocks.

use std::{fmt, sync::Arc};

use tokio::time::Instant;

use crate::time::{Tick, Timestamp};

/// Where the calendar is read.
pub(super) type Calendar = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A stopwatch and a calendar. The stopwatch is tokio's, so that a test can stop it.
#[derive(Clone)]
pub(super) struct Clock {
    epoch: Instant,
    calendar: Calendar,
}

impl Clock {
    pub(super) fn start(calendar: Option<Calendar>) -> Self {
        Self { epoch: Instant::now(), calendar: calendar.unwrap_or_else(|| Arc::new(system_time)) }
    }

    pub(super) fn tick(&self) -> Tick {
        Tick::new(self.epoch.elapsed())
    }

    pub(super) fn timestamp(&self) -> Timestamp {
        (self.calendar)()
    }

    pub(super) const fn calendar(&self) -> &Calendar {
        &self.calendar
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place of the broker that reads the calendar")]
fn system_time() -> Timestamp {
    let now = std::time::SystemTime::now();
    let millis = now.duration_since(std::time::SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis());
    Timestamp::from_unix_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}
