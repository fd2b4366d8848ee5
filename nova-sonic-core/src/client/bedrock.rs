//! The only file that speaks the SDK's types for the stream.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use aws_credential_types::Credentials;
use aws_sdk_bedrockruntime::{
    Client as Sdk,
    config::{IdentityCache, SharedCredentialsProvider, SharedHttpClient},
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
    primitives::event_stream::EventStreamSender,
};
use aws_smithy_types::body::SdkBody;
use http_body::Body;

use super::{
    connection::Used,
    failure,
    framing::{Answer, Framing, Outgoing},
};
use crate::{
    codec::{CodecError, Decoder, Received},
    error::{ErrorCode, ServiceError, ServiceException},
    event::{EventError, ServerEvent},
    secret::SecretText,
    session::Failure,
    sigv4::SigningKeys,
};

/// What went wrong with a stream.
pub(super) enum StreamError {
    /// The service said so.
    Exception(ServiceError),
    /// An event that could not be read; the ones after it can.
    Unreadable(EventError),
    /// Something between here and the service.
    Failed(Failure),
}

/// The receiving half of an open stream.
pub(super) struct Stream2Way {
    body: SdkBody,
    decoder: Decoder,
    request_id: Option<String>,
}

impl From<StreamError> for Failure {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Exception(error) => error.into(),
            StreamError::Unreadable(error) => error.into(),
            StreamError::Failed(failure) => failure,
        }
    }
}

/// Opens a stream. The first events of `outgoing` wait already: the service may hold its answer until it has seen
/// them.
pub(super) async fn open(
    sdk: Sdk,
    http_client: SharedHttpClient,
    used: Used,
    model_id: String,
    credentials: Credentials,
    outgoing: Arc<dyn Outgoing>,
) -> Result<Stream2Way, StreamError> {
    let keys = SigningKeys::from_secret(SecretText::new(credentials.secret_access_key().to_owned()));
    let answer = Answer::default();
    let overridden = aws_sdk_bedrockruntime::Config::builder()
        .http_client(http_client)
        // the very credentials whose expiry the session knows
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .identity_cache(IdentityCache::no_cache());
    let sent = sdk
        .invoke_model_with_bidirectional_stream()
        .model_id(model_id)
        .body(EventStreamSender::from(futures_util::stream::empty()))
        .customize()
        .config_override(overridden)
        .interceptor(Framing::new(keys, outgoing, answer.clone(), used))
        .send()
        .await;
    let output = sent.map_err(opening_error)?;
    let Some(body) = answer.take() else {
        // the page of a proxy that nobody expected
        let message = "the endpoint answered with something that is no stream";
        return Err(StreamError::Failed(Failure::new(ErrorCode::ConnectionFailed, message)));
    };
    Ok(Stream2Way { body, decoder: Decoder::new(), request_id: output.request_id().map(str::to_owned) })
}

impl Stream2Way {
    /// The next event; `None` at the end of the stream.
    pub(super) async fn next(&mut self) -> Result<Option<ServerEvent>, StreamError> {
        poll_fn(|context| self.poll(context)).await
    }

    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<ServerEvent>, StreamError>> {
        loop {
            match self.decoder.poll() {
                Some(Ok(Received::Event(event))) => return Poll::Ready(Ok(Some(event))),
                Some(Ok(Received::Exception(error))) => {
                    let error = error.with_request_id(self.request_id.as_deref());
                    return Poll::Ready(Err(StreamError::Exception(error)));
                }
                Some(Err(CodecError::Event(error))) => {
                    return Poll::Ready(Err(StreamError::Unreadable(error)));
                }
                Some(Err(error)) => return Poll::Ready(Err(unreadable(&error))),
                None => {}
            }
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => {
                    if let Some(bytes) = frame.data_ref() {
                        self.decoder.push(bytes);
                    }
                }
                Some(Err(error)) => {
                    return Poll::Ready(Err(StreamError::Failed(failure::of_connection(&*error))));
                }
                None => {
                    let ended = self.decoder.finish().map(|()| None);
                    return Poll::Ready(ended.map_err(|error| unreadable(&error)));
                }
            }
        }
    }
}

fn unreadable(error: &CodecError) -> StreamError {
    StreamError::Failed(Failure::new(error.code(), error.to_string()))
}

fn service_error(name: Option<&str>, message: Option<&str>) -> ServiceError {
    let exception = ServiceException::parse(name.unwrap_or("UnknownException"));
    ServiceError::new(exception, message.unwrap_or("the service gave no reason"))
}

fn opening_error<E>(error: SdkError<E>) -> StreamError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match error {
        SdkError::ServiceError(context) => {
            let headers = context.raw().headers();
            let request_id = headers.get("x-amzn-requestid").map(str::to_owned);
            let name = context.err().code().map(str::to_owned);
            let name = name.or_else(|| headers.get("x-amzn-errortype").map(str::to_owned));
            let error = match (name, context.raw().status().as_u16()) {
                (Some(name), _) => service_error(Some(&name), context.err().message()),
                (None, status) => service_error(Some(&format!("Http{status}")), context.err().message()),
            };
            StreamError::Exception(error.with_request_id(request_id.as_deref()))
        }
        SdkError::TimeoutError(_) => {
            StreamError::Failed(Failure::new(ErrorCode::OpenTimeout, "the service did not answer in time"))
        }
        SdkError::ResponseError(context) => {
            let status = context.raw().status().as_u16();
            let message = format!("the endpoint answered with something that is no stream (status {status})");
            StreamError::Failed(Failure::new(ErrorCode::ConnectionFailed, message))
        }
        other => StreamError::Failed(failure::of_opening(&other)),
    }
}
