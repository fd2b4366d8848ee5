//! One tokio runtime for each process: made when first needed, made anew after a fork, and ended before the interpreter.
//!
//! A fork copies the memory of a runtime and none of its threads. Whatever was made on it is as dead as it is, so
//! everything that lives on a runtime remembers its [`Generation`] and is made anew when that has changed.

use std::{
    future::Future,
    process,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use pyo3::{exceptions::PyRuntimeError, prelude::*};
use tokio::{
    runtime::{Builder, EnterGuard, Handle},
    sync::oneshot,
    task::AbortHandle,
};

use crate::{
    messenger::Messenger,
    rest::{Rest, Talking},
};

/// How long a call waits before it asks whether a signal, `Ctrl-C` for example, has come.
const SIGNALS_EVERY: Duration = Duration::from_millis(50);
/// How long the interpreter's exit waits for work to be given up.
const EXIT_PATIENCE: Duration = Duration::from_secs(2);

/// Which runtime something was made on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation {
    process: u32,
    forks: u64,
}

/// This process's runtime, ready to be given work.
#[derive(Clone, Debug)]
pub(crate) struct Current {
    pub(crate) generation: Generation,
    handle: Handle,
    messenger: Messenger,
    rest: Arc<Rest>,
}

/// What a process has running.
#[derive(Debug)]
struct Running {
    current: Current,
    /// Ends the thread that works, by being dropped.
    end: oneshot::Sender<()>,
    worker: thread::JoinHandle<()>,
    messenger: thread::JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    /// Forks between the process that imported this module first and this one.
    forks: u64,
    running: Option<Running>,
    over: bool,
}

/// Locked only while attached to the interpreter and never across a call into it: `os.fork` runs attached as well, so
/// no other thread can hold the lock at that moment and leave it locked in the child.
static STATE: Mutex<State> = Mutex::new(State { forks: 0, running: None, over: false });

/// Threads that wait for work, detached from the interpreter.
static WAITING: AtomicUsize = AtomicUsize::new(0);

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Which runtime something that is made now will live on.
pub(crate) fn generation() -> Generation {
    Generation { process: process::id(), forks: state().forks }
}

/// Runs work that starts nothing which outlives it, without a runtime that stays: a process that has no threads of ours
/// can still be forked without worry.
pub(crate) fn once<T: Send>(py: Python<'_>, work: impl Future<Output = T> + Send) -> PyResult<T> {
    py.detach(|| Ok(Builder::new_current_thread().enable_all().build()?.block_on(work)))
}

/// The runtime of this process.
pub(crate) fn current(_py: Python<'_>) -> PyResult<Current> {
    let mut state = state();
    if state.over {
        return Err(shut_down());
    }
    let generation = Generation { process: process::id(), forks: state.forks };
    if let Some(Running { current, .. }) = &state.running
        && current.generation == generation
    {
        return Ok(current.clone());
    }
    let rest = Arc::new(Rest::new());
    let resting = Arc::clone(&rest);
    let runtime =
        Builder::new_current_thread().enable_all().on_thread_park(move || resting.take()).build()?;
    let handle = runtime.handle().clone();
    let (end, ended) = oneshot::channel();
    let worker = thread::Builder::new().name("nova-sonic".to_owned()).spawn(move || {
        let _ = runtime.block_on(ended);
        runtime.shutdown_timeout(EXIT_PATIENCE);
    })?;
    let (messenger, thread) = Messenger::start()?;
    let current = Current { generation, handle, messenger, rest };
    let running = Running { current: current.clone(), end, worker, messenger: thread };
    if let Some(dead) = state.running.replace(running) {
        abandon(dead);
    }
    Ok(current)
}

/// Keeps what a fork has left without threads, for ever: to drop it would wait for threads that do not exist.
pub(crate) fn abandon<T>(dead: T) {
    Box::leak(Box::new(dead));
}

impl Current {
    /// Begins `work` and waits for nothing.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        self.handle.spawn(work).abort_handle()
    }

    /// Who calls Python when something has come of work that was begun.
    pub(crate) fn messenger(&self) -> Messenger {
        self.messenger.clone()
    }

    /// When the thread of this runtime rests.
    pub(crate) fn rest(&self) -> Arc<Rest> {
        Arc::clone(&self.rest)
    }

    /// Waits, detached from the interpreter, for `work`.
    ///
    /// A signal whose handler raises, `Ctrl-C` for example, gives the work up and is raised here.
    pub(crate) fn wait<T: Send + 'static>(
        &self,
        py: Python<'_>,
        work: impl Future<Output = T> + Send + 'static,
    ) -> PyResult<T> {
        let _waiting = Waiting::begin();
        let (done, mut outcome) = mpsc::sync_channel(1);
        let task = self.handle.spawn(async move {
            let value = work.await;
            // Nobody listens any more when the caller was interrupted.
            drop(done.send(value));
        });
        loop {
            let listener = &mut outcome;
            match py.detach(move || listener.recv_timeout(SIGNALS_EVERY)) {
                Ok(value) => return Ok(value),
                Err(mpsc::RecvTimeoutError::Disconnected) => return Err(lost()),
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    if let Err(interrupt) = py.check_signals() {
                        task.abort();
                        // What the work held, a place in a queue for example, is free again when this returns.
                        py.detach(move || drop(outcome.recv_timeout(EXIT_PATIENCE)));
                        return Err(interrupt);
                    }
                }
            }
        }
    }

    /// Where what is begun or dropped meanwhile finds the runtime.
    pub(crate) fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }
}

/// Counts a waiting thread for as long as it lives.
struct Waiting;

impl Waiting {
    fn begin() -> Self {
        WAITING.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        WAITING.fetch_sub(1, Ordering::SeqCst);
    }
}

fn shut_down() -> PyErr {
    PyRuntimeError::new_err("the interpreter is shutting down: nothing can be begun any more")
}

/// Why work ended without an outcome.
pub(crate) fn lost() -> PyErr {
    if state().over {
        return shut_down();
    }
    PyRuntimeError::new_err("a defect of nova-sonic: its work ended without an outcome")
}

/// Called by `os.fork` in the child, where no thread of the runtime exists.
#[pyfunction]
#[pyo3(name = "_after_fork")]
pub(crate) fn after_fork() {
    let mut state = state();
    state.forks += 1;
    if let Some(dead) = state.running.take() {
        abandon(dead);
    }
    WAITING.store(0, Ordering::SeqCst);
    Talking::none();
}

/// Called by `atexit`: afterwards no thread of ours touches the interpreter, which may then end.
#[pyfunction]
#[pyo3(name = "_at_exit")]
pub(crate) fn at_exit(py: Python<'_>) {
    let running = {
        let mut state = state();
        state.over = true;
        state.running.take()
    };
    let Some(running) = running else { return };
    if running.current.generation.process != process::id() {
        return abandon(running);
    }
    let Running { current, end, worker, messenger } = running;
    py.detach(move || {
        drop(end);
        patiently(|| worker.is_finished());
        current.messenger.end();
        // Whoever waited for the work learns that it is over, and leaves before the interpreter does.
        patiently(|| WAITING.load(Ordering::SeqCst) == 0 && messenger.is_finished());
    });
}

/// Waits for that, but not for ever.
fn patiently(is_so: impl Fn() -> bool) {
    const STEP: Duration = Duration::from_millis(1);
    let mut patience = EXIT_PATIENCE;
    while !is_so() && !patience.is_zero() {
        thread::sleep(STEP);
        patience = patience.saturating_sub(STEP);
    }
}
