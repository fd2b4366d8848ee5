//! `POST …/invoke-with-bidirectional-stream`: events in both bodies at once.

use std::sync::Arc;

use http::{Request, Version};
use hyper::body::Incoming;
use tokio::sync::oneshot;

use super::reply::{self, Reply};
use crate::{
    api_error::ApiError,
    auth::{SignedBody, verify_headers},
    bedrock::{Target, admit, authorize_model},
    model::OpeningFault,
    observation::Transport,
    service::{Connection, Service},
    stream::{Driver, HttpInbound, StreamBody, StreamStart, channel},
};

/// Lets a stream in and answers with its body; the model lives on in a task of its own.
pub(super) async fn answer(
    service: &Arc<Service>,
    connection: &Connection,
    request: Request<Incoming>,
    target: &Target,
    request_id: &str,
) -> Result<Reply, ApiError> {
    let (parts, body) = request.into_parts();
    let regions = service.regions_at(&parts);
    let expected = service.expect_bedrock(&regions);
    let caller = verify_headers(&parts, SignedBody::Events, &service.credentials, &expected)?;
    authorize_model(service, connection, &caller, target)?;
    let transport = if parts.version == Version::HTTP_2 { Transport::Http2 } else { Transport::Http1 };
    let admission = admit(service, connection, &caller, target, transport)?;

    let mut start = StreamStart::AtOnce;
    let mut first_event = None;
    match admission.fault {
        Some(OpeningFault::Delay(delay)) => service.clock.sleep(delay).await,
        Some(OpeningFault::Silence) => {
            service.ended().await;
        }
        Some(OpeningFault::AwaitFirstEvent) => {
            let (sender, receiver) = oneshot::channel();
            start = StreamStart::FirstEvent(sender);
            first_event = Some(receiver);
        }
        // a refusal never gets here
        Some(OpeningFault::Refuse(_)) | None => {}
    }
    let (sender, receiver) = channel();
    let driver = Driver::new(admission.stream, HttpInbound(body), start);
    tokio::spawn(driver.run(sender, service.shutdown.clone()));
    if let Some(first_event) = first_event {
        // an error means that the stream has ended before its first event
        let _ = first_event.await;
    }
    Ok(reply::streamed(StreamBody::new(receiver, connection.cut.clone()), request_id))
}
