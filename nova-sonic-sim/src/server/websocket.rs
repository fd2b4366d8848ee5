//! `GET …/invoke-with-bidirectional-stream-websocket`: the same stream in binary messages, for browsers.

use std::sync::Arc;

use futures_util::{SinkExt, StreamExt, stream::SplitStream};
use http::{
    HeaderValue, Request, StatusCode, Version,
    header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE},
};
use hyper::{
    body::Incoming,
    upgrade::{OnUpgrade, Upgraded},
};
use hyper_util::rt::TokioIo;
use nova_sonic_core::error::ServiceException;
use tokio::sync::mpsc;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        handshake::derive_accept_key,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

use super::reply::{self, Reply};
use crate::{
    api_error::ApiError,
    auth::verify_presigned,
    bedrock::{Target, admit, authorize_model, check_quota},
    model::OpeningFault,
    observation::Transport,
    service::{Connection, Service},
    stream::{Driver, Inbound, OpenStream, Outgoing, Received, StreamStart, channel},
};

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Lets a stream in and switches protocols.
pub(super) async fn answer(
    service: &Arc<Service>,
    connection: &Connection,
    mut request: Request<Incoming>,
    target: &Target,
    request_id: &str,
) -> Result<Reply, ApiError> {
    let handshake = accept_key(&request);
    let upgrade = hyper::upgrade::on(&mut request);
    let (parts, _) = request.into_parts();
    let regions = service.regions_at(&parts);
    let caller = verify_presigned(&parts, &service.credentials, &service.expect_bedrock(&regions))?;
    authorize_model(service, connection, &caller, target)?;
    // a page cannot see why a WebSocket was refused, but may ask the same by https
    let accept = match handshake {
        Ok(accept) => accept,
        Err(refusal) => return Err(check_quota(service).err().unwrap_or(refusal)),
    };
    let admission = admit(service, connection, &caller, target, Transport::WebSocket)?;
    match admission.fault {
        Some(OpeningFault::Delay(delay)) => service.clock.sleep(delay).await,
        Some(OpeningFault::Silence) => service.ended().await,
        // no event can come before the switch, and a refusal never gets here
        Some(OpeningFault::AwaitFirstEvent | OpeningFault::Refuse(_)) | None => {}
    }
    tokio::spawn(talk(upgrade, admission.stream, Arc::clone(service)));

    Ok(switching(accept, request_id))
}

/// The answer that switches protocols.
pub(super) fn switching(accept: HeaderValue, request_id: &str) -> Reply {
    let mut response = reply::empty(StatusCode::SWITCHING_PROTOCOLS, request_id);
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    response
}

/// What the handshake must answer, RFC 6455 §4.2.
pub(super) fn accept_key(request: &Request<Incoming>) -> Result<HeaderValue, ApiError> {
    let refuse = || {
        ApiError::new(
            &ServiceException::Validation,
            "A WebSocket handshake of version 13 over HTTP/1.1 is required.",
        )
    };
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let upgrades = header(CONNECTION).split(',').any(|token| token.trim().eq_ignore_ascii_case("upgrade"));
    let websocket =
        header(UPGRADE).eq_ignore_ascii_case("websocket") && header(SEC_WEBSOCKET_VERSION) == "13";
    let key = header(SEC_WEBSOCKET_KEY);
    if request.version() != Version::HTTP_11 || !upgrades || !websocket || key.is_empty() {
        return Err(refuse());
    }
    HeaderValue::from_str(&derive_accept_key(key.as_bytes())).map_err(|_| refuse())
}

async fn talk(upgrade: OnUpgrade, stream: OpenStream, service: Arc<Service>) {
    let upgraded = match upgrade.await {
        Ok(upgraded) => upgraded,
        Err(error) => return tracing::debug!(%error, "a WebSocket was gone before it began"),
    };
    let limit = usize::try_from(service.max_frame_bytes).unwrap_or(usize::MAX);
    let config = WebSocketConfig::default().max_message_size(Some(limit)).max_frame_size(Some(limit));
    let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    let (sink, inbound) = socket.split();
    let (sender, receiver) = channel();
    let driver = Driver::new(stream, WebSocketInbound(inbound), StreamStart::AtOnce);
    // both halves on one task: when either is over, the socket is dropped
    tokio::join!(driver.run(sender, service.shutdown.clone()), send(sink, receiver));
}

/// Sends until the driver has nothing more, then closes in order.
async fn send(
    mut sink: futures_util::stream::SplitSink<Socket, Message>,
    mut receiver: mpsc::Receiver<Outgoing>,
) {
    while let Some(outgoing) = receiver.recv().await {
        match outgoing {
            Outgoing::Bytes(bytes) => {
                if sink.send(Message::Binary(bytes)).await.is_err() {
                    return;
                }
            }
            Outgoing::Cut => return,
        }
    }
    let normal = CloseFrame { code: CloseCode::Normal, reason: "".into() };
    // the client may have closed first
    let _ = sink.send(Message::Close(Some(normal))).await;
}

/// The receiving half of a WebSocket.
struct WebSocketInbound(SplitStream<Socket>);

impl Inbound for WebSocketInbound {
    async fn next(&mut self) -> Received {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Binary(bytes))) => return Received::Bytes(bytes),
                Some(Ok(Message::Text(_))) => {
                    return Received::Illegal("Text messages are not supported on this WebSocket.");
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Received::Gone,
            }
        }
    }
}
