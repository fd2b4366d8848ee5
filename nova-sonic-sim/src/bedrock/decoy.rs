//! Every operation but the stream: what a credential made for speech must not reach, answered when it does.

use bytes::Bytes;
use http::request::Parts;
use nova_sonic_core::error::ServiceException;
use serde_json::{Value, json};

use super::{
    Operation, Target, authorize_model,
    models::{Model, ModelKind, model_of, models},
    opening::{foundation_model, usable},
};
use crate::{
    api_error::ApiError,
    auth::{
        CALL_WITH_BEARER_TOKEN, Caller, SignedBody, authorize, bearer_token, verify_bearer, verify_headers,
    },
    service::{Connection, Service},
    stream::json_frame,
};

/// What such an operation answers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum DecoyAnswer {
    Json(Value),
    /// Frames of an event stream, all at once.
    Events(Bytes),
}

/// Answers one request, if the caller may ask.
pub(crate) fn answer_decoy(
    service: &Service,
    connection: &Connection,
    parts: &Parts,
    body: &[u8],
    target: &Target,
) -> Result<DecoyAnswer, ApiError> {
    let regions = service.regions_at(parts);
    let expected = service.expect_bedrock(&regions);
    let caller = match bearer_token(parts) {
        None => verify_headers(parts, SignedBody::Whole(body), &service.credentials, &expected)?,
        Some(token) => {
            let caller = verify_bearer(token, &service.credentials, &expected)?;
            authorize_bearer(service, connection, &caller)?;
            caller
        }
    };
    authorize_model(service, connection, &caller, target)?;
    if target.operation == Operation::ListFoundationModels {
        let models: Vec<Value> = models().iter().map(|model| details(service, &caller, model)).collect();
        return Ok(DecoyAnswer::Json(json!({ "modelSummaries": models })));
    }
    let (_, model_id) = foundation_model(service, &caller.region, target);
    if target.operation == Operation::GetFoundationModel {
        let unknown =
            || ApiError::new(&ServiceException::ResourceNotFound, "Could not resolve the foundation model.");
        let model = model_of(model_id).ok_or_else(unknown)?;
        return Ok(DecoyAnswer::Json(json!({ "modelDetails": details(service, &caller, model) })));
    }
    let model = usable(model_id)?;
    if model.kind != ModelKind::Text {
        let text = "This action doesn't support the model that you provided. Try again with a supported text or chat model.";
        return Err(ApiError::new(&ServiceException::Validation, text));
    }
    Ok(talk(target.operation))
}

/// Whether the caller may use Bedrock with an API key at all.
pub(crate) fn authorize_bearer(
    service: &Service,
    connection: &Connection,
    caller: &Caller,
) -> Result<(), ApiError> {
    let action = format!("bedrock:{CALL_WITH_BEARER_TOKEN}");
    let now = service.clock.timestamp();
    let request = service.ask(connection, &caller.region, now, (&action, "*"));
    Ok(authorize(caller.identity.principal(), caller.identity.permissions(), request)?)
}

/// What a text model says here, in the form that the operation has for it.
fn talk(operation: Operation) -> DecoyAnswer {
    const TEXT: &str = "This is a simulator.";
    let message = json!({ "role": "assistant", "content": [{ "text": TEXT }] });
    let usage = json!({ "inputTokens": 1, "outputTokens": 4, "totalTokens": 5 });
    let whole = json!({
        "output": { "message": message },
        "stopReason": "end_turn",
        "usage": usage,
        "metrics": { "latencyMs": 1 },
    });
    match operation {
        Operation::CountTokens => DecoyAnswer::Json(json!({ "inputTokens": 1 })),
        Operation::InvokeWithResponseStream => {
            let bytes = base64_simd::STANDARD.encode_to_string(whole.to_string());
            DecoyAnswer::Events(json_frame("chunk", &json!({ "bytes": bytes })))
        }
        Operation::ConverseStream => {
            let events = [
                ("messageStart", json!({ "role": "assistant" })),
                ("contentBlockDelta", json!({ "contentBlockIndex": 0, "delta": { "text": TEXT } })),
                ("contentBlockStop", json!({ "contentBlockIndex": 0 })),
                ("messageStop", json!({ "stopReason": "end_turn" })),
                ("metadata", json!({ "usage": usage, "metrics": { "latencyMs": 1 } })),
            ];
            let frames: Vec<Bytes> = events.iter().map(|(name, payload)| json_frame(name, payload)).collect();
            DecoyAnswer::Events(frames.concat().into())
        }
        Operation::Invoke
        | Operation::Converse
        | Operation::Stream
        | Operation::StreamWebSocket
        | Operation::ListFoundationModels
        | Operation::GetFoundationModel => DecoyAnswer::Json(whole),
    }
}

fn details(service: &Service, caller: &Caller, model: &Model) -> Value {
    let (input, output) = match model.kind {
        ModelKind::Speech => ("SPEECH", "SPEECH"),
        ModelKind::Text => ("TEXT", "TEXT"),
        ModelKind::Embedding => ("TEXT", "EMBEDDING"),
    };
    json!({
        "modelArn": format!("{}{}", service.model_prefix(&caller.region), model.id),
        "modelId": model.id,
        "modelName": model.id,
        "providerName": model.provider,
        "inputModalities": [input],
        "outputModalities": [output],
        "responseStreamingSupported": model.kind == ModelKind::Text,
        "inferenceTypesSupported": ["ON_DEMAND"],
        "modelLifecycle": { "status": "ACTIVE" },
    })
}
