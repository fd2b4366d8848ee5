//! Responses in AWS's shapes.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use aws_smithy_types::{DateTime, date_time::Format};
use bytes::Bytes;
use http::{
    HeaderValue, Response, StatusCode,
    header::{ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CONTENT_TYPE, DATE},
};
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};
use nova_sonic_core::time::Timestamp;

use crate::{api_error::ApiError, stream::StreamBody};

/// A response's body.
#[derive(Debug)]
pub(super) enum ReplyBody {
    Whole(Full<Bytes>),
    Stream(StreamBody),
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body)
                .poll_frame(context)
                .map(|frame| frame.map(|frame| frame.map_err(|never| match never {}))),
            Self::Stream(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Stream(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Stream(body) => body.size_hint(),
        }
    }
}

pub(super) type Reply = Response<ReplyBody>;

/// The beginning of a stream.
pub(super) fn streamed(body: StreamBody, request_id: &str) -> Reply {
    reply(StatusCode::OK, "application/vnd.amazon.eventstream", ReplyBody::Stream(body), request_id)
}

/// Events that are all there already.
pub(super) fn events(frames: Bytes, request_id: &str) -> Reply {
    let body = ReplyBody::Whole(Full::new(frames));
    reply(StatusCode::OK, "application/vnd.amazon.eventstream", body, request_id)
}

/// An error of Bedrock.
pub(super) fn api_error(error: &ApiError, request_id: &str) -> Reply {
    let body = serde_json::json!({ "message": error.message }).to_string();
    let mut response = reply(error.status, "application/json", whole(body), request_id);
    if let Ok(name) = HeaderValue::from_str(&error.name) {
        response.headers_mut().insert("x-amzn-errortype", name);
    }
    // AWS lets pages read its answers, or the SDK for JavaScript could not be used in one
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let readable = "x-amzn-errortype,x-amzn-requestid,date";
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(readable));
    response
}

/// An answer of the control path.
pub(super) fn json(status: StatusCode, json: &serde_json::Value, request_id: &str) -> Reply {
    reply(status, "application/json", whole(json.to_string()), request_id)
}

/// Puts the simulator's time in the `date` header, which clients take for the service's.
pub(super) fn date(response: &mut Reply, now: Timestamp) {
    let text = DateTime::from_secs(now.unix_seconds()).fmt(Format::HttpDate);
    if let Ok(value) = HeaderValue::from_str(&text.unwrap_or_default()) {
        response.headers_mut().insert(DATE, value);
    }
}

/// A document of STS.
pub(super) fn xml(status: StatusCode, document: String, request_id: &str) -> Reply {
    reply(status, "text/xml", whole(document), request_id)
}

/// A response without content; the switch to a WebSocket.
pub(super) fn empty(status: StatusCode, request_id: &str) -> Reply {
    let mut response = Response::new(whole(String::new()));
    *response.status_mut() = status;
    insert_request_id(&mut response, request_id);
    response
}

fn whole(text: String) -> ReplyBody {
    ReplyBody::Whole(Full::new(text.into()))
}

fn reply(status: StatusCode, content_type: &'static str, body: ReplyBody, request_id: &str) -> Reply {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    insert_request_id(&mut response, request_id);
    response
}

fn insert_request_id(response: &mut Reply, request_id: &str) {
    if let Ok(request_id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-amzn-requestid", request_id);
    }
}
