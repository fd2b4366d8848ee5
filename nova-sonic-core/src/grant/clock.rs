//! The issuer's clock, seen from another machine.

use crate::time::Timestamp;

/// How far a local clock is off the issuer's.
///
/// AWS refuses signatures that are more than five minutes off, and a browser cannot see why a WebSocket was refused; so
/// a grant says what time it was where it was issued.
///
/// ```
/// use nova_sonic_core::{grant::ClockOffset, time::Timestamp};
/// let local = Timestamp::parse("2026-11-22T12:00:00Z").unwrap();
/// let issuer = Timestamp::parse("2026-11-22T13:02:48Z").unwrap();
/// let offset = ClockOffset::between(local, issuer);
/// assert_eq!(offset.millis(), 3_768_000);
/// assert_eq!(offset.apply(Timestamp::parse("2026-11-22T12:00:01Z").unwrap()).to_string(), "2026-11-22T13:02:49Z");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ClockOffset {
    millis: i64,
}

impl ClockOffset {
    /// Clocks that agree.
    pub const ZERO: Self = Self { millis: 0 };

    /// From what both clocks said of the same moment.
    pub const fn between(local: Timestamp, issuer: Timestamp) -> Self {
        Self { millis: issuer.unix_millis().saturating_sub(local.unix_millis()) }
    }

    /// What has to be added to the local clock, milliseconds.
    pub const fn millis(self) -> i64 {
        self.millis
    }

    /// What the issuer's clock says when the local one says `local`.
    #[must_use]
    pub const fn apply(self, local: Timestamp) -> Timestamp {
        Timestamp::from_unix_millis(local.unix_millis().saturating_add(self.millis))
    }
}
