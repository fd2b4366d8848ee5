//! How long STS is waited for, and when it is asked again.

use std::time::Duration;

/// First pause before another attempt; each further one is four times as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long STS is waited for. A web page waits behind every issue, so all of it is bounded.
///
/// ```
/// use nova_sonic_core::broker::Patience;
/// use std::time::Duration;
/// let patience = Patience::default().total(Duration::from_secs(3));
/// assert_eq!((patience.total.as_secs(), patience.attempts), (3, 3));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Patience {
    /// For a connection, TLS included. 2 s by default.
    pub connect: Duration,
    /// For the answer to one attempt. 2 s by default; STS takes a tenth of it.
    pub response: Duration,
    /// For everything: a place among the calls under way, the backend's own credentials, all attempts and the pauses
    /// between. 5 s by default.
    pub total: Duration,
    /// How often STS is asked at most, the first time included. 3 by default.
    pub attempts: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            response: Duration::from_secs(2),
            total: Duration::from_secs(5),
            attempts: 3,
        }
    }
}

impl Patience {
    /// Sets the time for a connection.
    #[must_use]
    pub const fn connect(mut self, time: Duration) -> Self {
        self.connect = time;
        self
    }

    /// Sets the time for the answer to one attempt.
    #[must_use]
    pub const fn response(mut self, time: Duration) -> Self {
        self.response = time;
        self
    }

    /// Sets the time for everything.
    #[must_use]
    pub const fn total(mut self, time: Duration) -> Self {
        self.total = time;
        self
    }

    /// Sets how often STS is asked at most; at least once.
    #[must_use]
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// The setting that is zero, if any.
    pub(super) fn zero(&self) -> Option<&'static str> {
        let times = [
            ("patience.connect", self.connect),
            ("patience.response", self.response),
            ("patience.total", self.total),
        ];
        let zero = times.into_iter().find(|(_, time)| time.is_zero()).map(|(setting, _)| setting);
        zero.or_else(|| (self.attempts == 0).then_some("patience.attempts"))
    }

    /// The pause after attempt `attempt` (from 1) failed; `None` when that was the last, or nothing would be left
    /// of the time after it. `random` spreads those who failed together between half the pause and all of it.
    pub(super) fn pause(
        &self,
        attempt: u32,
        elapsed: Duration,
        asked_for: Option<Duration>,
        random: u8,
    ) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        let factor = 4_u32.saturating_pow(attempt.saturating_sub(1));
        let longest = FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE);
        let spread = longest / 2 + longest / 2 * u32::from(random) / 255;
        let pause = spread.max(asked_for.unwrap_or_default());
        (elapsed.saturating_add(pause) < self.total).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn pauses_grow_and_are_spread() {
        let patience = Patience::default().attempts(9);
        let pauses =
            |random| (1..7).map(move |attempt| patience.pause(attempt, ms(0), None, random).unwrap());
        assert!(pauses(255).eq([100, 400, 1600, 2000, 2000, 2000].map(ms)));
        assert!(pauses(0).eq([50, 200, 800, 1000, 1000, 1000].map(ms)));
    }

    #[test]
    fn nobody_pauses_after_the_last_attempt_or_beyond_the_total() {
        let patience = Patience::default();
        assert!(patience.pause(2, ms(0), None, 0).is_some());
        assert_eq!(patience.pause(3, ms(0), None, 0), None);
        assert!(patience.pause(1, ms(4899), None, 255).is_some());
        assert_eq!(patience.pause(1, ms(4900), None, 255), None);
    }

    #[test]
    fn a_wish_of_the_service_is_met_if_there_is_time() {
        let patience = Patience::default();
        assert_eq!(patience.pause(1, ms(0), Some(ms(3000)), 0), Some(ms(3000)));
        assert_eq!(patience.pause(1, ms(2500), Some(ms(3000)), 0), None);
    }
}
