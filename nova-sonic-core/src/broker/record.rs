//! What is known of an issue afterwards, and of all of them together. No secret is in it.

use std::fmt;

use super::BreakerState;
use crate::time::Timestamp;

/// One issue, for the audit trail: who got which key, until when. Nothing in it opens anything.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IssueRecord {
    /// Names this issue and cannot be guessed: 26 characters, letters and digits.
    pub id: String,
    /// Keyed hash of the subject, `ns-…`: the name of the role's session, by which `CloudTrail` knows it.
    pub subject_hash: String,
    /// Public half of the issued key, `ASIA…`; it tells the account to those who can read it.
    pub access_key_id: String,
    /// When the credentials stop working.
    pub expiration: Timestamp,
    /// How much of the room for policy and tags is used, percent, as AWS packs it; refused above 100.
    pub packed_policy_size: Option<u32>,
    /// How far AWS's clock is ahead of this machine's, in whole seconds, as far as the expiration tells.
    pub clock_offset_seconds: i64,
    /// AWS's id of the request that succeeded.
    pub request_id: Option<String>,
    /// How often STS was asked.
    pub attempts: u32,
    /// Time from the request to the grant, ms.
    pub duration_ms: u64,
}

/// What a broker has done since it was built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrokerMetrics {
    /// Grants issued.
    pub issued: u64,
    /// Requests refused by a subject's limits.
    pub refused_by_limit: u64,
    /// Requests refused since the table of subjects was full.
    pub refused_by_table: u64,
    /// Requests refused since STS had failed too often.
    pub refused_by_breaker: u64,
    /// Requests that STS refused or failed, after the last attempt.
    pub failed: u64,
    /// Requests for which the backend had no credentials of its own.
    pub without_credentials: u64,
    /// Requests whose caller went away before STS had answered.
    pub abandoned: u64,
    /// Calls of STS, further attempts included.
    pub sts_calls: u64,
    /// Attempts after a request's first one.
    pub retries: u64,
    /// Times the breaker has opened.
    pub breaker_opened: u64,
    /// Requests being served now.
    pub in_flight: u64,
    /// Subjects remembered now.
    pub subjects: u64,
    /// What the breaker does now.
    pub breaker: BreakerState,
    /// Time that issues took, all together, ms.
    pub issue_ms: u64,
    /// Time that the slowest issue took, ms.
    pub slowest_ms: u64,
}

impl fmt::Display for BreakerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        })
    }
}
