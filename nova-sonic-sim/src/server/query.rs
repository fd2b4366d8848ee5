//! `POST /`: the services of the query protocol, with the faults that were asked for.

use bytes::Bytes;
use http::{Method, Request, StatusCode, request::Parts};
use hyper::body::Incoming;

use super::{
    answer::{BODY_LIMIT, collect, refuse},
    reply::{self, Reply},
};
use crate::{
    api_error::ApiError,
    auth::{CALL_WITH_BEARER_TOKEN, is_bearer_call, verify_presigned},
    bedrock::authorize_bearer,
    iam,
    observation::{Refusal, StsCallObserver},
    service::{Connection, Service},
    sts::{self, Disturbance, Parameters, StsAnswer, StsError, StsFaultKind, error_xml, success_xml},
};

/// Answers one request to STS.
pub(super) async fn answer(
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
        return reply::xml(StatusCode::PAYLOAD_TOO_LARGE, sts_error(&error, request_id), request_id);
    };
    if is_bearer_call(parts.uri.query().unwrap_or_default()) {
        return bearer_call(service, connection, &parts, request_id);
    }
    let parameters = Parameters::parse(&body);
    if parameters.get("Version") == Some(iam::VERSION) {
        return identity_service(service, connection, &parts, &body, &parameters, request_id);
    }
    token_service(service, connection, &parts, &body, &parameters, request_id).await
}

/// A call of IAM.
fn identity_service(
    service: &Service,
    connection: &Connection,
    parts: &Parts,
    body: &Bytes,
    parameters: &Parameters,
    request_id: &str,
) -> Reply {
    let operation = if parameters.get("Action") == Some("ListUsers") { "ListUsers" } else { "-" };
    match iam::answer(service, connection, parts, body, parameters, request_id) {
        Ok(document) => {
            service.observation.other_call(operation, None);
            reply::xml(StatusCode::OK, document, request_id)
        }
        Err(error) => {
            let refusal = Refusal { name: &error.code, message: &error.message };
            service.observation.other_call(operation, Some(refusal));
            reply::xml(error.status, error_xml(iam::NAMESPACE, &error, request_id), request_id)
        }
    }
}

/// A presigned `CallWithBearerToken`, sent instead of being written into an API key.
fn bearer_call(service: &Service, connection: &Connection, parts: &Parts, request_id: &str) -> Reply {
    let regions = service.regions_at(parts);
    let caller = verify_presigned(parts, &service.credentials, &service.expect_bedrock(&regions));
    match caller.map_err(ApiError::from).and_then(|caller| authorize_bearer(service, connection, &caller)) {
        Ok(()) => {
            service.observation.other_call(CALL_WITH_BEARER_TOKEN, None);
            // AWS does not say what it answers; that it is no refusal is what counts
            reply::json(StatusCode::OK, &serde_json::json!({}), request_id)
        }
        Err(error) => refuse(service, CALL_WITH_BEARER_TOKEN, &error, request_id),
    }
}

fn sts_error(error: &StsError, request_id: &str) -> String {
    error_xml(sts::NAMESPACE, error, request_id)
}

/// A call of STS, from its first byte to its last.
async fn token_service(
    service: &Service,
    connection: &Connection,
    parts: &Parts,
    body: &Bytes,
    parameters: &Parameters,
    request_id: &str,
) -> Reply {
    let action = parameters.shown_action();
    let disturbance = service.faults.next(&action);
    let observer = service.observation.begin_sts_call(
        parameters.known_action(),
        parameters.session_name(),
        &disturbance.names,
    );
    if !disturbance.delay.is_zero() {
        tokio::time::sleep(disturbance.delay).await;
    }
    if let Some(StsFaultKind::Hang | StsFaultKind::Cut) = disturbance.answer {
        if disturbance.answer == Some(StsFaultKind::Cut) {
            // when the receiver is gone, so is the connection
            let _ = connection.cut.send(()).await;
        }
        // until the simulator ends, or the client loses patience, which drops this
        service.ended().await;
        let error = StsError::unavailable();
        return reply::xml(error.status, sts_error(&error, request_id), request_id);
    }
    let result = disturbance
        .answer
        .as_ref()
        .and_then(StsError::of_fault)
        .map_or_else(|| sts::answer(service, connection, parts, body, parameters, &disturbance), Err);
    let mut reply = document(&result, &action, &disturbance, observer, request_id);
    reply::date(&mut reply, sts::shifted(service.clock.timestamp(), disturbance.clock_skew_millis));
    reply
}

/// The answer, damaged if that was asked for.
fn document(
    result: &Result<StsAnswer, StsError>,
    action: &str,
    disturbance: &Disturbance,
    observer: StsCallObserver,
    request_id: &str,
) -> Reply {
    match result {
        Ok(answer) => {
            observer.answered(action, None, answer.issues_credentials());
            let document = success_xml(answer, request_id);
            let document = match &disturbance.answer {
                Some(StsFaultKind::MalformedXml) => {
                    // cut in the middle, where a tag is open
                    document.chars().take(document.len() / 2).chain("<<&".chars()).collect()
                }
                Some(StsFaultKind::Missing(element)) => sts::without_element(&document, element),
                Some(_) | None => document,
            };
            reply::xml(StatusCode::OK, document, request_id)
        }
        Err(error) => {
            observer.answered(action, Some(Refusal { name: &error.code, message: &error.message }), false);
            tracing::info!(code = %error.code, text = %error.message, "STS refused a call");
            reply::xml(error.status, sts_error(error, request_id), request_id)
        }
    }
}
