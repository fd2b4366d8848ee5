//! The only file that speaks the SDK's types for the stream.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use aws_credential_types::Credentials;
use aws_sdk_bedrockruntime::{
    Client as Sdk,
    config::{IdentityCache, SharedCredentialsProvider, SharedHttpClient},
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
    primitives::{
        Blob,
        event_stream::{EventReceiver, EventStreamSender},
    },
    types::{
        BidirectionalInputPayloadPart, InvokeModelWithBidirectionalStreamInput as SdkInput,
        InvokeModelWithBidirectionalStreamOutput as SdkOutput,
        error::{
            InvokeModelWithBidirectionalStreamInputError as SdkInputError,
            InvokeModelWithBidirectionalStreamOutputError as SdkOutputError,
        },
    },
};
use aws_smithy_types::event_stream::{Message, RawMessage};
use futures_core::Stream;

use super::{
    failure,
    shared::{Outgoing, Shared},
};
use crate::{
    error::{ErrorCode, ServiceError, ServiceException},
    session::Failure,
};

/// What went wrong with a stream.
pub(super) enum StreamError {
    /// The service said so.
    Exception(ServiceError),
    /// Something between here and the service.
    Failed(Failure),
}

/// The receiving half of an open stream.
pub(super) struct Stream2Way {
    receiver: EventReceiver<SdkOutput, SdkOutputError>,
    request_id: Option<String>,
}

/// Opens a stream. The first events are in `shared`'s queue already: the service may hold its answer until it has
/// seen them.
pub(super) async fn open(
    sdk: Sdk,
    http_client: SharedHttpClient,
    model_id: String,
    credentials: Credentials,
    shared: Arc<Shared>,
) -> Result<Stream2Way, StreamError> {
    let overridden = aws_sdk_bedrockruntime::Config::builder()
        .http_client(http_client)
        // the very credentials whose expiry the session knows
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .identity_cache(IdentityCache::no_cache());
    let sent = sdk
        .invoke_model_with_bidirectional_stream()
        .model_id(model_id)
        .body(EventStreamSender::from(Chunks(Outgoing(shared))))
        .customize()
        .config_override(overridden)
        .send()
        .await;
    match sent {
        Ok(output) => {
            let request_id = output.request_id().map(str::to_owned);
            Ok(Stream2Way { receiver: output.body, request_id })
        }
        Err(error) => Err(opening_error(error)),
    }
}

impl Stream2Way {
    /// The JSON of the next event; `None` at the end of the stream.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, StreamError> {
        loop {
            match self.receiver.recv().await {
                Ok(Some(SdkOutput::Chunk(part))) => {
                    if let Some(bytes) = part.bytes {
                        return Ok(Some(bytes.into_inner()));
                    }
                }
                // an event type that is not in the model of this SDK
                Ok(Some(_)) => {}
                Ok(None) => return Ok(None),
                Err(error) => return Err(self.stream_error(error)),
            }
        }
    }

    fn stream_error(&self, error: SdkError<SdkOutputError, RawMessage>) -> StreamError {
        let request_id = self.request_id.as_deref();
        match error {
            SdkError::ServiceError(context) => {
                let name = context.err().code().map(str::to_owned).or_else(|| exception_name(context.raw()));
                let error = service_error(name.as_deref(), context.err().message());
                StreamError::Exception(error.with_request_id(request_id))
            }
            SdkError::ResponseError(context) => match error_message(context.raw()) {
                Some((code, message)) => {
                    let error = service_error(Some(&code), Some(&message));
                    StreamError::Exception(error.with_request_id(request_id))
                }
                None => StreamError::Failed(failure::of_frame(
                    &SdkError::<SdkOutputError, RawMessage>::ResponseError(context),
                )),
            },
            other => StreamError::Failed(failure::of_connection(&other, false)),
        }
    }
}

fn service_error(name: Option<&str>, message: Option<&str>) -> ServiceError {
    let exception = ServiceException::parse(name.unwrap_or("UnknownException"));
    ServiceError::new(exception, message.unwrap_or("the service gave no reason"))
}

fn text_header(message: &Message, name: &str) -> Option<String> {
    let header = message.headers().iter().find(|header| header.name().as_str() == name)?;
    header.value().as_string().ok().map(|text| text.as_str().to_owned())
}

fn exception_name(raw: &RawMessage) -> Option<String> {
    match raw {
        RawMessage::Decoded(message) => text_header(message, ":exception-type"),
        _ => None,
    }
}

/// `:message-type` `error`, which the SDK does not know: code and message are in the headers.
fn error_message(raw: &RawMessage) -> Option<(String, String)> {
    let RawMessage::Decoded(message) = raw else { return None };
    let code = text_header(message, ":error-code")?;
    Some((code, text_header(message, ":error-message").unwrap_or_default()))
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
        other => StreamError::Failed(failure::of_connection(&other, true)),
    }
}

/// The events that wait to be sent, as the SDK wants them.
struct Chunks(Outgoing);

impl Stream for Chunks {
    type Item = Result<SdkInput, SdkInputError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(context).map(|json| {
            json.map(|json| {
                Ok(SdkInput::Chunk(BidirectionalInputPayloadPart::builder().bytes(Blob::new(json)).build()))
            })
        })
    }
}
