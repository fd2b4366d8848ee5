//! A stream whose events the caller orders itself, for those that have a session elsewhere.

use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_core::Stream;

use super::{
    Client, ClientError, EventSender,
    bedrock::{self, Stream2Way, StreamError},
    connection::Line,
    queue::Queue,
    ticker::OpenStream,
};
use crate::{
    error::{ErrorCode, ServiceError},
    event::{ClientEvent, EventError, ServerEvent},
    session::Failure,
};

/// Time in which the service has to accept a stream, credentials included: what a session gives it, too.
const OPEN: Duration = Duration::from_secs(10);

/// What came on a stream.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StreamEvent {
    /// An event of the service.
    Event(ServerEvent),
    /// The service reports an error; the stream ends soon, unless [`ServiceError::stream_continues`].
    Exception(ServiceError),
    /// An event that could not be read; the ones after it can.
    Unreadable(EventError),
    /// The stream is broken: nothing comes any more.
    Failed(Failure),
}

/// The receiving half of a stream that was opened by [`Client::open_stream`]. Dropped before the end, it cuts the stream.
pub struct EventReceiver {
    open: Option<Open>,
    queue: Arc<Queue>,
}

struct Open {
    stream: Stream2Way,
    line: Line,
    _counted: OpenStream,
}

impl Client {
    /// Opens a stream without a session: the caller orders the events and answers for that order. `first` travels with
    /// the request, and has at least one event, since the service may hold its answer until it has seen one.
    ///
    /// # Errors
    /// [`ClientError::Failed`] with the code of what stands in the way: credentials, permissions, region, certificate,
    /// network, quota, or [`ErrorCode::OpenTimeout`] after 10 s.
    pub async fn open_stream(
        &self,
        first: Vec<ClientEvent>,
    ) -> Result<(EventSender, EventReceiver), ClientError> {
        let (sender, opening) = self.start_stream(first);
        Ok((sender, opening.await?))
    }

    /// The same for one who has more to say while the stream is being opened.
    pub(crate) fn start_stream(
        &self,
        first: Vec<ClientEvent>,
    ) -> (EventSender, impl Future<Output = Result<EventReceiver, ClientError>> + Send + use<>) {
        let sender = EventSender::new(first);
        let (client, queue) = (self.clone(), sender.queue());
        let opening = async move {
            let opened = tokio::time::timeout(OPEN, client.accepted_stream(Arc::clone(&queue))).await;
            let late = |_| Failure::new(ErrorCode::OpenTimeout, "the service did not answer in time");
            let opened = opened.map_err(late).flatten();
            if opened.is_err() {
                queue.close();
            }
            Ok(EventReceiver { open: Some(opened?), queue })
        };
        (sender, opening)
    }

    async fn accepted_stream(self, queue: Arc<Queue>) -> Result<Open, Failure> {
        let credentials = self.credentials().await?;
        let line = self.network().line()?;
        let opening = bedrock::open(
            self.network().sdk().clone(),
            line.http_client(),
            line.used(),
            self.model_id().to_owned(),
            credentials,
            queue,
        );
        match opening.await {
            Ok(stream) => Ok(Open { stream, line, _counted: self.ticker().stream() }),
            Err(error) => Err(error.into()),
        }
    }
}

impl EventReceiver {
    /// What comes next; `None` at the end, in order or not. May be dropped and called again without losing anything.
    pub async fn next(&mut self) -> Option<StreamEvent> {
        poll_fn(|context| self.poll(context)).await
    }

    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<StreamEvent>> {
        let Some(open) = &mut self.open else { return Poll::Ready(None) };
        Poll::Ready(match ready!(open.stream.poll(context)) {
            Ok(Some(event)) => Some(StreamEvent::Event(event)),
            Err(StreamError::Exception(error)) => Some(StreamEvent::Exception(error)),
            Err(StreamError::Unreadable(error)) => Some(StreamEvent::Unreadable(error)),
            Ok(None) => {
                self.queue.close();
                if let Some(open) = self.open.take() {
                    open.line.ended_in_order();
                }
                None
            }
            Err(StreamError::Failed(failure)) => {
                self.queue.close();
                self.open = None;
                Some(StreamEvent::Failed(failure))
            }
        })
    }

    /// Whether nothing comes any more.
    pub const fn has_ended(&self) -> bool {
        self.open.is_none()
    }
}

impl Stream for EventReceiver {
    type Item = StreamEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<StreamEvent>> {
        self.poll(context)
    }
}

impl Drop for EventReceiver {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl fmt::Debug for EventReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventReceiver").field("open", &self.open.is_some()).finish_non_exhaustive()
    }
}
