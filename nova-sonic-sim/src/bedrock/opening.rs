//! Whether a stream is let in: policy first, as AWS does, then the model, then the quota.

use std::sync::Arc;

use nova_sonic_core::{
    error::{ErrorCode, ServiceError, ServiceException},
    relay::{CloseCode, Guard, GuardRules},
};
use tokio::sync::OwnedSemaphorePermit;

use super::{
    Target,
    models::{Model, ModelKind, ModelStatus, model_of},
};
use crate::{
    api_error::ApiError,
    auth::{Caller, ChunkVerifier, authorize},
    model::{Conversation, Exception, OpeningFault},
    observation::{StreamObserver, StreamRecord, Transport},
    relay::{Ending, RelayFault, RelayStream},
    service::{Connection, Service},
    stream::OpenStream,
};

/// Asks the caller's policies for the permission that the operation takes.
pub(crate) fn authorize_model(
    service: &Service,
    connection: &Connection,
    caller: &Caller,
    target: &Target,
) -> Result<(), ApiError> {
    let (prefix, model_id) = foundation_model(service, &caller.region, target);
    let resource = if model_id.is_empty() { "*".to_owned() } else { prefix + model_id };
    let asked = (target.operation.permission(), resource.as_str());
    let request = service.ask(connection, &caller.region, service.clock.timestamp(), asked);
    Ok(authorize(caller.identity.principal(), caller.identity.permissions(), request)?)
}

/// The model of this id, if it can be used.
pub(super) fn usable(model_id: &str) -> Result<&'static Model, ApiError> {
    match model_of(model_id) {
        None => {
            Err(ApiError::new(&ServiceException::Validation, "The provided model identifier is invalid."))
        }
        Some(model) if model.status == ModelStatus::EndOfLife => {
            let text = "This model version has reached the end of its life. Please refer to the AWS documentation for more details.";
            Err(ApiError::new(&ServiceException::ResourceNotFound, text))
        }
        Some(model) => Ok(model),
    }
}

/// A stream that may begin, or must first go wrong as the scenario asks.
#[derive(Debug)]
pub(crate) struct Admission {
    pub(crate) stream: OpenStream,
    pub(crate) fault: Option<OpeningFault>,
}

/// Lets a caller in whose policies allow it.
pub(crate) fn admit(
    service: &Service,
    connection: &Connection,
    caller: &Caller,
    target: &Target,
    transport: Transport,
) -> Result<Admission, ApiError> {
    let (_, model_id) = foundation_model(service, &caller.region, target);
    if usable(model_id)?.kind != ModelKind::Speech {
        let text = "The provided model doesn't support bidirectional streaming.";
        return Err(ApiError::new(&ServiceException::Validation, text));
    }
    let (identity, tls) = (&caller.identity, connection.tls);
    let Opened { place, conversation, observer, fault } = open(service, |number| StreamRecord {
        access_key_id: identity.access_key_id().to_owned(),
        principal_arn: identity.principal().arn(),
        ..StreamRecord::new(number, transport, tls, model_id, service.clock.timestamp())
    })?;
    let verifier = ChunkVerifier::new(caller);
    let (max_frame_bytes, clock) = (service.max_frame_bytes, service.clock.clone());
    Ok(Admission {
        stream: OpenStream { verifier, max_frame_bytes, conversation, clock, observer, place },
        fault,
    })
}

/// A conversation with its place among the streams.
struct Opened {
    place: OwnedSemaphorePermit,
    conversation: Conversation,
    observer: StreamObserver,
    fault: Option<OpeningFault>,
}

/// Whether there is room for another stream now.
pub(crate) fn check_quota(service: &Service) -> Result<(), ApiError> {
    if service.places.available_permits() == 0 { Err(quota_used_up().into()) } else { Ok(()) }
}

fn quota_used_up() -> Exception {
    let text = "Too many concurrent connections, please wait before trying again.";
    Exception { exception: ServiceException::Throttling, message: text.to_owned(), stream_continues: false }
}

/// Begins a conversation, unless the quota is used up or the scenario refuses it.
fn open(service: &Service, record: impl FnOnce(usize) -> StreamRecord) -> Result<Opened, Exception> {
    let place = Arc::clone(&service.places).try_acquire_owned().map_err(|_| quota_used_up())?;
    let mut config = service.conversation.clone();
    config.seed = service.next_seed();
    let conversation = Conversation::new(config, service.clock.tick());
    let fault = match conversation.opening_fault() {
        Some(OpeningFault::Refuse(exception)) => return Err(exception),
        fault => fault,
    };
    let observer = service.observation.open(|number| {
        let record = record(number);
        tracing::info!(model = record.model_id, transport = ?record.transport, tls = record.tls, "a stream opened");
        record
    });
    Ok(Opened { place, conversation, observer, fault })
}

/// Lets a client of the relay in, to which no policy applies: the credentials would be its server's.
pub(crate) async fn admit_relay(service: &Service, model_id: &str, tls: bool) -> Result<RelayStream, Ending> {
    let relay_fault = service.relay_fault();
    if let Some(RelayFault::Refuse { code }) = relay_fault {
        return Err(Ending::asked_for(code));
    }
    if !usable(model_id).is_ok_and(|model| model.kind == ModelKind::Speech) {
        let text = "this relay speaks with no such model";
        return Err(Ending::refused(ErrorCode::ModelNotFound, text, CloseCode::NotFound));
    }
    let now = service.clock.timestamp();
    let opened = open(service, |number| StreamRecord::new(number, Transport::Relay, tls, model_id, now));
    let Opened { place, conversation, observer, fault } = opened
        .map_err(|exception| Ending::upstream(ServiceError::new(exception.exception, &exception.message)))?;
    match fault {
        Some(OpeningFault::Delay(delay)) => service.clock.sleep(delay).await,
        Some(OpeningFault::Silence) => service.ended().await,
        // the relay's first message waits for nothing, and a refusal never gets here
        Some(OpeningFault::AwaitFirstEvent | OpeningFault::Refuse(_)) | None => {}
    }
    let clock = service.clock.clone();
    let guard = Guard::new(GuardRules::new(model_id), clock.tick());
    Ok(RelayStream { guard, conversation, clock, observer, fault: relay_fault, place })
}

/// The region's prefix of model ARNs, and the model's bare id, whichever of both forms the path had.
pub(super) fn foundation_model<'a>(service: &Service, region: &str, target: &'a Target) -> (String, &'a str) {
    let prefix = service.model_prefix(region);
    let model_id = target.model_id.strip_prefix(&prefix).unwrap_or(&target.model_id);
    (prefix, model_id)
}
