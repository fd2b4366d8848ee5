//! Our frames inside the SDK's request.
//!
//! The SDK finds the credentials, signs the request that opens a stream, connects, and reads a refusal. What flows in
//! the two bodies after that is [`codec`](crate::codec)'s: the SDK hands both over through its interceptors, between
//! signing and sending, and between the answer's headers and its body.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        connection::CaptureSmithyConnection,
        interceptors::{
            Intercept,
            context::{BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextMut},
        },
        runtime_components::RuntimeComponents,
    },
    http::Headers,
};
use aws_smithy_types::{body::SdkBody, config_bag::ConfigBag};
use bytes::Bytes;
use http_body::{Body, Frame};

use super::{clock, connection::Used};
use crate::{
    codec::{CodecError, Encoder},
    event::ClientEvent,
    sigv4::{ChunkSigner, Signature, SigningKeys},
};

/// Where the events of a stream come from: a session, or a caller that orders them itself.
pub(super) trait Outgoing: std::fmt::Debug + Send + Sync {
    /// The next event that is to be sent; `None` when nothing more will be.
    fn poll_outgoing(&self, context: &mut Context<'_>) -> Poll<Option<ClientEvent>>;
}

/// Hands over the bodies of one stream.
#[derive(Debug)]
pub(super) struct Framing {
    keys: SigningKeys,
    outgoing: Arc<dyn Outgoing>,
    answer: Answer,
    used: Used,
}

/// Where the body of the answer is laid down; empty if what answered is no event stream.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer(Arc<Mutex<Option<SdkBody>>>);

impl Answer {
    pub(super) fn take(&self) -> Option<SdkBody> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Framing {
    pub(super) const fn new(
        keys: SigningKeys,
        outgoing: Arc<dyn Outgoing>,
        answer: Answer,
        used: Used,
    ) -> Self {
        Self { keys, outgoing, answer, used }
    }
}

impl Intercept for Framing {
    fn name(&self) -> &'static str {
        "NovaSonicFraming"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let (region, seed) = seed(request.headers())
            .ok_or("the request carries no signature that its events could continue")?;
        let signer = ChunkSigner::new(self.keys.clone(), region, seed, clock::timestamp());
        let events = SignedEvents {
            outgoing: Arc::clone(&self.outgoing),
            encoder: Encoder::new(signer),
            ended: false,
        };
        *request.body_mut() = SdkBody::from_body_1_x(events);
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(connection) = config.load::<CaptureSmithyConnection>() {
            let _ = self.used.set(connection.clone());
        }
        let response = context.response_mut();
        let framed = response
            .headers()
            .get("content-type")
            .is_some_and(|value| value.contains("vnd.amazon.eventstream"));
        if response.status().is_success() && framed {
            let body = std::mem::replace(response.body_mut(), SdkBody::empty());
            *self.answer.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
        Ok(())
    }
}

/// Region and signature of `AWS4-HMAC-SHA256 Credential=…/date/region/service/aws4_request, …, Signature=…`.
fn seed(headers: &Headers) -> Option<(&str, Signature)> {
    let mut parts = headers.get("authorization")?.split([' ', ',']);
    let scope = parts.find_map(|part| part.strip_prefix("Credential="))?;
    let signature = parts.find_map(|part| part.strip_prefix("Signature="))?;
    Some((scope.split('/').nth(2)?, Signature::from_hex(signature)?))
}

/// The events that wait to be sent, each framed and signed when the network takes it, then the empty frame of the end.
struct SignedEvents {
    outgoing: Arc<dyn Outgoing>,
    encoder: Encoder,
    ended: bool,
}

impl Body for SignedEvents {
    type Data = Bytes;
    type Error = CodecError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CodecError>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let event = ready!(self.outgoing.poll_outgoing(context));
        let now = clock::timestamp();
        let mut frame = Vec::new();
        let encoded = match &event {
            Some(event) => self.encoder.encode(event, now, &mut frame),
            None => self.encoder.finish(now, &mut frame),
        };
        self.ended = event.is_none() || encoded.is_err();
        Poll::Ready(Some(encoded.map(|()| Frame::data(frame.into()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_begins_with_the_signature_of_the_request() {
        let mut headers = Headers::new();
        assert!(seed(&headers).is_none());
        let digits = "0f".repeat(32);
        headers.insert(
            "authorization",
            format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261123/eu-north-1/bedrock/aws4_request, \
                 SignedHeaders=host;x-amz-date, Signature={digits}"
            ),
        );
        assert_eq!(seed(&headers), Some(("eu-north-1", Signature::from_bytes([0x0f; 32]))));
        headers.insert("authorization", "Bearer something");
        assert!(seed(&headers).is_none());
    }
}
