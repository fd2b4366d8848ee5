//! What waits to be sent on a stream whose events the caller orders itself.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use thiserror::Error;

use super::framing::Outgoing;
use crate::{error::ErrorCode, event::ClientEvent};

/// Most that may wait for the network, bytes: half a minute of sound at 16 kHz. A network that takes none of it is gone.
const ROOM: usize = 1024 * 1024;
/// Events for which the queue keeps room when it is empty: more than one frame of sound brings.
const STEADY: usize = 4;
/// What an event costs beside what is said in it, bytes: its place in the queue and its names.
const EVENT_COST: usize = 128;

/// Why an event cannot be sent; it was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SendError {
    /// The network takes less than is given.
    #[error("{waiting} bytes wait to be sent, the limit is {limit}")]
    Full {
        /// What waits, bytes.
        waiting: usize,
        /// Most that may wait, bytes.
        limit: usize,
    },
    /// The stream, or this half of it, has ended.
    #[error("stream has ended")]
    Closed,
}

impl SendError {
    /// The stable code.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Full { .. } => ErrorCode::AudioBackpressure,
            Self::Closed => ErrorCode::SessionClosed,
        }
    }
}

/// The sending half of a stream that was opened by [`Client::open_stream`](super::Client::open_stream). Dropped, it ends
/// this half in order; what waits is still sent.
///
/// At most 1 MiB waits for the network.
pub struct EventSender {
    queue: Arc<Queue>,
}

/// Between the sender and the body of the request.
pub(super) struct Queue(Mutex<Waiting>);

struct Waiting {
    events: VecDeque<ClientEvent>,
    bytes: usize,
    finished: bool,
    /// The request is gone: nobody takes events any more.
    closed: bool,
    network: Option<Waker>,
    sender: Option<Waker>,
}

impl EventSender {
    /// A sender whose first events wait already, however many they are.
    pub(super) fn new(first: Vec<ClientEvent>) -> Self {
        let bytes = first.iter().map(cost).sum();
        Self {
            queue: Arc::new(Queue(Mutex::new(Waiting {
                events: first.into(),
                bytes,
                finished: false,
                closed: false,
                network: None,
                sender: None,
            }))),
        }
    }

    pub(super) fn queue(&self) -> Arc<Queue> {
        Arc::clone(&self.queue)
    }

    /// Sends an event without waiting.
    ///
    /// # Errors
    /// [`SendError::Full`] when more than 1 MiB waits for the network, [`SendError::Closed`] after the end.
    pub fn try_send(&self, event: ClientEvent) -> Result<(), SendError> {
        let mut waiting = self.queue.lock();
        if waiting.finished || waiting.closed {
            return Err(SendError::Closed);
        }
        if waiting.bytes > ROOM {
            return Err(SendError::Full { waiting: waiting.bytes, limit: ROOM });
        }
        waiting.bytes += cost(&event);
        waiting.events.push_back(event);
        wake(waiting, |waiting| waiting.network.take());
        Ok(())
    }

    /// Sends an event, and waits for room before.
    ///
    /// # Errors
    /// [`SendError::Closed`] after the end.
    pub async fn send(&self, event: ClientEvent) -> Result<(), SendError> {
        std::future::poll_fn(|context| {
            let mut waiting = self.queue.lock();
            if waiting.bytes > ROOM && !waiting.finished && !waiting.closed {
                waiting.sender = Some(context.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
        self.try_send(event)
    }

    /// Ends this half of the stream: once what waits is sent, the service hears that nothing more comes.
    pub fn finish(&self) {
        let mut waiting = self.queue.lock();
        waiting.finished = true;
        wake(waiting, |waiting| waiting.network.take());
    }
}

impl Drop for EventSender {
    fn drop(&mut self) {
        self.finish();
    }
}

impl fmt::Debug for EventSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.queue.fmt(f)
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing that waits will be sent any more.
    pub(super) fn close(&self) {
        let mut waiting = self.lock();
        waiting.closed = true;
        waiting.events.clear();
        waiting.bytes = 0;
        wake(waiting, |waiting| waiting.sender.take());
    }
}

impl Outgoing for Queue {
    fn poll_outgoing(&self, context: &mut Context<'_>) -> Poll<Option<ClientEvent>> {
        let mut waiting = self.lock();
        let Some(event) = waiting.events.pop_front() else {
            if waiting.finished || waiting.closed {
                return Poll::Ready(None);
            }
            // the opening, or a burst, has made it long
            waiting.events.shrink_to(STEADY);
            waiting.network = Some(context.waker().clone());
            return Poll::Pending;
        };
        waiting.bytes = waiting.bytes.saturating_sub(cost(&event));
        wake(waiting, |waiting| if waiting.bytes <= ROOM { waiting.sender.take() } else { None });
        Poll::Ready(Some(event))
    }
}

/// Shows how much waits, and nothing of it.
impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.lock();
        f.debug_struct("EventSender")
            .field("events", &waiting.events.len())
            .field("bytes", &waiting.bytes)
            .finish_non_exhaustive()
    }
}

/// Wakes outside of the lock: whoever wakes may ask at once.
fn wake(mut waiting: MutexGuard<'_, Waiting>, whom: impl FnOnce(&mut Waiting) -> Option<Waker>) {
    let waker = whom(&mut waiting);
    drop(waiting);
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn cost(event: &ClientEvent) -> usize {
    EVENT_COST
        + match event {
            ClientEvent::AudioInput { pcm, .. } => pcm.len() * 2,
            ClientEvent::TextInput { text, .. } => text.len(),
            ClientEvent::ToolResult { json, .. } => json.len(),
            ClientEvent::PromptStart { tools, .. } => {
                tools.iter().map(|tool| tool.description().len() + tool.input_schema().len()).sum()
            }
            ClientEvent::SessionStart { .. }
            | ClientEvent::ContentStart { .. }
            | ClientEvent::ContentEnd { .. }
            | ClientEvent::PromptEnd { .. }
            | ClientEvent::SessionEnd
            | ClientEvent::Unknown { .. } => 0,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Pcm;

    fn taken(queue: &Queue) -> Poll<Option<ClientEvent>> {
        queue.poll_outgoing(&mut Context::from_waker(Waker::noop()))
    }

    fn sound(samples: usize) -> ClientEvent {
        ClientEvent::AudioInput {
            prompt_name: "p".into(),
            content_name: "a".into(),
            pcm: Pcm::from(vec![0; samples]),
        }
    }

    #[test]
    fn what_waits_is_sent_in_order_and_then_the_end() {
        let sender = EventSender::new(vec![sound(1)]);
        let queue = sender.queue();
        sender.try_send(ClientEvent::SessionEnd).unwrap();
        drop(sender);
        assert!(matches!(taken(&queue), Poll::Ready(Some(ClientEvent::AudioInput { .. }))));
        assert_eq!(taken(&queue), Poll::Ready(Some(ClientEvent::SessionEnd)));
        assert_eq!(taken(&queue), Poll::Ready(None));
    }

    #[test]
    fn a_network_that_takes_nothing_is_given_no_more_than_there_is_room_for() {
        let sender = EventSender::new(Vec::new());
        let half = ROOM / 4;
        let given = std::iter::repeat_with(|| sender.try_send(sound(half))).take_while(Result::is_ok).count();
        assert_eq!(given, 2);
        let refused = sender.try_send(ClientEvent::SessionEnd).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::AudioBackpressure);
        assert!(taken(&sender.queue()).is_ready());
        sender.try_send(ClientEvent::SessionEnd).unwrap();
    }

    #[tokio::test]
    async fn who_waits_for_room_gets_it_or_learns_that_there_will_be_none() {
        let sender = EventSender::new(vec![sound(ROOM)]);
        let queue = sender.queue();
        let (sent, _) = tokio::join!(sender.send(ClientEvent::SessionEnd), async { taken(&queue) });
        assert_eq!(sent, Ok(()));
        queue.close();
        assert_eq!(sender.send(ClientEvent::SessionEnd).await, Err(SendError::Closed));
        assert_eq!(taken(&queue), Poll::Ready(None));
    }
}
