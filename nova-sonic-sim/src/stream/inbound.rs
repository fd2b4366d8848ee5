//! Where a stream's input comes from.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;

/// What a transport has received.
#[derive(Debug)]
pub(crate) enum Received {
    Bytes(Bytes),
    /// The client has ended its half and still listens.
    End,
    /// The client is gone: nothing can be received or sent.
    Gone,
    /// Something that has no place on this transport, such as a text message.
    Illegal(&'static str),
}

/// A transport's receiving half.
pub(crate) trait Inbound: Send + 'static {
    /// The next thing received; cancel-safe.
    fn next(&mut self) -> impl Future<Output = Received> + Send;
}

/// The body of an HTTP request, over either version.
#[derive(Debug)]
pub(crate) struct HttpInbound(pub(crate) Incoming);

impl Inbound for HttpInbound {
    async fn next(&mut self) -> Received {
        loop {
            match self.0.frame().await {
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Received::Bytes(bytes);
                    }
                }
                Some(Err(_)) => return Received::Gone,
                None => return Received::End,
            }
        }
    }
}
