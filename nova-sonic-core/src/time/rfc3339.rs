//! Moments as JSON carries them.

/// Milliseconds since 1970 began in UTC; `None` unless the text is a date, a time and an offset that exist.
pub(super) fn parse(text: &str) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let (time, rest) = rest.strip_prefix(['T', 't'])?.split_at_checked(8)?;
    let (millis, offset) = fraction(rest)?;
    let [year, month, day] = numbers(date, b'-', 4)?;
    let [hour, minute, second] = numbers(time, b':', 2)?;
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
    let places = digits.as_bytes().get(..3).unwrap_or(digits.as_bytes());
    let scale = match places.len() {
        1 => 100,
        2 => 10,
        _ => 1,
    };
    Some((number(places)? * scale, rest))
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
    let [hour, minute, _] = numbers(time, b':', 2).filter(|_| time.len() == 5)?;
    (hour <= 23 && minute <= 59).then_some(sign * (hour * 3600 + minute * 60))
}

/// Two or three numbers with a separator between them: the first of so many digits, the others of two.
fn numbers(text: &str, separator: u8, first: usize) -> Option<[i64; 3]> {
    let mut values = [0; 3];
    let (part, mut rest) = text.as_bytes().split_at_checked(first)?;
    let mut values_left = values.iter_mut();
    *values_left.next()? = number(part)?;
    while let [found, tens, ones, after @ ..] = rest {
        *values_left.next()? = number(&[*tens, *ones])?;
        rest = after;
        if *found != separator {
            return None;
        }
    }
    rest.is_empty().then_some(values)
}

/// A few digits and nothing else.
pub(super) fn number(digits: &[u8]) -> Option<i64> {
    let digit = |digit: &u8| digit.is_ascii_digit().then(|| i64::from(digit - b'0'));
    digits.iter().try_fold(0, |number, next| Some(number * 10 + digit(next)?))
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
