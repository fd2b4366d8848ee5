//! The chain: every frame signs the one before it.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use super::{
    SignError, Signature, SigningKeys,
    key::{SERVICE, TERMINATOR},
    signature::hex,
};
use crate::time::{Date, Timestamp};

/// Length of the `:date` header that is signed with a frame.
pub const DATE_HEADER_BYTES: usize = 15;

/// Everything of the `:date` header but its value: length of the name, name, type 8 (timestamp).
const DATE_HEADER_START: &[u8; 7] = b"\x05:date\x08";

/// How exactly a frame says when it was signed. The service takes both: AWS's SDK for Rust sends whole seconds, the
/// one for JavaScript milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DatePrecision {
    /// Whole seconds, which the signed text has anyway.
    #[default]
    Second,
    /// Milliseconds; each frame costs two more hashes.
    Millisecond,
}

/// What a signed frame carries in its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedChunk {
    /// The whole `:date` header, as it stands in the frame.
    pub date_header: [u8; DATE_HEADER_BYTES],
    /// The value of the `:chunk-signature` header.
    pub signature: Signature,
}

/// Signs the frames of one stream, each with the signature of the one before it.
///
/// The keyed hash is kept for a UTC date, what depends on the time for as long as the time stands. A frame is never
/// dated before an earlier one or before the request, whatever the caller's clock does.
///
/// ```
/// use nova_sonic_core::{secret::SecretText, sigv4::*, time::Timestamp};
/// let keys = SigningKeys::from_secret(SecretText::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()));
/// let opened = Timestamp::from_unix_millis(1_735_689_600_250);
/// let mut signer = ChunkSigner::new(keys, "us-east-1", Signature::from_bytes([0; 32]), opened);
/// let first = signer.sign(b"frame", opened)?;
/// let second = signer.sign(b"frame", opened)?;
/// assert_ne!(first.signature, second.signature);
/// assert_eq!(first.date_header[7..], 1_735_689_600_000_i64.to_be_bytes());
/// # Ok::<(), SignError>(())
/// ```
pub struct ChunkSigner {
    keys: SigningKeys,
    region: String,
    precision: DatePrecision,
    /// The earliest moment that the next frame may be dated.
    earliest: Timestamp,
    prior: [u8; 64],
    day: Option<(Date, Hmac<Sha256>)>,
    moment: Option<Moment>,
}

/// What frames of the same moment have in common.
struct Moment {
    at: Timestamp,
    date_header: [u8; DATE_HEADER_BYTES],
    date_hash: [u8; 64],
    /// Has taken the text up to the prior signature.
    mac: Hmac<Sha256>,
}

impl ChunkSigner {
    /// A chain that begins with the `seed`, the signature of the request that opened the stream at `opened`.
    pub fn new(keys: SigningKeys, region: &str, seed: Signature, opened: Timestamp) -> Self {
        Self {
            keys,
            region: region.to_owned(),
            precision: DatePrecision::default(),
            earliest: opened,
            prior: seed.to_hex(),
            day: None,
            moment: None,
        }
    }

    /// The same chain with another precision of the `:date` headers.
    #[must_use]
    pub const fn with_precision(mut self, precision: DatePrecision) -> Self {
        self.precision = precision;
        self
    }

    /// Signs the next frame; an empty `payload` ends the stream.
    ///
    /// # Errors
    ///
    /// [`SignError::KeyMissing`] if no key is for the UTC date of the frame; the chain is then as it was.
    pub fn sign(&mut self, payload: &[u8], now: Timestamp) -> Result<SignedChunk, SignError> {
        let now = now.max(self.earliest);
        let at = match self.precision {
            DatePrecision::Second => Timestamp::from_unix_millis(now.unix_seconds().saturating_mul(1000)),
            DatePrecision::Millisecond => now,
        };
        if self.moment.as_ref().is_none_or(|moment| moment.at != at) {
            self.moment = Some(self.moment(at)?);
        }
        let Some(moment) = &self.moment else { unreachable!("the moment was set above") };
        let signature = chain(moment.mac.clone(), &self.prior, &moment.date_hash, payload);
        self.prior = signature.to_hex();
        self.earliest = now;
        Ok(SignedChunk { date_header: moment.date_header, signature })
    }

    fn moment(&mut self, at: Timestamp) -> Result<Moment, SignError> {
        let date = at.date();
        let mac = match &self.day {
            Some((day, mac)) if *day == date => mac.clone(),
            _ => {
                let mac = self.keys.mac(date, &self.region)?;
                self.day = Some((date, mac.clone()));
                mac
            }
        };
        let date_header = date_header(at.unix_millis());
        Ok(Moment {
            at,
            date_header,
            date_hash: hex(&Sha256::digest(date_header).into()),
            mac: begin(mac, &at.basic_format(), date, &self.region, SERVICE),
        })
    }
}

/// Shows nothing that would help to sign.
impl fmt::Debug for ChunkSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkSigner")
            .field("region", &self.region)
            .field("precision", &self.precision)
            .field("earliest", &self.earliest)
            .finish_non_exhaustive()
    }
}

fn date_header(millis: i64) -> [u8; DATE_HEADER_BYTES] {
    let mut header = [0; DATE_HEADER_BYTES];
    let (start, value) = header.split_at_mut(DATE_HEADER_START.len());
    start.copy_from_slice(DATE_HEADER_START);
    value.copy_from_slice(&millis.to_be_bytes());
    header
}

/// Feeds the lines of the string to sign that stay the same for a moment: algorithm, time, scope.
fn begin(mac: Hmac<Sha256>, time: &[u8; 16], date: Date, region: &str, service: &str) -> Hmac<Sha256> {
    let scope = [date.as_str(), "/", region, "/", service, "/", TERMINATOR, "\n"];
    let mac = mac.chain_update(b"AWS4-HMAC-SHA256-PAYLOAD\n").chain_update(time).chain_update(b"\n");
    scope.iter().fold(mac, Mac::chain_update)
}

/// Feeds the lines that differ from frame to frame: prior signature, hash of the date, hash of the payload.
fn chain(mac: Hmac<Sha256>, prior: &[u8], date_hash: &[u8; 64], payload: &[u8]) -> Signature {
    let mac = mac
        .chain_update(prior)
        .chain_update(b"\n")
        .chain_update(date_hash)
        .chain_update(b"\n")
        .chain_update(hex(&Sha256::digest(payload).into()));
    Signature::from_bytes(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::{super::key::tests::mac_of_service, *};

    /// The example of smithy-typescript's own tests for `signEvent`.
    #[test]
    fn the_published_example_of_javascript_is_reproduced() {
        let mac = mac_of_service("secret", "20130524", "REGION", "SERVICE");
        let date = Date::parse("20130524").unwrap();
        let mac = begin(mac, b"20130524T000000Z", date, "REGION", "SERVICE");
        let header = date_header(0x0167_f77d_5770);
        let signature = chain(mac, b"", &hex(&Sha256::digest(header).into()), b"foo");
        assert_eq!(
            signature.to_hex().as_slice(),
            b"204bb5e2713e95354680e9522986d3ac0304aeafd33397f39e6540ca51ffe226"
        );
    }

    /// The example of smithy-rs's own tests for the string to sign: 1973-11-29T21:33:09Z.
    #[test]
    fn the_published_hash_of_a_date_is_reproduced() {
        assert_eq!(
            hex(&Sha256::digest(date_header(123_456_789_000)).into()).as_slice(),
            b"0c0e3b3bf66b59b976181bd7d401927bbd624107303c713fd1e5f3d3c8dd1b1e"
        );
    }
}
