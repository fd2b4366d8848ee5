//! `GET /relay`: the WebSocket of an application's own server.

use std::sync::Arc;

use http::{HeaderValue, Request, header::SEC_WEBSOCKET_PROTOCOL};
use hyper::{body::Incoming, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use nova_sonic_core::{
    error::{ErrorCode, ServiceException},
    relay::{CloseCode, SUBPROTOCOL, TEXT_LIMIT},
    secret::SecretText,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::protocol::{Role, WebSocketConfig},
};

use super::{reply::Reply, websocket};
use crate::{
    api_error::ApiError,
    bedrock::admit_relay,
    relay::{Ending, close, talk},
    service::{Connection, Service},
};

/// The path, on both ports.
pub(super) const PATH: &str = "/relay";
/// What is spoken to whoever names no model.
const DEFAULT_MODEL: &str = "amazon.nova-2-sonic-v1:0";

/// What a client says in the URL.
#[derive(Debug)]
struct Asked {
    model: String,
    token: Option<String>,
}

/// Switches protocols. Whether the client may talk shows in the close code, since a page cannot see an HTTP status.
pub(super) fn answer(
    service: &Arc<Service>,
    connection: &Connection,
    mut request: Request<Incoming>,
    request_id: &str,
) -> Result<Reply, ApiError> {
    let accept = websocket::accept_key(&request)?;
    let offered =
        request.headers().get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    if !offered.flat_map(|value| value.split(',')).any(|name| name.trim() == SUBPROTOCOL) {
        let text = format!("The sub-protocol {SUBPROTOCOL} is required.");
        return Err(ApiError::new(&ServiceException::Validation, text));
    }
    let asked = asked(request.uri().query().unwrap_or_default());
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(serve(upgrade, asked, Arc::clone(service), connection.tls));

    let mut response = websocket::switching(accept, request_id);
    response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    Ok(response)
}

fn asked(query: &str) -> Asked {
    let mut asked = Asked { model: DEFAULT_MODEL.to_owned(), token: None };
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "model" => asked.model = value.into_owned(),
            "token" => asked.token = Some(value.into_owned()),
            _ => {}
        }
    }
    asked
}

async fn serve(upgrade: OnUpgrade, asked: Asked, service: Arc<Service>, tls: bool) {
    let upgraded = match upgrade.await {
        Ok(upgraded) => upgraded,
        Err(error) => return tracing::debug!(%error, "a WebSocket was gone before it began"),
    };
    let config =
        WebSocketConfig::default().max_message_size(Some(TEXT_LIMIT)).max_frame_size(Some(TEXT_LIMIT));
    let mut socket =
        WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    let wanted = service.relay_token.as_ref().map(SecretText::expose);
    let admitted = if wanted.is_some() && wanted != asked.token.as_deref() {
        let text = "the token of this relay is missing or wrong";
        Err(Ending::refused(ErrorCode::SignInRequired, text, CloseCode::NotAuthenticated))
    } else {
        admit_relay(&service, &asked.model, tls).await
    };
    match admitted {
        Ok(stream) => talk(socket, stream, service.shutdown.clone()).await,
        Err(ending) => {
            service.observation.stream_refused("Relay", ending.noted());
            close(&mut socket, ending).await;
        }
    }
}
