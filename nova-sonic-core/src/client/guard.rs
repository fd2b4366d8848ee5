//! A bound on what the SDK buffers.
//!
//! The SDK's decoder waits for whatever a 32-bit length claims. Frames are counted here as they pass, so that a
//! length over the limit, or an end inside a frame, becomes an error instead of a wait.

use std::{
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
};

use aws_smithy_runtime_api::client::{
    connection::CaptureSmithyConnection,
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use thiserror::Error;

/// Longest frame taken, bytes. The service's own limit for a payload is 1,000,000 bytes, in base64 a third more.
const FRAME_LIMIT: u32 = 2 * 1024 * 1024;
const PRELUDE: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum GuardError {
    #[error("frame of {length} bytes is over the limit of {limit}")]
    TooLarge { length: u32, limit: u32 },
    #[error("frame of {length} bytes is shorter than its own prelude")]
    TooShort { length: u32 },
    #[error("the endpoint answered with something that is no stream")]
    NoStream,
    #[error("the stream ended {missing} bytes before the end of a frame")]
    Truncated { missing: u32 },
}

/// An HTTP client whose event-stream responses are guarded, and that notes which connection it used.
#[derive(Clone, Debug)]
pub(super) struct Guarded<T> {
    pub(super) inner: T,
    pub(super) used: Arc<OnceLock<CaptureSmithyConnection>>,
}

impl HttpClient for Guarded<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Guarded { inner, used: Arc::clone(&self.used) })
    }
}

impl HttpConnector for Guarded<SharedHttpConnector> {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let used = request.extension::<CaptureSmithyConnection>().cloned().unwrap_or_default();
        request.add_extension(used.clone());
        let _ = self.used.set(used);
        let response = self.inner.call(request);
        HttpConnectorFuture::new(async move {
            let response = response.await?;
            let framed = response
                .headers()
                .get("content-type")
                .is_some_and(|value| value.contains("vnd.amazon.eventstream"));
            if !response.status().is_success() {
                return Ok(response);
            }
            if !framed {
                // the page of a proxy that nobody expected
                return Err(ConnectorError::other(GuardError::NoStream.into(), None));
            }
            Ok(response.map(|body| SdkBody::from_body_1_x(GuardedBody { body, frames: Frames::default() })))
        })
    }
}

struct GuardedBody {
    body: SdkBody,
    frames: Frames,
}

impl Body for GuardedBody {
    type Data = Bytes;
    type Error = aws_smithy_types::body::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        Poll::Ready(match frame {
            Some(Ok(frame)) => match frame.data_ref().map_or(Ok(()), |data| self.frames.pass(data)) {
                Ok(()) => Some(Ok(frame)),
                Err(error) => Some(Err(error.into())),
            },
            Some(Err(error)) => Some(Err(error)),
            None => self.frames.end().err().map(|error| Err(error.into())),
        })
    }

    fn is_end_stream(&self) -> bool {
        false
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

/// Counts frames as their bytes pass, whatever the pieces.
#[derive(Debug, Default)]
struct Frames {
    length: [u8; PRELUDE],
    seen: usize,
    remaining: u32,
    reported: bool,
}

impl Frames {
    fn pass(&mut self, mut data: &[u8]) -> Result<(), GuardError> {
        while let Some((first, rest)) = data.split_first() {
            if self.remaining > 0 {
                let skipped = data.len().min(self.remaining as usize);
                self.remaining -= u32::try_from(skipped).unwrap_or(self.remaining);
                data = data.get(skipped..).unwrap_or_default();
                continue;
            }
            if let Some(place) = self.length.get_mut(self.seen) {
                *place = *first;
            }
            self.seen += 1;
            data = rest;
            if self.seen == PRELUDE {
                self.seen = 0;
                let length = u32::from_be_bytes(self.length);
                if length > FRAME_LIMIT {
                    return Err(GuardError::TooLarge { length, limit: FRAME_LIMIT });
                }
                self.remaining = length
                    .checked_sub(4)
                    .filter(|rest| *rest >= 12)
                    .ok_or(GuardError::TooShort { length })?;
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), GuardError> {
        let missing = if self.seen > 0 { 1 } else { self.remaining };
        if missing == 0 || std::mem::replace(&mut self.reported, true) {
            return Ok(());
        }
        Err(GuardError::Truncated { missing })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(length: u32) -> Vec<u8> {
        let mut bytes = length.to_be_bytes().to_vec();
        bytes.resize(length as usize, 7);
        bytes
    }

    #[test]
    fn frames_pass_at_every_split() {
        let stream = [frame(16), frame(40), frame(100)].concat();
        for size in 1..=stream.len() {
            let mut frames = Frames::default();
            for piece in stream.chunks(size) {
                assert_eq!(frames.pass(piece), Ok(()));
            }
            assert_eq!(frames.end(), Ok(()), "pieces of {size}");
        }
    }

    #[test]
    fn an_end_inside_a_frame_is_an_error() {
        let mut frames = Frames::default();
        assert_eq!(frames.pass(&frame(40)[..30]), Ok(()));
        assert_eq!(frames.end(), Err(GuardError::Truncated { missing: 10 }));
    }

    #[test]
    fn no_length_is_believed() {
        for length in [u32::MAX, FRAME_LIMIT + 1] {
            let expected = Err(GuardError::TooLarge { length, limit: FRAME_LIMIT });
            assert_eq!(Frames::default().pass(&length.to_be_bytes()), expected);
        }
        for length in [0, 3, 15] {
            assert_eq!(
                Frames::default().pass(&u32::to_be_bytes(length)),
                Err(GuardError::TooShort { length })
            );
        }
    }
}
