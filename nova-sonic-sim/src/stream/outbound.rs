//! Where a stream's output goes: a bounded channel into an HTTP body or a WebSocket.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame};
use tokio::sync::mpsc;

/// Frames that may wait for a slow client, about a second of speech.
const QUEUE_FRAMES: usize = 32;

/// What a transport must now do; a closed channel ends the stream in order.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Bytes(Bytes),
    /// Drop the connection without a word.
    Cut,
}

/// A sender for the driver and a receiver for the transport.
pub(crate) fn channel() -> (mpsc::Sender<Outgoing>, mpsc::Receiver<Outgoing>) {
    mpsc::channel(QUEUE_FRAMES)
}

/// The body of a streamed response.
#[derive(Debug)]
pub(crate) struct StreamBody {
    receiver: mpsc::Receiver<Outgoing>,
    /// Tells the connection to drop itself.
    cut: mpsc::Sender<()>,
}

impl StreamBody {
    pub(crate) fn new(receiver: mpsc::Receiver<Outgoing>, cut: mpsc::Sender<()>) -> Self {
        Self { receiver, cut }
    }
}

impl Body for StreamBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.receiver.poll_recv(context).map(|outgoing| {
            outgoing.map(|outgoing| match outgoing {
                Outgoing::Bytes(bytes) => Ok(Frame::data(bytes)),
                Outgoing::Cut => {
                    // full means that it has been told already
                    let _ = self.cut.try_send(());
                    Err(io::Error::new(io::ErrorKind::ConnectionAborted, "cut, as the scenario asks"))
                }
            })
        })
    }
}
