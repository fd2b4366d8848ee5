//! One request, one answer.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, StatusCode, header::DATE};
use http_body_util::{BodyExt, Collected, Limited};
use hyper::body::Incoming;
use nova_sonic_core::error::ServiceException;

use super::{
    http_stream, query, relay,
    reply::{self, Reply},
    websocket,
};
use crate::{
    api_error::ApiError,
    bedrock::{DecoyAnswer, Operation, Target, answer_decoy, route},
    control,
    observation::Refusal,
    service::{Connection, Service},
};

/// Longest body of a request that is no stream, in bytes: more than any legal call of STS.
pub(super) const BODY_LIMIT: usize = 64 * 1024;
/// Time for such a body to come in.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Answers one request; what is wrong with it is part of the answer.
pub(super) async fn answer(
    service: Arc<Service>,
    connection: Connection,
    request: Request<Incoming>,
) -> Result<Reply, Infallible> {
    let now = Arc::clone(&service);
    let mut reply = dispatch(service, connection, request).await;
    if !reply.headers().contains_key(DATE) {
        reply::date(&mut reply, now.clock.timestamp());
    }
    Ok(reply)
}

async fn dispatch(service: Arc<Service>, connection: Connection, request: Request<Incoming>) -> Reply {
    let request_id = service.next_request_id();
    if let Some(verb) = control::verb(&service, request.uri().path()).map(str::to_owned) {
        return control(&service, &connection, request, &verb, &request_id).await;
    }
    if request.uri().path() == "/" {
        return query::answer(&service, &connection, request, &request_id).await;
    }
    if request.uri().path() == relay::PATH {
        let answer = relay::answer(&service, &connection, request, &request_id);
        return answer.unwrap_or_else(|error| refuse(&service, "Relay", &error, &request_id));
    }
    let target = match route(request.method(), request.uri().path()) {
        Ok(target) => target,
        Err(error) => return refuse(&service, "-", &error, &request_id),
    };
    let action = target.operation.name();
    let result = match target.operation {
        Operation::Stream => http_stream::answer(&service, &connection, request, &target, &request_id).await,
        Operation::StreamWebSocket => {
            websocket::answer(&service, &connection, request, &target, &request_id).await
        }
        Operation::Invoke
        | Operation::InvokeWithResponseStream
        | Operation::Converse
        | Operation::ConverseStream
        | Operation::CountTokens
        | Operation::ListFoundationModels
        | Operation::GetFoundationModel => decoy(&service, &connection, request, &target, &request_id).await,
    };
    result.unwrap_or_else(|error| refuse(&service, action, &error, &request_id))
}

/// An operation that is no stream.
async fn decoy(
    service: &Service,
    connection: &Connection,
    request: Request<Incoming>,
    target: &Target,
    request_id: &str,
) -> Result<Reply, ApiError> {
    let (parts, body) = request.into_parts();
    let body = collect(body).await.ok_or_else(|| {
        ApiError::new(
            &ServiceException::Validation,
            format!("The request body is longer than {BODY_LIMIT} bytes, or broken off."),
        )
    })?;
    let answer = answer_decoy(service, connection, &parts, &body, target)?;
    service.observation.other_call(target.operation.name(), None);
    Ok(match answer {
        DecoyAnswer::Json(json) => reply::json(StatusCode::OK, &json, request_id),
        DecoyAnswer::Events(frames) => reply::events(frames, request_id),
    })
}

/// The control path: for programs on this machine.
async fn control(
    service: &Service,
    connection: &Connection,
    request: Request<Incoming>,
    verb: &str,
    request_id: &str,
) -> Reply {
    let (parts, body) = request.into_parts();
    if !control::admits(connection, &parts) {
        tracing::warn!(peer = %connection.peer, "the control path is for programs on this machine");
        return reply::empty(StatusCode::FORBIDDEN, request_id);
    }
    let Some(body) = collect(body).await else {
        return reply::empty(StatusCode::PAYLOAD_TOO_LARGE, request_id);
    };
    let answer = control::answer(service, &parts.method, verb, &body);
    reply::json(answer.status, &answer.json, request_id)
}

pub(super) fn refuse(service: &Service, action: &str, error: &ApiError, request_id: &str) -> Reply {
    tracing::info!(action, error = %error.name, text = %error.message, "refused a request");
    let refusal = Refusal { name: &error.name, message: &error.message };
    if action == Operation::Stream.name() {
        service.observation.stream_refused(action, refusal);
    } else {
        service.observation.other_call(action, Some(refusal));
    }
    reply::api_error(error, request_id)
}

/// A whole body; `None` when it is too long, too slow or broken off.
pub(super) async fn collect(body: Incoming) -> Option<Bytes> {
    let collected = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, BODY_LIMIT).collect()).await;
    collected.ok()?.ok().map(Collected::to_bytes)
}
