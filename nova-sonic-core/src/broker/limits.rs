//! How often one subject is served: exact, bounded in memory, and without a clock.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque, hash_map::Entry},
    fmt,
    time::Duration,
};

use crate::{error::ErrorCode, time::Tick};

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);
/// When to come back while one's own request is being served: most take less than a second.
const IN_FLIGHT_RETRY: Duration = Duration::from_secs(1);

/// How often one subject may be issued credentials. One request of a subject is served at a time, in any case.
///
/// A request counts as soon as STS may be asked, also when STS then fails: what is limited is what is asked of it. One
/// that is refused by a limit or by the breaker does not count.
///
/// ```
/// use nova_sonic_core::broker::Limits;
/// let limits = Limits::default().per_minute(3);
/// assert_eq!((limits.per_minute, limits.per_day, limits.subjects), (3, 200, 100_000));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Issues in any 60 s. 6 by default: a page opens a stream, loses it, opens another.
    pub per_minute: u32,
    /// Issues in a day, which begins with the subject's first one and lasts 24 h. 200 by default.
    pub per_day: u32,
    /// Subjects remembered at once, each until its day is over. 100,000 by default, in about 25 MB. Further ones are
    /// refused: a table that grows without end is a way to take the server down.
    pub subjects: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_minute: 6, per_day: 200, subjects: 100_000 }
    }
}

impl Limits {
    /// Sets how many issues fit into any 60 s; at least 1.
    #[must_use]
    pub const fn per_minute(mut self, issues: u32) -> Self {
        self.per_minute = issues;
        self
    }

    /// Sets how many issues fit into a day; at least 1.
    #[must_use]
    pub const fn per_day(mut self, issues: u32) -> Self {
        self.per_day = issues;
        self
    }

    /// Sets how many subjects are remembered at once; at least 1.
    #[must_use]
    pub const fn subjects(mut self, subjects: usize) -> Self {
        self.subjects = subjects;
        self
    }

    /// The setting that is zero, if any.
    pub(super) const fn zero(&self) -> Option<&'static str> {
        match self {
            Self { per_minute: 0, .. } => Some("limits.per_minute"),
            Self { per_day: 0, .. } => Some("limits.per_day"),
            Self { subjects: 0, .. } => Some("limits.subjects"),
            _ => None,
        }
    }
}

/// Which limit a request met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LimitKind {
    /// Another request of the same subject is being served.
    InFlight,
    /// The subject's minute is full.
    PerMinute,
    /// The subject's day is full.
    PerDay,
    /// No further subject can be remembered.
    Subjects,
}

/// A request that was refused before STS was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitRefusal {
    /// Which limit.
    pub kind: LimitKind,
    /// How many it allows.
    pub limit: u64,
    /// When the same request may be let through.
    pub retry_after: Duration,
}

impl LimitRefusal {
    /// The stable code.
    pub const fn code(&self) -> ErrorCode {
        match self.kind {
            LimitKind::InFlight | LimitKind::PerMinute | LimitKind::PerDay => ErrorCode::LimitExceeded,
            LimitKind::Subjects => ErrorCode::SubjectsExceeded,
        }
    }
}

impl fmt::Display for LimitRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, limit, .. } = self;
        match kind {
            LimitKind::InFlight => f.write_str("another request of this subject is being served"),
            LimitKind::PerMinute => write!(f, "more than {limit} issues of this subject in a minute"),
            LimitKind::PerDay => write!(f, "more than {limit} issues of this subject in a day"),
            LimitKind::Subjects => write!(f, "more than {limit} subjects in a day"),
        }
    }
}

impl std::error::Error for LimitRefusal {}

/// Names a subject in the table: a hash, so that the table holds nobody's name.
pub type SubjectKey = [u8; 16];

/// Who was served when. Time is an argument; a `now` earlier than the latest seen counts as the latest.
///
/// ```
/// use nova_sonic_core::{broker::{LimitKind, LimitTable, Limits}, time::Tick};
/// let mut table = LimitTable::new(Limits::default().per_minute(1));
/// let (alice, now) = ([1; 16], Tick::ZERO);
/// assert!(table.admit(alice, now).is_ok());
/// assert_eq!(table.admit(alice, now).unwrap_err().kind, LimitKind::InFlight);
/// table.release(alice, now);
/// let refusal = table.admit(alice, Tick::from_millis(20_000)).unwrap_err();
/// assert_eq!((refusal.kind, refusal.retry_after.as_secs()), (LimitKind::PerMinute, 40));
/// assert!(table.admit(alice, Tick::from_millis(60_000)).is_ok());
/// ```
pub struct LimitTable {
    limits: Limits,
    subjects: HashMap<SubjectKey, Usage>,
    /// For each subject the moment at which it can be forgotten, or must be looked at again.
    ends: BinaryHeap<Reverse<(Tick, SubjectKey)>>,
    latest: Tick,
}

impl LimitTable {
    /// A table that remembers nobody.
    pub fn new(limits: Limits) -> Self {
        Self { limits, subjects: HashMap::new(), ends: BinaryHeap::new(), latest: Tick::ZERO }
    }

    /// Lets one request in, and counts it whatever becomes of it, or says why not. Nothing changes on refusal.
    ///
    /// # Errors
    /// [`LimitRefusal`] with the limit and the time to wait.
    pub fn admit(&mut self, subject: SubjectKey, now: Tick) -> Result<(), LimitRefusal> {
        if let Some(refusal) = self.refusal(subject, now) {
            return Err(refusal);
        }
        self.charge(subject, now);
        Ok(())
    }

    /// Why a request would be refused now, if it would.
    pub(super) fn refusal(&mut self, subject: SubjectKey, now: Tick) -> Option<LimitRefusal> {
        let now = self.advance(now);
        match self.subjects.get(&subject) {
            Some(usage) => usage.refusal(&self.limits, now),
            None if self.subjects.len() >= self.limits.subjects => Some(self.full(now)),
            None => None,
        }
    }

    /// Counts a request that [`Self::refusal`] has nothing against.
    pub(super) fn charge(&mut self, subject: SubjectKey, now: Tick) {
        let now = self.advance(now);
        let usage = match self.subjects.entry(subject) {
            Entry::Occupied(usage) => usage.into_mut(),
            Entry::Vacant(place) => {
                let usage = place.insert(Usage::new(now));
                self.ends.push(Reverse((usage.ends(now), subject)));
                usage
            }
        };
        usage.charge(now);
    }

    /// A request that was let in has ended, one way or another.
    pub fn release(&mut self, subject: SubjectKey, now: Tick) {
        self.advance(now);
        if let Some(usage) = self.subjects.get_mut(&subject) {
            usage.in_flight = false;
        }
    }

    /// Subjects remembered now.
    pub fn subjects(&self) -> usize {
        self.subjects.len()
    }

    fn advance(&mut self, now: Tick) -> Tick {
        let now = self.latest.max(now);
        self.latest = now;
        while let Some(Reverse((end, subject))) = self.ends.peek().copied().filter(|ends| ends.0.0 <= now) {
            self.ends.pop();
            debug_assert!(end <= now, "the earliest end comes first");
            let Some(usage) = self.subjects.get(&subject) else { continue };
            let end = usage.ends(now);
            if end <= now {
                self.subjects.remove(&subject);
            } else {
                self.ends.push(Reverse((end, subject)));
            }
        }
        now
    }

    fn full(&self, now: Tick) -> LimitRefusal {
        let first = self.ends.peek().map_or(now, |ends| ends.0.0);
        let retry_after = first.since(now).max(IN_FLIGHT_RETRY);
        let limit = u64::try_from(self.limits.subjects).unwrap_or(u64::MAX);
        LimitRefusal { kind: LimitKind::Subjects, limit, retry_after }
    }
}

impl fmt::Debug for LimitTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LimitTable")
            .field("limits", &self.limits)
            .field("subjects", &self.subjects.len())
            .finish_non_exhaustive()
    }
}

/// What one subject has had.
struct Usage {
    in_flight: bool,
    day_began: Tick,
    today: u32,
    /// When each issue of the last minute was let in, oldest first.
    minute: VecDeque<Tick>,
}

impl Usage {
    const fn new(now: Tick) -> Self {
        Self { in_flight: false, day_began: now, today: 0, minute: VecDeque::new() }
    }

    fn refusal(&self, limits: &Limits, now: Tick) -> Option<LimitRefusal> {
        let refuse =
            |kind, limit: u32, retry_after| Some(LimitRefusal { kind, limit: limit.into(), retry_after });
        if self.in_flight {
            return refuse(LimitKind::InFlight, 1, IN_FLIGHT_RETRY);
        }
        let day_ends = self.day_began.after(DAY);
        if self.today >= limits.per_day && now < day_ends {
            return refuse(LimitKind::PerDay, limits.per_day, day_ends.since(now));
        }
        let mut recent = self.minute.iter().filter(|then| now.since(**then) < MINUTE);
        let first = *recent.next()?;
        let issues = 1 + u32::try_from(recent.count()).unwrap_or(u32::MAX - 1);
        let refused = issues >= limits.per_minute;
        refused
            .then(|| first.after(MINUTE).since(now))
            .and_then(|wait| refuse(LimitKind::PerMinute, limits.per_minute, wait))
    }

    fn charge(&mut self, now: Tick) {
        while self.minute.front().is_some_and(|first| now.since(*first) >= MINUTE) {
            self.minute.pop_front();
        }
        if now.since(self.day_began) >= DAY {
            self.day_began = now;
            self.today = 0;
        }
        self.in_flight = true;
        self.today += 1;
        self.minute.push_back(now);
    }

    /// When this can be forgotten without letting anybody in who should wait; later than `now` while it cannot.
    fn ends(&self, now: Tick) -> Tick {
        let minute = self.minute.back().map_or(Tick::ZERO, |last| last.after(MINUTE));
        let end = self.day_began.after(DAY).max(minute);
        if self.in_flight { end.max(now.after(MINUTE)) } else { end }
    }
}

#[cfg(test)]
mod tests;
