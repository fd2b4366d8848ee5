//! The conversation's own clock: it runs with the samples that the client sends.

use std::time::Duration;

use nova_sonic_core::time::Tick;

/// A client that sends nothing for this long has stopped: time then passes for it as it does for everybody.
const STALL: Duration = Duration::from_secs(1);

/// Time as the client's microphone counts it; where no samples come, as the caller counts it.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConversationClock {
    reading: Duration,
    last_input: Tick,
}

impl ConversationClock {
    pub(super) const fn new(now: Tick) -> Self {
        Self { reading: Duration::ZERO, last_input: now }
    }

    /// `length` of input has come in.
    pub(super) fn advance(&mut self, now: Tick, length: Duration) {
        self.reading = self.reading(now).saturating_add(length);
        self.last_input = now;
    }

    pub(super) fn reading(&self, now: Tick) -> Duration {
        self.reading.saturating_add(now.since(self.last_input).saturating_sub(STALL))
    }

    /// When the clock would show `reading` if no more input came.
    pub(super) fn tick_at(&self, reading: Duration) -> Tick {
        match reading.checked_sub(self.reading) {
            None | Some(Duration::ZERO) => self.last_input,
            Some(ahead) => self.last_input.after(STALL).after(ahead),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_drive_it_and_a_stall_hands_over() {
        let mut clock = ConversationClock::new(Tick::ZERO);
        clock.advance(Tick::from_millis(5), Duration::from_secs(60));
        assert_eq!(clock.reading(Tick::from_millis(1005)), Duration::from_secs(60));
        assert_eq!(clock.reading(Tick::from_millis(3005)), Duration::from_secs(62));
        assert_eq!(clock.tick_at(Duration::from_secs(62)), Tick::from_millis(3005));
        assert_eq!(clock.tick_at(Duration::from_secs(1)), Tick::from_millis(5));
        clock.advance(Tick::from_millis(3005), Duration::from_secs(1));
        assert_eq!(clock.reading(Tick::from_millis(3100)), Duration::from_secs(63));
    }
}
