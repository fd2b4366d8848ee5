//! The simulator's time: the only place that reads a clock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime},
};

use nova_sonic_core::time::{Tick, Timestamp};
use tokio::time::Instant;

/// Calendar and stopwatch of one simulator; clones share both.
///
/// The calendar follows the machine, since the SDKs sign with the machine's time, plus an offset that
/// tests move. The stopwatch runs `speed` times as fast as real time and drives the model.
///
/// ```
/// use nova_sonic_sim::Clock;
/// use std::time::Duration;
/// let clock = Clock::new(1.0, 0);
/// let before = clock.timestamp();
/// clock.advance(Duration::from_secs(180));
/// assert!(clock.timestamp().since(before) >= Duration::from_secs(180));
/// ```
#[derive(Clone, Debug)]
pub struct Clock {
    started: Instant,
    speed: f64,
    offset_millis: Arc<AtomicI64>,
}

impl Clock {
    /// A clock whose stopwatch starts now and runs `speed` times as fast as real time (0.01 to 10 000, others
    /// are brought into that range), and whose calendar is `offset_millis` ms ahead of the machine's.
    pub fn new(speed: f64, offset_millis: i64) -> Self {
        let speed = if speed.is_finite() { speed.clamp(0.01, 10_000.0) } else { 1.0 };
        Self { started: Instant::now(), speed, offset_millis: Arc::new(AtomicI64::new(offset_millis)) }
    }

    /// What the calendar says.
    pub fn timestamp(&self) -> Timestamp {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place of the simulator that reads the calendar"
        )]
        let now = SystemTime::now();
        let millis = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let millis = i64::try_from(millis).unwrap_or(i64::MAX);
        Timestamp::from_unix_millis(millis.saturating_add(self.offset_millis.load(Ordering::Relaxed)))
    }

    /// Moves the calendar ahead: credentials age, clients fall behind. The stopwatch does not move.
    pub fn advance(&self, by: Duration) {
        self.offset_millis.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// How far the calendar is ahead of the machine's, in ms.
    pub fn offset_millis(&self) -> i64 {
        self.offset_millis.load(Ordering::Relaxed)
    }

    /// Puts the calendar so many ms ahead of the machine's, or behind.
    pub fn set_offset_millis(&self, millis: i64) {
        self.offset_millis.store(millis, Ordering::Relaxed);
    }

    /// Moves the calendar by so many ms, ahead or back.
    pub(crate) fn shift_millis(&self, millis: i64) {
        self.set_offset_millis(self.offset_millis().saturating_add(millis));
    }

    /// What the stopwatch says.
    pub fn tick(&self) -> Tick {
        Tick::new(self.started.elapsed().mul_f64(self.speed))
    }

    /// Waits until the stopwatch says `tick`.
    pub(crate) async fn sleep_until(&self, tick: Tick) {
        // one ms more, so that rounding never wakes a driver before its deadline, again and again
        let real = tick.since_epoch().as_secs_f64() / self.speed + 0.001;
        let real = Duration::try_from_secs_f64(real).unwrap_or(FAR).min(FAR);
        tokio::time::sleep_until(self.started + real).await;
    }

    /// The instant `duration` of real time from now, whatever the speed.
    pub(crate) fn real_deadline(duration: Duration) -> Instant {
        Instant::now() + duration
    }

    /// Waits for `duration` of stopwatch time.
    pub(crate) async fn sleep(&self, duration: Duration) {
        self.sleep_until(self.tick().after(duration)).await;
    }
}

/// Longer than any simulator runs.
const FAR: Duration = Duration::from_hours(365 * 24);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleep_never_ends_before_its_tick() {
        for speed in [0.5, 1.0, 20.0] {
            let clock = Clock::new(speed, 0);
            let deadline = clock.tick().after(Duration::from_millis(20));
            clock.sleep_until(deadline).await;
            assert!(clock.tick() >= deadline, "{speed}");
        }
    }

    #[tokio::test]
    async fn speed_multiplies_the_stopwatch_and_not_the_calendar() {
        let (fast, real) = (Clock::new(10_000.0, 0), Clock::new(1.0, 0));
        fast.sleep(Duration::from_secs(100)).await;
        assert!(fast.tick().as_millis() >= 100_000);
        assert!(real.tick() < fast.tick());
        assert!(fast.timestamp().since(real.timestamp()) < Duration::from_secs(50));
    }
}
