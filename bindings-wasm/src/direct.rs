//! Straight to Bedrock: a URL that opens the stream, and frames that sign each other.

use std::time::Duration;

use nova_sonic_core::{
    codec::{CodecError, Decoder, Encoder, Received},
    event::ClientEvent,
    grant::{ClockOffset, Grant},
    session::{Failure, Input},
    sigv4::{ChunkSigner, PresignedUrl, StreamRequest},
    time::Timestamp,
};

use crate::fault::Fault;

/// One stream over one socket.
pub(crate) struct Direct {
    encoder: Encoder,
    decoder: Decoder,
    clock: ClockOffset,
}

/// What opening a stream takes and gives.
pub(crate) struct Opened {
    pub(crate) direct: Direct,
    pub(crate) url: PresignedUrl,
    /// How long the credentials are still good.
    pub(crate) credentials_last: Duration,
}

impl Direct {
    /// Signs the URL with what the application's endpoint has granted.
    pub(crate) fn open(
        grant: Grant,
        wall: Timestamp,
        model: Option<&str>,
        endpoint: Option<&str>,
    ) -> Result<Opened, Fault> {
        grant.check_open(wall)?;
        let now = grant.signing_time(wall);
        let clock = grant.clock_offset();
        let credentials_last = grant.expiration().since(now);
        let (region, granted) = (grant.region().to_owned(), grant.model_id().to_owned());
        let credentials = grant.into_signing_credentials();
        let mut request = StreamRequest::new(&region, model.unwrap_or(&granted));
        if let Some(endpoint) = endpoint {
            request = request.with_endpoint(endpoint);
        }
        let url = request.presign(&credentials, now)?;
        let signer = ChunkSigner::new(credentials.keys, &region, *url.signature(), now);
        let direct = Self { encoder: Encoder::new(signer), decoder: Decoder::new(), clock };
        Ok(Opened { direct, url, credentials_last })
    }

    /// Appends the frame of one event.
    pub(crate) fn encode(
        &mut self,
        event: &ClientEvent,
        wall: Timestamp,
        out: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        self.encoder.encode(event, self.clock.apply(wall), out).map_err(|error| failure(&error))
    }

    /// Appends the frame that ends the stream.
    pub(crate) fn finish(&mut self, wall: Timestamp, out: &mut Vec<u8>) -> Result<(), Failure> {
        self.encoder.finish(self.clock.apply(wall), out).map_err(|error| failure(&error))
    }

    /// Takes the bytes of one message; [`received`](Self::received) until `None` before the next.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.decoder.push(bytes);
    }

    /// What came next.
    pub(crate) fn received(&mut self) -> Option<Input<'static>> {
        Some(match self.decoder.poll()? {
            Ok(Received::Event(event)) => Input::Received(event),
            Ok(Received::Exception(error)) => Input::Exception(error),
            Err(CodecError::Event(error)) => Input::Unreadable(error),
            Err(error) => Input::Failed(failure(&error)),
            // what a later core receives
            Ok(_) => return None,
        })
    }
}

fn failure(error: &CodecError) -> Failure {
    Failure::new(error.code(), error.to_string())
}
