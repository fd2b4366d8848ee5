//! What goes into a grant.

use super::GrantError;
use crate::{secret::SecretText, time::Timestamp};

/// Credentials as STS issues them. Moved into a grant, not copied.
///
/// ```
/// use nova_sonic_core::{grant::TemporaryCredentials, secret::SecretText, time::Timestamp};
/// let credentials = TemporaryCredentials {
///     access_key_id: "ASIAEXAMPLE".to_owned(),
///     secret_access_key: SecretText::new("wJalrXUtnFEMI".to_owned()),
///     session_token: SecretText::new("IQoJb3JpZ2lu".to_owned()),
///     expiration: Timestamp::from_unix_millis(1_795_353_300_000),
/// };
/// assert!(!format!("{credentials:?}").contains("wJalr"));
/// ```
#[derive(Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "built by callers; STS's credentials have had these parts for ever"
)]
pub struct TemporaryCredentials {
    /// The public name of the key, `ASIA…`.
    pub access_key_id: String,
    /// The secret that signs.
    pub secret_access_key: SecretText,
    /// The token that makes the key valid.
    pub session_token: SecretText,
    /// When AWS stops to accept them.
    pub expiration: Timestamp,
}

/// What a browser is given to sign with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GrantMode {
    /// Keys that sign for one UTC date, one region and `bedrock`, and for nothing else; the secret stays on the server.
    #[default]
    SigningKeys,
    /// The secret itself, in the shape of the AWS SDK, for pages that go on using it.
    Plain,
}

impl GrantMode {
    /// The word used in settings: `signing-keys`, `plain`.
    ///
    /// ```
    /// assert_eq!(nova_sonic_core::grant::GrantMode::default().as_str(), "signing-keys");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SigningKeys => "signing-keys",
            Self::Plain => "plain",
        }
    }
}

/// Longest access key id, bytes. Source: AWS STS API reference, `Credentials`.
const ACCESS_KEY_LIMIT: usize = 128;
/// Longest secret access key taken, bytes; those of AWS have 40.
const SECRET_KEY_LIMIT: usize = 256;
/// Longest session token taken, bytes; AWS names no limit, a URL has one.
const SESSION_TOKEN_LIMIT: usize = 16_384;

pub(super) fn check_access_key(id: &str) -> Result<(), GrantError> {
    let sound =
        (1..=ACCESS_KEY_LIMIT).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if sound { Ok(()) } else { Err(GrantError::AccessKeyInvalid { length: id.len() }) }
}

pub(super) fn check_secret_key(key: &SecretText) -> Result<(), GrantError> {
    let length = key.expose().len();
    if is_plain(key, SECRET_KEY_LIMIT) { Ok(()) } else { Err(GrantError::SecretKeyInvalid { length }) }
}

pub(super) fn check_session_token(token: &SecretText) -> Result<(), GrantError> {
    let length = token.expose().len();
    if is_plain(token, SESSION_TOKEN_LIMIT) {
        Ok(())
    } else {
        Err(GrantError::SessionTokenInvalid { length })
    }
}

/// Whether JSON carries the text as it stands: what AWS issues is base64, so nothing is ever escaped.
fn is_plain(text: &SecretText, limit: usize) -> bool {
    let text = text.expose();
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    (1..=limit).contains(&text.len()) && text.bytes().all(plain)
}
