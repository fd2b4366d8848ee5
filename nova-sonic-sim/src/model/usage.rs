//! Tokens, counted as a model would.

use std::time::Duration;

use nova_sonic_core::event::{TokenCounts, Usage, UsageDetails};

/// Sound of one token; the service publishes no rate, this is the order of what its logs show.
const SPEECH_TOKEN: Duration = Duration::from_millis(40);
/// Text of one token, bytes.
const TEXT_TOKEN: usize = 4;

/// Counts everything and reports it in steps that add up.
#[derive(Debug, Default)]
pub(super) struct Meter {
    heard: Duration,
    said: Duration,
    text_in: u64,
    text_out: u64,
    reported: Usage,
}

impl Meter {
    pub(super) fn hear(&mut self, length: Duration) {
        self.heard = self.heard.saturating_add(length);
    }

    pub(super) fn say(&mut self, length: Duration) {
        self.said = self.said.saturating_add(length);
    }

    pub(super) fn read(&mut self, bytes: usize) {
        self.text_in = self.text_in.saturating_add(tokens(bytes));
    }

    pub(super) fn write(&mut self, bytes: usize) {
        self.text_out = self.text_out.saturating_add(tokens(bytes));
    }

    /// What has not been reported yet, and the new total.
    pub(super) fn report(&mut self) -> UsageDetails {
        let speech = |length: Duration| {
            u64::try_from(length.as_millis() / SPEECH_TOKEN.as_millis()).unwrap_or(u64::MAX)
        };
        let total = Usage {
            input: TokenCounts { speech: speech(self.heard), text: self.text_in },
            output: TokenCounts { speech: speech(self.said), text: self.text_out },
        };
        let less = |now: TokenCounts, before: TokenCounts| TokenCounts {
            speech: now.speech.saturating_sub(before.speech),
            text: now.text.saturating_sub(before.text),
        };
        let delta = Usage {
            input: less(total.input, self.reported.input),
            output: less(total.output, self.reported.output),
        };
        self.reported = total;
        UsageDetails { delta, total }
    }

    /// The total as last reported.
    pub(super) const fn reported(&self) -> Usage {
        self.reported
    }
}

fn tokens(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(TEXT_TOKEN)).unwrap_or(u64::MAX)
}
