//! Whom credentials are for, without telling AWS who it is.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{BrokerError, limits::SubjectKey};
use crate::secret::SecretText;

/// Longest name of a subject, bytes.
const NAME_LIMIT: usize = 1024;
/// Shortest key that names are hashed with, bytes.
const KEY_LIMIT: usize = 16;
/// What session names begin with, so that a trust policy can insist on it.
const PREFIX: &str = "ns-";
/// Base32 characters kept of the hash: 130 bits.
const HASH_CHARACTERS: usize = 26;
/// RFC 4648, in lower case: within the alphabet of every name that STS takes.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Whom credentials are for: the application's own name of a signed-in user. AWS sees a keyed hash of it.
///
/// ```
/// use nova_sonic_core::broker::Subject;
/// let subject = Subject::new("alice@example.com")?;
/// assert_eq!(format!("{subject:?}"), "Subject([redacted])");
/// assert!(Subject::new("").is_err());
/// # Ok::<(), nova_sonic_core::broker::BrokerError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Subject(String);

impl Subject {
    /// A subject by the name that the application knows it by, 1 to 1,024 bytes.
    ///
    /// # Errors
    /// [`BrokerError::SubjectInvalid`] for an empty or longer name.
    pub fn new(name: impl Into<String>) -> Result<Self, BrokerError> {
        let name = name.into();
        if (1..=NAME_LIMIT).contains(&name.len()) {
            Ok(Self(name))
        } else {
            Err(BrokerError::SubjectInvalid { length: name.len(), limit: NAME_LIMIT })
        }
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subject([redacted])")
    }
}

/// Hashes subjects with the server's key.
pub(super) struct SubjectHasher(Hmac<Sha256>);

impl SubjectHasher {
    pub(super) fn new(key: &SecretText) -> Result<Self, BrokerError> {
        if key.expose().len() < KEY_LIMIT {
            return Err(BrokerError::configuration("session_name_key", "has fewer than 16 bytes"));
        }
        let Ok(mac) = Hmac::new_from_slice(key.expose().as_bytes()) else {
            unreachable!("HMAC takes a key of any length")
        };
        Ok(Self(mac))
    }

    pub(super) fn hash(&self, subject: &Subject) -> SubjectHash {
        let digest: [u8; 32] = self.0.clone().chain_update(&subject.0).finalize().into_bytes().into();
        let mut text = String::with_capacity(PREFIX.len() + HASH_CHARACTERS);
        text.push_str(PREFIX);
        push_base32(&mut text, &digest, HASH_CHARACTERS);
        let mut key = [0; 16];
        key.copy_from_slice(digest.split_at(16).0);
        SubjectHash { key, text }
    }
}

/// The keyed hash of a subject.
pub(super) struct SubjectHash {
    /// For the table of limits.
    pub(super) key: SubjectKey,
    /// For AWS and the audit trail.
    pub(super) text: String,
}

/// Appends at most `count` base32 characters of `bytes`.
pub(super) fn push_base32(text: &mut String, bytes: &[u8], count: usize) {
    let bit = |index: usize| {
        let byte = bytes.get(index / 8).copied().unwrap_or(0);
        usize::from(byte >> (7 - index % 8) & 1)
    };
    for character in 0..count.min(bytes.len() * 8 / 5) {
        let value = (character * 5..character * 5 + 5).fold(0, |value, index| value << 1 | bit(index));
        text.extend(BASE32.get(value).copied().map(char::from));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher(key: &str) -> SubjectHasher {
        SubjectHasher::new(&SecretText::new(key.to_owned())).unwrap()
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (bytes, expected) in [("f", "m"), ("fo", "mzx"), ("foo", "mzxw"), ("fooba", "mzxw6ytb")] {
            let mut text = String::new();
            push_base32(&mut text, bytes.as_bytes(), 26);
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn a_session_name_is_stable_keyed_and_fits_every_alphabet() {
        let subject = Subject::new("alice@example.com").unwrap();
        let name = hasher("0123456789abcdef").hash(&subject).text;
        assert_eq!(name, hasher("0123456789abcdef").hash(&subject).text);
        assert_ne!(name, hasher("0123456789abcdeg").hash(&subject).text);
        assert_ne!(name, hasher("0123456789abcdef").hash(&Subject::new("bob").unwrap()).text);
        assert_eq!(name.len(), 29, "GetFederationToken takes at most 32 characters");
        let (prefix, hash) = name.split_at(3);
        assert_eq!(prefix, "ns-");
        assert!(
            hash.bytes().all(|byte| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte)),
            "{hash}"
        );
    }

    #[test]
    fn short_keys_and_endless_names_are_refused() {
        assert!(SubjectHasher::new(&SecretText::new("0123456789abcde".to_owned())).is_err());
        assert!(Subject::new("x".repeat(NAME_LIMIT)).is_ok());
        assert!(Subject::new("x".repeat(NAME_LIMIT + 1)).is_err());
    }
}
