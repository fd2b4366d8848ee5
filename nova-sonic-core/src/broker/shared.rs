//! Limits and breaker that several processes share, kept in Redis (feature `redis`).
//!
//! One script and one round trip let a request in, another ends it. A script runs alone on the server, so it holds
//! exactly in any interleaving, and the clock is the server's. All questions of a process travel over one connection.

use std::{fmt, time::Duration};

use redis::Script;

use super::Outcome;
use crate::error::ErrorCode;

mod admission;
mod scripts;
mod store;

pub(super) use admission::{SharedAdmission, SharedPermit};

#[cfg(feature = "relay")]
pub(crate) use store::Store;
#[cfg(not(feature = "relay"))]
use store::Store;

/// Where the limits of several processes are kept: one Redis, version 4 or later.
///
/// ```no_run
/// use nova_sonic_core::broker::{Outcome, SharedDemand, SharedKeys, SharedLimits, SharedVerdict};
/// # async fn ask() -> Result<(), Box<dyn std::error::Error>> {
/// let limits = SharedLimits::new("redis://127.0.0.1:6379/0")?;
/// let keys = SharedKeys::with_prefix("voice", "ns-4711", "192.0.2.1");
/// let demand = SharedDemand { per_minute: 6, per_day: 200, ..SharedDemand::default() };
/// let token = "drawn at random, 16 bytes";
/// if let SharedVerdict::Admitted { generation } = limits.admit(&keys, &demand, token).await? {
///     // ask STS
///     limits.settle(&keys, &demand, token, generation, Outcome::Succeeded).await?;
/// }
/// # Ok(())
/// # }
/// ```
pub struct SharedLimits {
    store: Store,
    admit: Script,
    settle: Script,
}

/// Where in Redis the counts of one request are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the script takes these and no others")]
pub struct SharedKeys {
    /// Held while a request of the subject is served.
    pub lock: String,
    /// The subject's issues of the last 60 s.
    pub minute: String,
    /// The subject's issues of its day.
    pub day: String,
    /// The address's issues of the last 60 s.
    pub address: String,
    /// The breaker of all.
    pub breaker: String,
    /// The issues of all of the last 60 s.
    pub total: String,
}

impl SharedKeys {
    /// The names under a prefix of the application's own.
    ///
    /// ```
    /// use nova_sonic_core::broker::SharedKeys;
    /// let keys = SharedKeys::with_prefix("voice", "ns-4711", "192.0.2.1");
    /// assert_eq!(keys.lock, "voice.subject.ns-4711.lock");
    /// ```
    pub fn with_prefix(prefix: &str, subject_hash: &str, address: &str) -> Self {
        let subject = format!("{prefix}.subject.{subject_hash}");
        Self {
            lock: format!("{subject}.lock"),
            minute: format!("{subject}.minute"),
            day: format!("{subject}.day"),
            address: format!("{prefix}.address.{address}"),
            breaker: format!("{prefix}.breaker"),
            total: format!("{prefix}.total"),
        }
    }
}

/// The limits that a request is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what the scripts take")]
pub struct SharedDemand {
    /// How long the subject stays locked when nobody settles: longer than a call of STS may take.
    pub lock: Duration,
    /// Issues of the subject in any 60 s.
    pub per_minute: u32,
    /// Issues of the subject in a day, which begins with the first one.
    pub per_day: u32,
    /// Issues from the address in any 60 s, if that is limited.
    pub per_address_per_minute: Option<u32>,
    /// Issues to all in any 60 s, if that is limited.
    pub total_per_minute: Option<u32>,
    /// Failures of STS in a row that open the breaker.
    pub failures: u32,
    /// How long STS is then left alone.
    pub pause: Duration,
}

impl Default for SharedDemand {
    /// 6 a minute and 200 a day, a lock of 20 s; five failures open the breaker for 10 s.
    fn default() -> Self {
        Self {
            lock: Duration::from_secs(20),
            per_minute: 6,
            per_day: 200,
            per_address_per_minute: None,
            total_per_minute: None,
            failures: 5,
            pause: Duration::from_secs(10),
        }
    }
}

/// Which limit a request met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SharedLimitKind {
    /// Another request of the same subject is being served.
    InFlight,
    /// The subject's day is full.
    PerDay,
    /// The subject's minute is full.
    PerMinute,
    /// The address's minute is full.
    PerAddress,
    /// Everybody's minute is full.
    Total,
    /// STS has failed too often, and is left alone.
    Breaker,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SharedVerdict {
    /// It is let in and counted; to be settled.
    Admitted {
        /// State of the breaker that let it in: it has no say in a later one.
        generation: u64,
    },
    /// It met a limit, and nothing was counted.
    Refused {
        /// Which.
        kind: SharedLimitKind,
        /// When it may be let in.
        retry_after: Duration,
    },
}

/// Redis did not do what it was asked. Says nothing of addresses or passwords.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SharedLimitsError {
    /// The address is none.
    #[error("the address of Redis is not understood: redis://host:port/database or unix:///path?db=database")]
    Address,
    /// It could not be reached, or did not answer in time.
    #[error("Redis is out of reach: {0}")]
    Unreachable(String),
    /// It refused.
    #[error("Redis refused: {0}")]
    Refused(String),
    /// It answered something else than the script does.
    #[error("Redis answered what no script of ours does")]
    Answer,
    /// Nothing can wait here.
    #[error("limits are asked on a tokio runtime")]
    Runtime,
}

impl SharedLimitsError {
    /// The stable code.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Address | Self::Runtime => ErrorCode::ConfigurationInvalid,
            Self::Unreachable(_) | Self::Refused(_) | Self::Answer => ErrorCode::LimitsUnavailable,
        }
    }
}

impl SharedLimits {
    /// The script that lets a request in, for an application that must ask with a Redis client of its own. Keys and
    /// arguments are those of [`admit`](Self::admit), the milliseconds of the lock first; it answers the verdict's
    /// number and a value.
    pub const ADMIT_SCRIPT: &str = scripts::ADMIT;
    /// The script that ends what was let in, for such an application.
    pub const SETTLE_SCRIPT: &str = scripts::SETTLE;

    /// Limits in the Redis of that URL; nothing is connected yet.
    ///
    /// # Errors
    /// [`SharedLimitsError::Address`].
    pub fn new(url: &str) -> Result<Self, SharedLimitsError> {
        Ok(Self {
            store: Store::new(url)?,
            admit: Script::new(scripts::ADMIT),
            settle: Script::new(scripts::SETTLE),
        })
    }

    /// Lets a request in and counts it, or refuses it and counts nothing. The token is unguessable and used once: asked
    /// again with the same one, the answer is the same.
    ///
    /// # Errors
    /// [`SharedLimitsError`] when nothing is known: then nobody is let in.
    pub async fn admit(
        &self,
        keys: &SharedKeys,
        demand: &SharedDemand,
        token: &str,
    ) -> Result<SharedVerdict, SharedLimitsError> {
        let mut question = self.admit.prepare_invoke();
        for key in [&keys.lock, &keys.minute, &keys.day, &keys.address, &keys.breaker, &keys.total] {
            question.key(key.as_str());
        }
        question
            .arg(token)
            .arg(millis(demand.lock))
            .arg(demand.per_minute)
            .arg(demand.per_day)
            .arg(demand.per_address_per_minute.unwrap_or(0))
            .arg(demand.total_per_minute.unwrap_or(0));
        let (verdict, value): (u8, i64) = self.store.ask(&question).await?;
        let value = u64::try_from(value).unwrap_or(0);
        let kind = match verdict {
            0 => return Ok(SharedVerdict::Admitted { generation: value }),
            1 => SharedLimitKind::InFlight,
            2 => SharedLimitKind::PerDay,
            3 => SharedLimitKind::PerMinute,
            4 => SharedLimitKind::PerAddress,
            5 => SharedLimitKind::Total,
            6 => SharedLimitKind::Breaker,
            _ => return Err(SharedLimitsError::Answer),
        };
        Ok(SharedVerdict::Refused { kind, retry_after: Duration::from_millis(value) })
    }

    /// Ends what was let in: gives the subject's lock back, and tells the breaker what came of it. A token that holds
    /// nothing changes nothing.
    ///
    /// # Errors
    /// [`SharedLimitsError`]; the lock then ends by itself.
    pub async fn settle(
        &self,
        keys: &SharedKeys,
        demand: &SharedDemand,
        token: &str,
        generation: u64,
        outcome: Outcome,
    ) -> Result<(), SharedLimitsError> {
        let mut end = self.settle.prepare_invoke();
        end.key(keys.lock.as_str())
            .key(keys.breaker.as_str())
            .arg(token)
            .arg(match outcome {
                Outcome::Succeeded => 0,
                Outcome::Failed(_) => 1,
                Outcome::Unknown => 2,
            })
            .arg(generation)
            .arg(demand.failures)
            .arg(millis(demand.pause));
        self.store.ask(&end).await
    }
}

impl fmt::Debug for SharedLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedLimits").finish_non_exhaustive()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
