//! From a client's bytes to events: framing, signature chain, envelope.

use std::borrow::Cow;

use aws_smithy_types::event_stream::Message;
use bytes::Bytes;
use nova_sonic_core::{error::ServiceException, time::Timestamp};
use serde::Deserialize;

use super::decoder::{DecodeError, MessageDecoder, decode};
use crate::auth::{AuthError, ChunkError, ChunkVerifier};

/// What a client's message turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ClientMessage {
    /// The JSON of one event.
    Event(Vec<u8>),
    /// The signed empty message that ends the input.
    End,
}

/// Why the input of a stream cannot be read on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum InputError {
    #[error("{0}")]
    Decode(#[from] DecodeError),
    #[error("{0}")]
    Chunk(#[from] ChunkError),
    #[error("The request event is not a chunk.")]
    NotAChunk,
    #[error("The payload of the request event must be JSON with base64 under \"bytes\".")]
    Envelope,
    #[error("The request stream ended inside an event.")]
    Truncated,
    #[error("The request stream went on after its end.")]
    AfterEnd,
}

impl InputError {
    /// The exception under which it is reported.
    pub(super) fn exception(&self) -> ServiceException {
        match self {
            Self::Chunk(ChunkError::Refused(AuthError::Expired)) => ServiceException::ExpiredToken,
            Self::Chunk(ChunkError::Unsigned | ChunkError::Refused(_)) => ServiceException::InvalidSignature,
            Self::Decode(_) | Self::NotAChunk | Self::Envelope | Self::Truncated | Self::AfterEnd => {
                ServiceException::Validation
            }
        }
    }
}

/// Reads one stream's input.
#[derive(Debug)]
pub(super) struct InputReader {
    decoder: MessageDecoder,
    verifier: ChunkVerifier,
    ended: bool,
}

impl InputReader {
    pub(super) fn new(verifier: ChunkVerifier, limit: u32) -> Self {
        Self { decoder: MessageDecoder::new(limit), verifier, ended: false }
    }

    pub(super) fn push(&mut self, bytes: &Bytes) {
        self.decoder.push(bytes);
    }

    /// The next message whose signature is right; `None` until more bytes come.
    pub(super) fn next_message(&mut self, now: Timestamp) -> Result<Option<ClientMessage>, InputError> {
        if self.ended {
            return if self.decoder.is_inside_message() { Err(InputError::AfterEnd) } else { Ok(None) };
        }
        let Some(outer) = self.decoder.next_message()? else {
            return Ok(None);
        };
        self.verifier.verify(&outer, now)?;
        if outer.payload().is_empty() {
            self.ended = true;
            return Ok(Some(ClientMessage::End));
        }
        let inner = decode(outer.payload().clone())?;
        event_json(&inner).map(|json| Some(ClientMessage::Event(json)))
    }

    /// The transport's half of the input has closed. Whether the signed end had come before.
    pub(super) fn close(&mut self) -> Result<bool, InputError> {
        if !self.ended && self.decoder.is_inside_message() {
            return Err(InputError::Truncated);
        }
        Ok(std::mem::replace(&mut self.ended, true))
    }
}

/// The payload of a chunk.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    bytes: Cow<'a, str>,
}

fn event_json(inner: &Message) -> Result<Vec<u8>, InputError> {
    let is = |name: &str, value: &str| {
        let header = inner.headers().iter().find(|header| header.name().as_str() == name);
        header.is_some_and(|header| header.value().as_string().is_ok_and(|text| text.as_str() == value))
    };
    if !is(":message-type", "event") || !is(":event-type", "chunk") {
        return Err(InputError::NotAChunk);
    }
    let envelope: Envelope<'_> = serde_json::from_slice(inner.payload()).map_err(|_| InputError::Envelope)?;
    base64_simd::STANDARD.decode_to_vec(envelope.bytes.as_bytes()).map_err(|_| InputError::Envelope)
}
