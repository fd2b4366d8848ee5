//! What a browser is given: keys that sign for one day, one region and Bedrock, instead of a secret.
//!
//! A server issues a [`Grant`] from credentials of STS and writes it as JSON; a browser reads the JSON and signs with
//! it. By default the secret access key never leaves the server. The keys are derived from it for the UTC dates that
//! the credentials may see; whoever steals them can sign for no other service, region or day. What may be done
//! with them inside Bedrock is the business of the [`scope`](crate::scope).
//!
//! ```
//! use nova_sonic_core::{
//!     grant::{Grant, GrantMode, TemporaryCredentials},
//!     scope::{ModelId, Region, ScopePolicy},
//!     secret::SecretText,
//!     time::Timestamp,
//! };
//! let at = |text| Timestamp::parse(text).unwrap();
//! let policy = ScopePolicy::new(Region::parse("us-east-1")?, ModelId::default());
//! let credentials = TemporaryCredentials {
//!     access_key_id: "ASIAEXAMPLE".to_owned(),
//!     secret_access_key: SecretText::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()),
//!     session_token: SecretText::new("IQoJb3JpZ2lu".to_owned()),
//!     expiration: at("2026-11-22T13:15:00Z"),
//! };
//! let grant = Grant::issue(GrantMode::default(), credentials, &policy, at("2026-11-22T13:00:00Z"))?;
//! assert_eq!(grant.open_before(), at("2026-11-22T13:06:30Z"));
//! let json = grant.write_json();
//!
//! // in a browser whose clock is an hour slow
//! let grant = Grant::read_json(&json, at("2026-11-22T12:00:00Z"))?;
//! assert_eq!(grant.signing_time(at("2026-11-22T12:00:05Z")), at("2026-11-22T13:00:05Z"));
//! let credentials = grant.into_signing_credentials();
//! assert_eq!(credentials.access_key_id, "ASIAEXAMPLE");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod clock;
mod credentials;
mod error;
mod issue;
mod json;

use std::fmt;

pub use clock::ClockOffset;
pub use credentials::{GrantMode, TemporaryCredentials};
pub use error::GrantError;
pub use issue::{CLOCK_MARGIN, STREAM_LIFE};
use zeroize::Zeroizing;

use crate::{
    secret::SecretText,
    sigv4::{SigningCredentials, SigningKey, SigningKeys},
    time::{Date, Timestamp},
};

/// What a browser signs with, and for how long. Wiped when dropped, unprintable, and neither `Clone` nor `Serialize`.
///
/// [`write_json`](Self::write_json) is the only way in which its secrets are written.
///
/// ```compile_fail,E0277
/// fn printable<T: std::fmt::Display>() {}
/// printable::<nova_sonic_core::grant::Grant>();
/// ```
///
/// ```compile_fail,E0277
/// fn copied<T: Clone>() {}
/// copied::<nova_sonic_core::grant::Grant>();
/// ```
pub struct Grant {
    region: String,
    model_id: String,
    access_key_id: String,
    session_token: SecretText,
    keys: Keys,
    server_time: Timestamp,
    open_before: Timestamp,
    expiration: Timestamp,
    clock: ClockOffset,
}

enum Keys {
    /// One for each UTC date, in order.
    Derived(Vec<SigningKey>),
    Secret(SecretText),
}

impl Grant {
    /// The JSON that a browser is sent, in a buffer that is wiped; nothing of it is left behind by growing.
    ///
    /// With signing keys it is `{"version":1,"mode":"signing-key","region":…,"service":"bedrock","modelId":…,
    /// "accessKeyId":…,"sessionToken":…,"signingKeys":[{"date":…,"key":…}],"serverTime":…,"openBefore":…,
    /// "expiration":…}`; plain it has the fields of the AWS SDK, `accessKeyId`, `secretAccessKey`, `sessionToken` and
    /// `expiration`, then `region`, `modelId`, `serverTime` and `openBefore`. Times are UTC in whole seconds.
    pub fn write_json(&self) -> Zeroizing<Vec<u8>> {
        json::write(self)
    }

    /// Reads what an application's credentials endpoint answered; `received` is what the local clock said then.
    ///
    /// Takes both forms that [`write_json`](Self::write_json) makes, and the credentials of an AWS SDK with a `region`.
    /// Where the answer does not say what time it was for the issuer, the local clock is believed.
    ///
    /// # Errors
    ///
    /// [`GrantError`] if the answer is longer than 64 KiB, is not such JSON, contradicts itself, or if there is no time
    /// left for a stream.
    pub fn read_json(json: &[u8], received: Timestamp) -> Result<Self, GrantError> {
        json::read(json, received)
    }

    /// What signs requests and frames.
    pub fn into_signing_credentials(self) -> SigningCredentials {
        let keys = match self.keys {
            Keys::Derived(keys) => SigningKeys::from_derived(keys),
            Keys::Secret(secret) => SigningKeys::from_secret(secret),
        };
        SigningCredentials {
            access_key_id: self.access_key_id,
            session_token: Some(self.session_token),
            keys,
        }
    }

    /// The time to sign with when the local clock says `local`: corrected by what the issuer's clock said, and never
    /// before the grant was issued.
    ///
    /// A frame that is dated before that may belong to a date without a key, half a second before midnight for
    /// instance. Give it a clock that only runs forward (in a browser `performance.timeOrigin + performance.now()`).
    pub fn signing_time(&self, local: Timestamp) -> Timestamp {
        self.clock.apply(local).max(self.server_time)
    }

    /// Whether a stream that is opened when the local clock says `local` can live its eight minutes.
    pub fn may_open(&self, local: Timestamp) -> bool {
        self.signing_time(local) < self.open_before
    }

    /// The same with the reason why not.
    ///
    /// # Errors
    ///
    /// [`GrantError::ExpiresTooSoon`] if the credentials would end before the stream, [`GrantError::WindowClosed`] if
    /// their policy no longer allows to open one.
    pub fn check_open(&self, local: Timestamp) -> Result<(), GrantError> {
        if self.may_open(local) {
            return Ok(());
        }
        issue::open_before(self.signing_time(local), self.expiration)?;
        Err(GrantError::WindowClosed)
    }

    /// How far the local clock is off the issuer's; nothing where the grant was issued.
    pub const fn clock_offset(&self) -> ClockOffset {
        self.clock
    }

    /// What it signs with.
    pub const fn mode(&self) -> GrantMode {
        match self.keys {
            Keys::Derived(_) => GrantMode::SigningKeys,
            Keys::Secret(_) => GrantMode::Plain,
        }
    }

    /// The dates that it can sign for; none in plain mode, which can sign for every date.
    pub fn signing_dates(&self) -> impl Iterator<Item = Date> {
        let keys = match &self.keys {
            Keys::Derived(keys) => keys.as_slice(),
            Keys::Secret(_) => &[],
        };
        keys.iter().map(SigningKey::date)
    }

    /// The region to open a stream in.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The model, or the inference profile, to open a stream with.
    pub fn model_id(&self) -> &str {
        &self.model_id
    }

    /// The public name of the key, `ASIA…`. No secret, but the account can be read from it.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// When it was issued, by the issuer's clock.
    pub const fn server_time(&self) -> Timestamp {
        self.server_time
    }

    /// Until when a stream can be opened that shall live its eight minutes, by the issuer's clock.
    pub const fn open_before(&self) -> Timestamp {
        self.open_before
    }

    /// When AWS stops to accept it: streams that are open then end.
    pub const fn expiration(&self) -> Timestamp {
        self.expiration
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant")
            .field("mode", &self.mode())
            .field("region", &self.region)
            .field("model_id", &self.model_id)
            .field("access_key_id", &self.access_key_id)
            .field("server_time", &self.server_time)
            .field("open_before", &self.open_before)
            .field("expiration", &self.expiration)
            .finish_non_exhaustive()
    }
}
