//! `AKID/20261122/us-east-1/bedrock/aws4_request`, and the times that go with it.

use aws_smithy_types::{DateTime, date_time::Format};
use nova_sonic_core::time::{Date, Timestamp};

use super::{AuthError, Expectation};

/// The parts of a credential scope that were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CredentialScope {
    pub(super) access_key_id: String,
    pub(super) region: String,
}

impl CredentialScope {
    /// Reads the scope and holds it against what the signature must be made for.
    pub(super) fn parse(
        text: &str,
        signed_at: SignedAt,
        expected: &Expectation<'_>,
    ) -> Result<Self, AuthError> {
        let parts: Vec<&str> = text.split('/').collect();
        let [access_key_id, date, region, service, terminator] = parts.as_slice() else {
            return Err(AuthError::Incomplete(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.".to_owned(),
            ));
        };
        if *terminator != "aws4_request" {
            return Err(AuthError::Scope(
                "Credential should be scoped with a valid terminator: 'aws4_request'.".to_owned(),
            ));
        }
        if *service != expected.service {
            let service = expected.service;
            return Err(AuthError::Scope(format!(
                "Credential should be scoped to correct service: '{service}'."
            )));
        }
        if !expected.regions.contains(region) {
            return Err(AuthError::Scope(format!(
                "Credential should be scoped to a valid region, not '{}'.",
                shown(region)
            )));
        }
        if Date::parse(date) != Some(signed_at.timestamp.date()) {
            let signed = signed_at.timestamp.date();
            return Err(AuthError::Scope(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != '{signed}'.",
                shown(date)
            )));
        }
        Ok(Self { access_key_id: (*access_key_id).to_owned(), region: (*region).to_owned() })
    }
}

/// The time that a request says it was signed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SignedAt {
    pub(super) timestamp: Timestamp,
}

impl SignedAt {
    /// Reads `20261122T130248Z`.
    pub(super) fn parse(text: &str) -> Result<Self, AuthError> {
        let timestamp = extended(text)
            .and_then(|extended| DateTime::from_str(&extended, Format::DateTime).ok())
            .and_then(|moment| moment.to_millis().ok())
            .map(Timestamp::from_unix_millis);
        let timestamp = timestamp.ok_or_else(|| {
            AuthError::Incomplete(
                "Date must be in ISO-8601 'basic format', e.g. '20261122T130248Z'.".to_owned(),
            )
        })?;
        Ok(Self { timestamp })
    }

    /// Refuses a time later than the clock's by more than the tolerance.
    pub(super) fn not_in_the_future(self, now: Timestamp) -> Result<(), AuthError> {
        if self.timestamp.since(now) <= super::CLOCK_TOLERANCE {
            return Ok(());
        }
        let (signed, latest) = (basic(self.timestamp), basic(now.after(super::CLOCK_TOLERANCE)));
        Err(AuthError::Scope(format!(
            "Signature not yet current: {signed} is still later than {latest} ({} + 5 min.)",
            basic(now)
        )))
    }

    /// Refuses a time earlier than the clock's by more than `validity` allows.
    pub(super) fn not_expired(self, now: Timestamp, validity: std::time::Duration) -> Result<(), AuthError> {
        if now.since(self.timestamp) <= validity {
            return Ok(());
        }
        let age = format!("{} - {} min.", basic(now), validity.as_secs().div_ceil(60));
        let earliest = Timestamp::from_unix_millis(
            now.unix_millis().saturating_sub(i64::try_from(validity.as_millis()).unwrap_or(i64::MAX)),
        );
        let signed = basic(self.timestamp);
        Err(AuthError::Scope(format!(
            "Signature expired: {signed} is now earlier than {} ({age})",
            basic(earliest)
        )))
    }
}

/// `20261122T130248Z` as `2026-11-22T13:02:48Z`.
fn extended(text: &str) -> Option<String> {
    let digits = |range: std::ops::Range<usize>| {
        text.get(range).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if text.len() != 16 || text.get(8..9) != Some("T") || !text.ends_with('Z') {
        return None;
    }
    let (year, month, day) = (digits(0..4)?, digits(4..6)?, digits(6..8)?);
    Some(format!("{year}-{month}-{day}T{}:{}:{}Z", digits(9..11)?, digits(11..13)?, digits(13..15)?))
}

fn basic(timestamp: Timestamp) -> String {
    String::from_utf8_lossy(&timestamp.basic_format()).into_owned()
}

/// At most 40 characters of a stranger's text.
fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}
