//! Whether a stream is let in: policy first, as AWS does, then the model, then the quota.

use std::sync::Arc;

use nova_sonic_core::error::ServiceException;

use super::{
    Target,
    models::{Model, ModelKind, ModelStatus, model_of},
};
use crate::{
    api_error::ApiError,
    auth::{Caller, ChunkVerifier, authorize},
    model::{Conversation, OpeningFault},
    observation::{StreamRecord, Transport},
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
    let place = Arc::clone(&service.places).try_acquire_owned().map_err(|_| {
        ApiError::new(
            &ServiceException::Throttling,
            "Too many concurrent connections, please wait before trying again.",
        )
    })?;
    let mut config = service.conversation.clone();
    config.seed = service.next_seed();
    let conversation = Conversation::new(config, service.clock.tick());
    let fault = match conversation.opening_fault() {
        Some(OpeningFault::Refuse(exception)) => return Err(exception.into()),
        fault => fault,
    };
    let observer = service.observation.open(|number| StreamRecord {
        number,
        transport,
        tls: connection.tls,
        model_id: model_id.to_owned(),
        access_key_id: caller.identity.access_key_id().to_owned(),
        principal_arn: caller.identity.principal().arn(),
        opened_at: service.clock.timestamp(),
        events_received: 0,
        frames_sent: 0,
        input_ended: false,
        end: None,
    });
    tracing::info!(model = model_id, ?transport, tls = connection.tls, "a stream opened");
    let verifier = ChunkVerifier::new(caller);
    let (max_frame_bytes, clock) = (service.max_frame_bytes, service.clock.clone());
    Ok(Admission {
        stream: OpenStream { verifier, max_frame_bytes, conversation, clock, observer, place },
        fault,
    })
}

/// The region's prefix of model ARNs, and the model's bare id, whichever of both forms the path had.
pub(super) fn foundation_model<'a>(service: &Service, region: &str, target: &'a Target) -> (String, &'a str) {
    let prefix = service.model_prefix(region);
    let model_id = target.model_id.strip_prefix(&prefix).unwrap_or(&target.model_id);
    (prefix, model_id)
}
