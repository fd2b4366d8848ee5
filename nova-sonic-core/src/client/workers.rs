//! A runtime for each core: conversations that share a thread wake nobody else's.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use tokio::{sync::mpsc, task::LocalSet};

use super::{Client, ClientError, ticker::Ticker};
use crate::{error::ErrorCode, session::Failure, time::Tick};

/// A busy thread looks at the network and at its timers once in this time: waking once for all that has come costs
/// as much as waking for each. A thread that has more to do than fits between does not rest at all.
const BEAT: Duration = Duration::from_millis(8);
/// How much a thread is given before the next one is woken for it: two that are half asleep wake twice as often.
const FILL: usize = 32;
/// Polls of tasks between two looks at the network. tokio's 61 are for threads that do not rest.
const POLLS: u32 = 256;
/// Sockets that one look at the network can find ready. tokio's 1,024 are 12 kB for each thread.
const SOCKETS: usize = 256;

type Job = Box<dyn FnOnce(Client) -> Pin<Box<dyn Future<Output = ()>>> + Send>;

/// Threads with a runtime, a client and a timer each. What an application does with a conversation runs beside it,
/// on the same thread.
///
/// A thread with eight conversations or more wakes every 8 ms, which delays sound by as much, once each way.
///
/// ```no_run
/// use nova_sonic_core::{client::{Client, Workers}, session::SessionConfig};
///
/// # async fn serve() -> Result<(), nova_sonic_core::client::ClientError> {
/// let client = Client::builder().region("us-east-1").build().await?;
/// let workers = Workers::start(&client, 2)?;
/// workers.spawn(|client| async move {
///     if let Ok((voice, mut events)) = client.open(SessionConfig::default()).await {
///         while let Some(_event) = events.next().await {}
///         drop(voice);
///     }
/// });
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Workers {
    workers: Vec<Worker>,
}

#[derive(Debug)]
struct Worker {
    jobs: Option<mpsc::UnboundedSender<Job>>,
    running: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Workers {
    /// Starts `count` threads, at least one, each with connections of its own.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] when the system refuses a thread or a runtime.
    pub fn start(client: &Client, count: usize) -> Result<Self, ClientError> {
        let workers: Result<Vec<Worker>, ClientError> =
            (0..count.max(1)).map(|number| Worker::start(client, number)).collect();
        Ok(Self { workers: workers? })
    }

    /// Runs a future on the first thread that has fewer than 32, or else on the one that has fewest. It gets that
    /// thread's client, and need not be `Send`.
    pub fn spawn<F, Fut>(&self, work: F)
    where
        F: FnOnce(Client) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        let running = |worker: &&Worker| worker.running.load(Ordering::Relaxed);
        let with_room = self.workers.iter().find(|worker| running(worker) < FILL);
        if let Some(worker) = with_room.or_else(|| self.workers.iter().min_by_key(running)) {
            worker.spawn(Box::new(|client| Box::pin(work(client))));
        }
    }
}

impl Worker {
    fn start(client: &Client, number: usize) -> Result<Self, ClientError> {
        let refused = |what: &str| Failure::new(ErrorCode::Internal, format!("the system refuses {what}"));
        let client = client.for_resting_thread();
        let (jobs, mut queue) = mpsc::unbounded_channel::<Job>();
        let running = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&running);
        let beat = Beat { ticker: Arc::clone(client.ticker()), last: Mutex::new(Tick::ZERO) };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .event_interval(POLLS)
            .max_io_events_per_tick(SOCKETS)
            .on_thread_park(move || beat.wait())
            .build()
            .map_err(|_| refused("a runtime"))?;
        let thread = std::thread::Builder::new()
            .name(format!("nova-sonic-{number}"))
            .spawn(move || {
                LocalSet::new().block_on(&runtime, async move {
                    let mut tasks = tokio::task::JoinSet::new();
                    loop {
                        tokio::select! {
                            job = queue.recv() => match job {
                                Some(job) => { tasks.spawn_local(job(client.clone())); }
                                None => break,
                            },
                            Some(_) = tasks.join_next() => { counter.fetch_sub(1, Ordering::Relaxed); }
                        }
                    }
                    while tasks.join_next().await.is_some() {}
                    // what they have hung up still has to be said to the service
                    client.ticker().ended().await;
                });
            })
            .map_err(|_| refused("a thread"))?;
        Ok(Self { jobs: Some(jobs), running, thread: Some(thread) })
    }

    fn spawn(&self, job: Job) {
        self.running.fetch_add(1, Ordering::Relaxed);
        if let Some(jobs) = &self.jobs {
            // a thread that is gone has been told to stop
            let _ = jobs.send(job);
        }
    }
}

/// What keeps a busy thread from waking for each thing that comes.
struct Beat {
    ticker: Arc<Ticker>,
    last: Mutex<Tick>,
}

impl Beat {
    fn wait(&self) {
        if !self.ticker.has_busy_thread() {
            return;
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = self.ticker.clock().now().since(*last);
        std::thread::sleep(BEAT.saturating_sub(passed));
        *last = self.ticker.clock().now();
    }
}

/// Waits until every future has ended.
impl Drop for Workers {
    fn drop(&mut self) {
        for worker in &mut self.workers {
            worker.jobs.take();
        }
        for worker in &mut self.workers {
            if let Some(thread) = worker.thread.take() {
                let _ = thread.join();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_second_thread_is_woken_when_the_first_is_full() {
        let client = Client::builder()
            .region("us-east-1")
            .endpoint_url("http://127.0.0.1:1")
            .credentials_provider(aws_credential_types::Credentials::new(
                "AKID", "secret", None, None, "test",
            ))
            .build()
            .await
            .unwrap();
        let workers = Workers::start(&client, 2).unwrap();
        let (names, mut told) = mpsc::unbounded_channel();
        let (end, ended) = tokio::sync::watch::channel(false);
        for _ in 0..=FILL {
            let (names, mut ended) = (names.clone(), ended.clone());
            workers.spawn(|_client| async move {
                names.send(std::thread::current().name().map(str::to_owned)).unwrap();
                let _ = ended.wait_for(|ended| *ended).await;
            });
        }
        let mut first = 0;
        for _ in 0..=FILL {
            first += usize::from(told.recv().await.unwrap().as_deref() == Some("nova-sonic-0"));
        }
        assert_eq!(first, FILL);
        end.send(true).unwrap();
    }
}
