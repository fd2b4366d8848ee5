//! Keys: derived from the secret, or handed over already derived.

use std::{fmt, sync::Arc};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::SignError;
use crate::{secret::SecretText, time::Date};

/// The signing name of Bedrock, in every scope of this module.
pub(super) const SERVICE: &str = "bedrock";
/// The last part of every scope.
pub(super) const TERMINATOR: &str = "aws4_request";

/// A key that signs for one UTC date, one region and the service `bedrock`, and for nothing else.
///
/// The secret cannot be computed from it, nor the key of another date, region or service. Wiped when dropped,
/// unprintable, not `Clone`.
///
/// ```
/// use nova_sonic_core::{secret::SecretText, sigv4::SigningKey, time::Date};
/// let secret = SecretText::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned());
/// let key = SigningKey::derive(&secret, Date::parse("20261122").unwrap(), "us-east-1");
/// assert_eq!(key.expose()[..2], [0xc2, 0x44]);
/// assert_eq!(format!("{key:?}"), "SigningKey(20261122, us-east-1, [redacted])");
/// ```
pub struct SigningKey {
    date: Date,
    region: String,
    bytes: Zeroizing<[u8; 32]>,
}

impl SigningKey {
    /// Derives the key of a date and a region from the secret access key.
    pub fn derive(secret: &SecretText, date: Date, region: &str) -> Self {
        Self { date, region: region.to_owned(), bytes: derive(secret, date, region, SERVICE) }
    }

    /// A key that was derived elsewhere, for example by the server that keeps the secret.
    pub fn from_bytes(bytes: [u8; 32], date: Date, region: &str) -> Self {
        Self { date, region: region.to_owned(), bytes: Zeroizing::new(bytes) }
    }

    /// The only date that it signs for.
    pub const fn date(&self) -> Date {
        self.date
    }

    /// The only region that it signs for.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The key itself, to be handed to a browser and not kept.
    pub fn expose(&self) -> &[u8; 32] {
        &self.bytes
    }

    fn mac(&self) -> Hmac<Sha256> {
        mac(&*self.bytes)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, {}, [redacted])", self.date, self.region)
    }
}

/// What signs: the secret access key, or keys derived from it, one for each UTC date that a stream may touch.
///
/// A clone shares the secret; there is one copy of it, wiped when the last clone is dropped.
#[derive(Clone)]
pub struct SigningKeys(Arc<Source>);

enum Source {
    Secret(SecretText),
    Derived(Vec<SigningKey>),
}

impl SigningKeys {
    /// Signs for every date and region.
    pub fn from_secret(secret_access_key: SecretText) -> Self {
        Self(Arc::new(Source::Secret(secret_access_key)))
    }

    /// Signs for the dates and regions of these keys.
    ///
    /// ```
    /// use nova_sonic_core::sigv4::{SigningKey, SigningKeys};
    /// use nova_sonic_core::time::Date;
    /// let today = SigningKey::from_bytes([7; 32], Date::parse("20261122").unwrap(), "us-east-1");
    /// let keys = SigningKeys::from_derived(vec![today]);
    /// assert!(keys.covers(Date::parse("20261122").unwrap(), "us-east-1"));
    /// assert!(!keys.covers(Date::parse("20261123").unwrap(), "us-east-1"));
    /// ```
    pub fn from_derived(keys: Vec<SigningKey>) -> Self {
        Self(Arc::new(Source::Derived(keys)))
    }

    /// Whether a frame of that date can be signed.
    pub fn covers(&self, date: Date, region: &str) -> bool {
        match &*self.0 {
            Source::Secret(_) => true,
            Source::Derived(keys) => keys.iter().any(|key| key.date == date && key.region == region),
        }
    }

    /// The keyed hash of a date and a region. Costs four hashes with a secret: keep it for as long as the date lasts.
    pub(super) fn mac(&self, date: Date, region: &str) -> Result<Hmac<Sha256>, SignError> {
        match &*self.0 {
            Source::Secret(secret) => Ok(SigningKey::derive(secret, date, region).mac()),
            Source::Derived(keys) => keys
                .iter()
                .find(|key| key.date == date && key.region == region)
                .map(SigningKey::mac)
                .ok_or_else(|| SignError::KeyMissing { date, region: region.to_owned() }),
        }
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Source::Secret(_) => f.write_str("SigningKeys(secret, [redacted])"),
            Source::Derived(keys) => f.debug_tuple("SigningKeys").field(keys).finish(),
        }
    }
}

/// Who signs, and with what.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "built by callers; AWS's own credentials have had these parts for ever"
)]
pub struct SigningCredentials {
    /// The public name of the key, such as `ASIA…`.
    pub access_key_id: String,
    /// The token of temporary credentials.
    pub session_token: Option<SecretText>,
    /// What signs.
    pub keys: SigningKeys,
}

/// Source: AWS IAM user guide, "Derive a signing key".
fn derive(secret: &SecretText, date: Date, region: &str, service: &str) -> Zeroizing<[u8; 32]> {
    let mut root = Zeroizing::new(Vec::with_capacity(4 + secret.expose().len()));
    root.extend_from_slice(b"AWS4");
    root.extend_from_slice(secret.expose().as_bytes());
    let of_date = step(&root, date.as_str());
    let of_region = step(&*of_date, region);
    let of_service = step(&*of_region, service);
    step(&*of_service, TERMINATOR)
}

fn step(key: &[u8], message: &str) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(mac(key).chain_update(message).finalize().into_bytes().into())
}

fn mac(key: &[u8]) -> Hmac<Sha256> {
    let Ok(mac) = Hmac::new_from_slice(key) else { unreachable!("HMAC takes a key of any length") };
    mac
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The keyed hash of another service, for the published examples of the chain.
    pub(in crate::sigv4) fn mac_of_service(
        secret: &str,
        date: &str,
        region: &str,
        service: &str,
    ) -> Hmac<Sha256> {
        let date = Date::parse(date).unwrap();
        mac(&*derive(&SecretText::new(secret.to_owned()), date, region, service))
    }

    #[test]
    fn nothing_secret_is_printed() {
        let date = Date::parse("20261122").unwrap();
        let key = SigningKey::from_bytes([0xa7; 32], date, "us-east-1");
        assert_eq!(format!("{key:?}"), "SigningKey(20261122, us-east-1, [redacted])");
        let credentials = SigningCredentials {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            session_token: Some(SecretText::new("hushhush".to_owned())),
            keys: SigningKeys::from_secret(SecretText::new("hushhush".to_owned())),
        };
        let shown = format!("{credentials:?} {:?}", SigningKeys::from_derived(vec![key]));
        assert!(!shown.contains("hush") && !shown.contains("a7a7") && !shown.contains("167"), "{shown}");
        assert!(shown.contains("AKIDEXAMPLE") && shown.contains("20261122"), "{shown}");
    }
}
