//! One socket: the handshake, and the loop between it and the relay's connection.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::{SinkExt, StreamExt, stream::FuturesUnordered};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use nova_sonic_core::{
    error::ErrorCode,
    relay::{CloseCode, Fault, SUBPROTOCOL, TEXT_LIMIT},
    relay_handler::{RelayConnection, RelayMessage},
};
use tokio::io::AsyncReadExt;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        handshake::derive_accept_key,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode as WireCode},
    },
};

use crate::server::Parts;

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// How long a client has to answer a close, and to be done with what it was sending.
const LINGER: Duration = Duration::from_secs(5);
/// Buffer for what is received, bytes: ten frames of sound. The library's own would be most of a conversation's memory.
const BUFFER: usize = 16 * 1024;
/// How long records are kept.
const RECORD_LIFE: Duration = Duration::from_hours(24);

/// Answers the request that opens a socket, and then serves it. `admit` is asked only when it is one.
pub(crate) fn open(mut request: Request, admit: impl FnOnce() -> (RelayConnection, Arc<Parts>)) -> Response {
    let Some(accept) = accept_key(request.headers()) else {
        return (StatusCode::UPGRADE_REQUIRED, [(header::UPGRADE, "websocket")]).into_response();
    };
    let upgrade = hyper::upgrade::on(&mut request);
    let (connection, parts) = admit();
    drop(tokio::spawn(async move { serve(upgrade, connection, &parts).await }));
    let headers = [
        (header::CONNECTION, HeaderValue::from_static("upgrade")),
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
        (header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL)),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers, Body::empty()).into_response()
}

/// What answers the key of a handshake; `None` when it is none, or speaks another sub-protocol (RFC 6455, 4.2).
fn accept_key(headers: &HeaderMap) -> Option<HeaderValue> {
    let has = |name: header::HeaderName, wanted: &str| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(wanted))
    };
    let is_one = has(header::CONNECTION, "upgrade")
        && has(header::UPGRADE, "websocket")
        && has(header::SEC_WEBSOCKET_VERSION, "13")
        && has(header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL);
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| is_one)?;
    HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()
}

async fn serve(upgrade: OnUpgrade, connection: RelayConnection, parts: &Parts) {
    let Ok(upgraded) = upgrade.await else { return };
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(TEXT_LIMIT))
        .max_frame_size(Some(TEXT_LIMIT));
    let mut socket =
        WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    keep(parts, &connection).await;
    talk(&mut socket, &connection, parts).await;
    connection.gone();
    // the service's last words: until then the record is not complete
    while connection.next().await.is_some() {}
    keep(parts, &connection).await;
    let record = connection.record();
    let reason = record.exchange.end.as_ref().map(|end| end.reason.as_str());
    tracing::info!(id = connection.id(), reason, tokens = record.exchange.usage.total_tokens(), "ended");
}

/// Until the socket is closed, by whomever.
async fn talk(socket: &mut Socket, connection: &RelayConnection, parts: &Parts) {
    let mut calls = FuturesUnordered::new();
    let mut reads = true;
    loop {
        tokio::select! {
            message = connection.next() => {
                let message = match message {
                    Some(RelayMessage::Text(text)) => Message::text(text),
                    Some(RelayMessage::Binary(bytes)) => Message::binary(bytes),
                    Some(RelayMessage::Close { code, reason }) => return close(socket, code, reason).await,
                    Some(RelayMessage::ToolCall { id, name, input }) => {
                        calls.push(async move {
                            let result = match &parts.tools {
                                Some(tools) => tools.ask(connection.subject(), &name, &input).await,
                                None => None,
                            };
                            (id, result)
                        });
                        continue;
                    }
                    Some(_) => continue,
                    None => return,
                };
                if !matches!(tokio::time::timeout(parts.stall, socket.send(message)).await, Ok(Ok(()))) {
                    return;
                }
            }
            Some((id, result)) = calls.next() => {
                // one that nobody waits for any more has no use
                let answered = result.map(|json| connection.tool_result(&id, &json));
                if !matches!(answered, Some(Ok(()))) {
                    let _ = connection.tool_failed(&id, "the tool failed");
                }
            }
            received = socket.next(), if reads => match received {
                Some(Ok(Message::Text(text))) => connection.receive_text(&text),
                Some(Ok(Message::Binary(bytes))) => connection.receive_binary(&bytes),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Err(Error::Capacity(_))) => {
                    let fault = Fault::new(ErrorCode::FrameTooLarge, "message is longer than any legal one");
                    connection.end(CloseCode::Limit, Some(fault));
                    // the library has lost its place, and would say that the client is gone before it is told why
                    reads = false;
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
        }
    }
}

async fn close(socket: &mut Socket, code: u16, reason: String) {
    let farewell = async {
        let frame = CloseFrame { code: WireCode::from(code), reason: reason.into() };
        socket.send(Message::Close(Some(frame))).await?;
        // what the client still sends is taken: to drop it unread would reset the connection, and the close with it
        while socket.next().await.is_some_and(|message| message.is_ok()) {}
        // and so is what is no message any more, behind one that was too long
        let mut scrap = vec![0; BUFFER];
        while socket.get_mut().read(&mut scrap).await? > 0 {}
        Ok::<_, Error>(())
    };
    // a client that does not answer has ended its own way
    let _ = tokio::time::timeout(LINGER, farewell).await;
}

/// Writes down how things stand; a record that is lost must not end a conversation.
async fn keep(parts: &Parts, connection: &RelayConnection) {
    let Some(ledger) = &parts.ledger else { return };
    if let Err(error) = ledger.keep_record(&connection.record(), RECORD_LIFE).await {
        tracing::warn!(code = %error.code(), %error, "a record was not kept");
    }
}
