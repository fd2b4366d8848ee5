//! What goes wrong with STS on demand: for those who must see how a client takes it.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};

/// One thing that goes wrong, and when; in JSON as `--sts-faults` and the control path take it.
///
/// ```
/// use nova_sonic_sim::{FaultSchedule, StsFault, StsFaultKind};
/// let fault: StsFault = serde_json::from_str(r#"{"fault":"throttle","when":{"first":3}}"#)?;
/// assert_eq!((fault.fault, fault.when), (StsFaultKind::Throttle, FaultSchedule::First(3)));
/// let slow: StsFault = serde_json::from_str(r#"{"fault":{"delay_ms":300},"action":"AssumeRole"}"#)?;
/// assert_eq!(slow.when, FaultSchedule::Always);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StsFault {
    /// What goes wrong.
    pub fault: StsFaultKind,
    /// For which calls; all of them, by default.
    #[serde(default)]
    pub when: FaultSchedule,
    /// The one action that it befalls, for example `AssumeRole`; every action, by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
}

impl StsFault {
    /// A fault of every call, until it is narrowed.
    pub const fn new(fault: StsFaultKind) -> Self {
        Self { fault, when: FaultSchedule::Always, action: None }
    }

    /// The same for some calls only.
    #[must_use]
    pub const fn when(mut self, when: FaultSchedule) -> Self {
        self.when = when;
        self
    }

    /// The same for one action only.
    #[must_use]
    pub fn on(mut self, action: impl Into<String>) -> Self {
        self.action = Some(action.into());
        self
    }
}

/// What can go wrong with a call of STS.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StsFaultKind {
    /// 400 `Throttling`, "Rate exceeded".
    Throttle,
    /// An error that STS does not explain: 503 is `ServiceUnavailable`, everything else `InternalFailure`.
    Status(u16),
    /// A refusal under any name that AWS has, whatever was asked.
    Error {
        /// For example `RegionDisabledException`.
        code: String,
        /// What it says; nothing, by default.
        #[serde(default)]
        message: String,
        /// HTTP status; 400 by default.
        #[serde(default = "bad_request")]
        status: u16,
    },
    /// The answer comes this much later, in ms of real time.
    DelayMs(u64),
    /// The request is taken and never answered.
    Hang,
    /// The connection is closed instead of an answer.
    Cut,
    /// STS's clock is ahead of the simulator's by this many ms, or behind: signatures are judged by it,
    /// expirations are counted from it, and the `Date` header says it.
    ClockSkewMs(i64),
    /// The answer is no XML.
    MalformedXml,
    /// The answer lacks this element, for example `Expiration` or `Credentials`.
    Missing(String),
    /// What is issued lives this many seconds, whatever was asked for; negative: it has expired already.
    ExpiresInSeconds(i64),
}

impl StsFaultKind {
    /// The name under which it is counted.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Throttle => "throttle",
            Self::Status(_) => "status",
            Self::Error { .. } => "error",
            Self::DelayMs(_) => "delay_ms",
            Self::Hang => "hang",
            Self::Cut => "cut",
            Self::ClockSkewMs(_) => "clock_skew_ms",
            Self::MalformedXml => "malformed_xml",
            Self::Missing(_) => "missing",
            Self::ExpiresInSeconds(_) => "expires_in_seconds",
        }
    }
}

const fn bad_request() -> u16 {
    400
}

/// Which of the calls that a fault looks at it befalls, counted from when it was set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaultSchedule {
    /// Every call.
    #[default]
    Always,
    /// The first so many calls.
    First(u64),
    /// Every so-manieth call: with 3 the third, the sixth and so on; with 0 none.
    Every(u64),
    /// Every call but the first so many.
    After(u64),
}

impl FaultSchedule {
    /// Whether it befalls a call, the first being 1.
    const fn befalls(self, number: u64) -> bool {
        match self {
            Self::Always => true,
            Self::First(count) => number <= count,
            Self::Every(step) => step != 0 && number.is_multiple_of(step),
            Self::After(count) => number > count,
        }
    }
}

/// The faults in force, each with the calls that it has looked at.
#[derive(Debug, Default)]
pub(crate) struct FaultBook(Mutex<Vec<(StsFault, u64)>>);

impl FaultBook {
    pub(crate) fn new(faults: Vec<StsFault>) -> Self {
        let book = Self::default();
        book.replace(faults);
        book
    }

    /// Puts others in force and begins to count anew.
    pub(crate) fn replace(&self, faults: Vec<StsFault>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            faults.into_iter().map(|fault| (fault, 0)).collect();
    }

    pub(crate) fn faults(&self) -> Vec<StsFault> {
        let faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        faults.iter().map(|(fault, _)| fault.clone()).collect()
    }

    /// What befalls the next call of `action`: of faults that exclude each other, the first in the list.
    pub(crate) fn next(&self, action: &str) -> Disturbance {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut disturbance = Disturbance::default();
        for (fault, seen) in faults.iter_mut() {
            if fault.action.as_ref().is_some_and(|only| only != action) {
                continue;
            }
            *seen += 1;
            if fault.when.befalls(*seen) {
                disturbance.add(&fault.fault);
            }
        }
        disturbance
    }
}

/// Everything that goes wrong with one call.
#[derive(Debug, Default)]
pub(crate) struct Disturbance {
    pub(crate) delay: Duration,
    pub(crate) clock_skew_millis: i64,
    pub(crate) expires_in_seconds: Option<i64>,
    /// What comes in place of the answer, or happens to it.
    pub(crate) answer: Option<StsFaultKind>,
    pub(crate) names: Vec<&'static str>,
}

impl Disturbance {
    fn add(&mut self, kind: &StsFaultKind) {
        match kind {
            StsFaultKind::DelayMs(millis) => self.delay += Duration::from_millis(*millis),
            StsFaultKind::ClockSkewMs(millis) => {
                self.clock_skew_millis = self.clock_skew_millis.saturating_add(*millis);
            }
            StsFaultKind::ExpiresInSeconds(seconds) => self.expires_in_seconds = Some(*seconds),
            StsFaultKind::Throttle
            | StsFaultKind::Status(_)
            | StsFaultKind::Error { .. }
            | StsFaultKind::Hang
            | StsFaultKind::Cut
            | StsFaultKind::MalformedXml
            | StsFaultKind::Missing(_) => {
                if self.answer.is_some() {
                    return;
                }
                self.answer = Some(kind.clone());
            }
        }
        self.names.push(kind.name());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_choose_calls() {
        let chosen = |when: FaultSchedule| (1..=6).filter(|call| when.befalls(*call)).collect::<Vec<_>>();
        assert_eq!(chosen(FaultSchedule::Always), [1, 2, 3, 4, 5, 6]);
        assert_eq!(chosen(FaultSchedule::First(2)), [1, 2]);
        assert_eq!(chosen(FaultSchedule::Every(3)), [3, 6]);
        assert_eq!(chosen(FaultSchedule::Every(0)), [0_u64; 0]);
        assert_eq!(chosen(FaultSchedule::After(4)), [5, 6]);
    }

    #[test]
    fn faults_count_only_the_calls_that_they_look_at() {
        let throttle = StsFault::new(StsFaultKind::Throttle).when(FaultSchedule::First(1)).on("AssumeRole");
        let book = FaultBook::new(vec![throttle, StsFault::new(StsFaultKind::DelayMs(5))]);
        assert_eq!(book.next("GetCallerIdentity").names, ["delay_ms"]);
        assert_eq!(book.next("AssumeRole").names, ["throttle", "delay_ms"]);
        assert_eq!(book.next("AssumeRole").names, ["delay_ms"]);
    }

    #[test]
    fn of_two_answers_the_first_counts_and_delays_add_up() {
        let kinds =
            [StsFaultKind::DelayMs(5), StsFaultKind::Cut, StsFaultKind::Hang, StsFaultKind::DelayMs(7)];
        let disturbance = FaultBook::new(kinds.map(StsFault::new).into()).next("AssumeRole");
        assert_eq!(disturbance.answer, Some(StsFaultKind::Cut));
        assert_eq!(disturbance.delay, Duration::from_millis(12));
    }
}
