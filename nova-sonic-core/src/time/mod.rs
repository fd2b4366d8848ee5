//! Instants as plain data: the core never reads a clock.
//!
//! A [`Tick`] measures how long something took, a [`Timestamp`] says what the calendar said. The
//! driver of a session reads both clocks in one place and passes them in.

mod rfc3339;

use std::{fmt, time::Duration};

/// Monotonic time since an epoch of the caller's choosing (start of the process, of the page, of a test), up to 292 years:
/// a clock that says more is taken to say that.
///
/// ```
/// use nova_sonic_core::time::Tick;
/// assert_eq!(Tick::from_millis(40).since(Tick::from_millis(8)).as_millis(), 32);
/// assert_eq!(Tick::from_millis(8).since(Tick::from_millis(40)).as_millis(), 0);
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick {
    /// One number, and not the two of a `Duration`: a session compares and moves instants everywhere.
    nanoseconds: u64,
}

impl Tick {
    /// The epoch itself.
    pub const ZERO: Self = Self { nanoseconds: 0 };

    /// Half of what the number holds, so that after any instant there is a later one: what is due again at the instant at which
    /// it has just been done is done for ever.
    const LATEST: Self = Self { nanoseconds: u64::MAX / 2 };

    /// The instant `since_epoch` after the caller's epoch.
    pub const fn new(since_epoch: Duration) -> Self {
        Self::at(nanoseconds(since_epoch))
    }

    /// The instant `millis` ms after the caller's epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self::at(millis.saturating_mul(1_000_000))
    }

    const fn at(nanoseconds: u64) -> Self {
        if nanoseconds < Self::LATEST.nanoseconds { Self { nanoseconds } } else { Self::LATEST }
    }

    /// Time since the caller's epoch.
    pub const fn since_epoch(self) -> Duration {
        Duration::from_nanos(self.nanoseconds)
    }

    /// Whole milliseconds since the caller's epoch.
    pub const fn as_millis(self) -> u64 {
        self.nanoseconds / 1_000_000
    }

    /// Time passed since `earlier`; zero when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.nanoseconds.saturating_sub(earlier.nanoseconds))
    }

    /// This instant moved later by `by`; saturates instead of overflowing.
    #[must_use]
    pub const fn after(self, by: Duration) -> Self {
        Self { nanoseconds: self.nanoseconds.saturating_add(nanoseconds(by)) }
    }

    /// This instant moved earlier by `by`; stops at the epoch.
    #[must_use]
    pub const fn before(self, by: Duration) -> Self {
        Self { nanoseconds: self.nanoseconds.saturating_sub(nanoseconds(by)) }
    }
}

impl fmt::Debug for Tick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tick").field(&self.since_epoch()).finish()
    }
}

/// Not inlined in a browser, where size counts: it is asked for wherever something is due.
#[cfg_attr(target_family = "wasm", inline(never))]
const fn nanoseconds(duration: Duration) -> u64 {
    const PER_SECOND: u64 = 1_000_000_000;
    if duration.as_secs() >= u64::MAX / PER_SECOND {
        return u64::MAX;
    }
    duration.as_secs() * PER_SECOND + duration.subsec_nanos() as u64
}

/// A moment of UTC, in milliseconds since 1970-01-01T00:00:00Z.
///
/// ```
/// use nova_sonic_core::time::Timestamp;
/// let moment = Timestamp::from_unix_millis(1_795_352_568_030);
/// assert_eq!(moment.basic_format(), *b"20261122T130248Z");
/// assert_eq!(moment.date().as_str(), "20261122");
/// assert_eq!(moment.to_string(), "2026-11-22T13:02:48Z");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

const DAY_SECONDS: i64 = 86_400;

impl Timestamp {
    /// The moment `millis` ms after 1970 began in UTC; negative values are before it.
    pub const fn from_unix_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Reads RFC 3339, `2026-11-22T13:02:48Z` or with a fraction and an offset; digits after the milliseconds are cut off.
    ///
    /// ```
    /// use nova_sonic_core::time::Timestamp;
    /// let moment = Timestamp::from_unix_millis(1_795_352_568_030);
    /// assert_eq!(Timestamp::parse("2026-11-22T13:02:48.030999Z"), Some(moment));
    /// assert_eq!(Timestamp::parse("2026-11-22T14:32:48.03+01:30"), Some(moment));
    /// assert_eq!(Timestamp::parse("2026-11-22 13:02"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        rfc3339::parse(text).map(Self)
    }

    /// Milliseconds since 1970 began in UTC.
    pub const fn unix_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970 began in UTC, rounded down.
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment moved later by `by`; saturates instead of overflowing.
    #[must_use]
    pub fn after(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This moment moved earlier by `by`; saturates instead of overflowing.
    #[must_use]
    pub fn before(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Time passed since `earlier`; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The UTC calendar date, as credential scopes write it.
    pub fn date(self) -> Date {
        Date::of_day(self.unix_seconds().div_euclid(DAY_SECONDS))
    }

    /// The moment as AWS signatures write it, `YYYYMMDDThhmmssZ`; milliseconds are cut off.
    pub fn basic_format(self) -> [u8; 16] {
        let mut text = *b"00000000T000000Z";
        let (date, time) = text.split_at_mut(8);
        date.copy_from_slice(self.date().as_str().as_bytes());
        let second_of_day = self.unix_seconds().rem_euclid(DAY_SECONDS);
        for (place, value) in
            [(1, second_of_day / 3600), (3, second_of_day / 60 % 60), (5, second_of_day % 60)]
        {
            if let Some(digits) = time.get_mut(place..place + 2) {
                digits.copy_from_slice(&two_digits(value));
            }
        }
        text
    }
}

/// RFC 3339 in UTC with whole seconds, `2026-11-22T13:02:48Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let basic = self.basic_format();
        for (index, byte) in basic.iter().enumerate() {
            match index {
                4 | 6 => f.write_str("-")?,
                11 | 13 => f.write_str(":")?,
                _ => {}
            }
            write!(f, "{}", char::from(*byte))?;
        }
        Ok(())
    }
}

/// A UTC calendar date, written `YYYYMMDD` as in a SigV4 credential scope.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date([u8; 8]);

impl Date {
    /// Reads `YYYYMMDD`; `None` unless it is eight digits that name a day.
    ///
    /// ```
    /// use nova_sonic_core::time::Date;
    /// assert_eq!(Date::parse("20261122").map(|date| date.as_str().to_owned()), Some("20261122".to_owned()));
    /// assert_eq!(Date::parse("20261322"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let digits: [u8; 8] = text.as_bytes().try_into().ok()?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let number = |range: std::ops::Range<usize>| rfc3339::number(digits.get(range)?);
        let (month, day) = (number(4..6)?, number(6..8)?);
        ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some(Self(digits))
    }

    /// The eight digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("00000000")
    }

    /// Proleptic Gregorian date of a day count since 1970-01-01 (Hinnant's `civil_from_days`).
    fn of_day(days: i64) -> Self {
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let year = year.rem_euclid(10_000);
        let mut digits = [0; 8];
        let pairs = [year / 100, year % 100, month, day];
        for (place, value) in digits.as_chunks_mut::<2>().0.iter_mut().zip(pairs) {
            *place = two_digits(value);
        }
        Self(digits)
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn two_digits(value: i64) -> [u8; 2] {
    let value = u8::try_from(value.rem_euclid(100)).unwrap_or(0);
    [b'0' + value / 10, b'0' + value % 10]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_any_instant_there_is_a_later_one() {
        for last in [Tick::from_millis(u64::MAX), Tick::new(Duration::MAX)] {
            assert!(last.after(Duration::from_millis(1)) > last);
            assert!(last.after(Duration::MAX) > last);
        }
    }

    #[test]
    fn dates_agree_with_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(Timestamp::from_unix_millis(seconds * 1000 + 999).to_string(), text);
        }
    }
}
