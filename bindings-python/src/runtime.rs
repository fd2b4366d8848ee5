//! One tokio runtime for each process: made when first needed, made anew after a fork, and ended before the interpreter.
//!
//! A fork copies the memory of a runtime and none of its threads. Whatever was made on it is as dead as it is, so
//! everything that lives on a runtime remembers its [`Generation`] and is made anew when that has changed.

use std::{
    future::Future,
    process,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use pyo3::{coroutine::CancelHandle, exceptions::PyRuntimeError, prelude::*};
use tokio::{
    runtime::{Builder, EnterGuard, Handle, Runtime},
    sync::oneshot,
    task::{AbortHandle, JoinHandle},
};

use crate::messenger::Messenger;

/// How long a call waits before it asks whether a signal, `Ctrl-C` for example, has come.
const SIGNALS_EVERY: Duration = Duration::from_millis(50);
/// How long the interpreter's exit waits for work to be given up.
const EXIT_PATIENCE: Duration = Duration::from_secs(2);

/// From so many conversations on, the runtime's thread rests between two looks at the network.
const BUSY: usize = 8;
/// How long it rests: to wake once for all that has come costs as much as to wake for each, here and in the event loop.
const BEAT: Duration = Duration::from_millis(8);

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
}

/// What a process has running.
#[derive(Debug)]
struct Running {
    current: Current,
    runtime: Runtime,
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

/// Conversations that are under way.
static TALKING: AtomicUsize = AtomicUsize::new(0);

/// Counts a conversation for as long as it lives.
pub(crate) struct Talking;

impl Talking {
    pub(crate) fn begin() -> Self {
        TALKING.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for Talking {
    fn drop(&mut self) {
        TALKING.fetch_sub(1, Ordering::Relaxed);
    }
}

fn rest() {
    if TALKING.load(Ordering::Relaxed) >= BUSY {
        thread::sleep(BEAT);
    }
}

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
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("nova-sonic")
        .enable_all()
        .on_thread_park(rest)
        .build()?;
    let (messenger, thread) = Messenger::start()?;
    let current = Current { generation, handle: runtime.handle().clone(), messenger };
    let running = Running { current: current.clone(), runtime, messenger: thread };
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

    /// Awaits `work` from a Python coroutine; cancelling the coroutine gives the work up first.
    pub(crate) async fn join<T: Send + 'static>(
        &self,
        mut cancel: CancelHandle,
        work: impl Future<Output = T> + Send + 'static,
    ) -> PyResult<T> {
        let (done, outcome) = oneshot::channel();
        let messenger = self.messenger.clone();
        let task = self.handle.spawn(async move {
            let value = work.await;
            // Nobody listens any more when the coroutine was closed.
            messenger.leave(move || drop(done.send(value)));
        });
        let mut work = Work { task: Some(task), generation: self.generation };
        let Some(task) = &mut work.task else { return Err(lost()) };
        tokio::select! {
            biased;
            exception = cancel.cancelled() => {
                task.abort();
                // What the work held is free again when the coroutine ends.
                drop(task.await);
                Err(Python::attach(|py| PyErr::from_value(exception.into_bound(py))))
            }
            outcome = outcome => outcome.map_err(|_| lost()),
        }
    }

    /// Where what is begun or dropped meanwhile finds the runtime.
    pub(crate) fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }
}

/// Work of a coroutine. Closed or forgotten, the coroutine takes it along.
struct Work {
    /// Always there until it is dropped.
    task: Option<JoinHandle<()>>,
    generation: Generation,
}

impl Drop for Work {
    fn drop(&mut self) {
        let Some(task) = self.task.take() else { return };
        if self.generation == generation() {
            task.abort();
        } else {
            abandon(task);
        }
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
fn lost() -> PyErr {
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
    TALKING.store(0, Ordering::Relaxed);
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
    let Running { current, runtime, messenger } = running;
    py.detach(move || {
        runtime.shutdown_timeout(EXIT_PATIENCE);
        current.messenger.end();
        // Whoever waited for the work learns that it is over, and leaves before the interpreter does.
        let step = Duration::from_millis(1);
        let mut patience = EXIT_PATIENCE;
        while (WAITING.load(Ordering::SeqCst) > 0 || !messenger.is_finished()) && !patience.is_zero() {
            thread::sleep(step);
            patience = patience.saturating_sub(step);
        }
    });
}
