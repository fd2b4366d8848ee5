//! What tests can see of a simulator: every stream and every call of STS, without voices or secrets.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use nova_sonic_core::time::Timestamp;
use serde::{Serialize, Serializer};
use tokio::sync::watch;

use crate::tally::{CallOutcome, Tally};

/// Records kept of each kind; the oldest go first.
const RECORD_LIMIT: usize = 4096;

/// How a stream came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Transport {
    /// HTTP/2, with or without TLS.
    Http2,
    /// HTTP/1.1 with chunked bodies both ways.
    Http1,
    /// A WebSocket with a presigned URL.
    WebSocket,
    /// The WebSocket of an application's own server, as the simulator plays one.
    Relay,
}

/// How a stream ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StreamEnd {
    /// In order, by the model or after the client's input ended.
    Completed,
    /// With an exception: its name.
    Exception(String),
    /// By the relay, which did not let the client's events through: the error's code.
    Refused(String),
    /// With the broken frame or the cut that the scenario asked for.
    Fault,
    /// The client went away, or took nothing for too long.
    ClientGone,
    /// The simulator was shut down.
    Shutdown,
}

impl StreamEnd {
    /// The name under which it is counted.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Completed => "completed",
            Self::Exception(name) | Self::Refused(name) => name,
            Self::Fault => "fault",
            Self::ClientGone => "client_gone",
            Self::Shutdown => "shutdown",
        }
    }
}

/// One stream, as seen by the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StreamRecord {
    /// Counts from 0 in the order of opening.
    pub number: usize,
    /// How it came in.
    pub transport: Transport,
    /// Whether over TLS.
    pub tls: bool,
    /// The model that was asked for.
    pub model_id: String,
    /// The public half of the key that signed; empty over the relay, which needs none.
    pub access_key_id: String,
    /// ARN of the key's holder; empty over the relay.
    pub principal_arn: String,
    /// When it was opened.
    #[serde(serialize_with = "as_text")]
    pub opened_at: Timestamp,
    /// Events received, each with a right signature, or as a message of the relay.
    pub events_received: u64,
    /// Frames sent.
    pub frames_sent: u64,
    /// Whether the signed empty message that ends the input has come, or `sessionEnd` over the relay.
    pub input_ended: bool,
    /// How the stream ended; `None` while it lives.
    pub end: Option<StreamEnd>,
}

impl StreamRecord {
    /// A stream that has just been opened, by nobody in particular.
    pub(crate) fn new(
        number: usize,
        transport: Transport,
        tls: bool,
        model_id: &str,
        opened_at: Timestamp,
    ) -> Self {
        Self {
            number,
            transport,
            tls,
            model_id: model_id.to_owned(),
            access_key_id: String::new(),
            principal_arn: String::new(),
            opened_at,
            events_received: 0,
            frames_sent: 0,
            input_ended: false,
            end: None,
        }
    }
}

/// One request that was not a stream: a call of STS, or a stream refused before it began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallRecord {
    /// `AssumeRole`, `InvokeModelWithBidirectionalStream` and so on; `-` for an unknown path.
    pub action: String,
    /// AWS's name for the error; `None` for success.
    pub error: Option<String>,
    /// What the error said.
    pub message: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn as_text<S: Serializer>(timestamp: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(timestamp)
}

/// Everything seen so far; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Observation {
    state: Arc<Mutex<State>>,
    changed: Arc<watch::Sender<()>>,
}

#[derive(Debug, Default)]
struct State {
    opened: usize,
    streams: VecDeque<StreamRecord>,
    calls: VecDeque<CallRecord>,
    tally: Tally,
}

impl Observation {
    pub(crate) fn new() -> Self {
        Self { state: Arc::default(), changed: Arc::new(watch::Sender::new(())) }
    }

    /// Notes a stream; `record` is given its number.
    pub(crate) fn open(&self, record: impl FnOnce(usize) -> StreamRecord) -> StreamObserver {
        let number = self.update(|state| {
            let number = state.opened;
            state.opened += 1;
            state.tally.streams.opened += 1;
            state.tally.streams.open += 1;
            push(&mut state.streams, record(number));
            number
        });
        StreamObserver { observation: self.clone(), number }
    }

    /// Notes a stream that was not let in.
    pub(crate) fn stream_refused(&self, operation: &str, error: Refusal<'_>) {
        self.update(|state| {
            *state.tally.streams.refused.entry(error.name.to_owned()).or_default() += 1;
            push(&mut state.calls, CallRecord::new(operation, Some(error)));
        });
    }

    /// Notes a call that was neither of STS nor for a stream.
    pub(crate) fn other_call(&self, operation: &str, error: Option<Refusal<'_>>) {
        self.update(|state| {
            state.tally.other(operation, error.map(|error| error.name));
            push(&mut state.calls, CallRecord::new(operation, error));
        });
    }

    /// Notes that a call of STS has come in; `tallied` is the name under which it is counted.
    pub(crate) fn begin_sts_call(
        &self,
        tallied: &'static str,
        session_name: Option<String>,
        faults: &[&'static str],
    ) -> StsCallObserver {
        self.update(|state| state.tally.sts.begin(session_name.as_deref(), faults));
        StsCallObserver { observation: self.clone(), tallied, session_name, over: false }
    }

    pub(crate) fn tally(&self) -> Tally {
        self.read(|state| state.tally.clone())
    }

    pub(crate) fn clear_tally(&self) {
        self.update(|state| state.tally.clear());
    }

    pub(crate) fn streams(&self) -> Vec<StreamRecord> {
        self.read(|state| state.streams.iter().cloned().collect())
    }

    pub(crate) fn calls(&self) -> Vec<CallRecord> {
        self.read(|state| state.calls.iter().cloned().collect())
    }

    /// Waits until the record of a stream satisfies `wanted`.
    pub(crate) async fn wait_for(
        &self,
        number: usize,
        wanted: impl Fn(&StreamRecord) -> bool,
    ) -> StreamRecord {
        let mut changes = self.changed.subscribe();
        loop {
            changes.mark_unchanged();
            let found = self.read(|state| {
                state.streams.iter().find(|record| record.number == number && wanted(record)).cloned()
            });
            if let Some(record) = found {
                return record;
            }
            // the sender lives as long as `self`
            let _ = changes.changed().await;
        }
    }

    fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn update<T>(&self, update: impl FnOnce(&mut State) -> T) -> T {
        let result = update(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.send_replace(());
        result
    }
}

/// Keeps one stream's record up to date.
#[derive(Debug)]
pub(crate) struct StreamObserver {
    observation: Observation,
    number: usize,
}

impl StreamObserver {
    pub(crate) fn update(&self, change: impl FnOnce(&mut StreamRecord)) {
        self.observation.update(|state| {
            let forgotten = state.opened - state.streams.len();
            let record = self.number.checked_sub(forgotten).and_then(|place| state.streams.get_mut(place));
            if let Some(record) = record {
                change(record);
            }
        });
    }
}

/// Whoever drops a stream without saying why has lost its client.
impl Drop for StreamObserver {
    fn drop(&mut self) {
        let mut end = StreamEnd::ClientGone;
        self.update(|record| end = record.end.get_or_insert(StreamEnd::ClientGone).clone());
        self.observation.update(|state| {
            let streams = &mut state.tally.streams;
            streams.open = streams.open.saturating_sub(1);
            *streams.ended.entry(end.name().to_owned()).or_default() += 1;
        });
    }
}

/// An error, as records keep it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal<'a> {
    pub(crate) name: &'a str,
    pub(crate) message: &'a str,
}

impl CallRecord {
    fn new(action: &str, error: Option<Refusal<'_>>) -> Self {
        Self {
            action: action.to_owned(),
            error: error.map(|error| error.name.to_owned()),
            message: error.map(|error| error.message.to_owned()),
        }
    }
}

/// One call of STS under way.
#[derive(Debug)]
pub(crate) struct StsCallObserver {
    observation: Observation,
    tallied: &'static str,
    session_name: Option<String>,
    over: bool,
}

impl StsCallObserver {
    /// Notes the answer; `action` is what was asked for, however strange.
    pub(crate) fn answered(mut self, action: &str, error: Option<Refusal<'_>>, issued: bool) {
        self.over = true;
        let outcome = CallOutcome::Answered { error: error.map(|error| error.name), issued };
        self.observation.update(|state| {
            state.tally.sts.end(self.tallied, self.session_name.as_deref(), outcome);
            push(&mut state.calls, CallRecord::new(action, error));
        });
    }
}

/// A call dropped before its answer has lost its client, or was cut off.
impl Drop for StsCallObserver {
    fn drop(&mut self) {
        if !self.over {
            self.observation.update(|state| {
                state.tally.sts.end(self.tallied, self.session_name.as_deref(), CallOutcome::Unanswered);
            });
        }
    }
}

fn push<T>(records: &mut VecDeque<T>, record: T) {
    if records.len() == RECORD_LIMIT {
        records.pop_front();
    }
    records.push_back(record);
}
