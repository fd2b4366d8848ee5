//! Requests made by hand: signed by `aws-sigv4`, framed by `aws-smithy-eventstream`, broken where a test wants it.

use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use aws_sigv4::{
    event_stream::{sign_empty_message, sign_message},
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4,
};
use aws_smithy_eventstream::frame::{read_message_from, write_message_to};
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use http::{Request, Response};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use nova_sonic_sim::Simulator;
use tokio::{net::TcpStream, sync::mpsc};

use crate::support::{SONIC, within};

pub(crate) const STREAM_PATH: &str = "/model/amazon.nova-2-sonic-v1%3A0/invoke-with-bidirectional-stream";

/// Now, by the simulator's clock.
pub(crate) fn now(simulator: &Simulator) -> SystemTime {
    let millis = u64::try_from(simulator.clock().timestamp().unix_millis()).unwrap();
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}

/// A chain of signed messages.
pub(crate) struct Chain {
    identity: Identity,
    signature: String,
}

impl Chain {
    pub(crate) fn new(credentials: Credentials, signature: String) -> Self {
        Self { identity: credentials.into(), signature }
    }

    /// One event, framed twice and signed.
    pub(crate) fn event(&mut self, json: &str, time: SystemTime) -> Vec<u8> {
        let payload = format!(r#"{{"bytes":"{}"}}"#, base64_simd::STANDARD.encode_to_string(json));
        self.message(&chunk(payload.into_bytes()), time)
    }

    /// Any inner message, signed.
    pub(crate) fn message(&mut self, inner: &Message, time: SystemTime) -> Vec<u8> {
        let params =
            v4::SigningParams::builder().identity(&self.identity).region("us-east-1").name("bedrock");
        let params = params.time(time).settings(()).build().unwrap();
        let (message, signature) = sign_message(inner, &self.signature, &params).unwrap().into_parts();
        self.signature = signature;
        encode(&message)
    }

    /// The signed empty message that ends the input.
    pub(crate) fn end(&mut self, time: SystemTime) -> Vec<u8> {
        let params =
            v4::SigningParams::builder().identity(&self.identity).region("us-east-1").name("bedrock");
        let params = params.time(time).settings(()).build().unwrap();
        let (message, signature) = sign_empty_message(&self.signature, &params).unwrap().into_parts();
        self.signature = signature;
        encode(&message)
    }
}

/// An inner message as clients send it.
pub(crate) fn chunk(payload: Vec<u8>) -> Message {
    let headers =
        [(":event-type", "chunk"), (":message-type", "event"), (":content-type", "application/json")];
    let headers = headers.map(|(name, value)| Header::new(name, HeaderValue::String(value.into())));
    Message::new_from_parts(headers.into(), payload)
}

pub(crate) fn encode(message: &Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_message_to(message, &mut bytes).unwrap();
    bytes
}

/// A signed, streaming `POST`, ready to be altered; and its signature.
pub(crate) fn signed_request(
    simulator: &Simulator,
    credentials: &Credentials,
    time: SystemTime,
) -> (Request<()>, String) {
    let url = simulator.http_url();
    signed_for(&url, &url, credentials, time)
}

/// The same, signed for one base URL and sent to another.
pub(crate) fn signed_for(
    signed_url: &str,
    url: &str,
    credentials: &Credentials,
    time: SystemTime,
) -> (Request<()>, String) {
    let headers = [("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-EVENTS")];
    let body = SignableBody::Precomputed("STREAMING-AWS4-HMAC-SHA256-EVENTS".to_owned());
    let uri = format!("{signed_url}{STREAM_PATH}");
    let request = SignableRequest::new("POST", uri, headers.into_iter(), body).unwrap();
    let identity = credentials.clone().into();
    let params = v4::SigningParams::builder().identity(&identity).region("us-east-1").name("bedrock");
    let params = params.time(time).settings(SigningSettings::default()).build().unwrap().into();
    let (instructions, signature) = sign(request, &params).unwrap().into_parts();
    let request = Request::post(format!("{url}{STREAM_PATH}")).header(headers[0].0, headers[0].1);
    let mut request = request.body(()).unwrap();
    instructions.apply_to_request_http1x(&mut request);
    (request, signature)
}

/// The path and query of a presigned WebSocket URL; and its signature.
pub(crate) fn presigned(
    simulator: &Simulator,
    credentials: &Credentials,
    time: SystemTime,
    expires: u64,
) -> (String, String) {
    let path = format!("{STREAM_PATH}-websocket");
    let uri = format!("{}{path}", simulator.http_url());
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(Duration::from_secs(expires));
    let request = SignableRequest::new("GET", &uri, std::iter::empty(), SignableBody::Bytes(b"")).unwrap();
    let identity = credentials.clone().into();
    let params = v4::SigningParams::builder().identity(&identity).region("us-east-1").name("bedrock");
    let params = params.time(time).settings(settings).build().unwrap().into();
    let (instructions, signature) = sign(request, &params).unwrap().into_parts();
    let (_, parameters) = instructions.into_parts();
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters.iter().map(|(name, value): &(&str, Cow<'_, str>)| (*name, value.as_ref())));
    (format!("{path}?{}", query.finish()), signature)
}

/// A streaming request that has been sent: write on, read on.
pub(crate) struct RawStream {
    pub(crate) input: Option<mpsc::Sender<Bytes>>,
    pub(crate) response: Response<Incoming>,
    buffer: Vec<u8>,
}

impl RawStream {
    /// Sends a request over h2c with prior knowledge, with `first` as the beginning of its body.
    pub(crate) async fn send(simulator: &Simulator, request: Request<()>, first: Vec<u8>) -> Self {
        let socket = TcpStream::connect(simulator.http_address()).await.unwrap();
        let io = TokioIo::new(socket);
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
        tokio::spawn(connection);
        let (input, receiver) = mpsc::channel::<Bytes>(16);
        if !first.is_empty() {
            input.send(first.into()).await.unwrap();
        }
        let frames = futures_util::stream::unfold(receiver, |mut receiver| async {
            receiver.recv().await.map(|bytes| (bytes, receiver))
        });
        let body = StreamBody::new(
            frames.map(|bytes| Ok::<_, std::convert::Infallible>(Frame::data(bytes))).boxed(),
        );
        let response = within(sender.send_request(request.map(|()| body))).await.unwrap();
        Self { input: Some(input), response, buffer: Vec::new() }
    }

    pub(crate) async fn write(&self, bytes: Vec<u8>) {
        self.input.as_ref().unwrap().send(bytes.into()).await.unwrap();
    }

    /// Ends the request's half.
    pub(crate) fn close(&mut self) {
        self.input = None;
    }

    /// The next message of the response; `None` at its end.
    pub(crate) async fn read(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = whole_message(&mut self.buffer) {
                return Some(message);
            }
            let Some(frame) = within(self.response.body_mut().frame()).await else {
                assert!(self.buffer.is_empty(), "the response ended inside a message");
                return None;
            };
            self.buffer.extend_from_slice(&frame.unwrap().into_data().unwrap());
        }
    }

    /// Name and text of the exception that must be next, after which the response must end.
    pub(crate) async fn exception(&mut self) -> (String, String) {
        let message = self.read().await.expect("an exception");
        assert!(self.read().await.is_none(), "an exception ends the stream");
        exception_of(&message)
    }

    /// Status, error name and text of a refused request.
    pub(crate) async fn refusal(self) -> (u16, String, String) {
        let status = self.response.status().as_u16();
        let name = self.response.headers()["x-amzn-errortype"].to_str().unwrap().to_owned();
        assert_eq!(self.response.headers()["content-type"], "application/json");
        assert_eq!(self.response.headers()["x-amzn-requestid"].len(), 36);
        let body = self.response.into_body().collect().await.unwrap().to_bytes();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        (status, name, body["message"].as_str().unwrap().to_owned())
    }
}

/// Name and text of an exception frame.
pub(crate) fn exception_of(message: &Message) -> (String, String) {
    assert_eq!(header(message, ":message-type"), "exception");
    let body: serde_json::Value = serde_json::from_slice(message.payload()).unwrap();
    (header(message, ":exception-type"), body["message"].as_str().unwrap().to_owned())
}

pub(crate) fn header(message: &Message, name: &str) -> String {
    let header = message.headers().iter().find(|header| header.name().as_str() == name);
    header.expect(name).value().as_string().unwrap().as_str().to_owned()
}

fn whole_message(buffer: &mut Vec<u8>) -> Option<Message> {
    let length = u32::from_be_bytes(buffer.get(..4)?.try_into().unwrap()) as usize;
    let mut bytes = Bytes::copy_from_slice(buffer.get(..length)?);
    buffer.drain(..length);
    let message = read_message_from(&mut bytes).unwrap();
    assert!(!bytes.has_remaining());
    Some(message)
}

/// A stream of the default user that is open; with its chain.
pub(crate) async fn open(simulator: &Simulator, credentials: &Credentials) -> (RawStream, Chain) {
    let (request, signature) = signed_request(simulator, credentials, now(simulator));
    let stream = RawStream::send(simulator, request, Vec::new()).await;
    assert_eq!(stream.response.status(), 200);
    assert_eq!(stream.response.headers()["content-type"], "application/vnd.amazon.eventstream");
    assert_eq!(simulator.streams().last().unwrap().model_id, SONIC);
    (stream, Chain::new(credentials.clone(), signature))
}
