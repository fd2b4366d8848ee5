//! One row's work: so many conversations in real time, and what they cost the process that holds them.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    Failure, bare,
    measure::now,
    ours,
    process::{Memory, cpu_of_process},
};

/// Who holds the conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[expect(clippy::exhaustive_enums, reason = "the bench's own list")]
pub enum Mode {
    /// aws-sdk-bedrockruntime as its user writes it, on tokio's multi-threaded runtime.
    Bare,
    /// The same on a `current_thread` runtime.
    BareCurrentThread,
    /// `nova_sonic_core::client`.
    Ours,
}

impl Mode {
    /// Its name in the tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare SDK",
            Self::BareCurrentThread => "bare SDK, current_thread",
            Self::Ours => "nova-sonic",
        }
    }
}

/// How the conversations' streams travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[expect(clippy::exhaustive_enums, reason = "the bench's own list")]
pub enum Connections {
    /// Each over a connection of its own: a client for each conversation.
    Each,
    /// As the SDK does by itself: all streams of a client over one connection.
    Shared,
}

/// What a client's process is told to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the bench's own message")]
pub struct Task {
    /// Who holds the conversations.
    pub mode: Mode,
    /// How many of them.
    pub sessions: u32,
    /// How their streams travel.
    pub connections: Connections,
    /// Where the fake Bedrock listens on 127.0.0.1.
    pub port: u16,
    /// Its certificate, PEM.
    pub certificate: String,
    /// Seconds between the last connection and the window.
    pub warm_up: u64,
    /// Seconds that are measured.
    pub window: u64,
}

/// What they cost.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the bench's own message")]
pub struct Cost {
    /// Length of the window, seconds.
    pub wall: f64,
    /// CPU time in it, seconds.
    pub cpu: f64,
    /// Resident at its end, KiB.
    pub memory: Memory,
    /// Audio events sent in it.
    pub sent: u64,
    /// Audio events received and decoded in it.
    pub received: u64,
    /// Audio events sent since the start.
    pub sent_in_all: u64,
}

/// What the conversations count.
#[derive(Debug, Default)]
pub struct Counters {
    connected: AtomicU32,
    sent: AtomicU64,
    received: AtomicU64,
    failed: AtomicU32,
}

impl Counters {
    /// One more conversation is under way.
    pub fn connected(&self) {
        self.connected.fetch_add(1, Relaxed);
    }

    /// One more event of 32 ms was sent.
    pub fn sent(&self) {
        self.sent.fetch_add(1, Relaxed);
    }

    /// A conversation ended, which none is to do.
    pub fn ended(&self, outcome: Result<(), Failure>) {
        complain(&outcome.err().unwrap_or_else(|| "the service ended the stream".into()));
        self.failed.fetch_add(1, Relaxed);
    }

    /// One more answer was decoded to this many samples.
    pub fn received(&self, samples: usize) {
        if samples == crate::material::ANSWER_SAMPLES {
            self.received.fetch_add(1, Relaxed);
        }
    }
}

/// Between the starts of two conversations; shares no factor with 32 or 40 ms, so that they do not march in step.
const SPACING: Duration = Duration::from_micros(5_370);
/// Until all conversations must be under way.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads a [`Task`] from standard input, does it, writes its [`Cost`] to standard output.
///
/// # Errors
///
/// A conversation failed, or not all were under way in time.
pub fn run() -> Result<(), Failure> {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    let task: Task = serde_json::from_str(&line)?;
    let mut builder = match task.mode {
        Mode::Bare => tokio::runtime::Builder::new_multi_thread(),
        Mode::BareCurrentThread | Mode::Ours => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = builder.enable_all().build()?;
    let cost = runtime.block_on(measure(&task))?;
    runtime.shutdown_background();
    serde_json::to_writer(io::stdout(), &cost)?;
    Ok(())
}

async fn measure(task: &Task) -> Result<Cost, Failure> {
    let counters = Arc::new(Counters::default());
    match task.mode {
        Mode::Bare | Mode::BareCurrentThread => {
            let service = bare::Service::new(task)?;
            start(task, &counters, |counters| service.converse(counters)).await?;
        }
        Mode::Ours => {
            // its threads end with the process, not when their conversations have
            let service: &'static ours::Service = Box::leak(Box::new(ours::Service::new(task).await?));
            start(task, &counters, |counters| service.converse(counters)).await?;
        }
    }
    tokio::time::sleep(Duration::from_secs(task.warm_up)).await;

    let (start, cpu) = (now(), cpu_of_process());
    let (sent, received) = (counters.sent.load(Relaxed), counters.received.load(Relaxed));
    tokio::time::sleep(Duration::from_secs(task.window)).await;
    let cost = Cost {
        cpu: cpu_of_process().saturating_sub(cpu).as_secs_f64(),
        wall: start.elapsed().as_secs_f64(),
        memory: Memory::now()?,
        sent: counters.sent.load(Relaxed) - sent,
        received: counters.received.load(Relaxed) - received,
        sent_in_all: counters.sent.load(Relaxed),
    };
    match counters.failed.load(Relaxed) {
        0 => Ok(cost),
        failed => Err(format!("{failed} of {} conversations failed", task.sessions).into()),
    }
}

/// Starts the conversations one after the other and waits until all are under way.
async fn start(
    task: &Task,
    counters: &Arc<Counters>,
    converse: impl Fn(Arc<Counters>),
) -> Result<(), Failure> {
    for _ in 0..task.sessions {
        converse(Arc::clone(counters));
        tokio::time::sleep(SPACING).await;
    }
    let deadline = now() + PATIENCE;
    while counters.connected.load(Relaxed) < task.sessions {
        if now() > deadline || counters.failed.load(Relaxed) > 0 {
            let connected = counters.connected.load(Relaxed);
            return Err(format!("only {connected} of {} conversations came about", task.sessions).into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a conversation that fails must say why, and stdout is the cost's")]
fn complain(failure: &Failure) {
    let mut text = failure.to_string();
    let mut source = failure.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    eprintln!("a conversation failed: {text}");
}
