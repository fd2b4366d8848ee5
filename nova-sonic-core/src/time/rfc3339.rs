//! Moments as JSON carries them.

/// Milliseconds since 1970 began in UTC; `None` unless the text is a date, a time and an offset that exist.
pub(super) fn parse(text: &str) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let (time, rest) = rest.strip_prefix(['T', 't'])?.split_at_checked(8)?;
    let (millis, offset) = fraction(rest)?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    if !(1..=12).contains(&month) || !(1..=days_of(year, month)).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // a leap second is the one before it, as on clocks that cannot show it
    let second = second.min(59);
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some((seconds - offset_seconds(offset)?) * 1000 + millis)
}

/// Milliseconds of `.123456Z`, and what follows the digits.
fn fraction(rest: &str) -> Option<(i64, &str)> {
    let Some(digits) = rest.strip_prefix('.') else { return Some((0, rest)) };
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = digits.split_at_checked(length)?;
    if digits.is_empty() {
        return None;
    }
    let digits = digits.bytes().chain([b'0'; 3]).take(3);
    Some((digits.fold(0, |millis, digit| millis * 10 + i64::from(digit - b'0')), rest))
}

/// `Z`, `+01:30` or `-08:00`.
fn offset_seconds(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let (sign, time) = match text.split_at_checked(1)? {
        ("+", time) => (1, time),
        ("-", time) => (-1, time),
        _ => return None,
    };
    let [hour, minute] = numbers(time, ':', [2, 2])?;
    (hour <= 23 && minute <= 59).then_some(sign * (hour * 3600 + minute * 60))
}

/// Numbers of exactly so many digits with a separator between them.
fn numbers<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut values = [0; N];
    let mut parts = text.split(separator);
    for (value, length) in values.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != length || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *value = part.parse().ok()?;
    }
    parts.next().is_none().then_some(values)
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar (Hinnant's `days_from_civil`).
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

const fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Timestamp, *};

    #[test]
    fn what_is_written_is_read_again() {
        for day in (-700_000..2_900_000_i64).step_by(97) {
            let seconds = day * 86_400 + (day * 7919).rem_euclid(86_400);
            let text = Timestamp::from_unix_millis(seconds * 1000).to_string();
            assert_eq!(parse(&text), Some(seconds * 1000), "{text}");
        }
    }

    #[test]
    fn fractions_and_offsets_are_read() {
        let noon = 1_795_348_800_000;
        for (text, millis) in [
            ("2026-11-22T12:00:00Z", noon),
            ("2026-11-22t12:00:00z", noon),
            ("2026-11-22T12:00:00+00:00", noon),
            ("2026-11-22T12:00:00-00:00", noon),
            ("2026-11-22T17:30:00+05:30", noon),
            ("2026-11-21T22:00:00-14:00", noon),
            ("2026-11-22T12:00:00.5Z", noon + 500),
            ("2026-11-22T12:00:00.123999999+00:00", noon + 123),
            ("2016-12-31T23:59:60Z", 1_483_228_799_000),
        ] {
            assert_eq!(parse(text), Some(millis), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "2026-11-22",
            "2026-11-22T12:00:00",
            "2026-11-22 12:00:00Z",
            "2026-11-22T12:00Z",
            "2026-11-22T12:00:00.Z",
            "2026-11-22T12:00:00+0000",
            "2026-11-22T12:00:00+24:00",
            "2026-11-22T24:00:00Z",
            "2026-11-22T12:60:00Z",
            "2026-11-22T12:00:61Z",
            "2026-13-22T12:00:00Z",
            "2026-02-29T12:00:00Z",
            "2026-00-10T12:00:00Z",
            "2026-11-00T12:00:00Z",
            "+026-11-22T12:00:00Z",
            "2026-11-22T12:00:00Zz",
            "1795348800",
            "2026-11-22T12:00:0\u{660}Z",
            "\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
