//! Places and records that several processes share, in Redis (feature `redis`).

use std::{fmt, sync::Arc, time::Duration};

use base64_simd::URL_SAFE_NO_PAD;
use redis::Script;
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use super::{RelayRecord, handler::new_id};
use crate::broker::{SharedLimitsError, Store};

/// How long a place is kept for a process that does not say that it still needs it: one that was killed.
const HELD: Duration = Duration::from_secs(30);

/// Takes a place, or keeps it for longer; `0` when the subject has as many as it may. Times are of Redis's own clock.
const TAKE: &str = r"
local places, token, most, held = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZREMRANGEBYSCORE', places, '-inf', now)
local mine = redis.call('ZSCORE', places, token)
if not mine and redis.call('ZCARD', places) >= most then return 0 end
redis.call('ZADD', places, now + held, token)
redis.call('PEXPIRE', places, held)
return 1
";
const LEAVE: &str = "return redis.call('ZREM', KEYS[1], ARGV[1])";
const KEEP: &str = "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) return 1";
const READ: &str = "return redis.call('GET', KEYS[1])";

/// Places and records that any number of relay processes share: one Redis, version 4 or later. Clones are the same one.
///
/// A place names its subject by a hash. A record that is kept has the subject's own name and, unless
/// [`RelayRules::keeps_transcript`](crate::relay::RelayRules::keeps_transcript) says otherwise, what was said. The places of a process that was killed are free again after 30 s.
#[derive(Clone)]
pub struct RelayLedger {
    books: Arc<Books>,
}

struct Books {
    store: Store,
    prefix: String,
    held: Duration,
    take: Script,
    leave: Script,
    keep: Script,
    read: Script,
}

/// One place of a subject, given back when it is dropped.
pub(super) struct SharedPlace {
    _left: oneshot::Sender<()>,
}

impl RelayLedger {
    /// The ledger in the Redis of that URL, under names that begin with `prefix`; nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`SharedLimitsError::Address`].
    pub fn new(url: &str, prefix: impl Into<String>) -> Result<Self, SharedLimitsError> {
        Ok(Self {
            books: Arc::new(Books {
                store: Store::new(url)?,
                prefix: prefix.into(),
                held: HELD,
                take: Script::new(TAKE),
                leave: Script::new(LEAVE),
                keep: Script::new(KEEP),
                read: Script::new(READ),
            }),
        })
    }

    /// Keeps a record, in place of an earlier one of the same conversation, for so long.
    ///
    /// # Errors
    ///
    /// [`SharedLimitsError`] when Redis does not take it.
    pub async fn keep_record(&self, record: &RelayRecord, life: Duration) -> Result<(), SharedLimitsError> {
        let books = &self.books;
        let mut question = books.keep.prepare_invoke();
        question.key(books.record_key(&record.id)).arg(record.to_json().to_string()).arg(millis(life));
        books.store.ask::<u8>(&question).await.map(drop)
    }

    /// The record of that conversation as JSON, from whichever process it came.
    ///
    /// # Errors
    ///
    /// [`SharedLimitsError`] when Redis does not say.
    pub async fn record_json(&self, id: &str) -> Result<Option<String>, SharedLimitsError> {
        let books = &self.books;
        let mut question = books.read.prepare_invoke();
        question.key(books.record_key(id));
        books.store.ask(&question).await
    }

    /// Takes a place; `None` when the subject has `most`.
    pub(super) async fn take(
        self,
        subject: Arc<str>,
        most: u32,
    ) -> Result<Option<SharedPlace>, SharedLimitsError> {
        let (key, token) = (self.books.subject_key(&subject), new_id());
        if !self.books.take(&key, &token, most).await? {
            return Ok(None);
        }
        let (left, mut leaving) = oneshot::channel();
        tokio::spawn(async move {
            let books = self.books;
            while tokio::time::timeout(books.held / 3, &mut leaving).await.is_err() {
                // what fails now is tried again, twice before the place is lost
                let _ = books.take(&key, &token, most).await;
            }
            let mut question = books.leave.prepare_invoke();
            question.key(&key).arg(&token);
            // a place that is not given back is free again in a while
            let _ = books.store.ask::<u8>(&question).await;
        });
        Ok(Some(SharedPlace { _left: left }))
    }
}

impl Books {
    async fn take(&self, key: &str, token: &str, most: u32) -> Result<bool, SharedLimitsError> {
        let mut question = self.take.prepare_invoke();
        question.key(key).arg(token).arg(most).arg(millis(self.held));
        Ok(self.store.ask::<u8>(&question).await? == 1)
    }

    fn subject_key(&self, subject: &str) -> String {
        let hash = URL_SAFE_NO_PAD.encode_to_string(Sha256::digest(subject));
        format!("{}.talking.{hash}", self.prefix)
    }

    fn record_key(&self, id: &str) -> String {
        format!("{}.record.{id}", self.prefix)
    }
}

impl fmt::Debug for RelayLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayLedger").field("prefix", &self.books.prefix).finish_non_exhaustive()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
