//! A runtime for each core: conversations that share a thread wake nobody else's.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use tokio::{sync::mpsc, task::LocalSet};

use super::{Client, ClientError};
use crate::{error::ErrorCode, session::Failure};

/// How long a busy thread rests before it waits for the network: more arrives meanwhile, and waking once costs as
/// much as waking for each.
const REST: Duration = Duration::from_millis(4);

type Job = Box<dyn FnOnce(Client) -> Pin<Box<dyn Future<Output = ()>>> + Send>;

/// Threads with a runtime, a client and a timer each. What an application does with a conversation runs beside it,
/// on the same thread.
///
/// A thread with eight conversations or more rests for 4 ms before it waits, which delays sound by as much.
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

    /// Runs a future on the thread that has least to do. It gets that thread's client, and need not be `Send`.
    pub fn spawn<F, Fut>(&self, work: F)
    where
        F: FnOnce(Client) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        let least = self.workers.iter().min_by_key(|worker| worker.running.load(Ordering::Relaxed));
        if let Some(worker) = least {
            worker.spawn(Box::new(|client| Box::pin(work(client))));
        }
    }
}

impl Worker {
    fn start(client: &Client, number: usize) -> Result<Self, ClientError> {
        let refused = |what: &str| Failure::new(ErrorCode::Internal, format!("the system refuses {what}"));
        let template = client.clone();
        let (jobs, mut queue) = mpsc::unbounded_channel::<Job>();
        let running = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&running);
        // known once the client exists, which has to happen on the thread itself
        let ticker = Arc::new(RwLock::new(None));
        let busy = Arc::clone(&ticker);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .on_thread_park(move || {
                let busy = busy.read().unwrap_or_else(PoisonError::into_inner);
                if busy.as_ref().is_some_and(|ticker: &Arc<super::ticker::Ticker>| ticker.is_busy()) {
                    std::thread::sleep(REST);
                }
            })
            .build()
            .map_err(|_| refused("a runtime"))?;
        let client = template.for_another_runtime()?;
        *ticker.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(client.ticker()));
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
