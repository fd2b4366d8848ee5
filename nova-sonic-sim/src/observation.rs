//! What tests can see of a simulator: every stream and every call of STS, without voices or secrets.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use nova_sonic_core::time::Timestamp;
use tokio::sync::watch;

/// Records kept of each kind; the oldest go first.
const RECORD_LIMIT: usize = 4096;

/// How a stream came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// HTTP/2, with or without TLS.
    Http2,
    /// HTTP/1.1 with chunked bodies both ways.
    Http1,
    /// A WebSocket with a presigned URL.
    WebSocket,
}

/// How a stream ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamEnd {
    /// In order, by the model or after the client's input ended.
    Completed,
    /// With an exception: its name.
    Exception(String),
    /// With the broken frame or the cut that the scenario asked for.
    Fault,
    /// The client went away, or took nothing for too long.
    ClientGone,
    /// The simulator was shut down.
    Shutdown,
}

/// One stream, as seen by the server.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// The public half of the key that signed.
    pub access_key_id: String,
    /// ARN of the key's holder.
    pub principal_arn: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Events received, each with a right signature.
    pub events_received: u64,
    /// Frames sent.
    pub frames_sent: u64,
    /// Whether the signed empty message that ends the input has come.
    pub input_ended: bool,
    /// How the stream ended; `None` while it lives.
    pub end: Option<StreamEnd>,
}

/// One request that was not a stream: a call of STS, or a stream refused before it began.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallRecord {
    /// `AssumeRole`, `InvokeModelWithBidirectionalStream` and so on; `-` for an unknown path.
    pub action: String,
    /// AWS's name for the error; `None` for success.
    pub error: Option<String>,
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
            push(&mut state.streams, record(number));
            number
        });
        StreamObserver { observation: self.clone(), number }
    }

    pub(crate) fn call(&self, action: &str, error: Option<&str>) {
        let record = CallRecord { action: action.to_owned(), error: error.map(str::to_owned) };
        self.update(|state| push(&mut state.calls, record));
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
        self.update(|record| {
            record.end.get_or_insert(StreamEnd::ClientGone);
        });
    }
}

fn push<T>(records: &mut VecDeque<T>, record: T) {
    if records.len() == RECORD_LIMIT {
        records.pop_front();
    }
    records.push_back(record);
}
