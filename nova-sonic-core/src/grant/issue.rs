//! From credentials to a grant, on the server.

use std::time::Duration;

use super::{
    ClockOffset, Grant, GrantError, GrantMode, Keys, TemporaryCredentials,
    credentials::{check_access_key, check_secret_key, check_session_token},
};
use crate::{
    scope::{LIFETIME_LIMIT, ScopePolicy},
    sigv4::SigningKey,
    time::{Date, Timestamp},
};

/// The longest that a stream lives. Source: Amazon Bedrock API reference, `InvokeModelWithBidirectionalStream`.
pub const STREAM_LIFE: Duration = Duration::from_mins(8);
/// What clocks and the way to AWS may take of a credential's life.
pub const CLOCK_MARGIN: Duration = Duration::from_secs(30);
/// How far from its own time AWS accepts a signature.
const SIGNATURE_MARGIN: Duration = Duration::from_mins(5);

impl Grant {
    /// Makes a grant of credentials that were issued under the `policy`, as rendered for the same moment `now`.
    ///
    /// In [`GrantMode::SigningKeys`] the secret is wiped as soon as a key is derived for each UTC date from `now` to five
    /// minutes after the expiration: usually one, two from 23:40 on.
    ///
    /// # Errors
    ///
    /// [`GrantError::AccessKeyInvalid`], [`GrantError::SecretKeyInvalid`] and [`GrantError::SessionTokenInvalid`] for
    /// what AWS would not issue; [`GrantError::ExpiresTooSoon`] unless a stream that is opened now can live
    /// for [`STREAM_LIFE`], with [`CLOCK_MARGIN`] to spare; [`GrantError::LivesTooLong`] beyond [`LIFETIME_LIMIT`];
    /// [`GrantError::WindowClosed`] if the policy's window is already over.
    pub fn issue(
        mode: GrantMode,
        credentials: TemporaryCredentials,
        policy: &ScopePolicy,
        now: Timestamp,
    ) -> Result<Self, GrantError> {
        let TemporaryCredentials { access_key_id, secret_access_key, session_token, expiration } =
            credentials;
        check_access_key(&access_key_id)?;
        check_secret_key(&secret_access_key)?;
        check_session_token(&session_token)?;
        let server_time = whole_second(now);
        let expiration = whole_second(expiration);
        let limit = whole_seconds(LIFETIME_LIMIT);
        let seconds = seconds_between(server_time, expiration);
        if seconds > limit {
            return Err(GrantError::LivesTooLong { seconds, limit });
        }
        let open_before = open_before(server_time, expiration)?;
        let open_before = open_before.min(whole_second(policy.closes(now, expiration)));
        if open_before <= server_time {
            return Err(GrantError::WindowClosed);
        }
        let region = policy.region().as_str();
        let keys = match mode {
            GrantMode::Plain => Keys::Secret(secret_access_key),
            GrantMode::SigningKeys => Keys::Derived(
                dates_touched(server_time, expiration)
                    .map(|date| SigningKey::derive(&secret_access_key, date, region))
                    .collect(),
            ),
        };
        Ok(Self {
            region: region.to_owned(),
            model_id: policy.model_to_open().to_owned(),
            access_key_id,
            session_token,
            keys,
            server_time,
            open_before,
            expiration,
            clock: ClockOffset::ZERO,
        })
    }
}

/// Until when a stream can be opened that ends before its credentials do.
pub(super) fn open_before(now: Timestamp, expiration: Timestamp) -> Result<Timestamp, GrantError> {
    let needed = STREAM_LIFE + CLOCK_MARGIN;
    let open_before = expiration.before(needed);
    if open_before <= now {
        let seconds = seconds_between(now, expiration);
        return Err(GrantError::ExpiresTooSoon { seconds, needed: whole_seconds(needed) });
    }
    Ok(open_before)
}

/// Every UTC date on which something may be signed: frames carry their own date, and a stream may cross midnight.
fn dates_touched(now: Timestamp, expiration: Timestamp) -> impl Iterator<Item = Date> {
    let last = expiration.after(SIGNATURE_MARGIN).date();
    let mut moment = Some(now);
    std::iter::from_fn(move || {
        let date = moment?.date();
        moment = moment.map(|moment| moment.after(DAY)).filter(|_| date < last);
        Some(date)
    })
}

const DAY: Duration = Duration::from_hours(24);

/// The moment without its milliseconds, as JSON carries it.
pub(super) const fn whole_second(moment: Timestamp) -> Timestamp {
    Timestamp::from_unix_millis(moment.unix_seconds().saturating_mul(1000))
}

fn whole_seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

const fn seconds_between(earlier: Timestamp, later: Timestamp) -> i64 {
    later.unix_seconds().saturating_sub(earlier.unix_seconds())
}
