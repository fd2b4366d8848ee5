//! The stream to the service behind one socket.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use crate::{
    client::{Client, ClientError, EventReceiver, EventSender, SendError, StreamEvent},
    error::ErrorCode,
    event::ClientEvent,
    session::Failure,
};

type Opening = Pin<Box<dyn Future<Output = Result<EventReceiver, ClientError>> + Send>>;

/// The stream to the service behind one socket.
#[derive(Default)]
pub(super) enum Link {
    #[default]
    None,
    Opening(EventSender, Opening),
    Open(EventSender, Box<EventReceiver>),
    Over,
}

impl Link {
    pub(super) fn open(client: &Client, first: Vec<ClientEvent>) -> Self {
        let (sender, opening) = client.start_stream(first);
        Self::Opening(sender, Box::pin(opening))
    }

    pub(super) const fn is_open(&self) -> bool {
        matches!(self, Self::Opening(..) | Self::Open(..))
    }

    /// Sends an event; fails when the network has taken nothing for half a minute.
    pub(super) fn send(&self, event: ClientEvent) -> Result<(), Failure> {
        match self.sender().map(|sender| sender.try_send(event)) {
            Some(Err(error @ SendError::Full { .. })) => {
                Err(Failure::new(ErrorCode::ConnectionLost, error.to_string()))
            }
            // the receiving half says why
            Some(Ok(()) | Err(SendError::Closed)) | None => Ok(()),
        }
    }

    pub(super) fn finish(&self) {
        if let Some(sender) = self.sender() {
            sender.finish();
        }
    }

    const fn sender(&self) -> Option<&EventSender> {
        match self {
            Self::Opening(sender, _) | Self::Open(sender, _) => Some(sender),
            Self::None | Self::Over => None,
        }
    }

    /// What came; `None` when the stream has ended in order.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<StreamEvent>> {
        if let Self::Opening(_, opening) = self {
            let opened = std::task::ready!(opening.as_mut().poll(context));
            *self = match (std::mem::replace(self, Self::Over), opened) {
                (Self::Opening(sender, _), Ok(receiver)) => Self::Open(sender, Box::new(receiver)),
                (_, Ok(_)) => Self::Over,
                (_, Err(error)) => return Poll::Ready(Some(StreamEvent::Failed(failure(error)))),
            };
        }
        let Self::Open(_, receiver) = self else { return Poll::Pending };
        let event = std::task::ready!(receiver.poll(context));
        if receiver.has_ended() {
            *self = Self::Over;
        }
        Poll::Ready(event)
    }

    /// Reads what the service still says, for so long, so that its connection can serve the next conversation.
    pub(super) async fn drain(mut self, patience: Duration) {
        let ended = async {
            while self.is_open() && std::future::poll_fn(|context| self.poll(context)).await.is_some() {}
        };
        // who does not end in time is cut off
        let _ = tokio::time::timeout(patience, ended).await;
    }
}

fn failure(error: ClientError) -> Failure {
    match error {
        ClientError::Failed(failure) => failure,
        ClientError::Session(error) => Failure::new(error.code(), error.to_string()),
    }
}
