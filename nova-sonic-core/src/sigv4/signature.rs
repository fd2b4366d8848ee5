//! The 32 bytes that a signature is.

use std::fmt;

/// A signature: 32 bytes, 64 hexadecimal digits in a URL. Unprintable, since the next frame is signed with it.
///
/// ```
/// use nova_sonic_core::sigv4::Signature;
/// let signature = Signature::from_bytes([0xab; 32]);
/// assert!(signature.to_hex().starts_with(b"abab"));
/// assert_eq!(format!("{signature:?}"), "Signature([redacted])");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 32]);

impl Signature {
    /// The signature of these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The signature that stands in a header or a URL as 64 hexadecimal digits; `None` if these are none.
    ///
    /// ```
    /// use nova_sonic_core::sigv4::Signature;
    /// assert_eq!(Signature::from_hex(&"ab".repeat(32)), Some(Signature::from_bytes([0xab; 32])));
    /// assert_eq!(Signature::from_hex("abab"), None);
    /// ```
    pub fn from_hex(digits: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
        if pairs.len() != bytes.len() || !rest.is_empty() {
            return None;
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            let high = char::from(*high).to_digit(16)?;
            let low = char::from(*low).to_digit(16)?;
            *byte = u8::try_from(high << 4 | low).ok()?;
        }
        Some(Self(bytes))
    }

    /// The bytes, as a frame carries them.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Lower-case hexadecimal digits, as a URL and the next string to sign carry them.
    pub fn to_hex(&self) -> [u8; 64] {
        hex(&self.0)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature([redacted])")
    }
}

/// Lower-case hexadecimal digits of a digest, without an allocation.
pub(super) fn hex(bytes: &[u8; 32]) -> [u8; 64] {
    let mut digits = [0; 64];
    for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
        *pair = [digit(byte >> 4), digit(byte & 0x0f)];
    }
    digits
}

const fn digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'a' - 10 + nibble }
}
