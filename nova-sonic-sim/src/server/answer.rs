//! One request, one answer.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Request, StatusCode, request::Parts};
use http_body_util::{BodyExt, Collected, Limited};
use hyper::body::Incoming;
use nova_sonic_core::error::ServiceException;

use super::{
    http_stream,
    reply::{self, Reply},
    websocket,
};
use crate::{
    api_error::ApiError,
    auth::{SignedBody, verify_headers},
    bedrock::{Operation, Target, authorize_model, route},
    service::{Connection, Service},
    sts::{self, StsError, error_xml, success_xml},
};

/// Longest body of a request that is no stream, in bytes: more than any legal call of STS.
const BODY_LIMIT: usize = 64 * 1024;
/// Time for such a body to come in.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Answers one request; what is wrong with it is part of the answer.
pub(super) async fn answer(
    service: Arc<Service>,
    connection: Connection,
    request: Request<Incoming>,
) -> Result<Reply, Infallible> {
    let request_id = service.next_request_id();
    if request.uri().path() == "/" {
        return Ok(security_token_service(&service, &connection, request, &request_id).await);
    }
    let target = match route(request.method(), request.uri().path()) {
        Ok(target) => target,
        Err(error) => return Ok(refuse(&service, "-", &error, &request_id)),
    };
    let action = target.operation.name();
    let result = match target.operation {
        Operation::Stream => http_stream::answer(&service, &connection, request, &target, &request_id).await,
        Operation::StreamWebSocket => {
            websocket::answer(&service, &connection, request, &target, &request_id).await
        }
        Operation::Invoke => invoke(&service, &connection, request, &target).await,
    };
    Ok(result.unwrap_or_else(|error| refuse(&service, action, &error, &request_id)))
}

/// `InvokeModel`: authorised like a stream, and then not what a speech model does.
async fn invoke(
    service: &Service,
    connection: &Connection,
    request: Request<Incoming>,
    target: &Target,
) -> Result<Reply, ApiError> {
    let (parts, body) = request.into_parts();
    let body = collect(body).await.ok_or_else(|| {
        ApiError::new(
            &ServiceException::Validation,
            format!("The request body is longer than {BODY_LIMIT} bytes, or broken off."),
        )
    })?;
    let regions = [service.region.as_str()];
    let expected = service.expect_bedrock(&regions);
    let caller = verify_headers(&parts, SignedBody::Whole(&body), &service.credentials, &expected)?;
    authorize_model(service, connection, &caller, target)?;
    let text = "This action doesn't support the model that you provided. Try again with a supported text or chat model.";
    Err(ApiError::new(&ServiceException::Validation, text))
}

async fn security_token_service(
    service: &Service,
    connection: &Connection,
    request: Request<Incoming>,
    request_id: &str,
) -> Reply {
    if request.method() != Method::POST {
        return refuse(service, "-", &ApiError::method_not_allowed(), request_id);
    }
    let (parts, body): (Parts, Incoming) = request.into_parts();
    let Some(body) = collect(body).await else {
        let error = StsError::new(
            "RequestEntityTooLarge",
            format!("The request is longer than {BODY_LIMIT} bytes, or broken off."),
        );
        return reply::xml(StatusCode::PAYLOAD_TOO_LARGE, error_xml(&error, request_id), request_id);
    };
    let result = sts::answer(service, connection, &parts, &body);
    service.observation.call(&sts::action_of(&body), result.as_ref().err().map(|error| error.code));
    match result {
        Ok(answer) => reply::xml(StatusCode::OK, success_xml(&answer, request_id), request_id),
        Err(error) => {
            tracing::info!(code = error.code, text = %error.message, "STS refused a call");
            reply::xml(error.status, error_xml(&error, request_id), request_id)
        }
    }
}

fn refuse(service: &Service, action: &str, error: &ApiError, request_id: &str) -> Reply {
    tracing::info!(action, error = %error.name, text = %error.message, "refused a request");
    service.observation.call(action, Some(&error.name));
    reply::api_error(error, request_id)
}

/// A whole body; `None` when it is too long, too slow or broken off.
async fn collect(body: Incoming) -> Option<Bytes> {
    let collected = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, BODY_LIMIT).collect()).await;
    collected.ok()?.ok().map(Collected::to_bytes)
}
