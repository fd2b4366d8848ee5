//! Counts of what was asked and answered, for those who look on from outside; never a secret.

use std::collections::BTreeMap;

use serde::Serialize;

/// Session names that are told apart; the rest are counted together.
const NAME_LIMIT: usize = 10_000;

/// How one kind of call went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Outcomes {
    /// Calls answered as asked.
    pub succeeded: u64,
    /// Calls refused, by AWS's name for the error.
    pub failed: BTreeMap<String, u64>,
    /// Calls whose client went away, or was cut off, before an answer.
    pub unanswered: u64,
}

impl Outcomes {
    fn add(&mut self, error: Option<&str>) {
        match error {
            None => self.succeeded += 1,
            Some(error) => *self.failed.entry(error.to_owned()).or_default() += 1,
        }
    }
}

/// What one `RoleSessionName`, or the `Name` of a federated user, was used for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SessionNameTally {
    /// Calls that named it.
    pub calls: u64,
    /// Credentials issued under it.
    pub issued: u64,
    /// Most calls under way at once.
    pub most_in_flight: u64,
    #[serde(skip)]
    in_flight: u64,
}

/// Counts of STS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StsTally {
    /// Calls by action; `-` for an unknown one.
    pub calls: BTreeMap<String, Outcomes>,
    /// Calls under way.
    pub in_flight: u64,
    /// Most calls under way at once.
    pub most_in_flight: u64,
    /// Credentials issued.
    pub issued: u64,
    /// The first 10,000 session names seen.
    pub session_names: BTreeMap<String, SessionNameTally>,
    /// Calls under other names than those.
    pub calls_under_other_names: u64,
    /// Faults that befell a call, by name.
    pub faults: BTreeMap<String, u64>,
}

impl StsTally {
    /// A call has come in.
    pub(crate) fn begin(&mut self, session_name: Option<&str>, faults: &[&'static str]) {
        self.in_flight += 1;
        self.most_in_flight = self.most_in_flight.max(self.in_flight);
        for fault in faults {
            *self.faults.entry((*fault).to_owned()).or_default() += 1;
        }
        let Some(name) = session_name else { return };
        if !self.session_names.contains_key(name) && self.session_names.len() >= NAME_LIMIT {
            self.calls_under_other_names += 1;
            return;
        }
        let tally = self.session_names.entry(name.to_owned()).or_default();
        tally.calls += 1;
        tally.in_flight += 1;
        tally.most_in_flight = tally.most_in_flight.max(tally.in_flight);
    }

    /// A call is over.
    pub(crate) fn end(&mut self, action: &str, session_name: Option<&str>, outcome: CallOutcome<'_>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let outcomes = self.calls.entry(action.to_owned()).or_default();
        match outcome {
            CallOutcome::Answered { error, .. } => outcomes.add(error),
            CallOutcome::Unanswered => outcomes.unanswered += 1,
        }
        let issued = matches!(outcome, CallOutcome::Answered { issued: true, .. });
        self.issued += u64::from(issued);
        if let Some(tally) = session_name.and_then(|name| self.session_names.get_mut(name)) {
            tally.in_flight = tally.in_flight.saturating_sub(1);
            tally.issued += u64::from(issued);
        }
    }

    /// Forgets everything but what is under way.
    fn clear(&mut self) {
        let under_way = std::mem::take(&mut self.session_names).into_iter().filter_map(|(name, tally)| {
            let SessionNameTally { in_flight, .. } = tally;
            let kept = SessionNameTally { in_flight, most_in_flight: in_flight, ..Default::default() };
            (in_flight > 0).then_some((name, kept))
        });
        let session_names = under_way.collect();
        let in_flight = self.in_flight;
        *self = Self { in_flight, most_in_flight: in_flight, session_names, ..Self::default() };
    }
}

/// How a call of STS ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CallOutcome<'a> {
    Answered { error: Option<&'a str>, issued: bool },
    Unanswered,
}

/// Counts of streams.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StreamTally {
    /// Streams let in.
    pub opened: u64,
    /// Of these, still open.
    pub open: u64,
    /// Streams not let in, by AWS's name for the error.
    pub refused: BTreeMap<String, u64>,
    /// How streams ended: `completed`, `fault`, `client_gone`, `shutdown`, or the name of an exception.
    pub ended: BTreeMap<String, u64>,
}

/// Everything that is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Tally {
    /// Calls of STS.
    pub sts: StsTally,
    /// Streams, over HTTP/2, HTTP/1.1 or WebSocket.
    pub streams: StreamTally,
    /// Every other call, by operation; `-` for an unknown one.
    pub other_calls: BTreeMap<String, Outcomes>,
}

impl Tally {
    /// Counts a call that was neither of STS nor for a stream.
    pub(crate) fn other(&mut self, operation: &str, error: Option<&str>) {
        self.other_calls.entry(operation.to_owned()).or_default().add(error);
    }

    /// Begins to count anew; what is under way stays.
    pub(crate) fn clear(&mut self) {
        self.sts.clear();
        self.streams = StreamTally { open: self.streams.open, ..Default::default() };
        self.other_calls.clear();
    }
}
