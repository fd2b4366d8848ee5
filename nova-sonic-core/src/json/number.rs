//! JSON's numbers. In a browser they do without the tables of powers that exact ones take.
//!
//! What fits into 64 bits is exact. There, so is a fraction of up to 15 digits, as settings and counts have them; a longer
//! one may be off by a few of its last bits.

/// A number as `serde_json` tells them apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Natural(u64),
    Negative(i64),
    Fraction(f64),
}

/// Reads the number that `json` begins with, and says how many bytes were looked at; `None` where it is none.
pub(super) fn read(json: &[u8]) -> (Option<Number>, usize) {
    #[cfg(target_family = "wasm")]
    let fraction = scaled;
    #[cfg(not(target_family = "wasm"))]
    let fraction = exact;
    read_by(json, fraction)
}

/// Makes a fraction of what is written, its digits as a whole number, and the power of ten that they are short of.
type Fraction = fn(&[u8], u64, i32) -> f64;

pub(super) fn read_by(json: &[u8], fraction: Fraction) -> (Option<Number>, usize) {
    let mut scan = Scan { json, at: 0, fraction };
    let number = scan.number();
    (number, scan.at)
}

struct Scan<'json> {
    json: &'json [u8],
    at: usize,
    fraction: Fraction,
}

/// Digits as a whole number, as far as they fit, and the power of ten that the rest amounts to.
#[derive(Default)]
struct Digits {
    value: u64,
    count: usize,
    /// Digits that did not fit any more.
    left_out: i32,
}

impl Scan<'_> {
    fn number(&mut self) -> Option<Number> {
        let is_negative = self.passes(|byte| byte == b'-');
        let mut digits = Digits::default();
        let begins_with_zero = self.byte() == Some(b'0');
        self.digits(&mut digits);
        if digits.count == 0 {
            // the byte that is no digit has been looked at as well
            self.at = (self.at + 1).min(self.json.len());
            return None;
        }
        if begins_with_zero && digits.count > 1 {
            // a zero is followed by a digit: that one should not be there
            self.at = self.at - digits.count + 2;
            return None;
        }
        let (whole, mut exponent) = (digits.count, digits.left_out);
        let mut is_fraction = digits.left_out > 0;
        if self.passes(|byte| byte == b'.') {
            is_fraction = true;
            let left_out = digits.left_out;
            self.digits(&mut digits);
            if digits.count == whole {
                self.at = (self.at + 1).min(self.json.len());
                return None;
            }
            let added = i32::try_from(digits.count - whole).unwrap_or(i32::MAX);
            exponent = exponent.saturating_sub(added).saturating_add(digits.left_out - left_out);
        }
        if self.passes(|byte| matches!(byte, b'e' | b'E')) {
            is_fraction = true;
            exponent = exponent.saturating_add(self.exponent()?);
        }
        if !is_fraction {
            if !is_negative {
                return Some(Number::Natural(digits.value));
            }
            if let Ok(value) = i64::try_from(-i128::from(digits.value))
                && value < 0
            {
                return Some(Number::Negative(value));
            }
        }
        let written = self.json.get(usize::from(is_negative)..self.at).unwrap_or_default();
        let value = (self.fraction)(written, digits.value, exponent);
        value.is_finite().then_some(Number::Fraction(if is_negative { -value } else { value }))
    }

    fn exponent(&mut self) -> Option<i32> {
        let is_negative = self.byte() == Some(b'-');
        self.passes(|byte| matches!(byte, b'+' | b'-'));
        let mut digits = Digits::default();
        self.digits(&mut digits);
        if digits.count == 0 {
            self.at = (self.at + 1).min(self.json.len());
            return None;
        }
        let exponent = i32::try_from(digits.value).unwrap_or(i32::MAX / 2);
        Some(if is_negative { -exponent } else { exponent })
    }

    fn digits(&mut self, digits: &mut Digits) {
        while let Some(byte @ b'0'..=b'9') = self.byte() {
            self.at += 1;
            digits.count += 1;
            let longer =
                digits.value.checked_mul(10).and_then(|value| value.checked_add((byte - b'0').into()));
            match longer.filter(|_| digits.left_out == 0) {
                Some(longer) => digits.value = longer,
                None => digits.left_out = digits.left_out.saturating_add(1),
            }
        }
    }

    fn byte(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    fn passes(&mut self, wanted: impl Fn(u8) -> bool) -> bool {
        let passes = self.byte().is_some_and(wanted);
        self.at += usize::from(passes);
        passes
    }
}

#[cfg(not(target_family = "wasm"))]
fn exact(written: &[u8], _: u64, _: i32) -> f64 {
    let parsed = std::str::from_utf8(written).ok().and_then(|written| written.parse().ok());
    parsed.unwrap_or(f64::NAN)
}

/// `value · 10^exponent`.
#[cfg(any(target_family = "wasm", test))]
#[expect(clippy::cast_precision_loss, reason = "the last bits of a long fraction")]
pub(super) fn scaled(_: &[u8], value: u64, exponent: i32) -> f64 {
    let mut scaled = value as f64;
    let mut left = exponent.unsigned_abs();
    while left > 0 && scaled != 0.0 && scaled.is_finite() {
        // powers up to the 22nd are exact
        let step = left.min(22);
        let power = power_of_ten(step);
        scaled = if exponent < 0 { scaled / power } else { scaled * power };
        left -= step;
    }
    scaled
}

#[cfg(any(target_family = "wasm", test))]
fn power_of_ten(exponent: u32) -> f64 {
    (0..exponent).fold(1.0, |power, _| power * 10.0)
}

/// Appends a fraction with as few digits as give it back, where 15 after the point suffice; otherwise with 17.
#[cfg(any(target_family = "wasm", test))]
pub(super) fn write(value: f64, out: &mut Vec<u8>) {
    if !value.is_finite() {
        out.extend_from_slice(b"null");
        return;
    }
    if value.is_sign_negative() {
        out.push(b'-');
    }
    let mut rest = value.abs();
    let mut exponent = 0_i32;
    if rest >= 1e16 {
        while rest >= 10.0 {
            rest /= 10.0;
            exponent += 1;
        }
    } else if rest < 1e-3 {
        while rest > 0.0 && rest < 1.0 {
            rest *= 10.0;
            exponent -= 1;
        }
    }
    let (mut power, mut places) = (1.0, 0_usize);
    while places < 17 && whole(rest * power + 0.5) < 10_u64.pow(17) {
        let digits = whole(rest * power + 0.5);
        if scaled(&[], digits, -i32::try_from(places).unwrap_or(0)).to_bits() == rest.to_bits() {
            break;
        }
        power *= 10.0;
        places += 1;
    }
    let mut digits = Vec::new();
    write_natural(whole(rest * power + 0.5), &mut digits);
    for place in (0..digits.len().max(places + 1)).rev() {
        let digit = digits.len().checked_sub(place + 1).and_then(|at| digits.get(at));
        out.push(digit.copied().unwrap_or(b'0'));
        if place == places {
            out.push(b'.');
        }
    }
    if places == 0 {
        out.push(b'0');
    }
    if exponent != 0 {
        out.push(b'e');
        if exponent < 0 {
            out.push(b'-');
        }
        write_natural(exponent.unsigned_abs().into(), out);
    }
}

#[cfg(any(target_family = "wasm", test))]
pub(super) fn write_natural(number: u64, out: &mut Vec<u8>) {
    let start = out.len();
    let mut rest = number;
    while rest > 0 || out.len() == start {
        out.push(b'0' + u8::try_from(rest % 10).unwrap_or_default());
        rest /= 10;
    }
    if let Some(digits) = out.get_mut(start..) {
        digits.reverse();
    }
}

#[cfg(any(target_family = "wasm", test))]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and nothing is negative"
)]
const fn whole(value: f64) -> u64 {
    value as u64
}
