//! The WebSocket with a presigned URL, as browsers open it.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_smithy_eventstream::frame::read_message_from;
use futures_util::{SinkExt, StreamExt};
use nova_sonic_core::secret::SecretText;
use nova_sonic_sim::{AccessKey, Simulator, StreamEnd, Transport};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest, protocol::frame::coding::CloseCode},
};

use crate::{
    raw::{Chain, exception_of, now, presigned},
    request::send,
    support::{events, simulator, user, within},
};

pub(crate) type Socket = WebSocketStream<TcpStream>;

pub(crate) async fn connect(simulator: &Simulator, path: &str) -> Result<Socket, Box<Error>> {
    let socket = TcpStream::connect(simulator.http_address()).await.unwrap();
    let request = format!("{}{path}", simulator.ws_url()).into_client_request().unwrap();
    within(client_async(request, socket)).await.map(|(socket, _)| socket).map_err(Box::new)
}

/// Status and error name of a refused upgrade.
async fn refused(simulator: &Simulator, path: &str) -> (u16, String) {
    let Err(error) = connect(simulator, path).await else { panic!("the upgrade was not refused") };
    let Error::Http(response) = *error else { panic!("{error}") };
    (response.status().as_u16(), response.headers()["x-amzn-errortype"].to_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_presigned_url_opens_a_stream() {
    let simulator = simulator(|config| {
        let mut key = AccessKey::new("ASIAEXAMPLE", "temporary");
        key.session_token = Some(SecretText::new("a+b/c==".to_owned()));
        config.access_keys.push(key);
    })
    .await;
    let temporary = Credentials::new("ASIAEXAMPLE", "temporary", Some("a+b/c==".to_owned()), None, "test");
    for (number, credentials) in [user(), temporary].into_iter().enumerate() {
        let (path, signature) = presigned(&simulator, &credentials, now(&simulator), 60);
        let mut socket = connect(&simulator, &path).await.unwrap();
        let mut chain = Chain::new(credentials, signature);
        for event in events() {
            socket.send(Message::Binary(chain.event(&event, now(&simulator)).into())).await.unwrap();
        }
        socket.send(Message::Binary(chain.end(now(&simulator)).into())).await.unwrap();
        loop {
            match within(socket.next()).await.unwrap().unwrap() {
                Message::Binary(bytes) => drop(read_message_from(bytes).unwrap()),
                Message::Close(frame) => break assert_eq!(frame.unwrap().code, CloseCode::Normal),
                other @ (Message::Text(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {
                    panic!("{other:?}")
                }
            }
        }
        let record = within(simulator.ended_stream(number)).await;
        assert_eq!((record.transport, record.events_received), (Transport::WebSocket, events().len() as u64));
        assert_eq!((record.input_ended, record.end), (true, Some(StreamEnd::Completed)));
    }
}

#[tokio::test]
async fn altered_or_old_urls_are_refused() {
    let simulator = simulator(|_| {}).await;
    let time = now(&simulator);
    let (path, _) = presigned(&simulator, &user(), time, 60);
    let (old, _) = presigned(&simulator, &user(), time - Duration::from_secs(62), 60);
    let (long, _) = presigned(&simulator, &user(), time, 604_801);
    let bare = path.split('?').next().unwrap().to_owned();
    for (name, path, error) in [
        ("expiry", path.replace("Expires=60", "Expires=6000"), "InvalidSignatureException"),
        ("model", path.replace("2-sonic-v1", "2-sonic-v2"), "InvalidSignatureException"),
        ("extra", format!("{path}&x-amz-user-agent=me"), "InvalidSignatureException"),
        ("token", format!("{path}&X-Amz-Security-Token=t"), "UnrecognizedClientException"),
        ("old", old, "InvalidSignatureException"),
        ("long", long, "InvalidSignatureException"),
        ("bare", bare, "MissingAuthenticationTokenException"),
        ("no date", path.replace("X-Amz-Date=", "X-Date="), "IncompleteSignatureException"),
    ] {
        let (status, actual) = refused(&simulator, &path).await;
        assert_eq!(actual, error, "{name}");
        assert!(status == 403 || (status == 400 && name == "no date"), "{name}: {status}");
    }
    assert!(simulator.streams().is_empty());
    connect(&simulator, &path).await.unwrap();
}

#[tokio::test]
async fn messages_that_do_not_belong_end_in_an_exception_and_a_close() {
    let simulator = simulator(|_| {}).await;
    for message in [Message::Text("hello".into()), Message::Binary(vec![0xff; 4].into())] {
        let (path, _) = presigned(&simulator, &user(), now(&simulator), 60);
        let mut socket = connect(&simulator, &path).await.unwrap();
        socket.send(message).await.unwrap();
        let Message::Binary(bytes) = within(socket.next()).await.unwrap().unwrap() else {
            panic!("an exception frame")
        };
        assert_eq!(exception_of(&read_message_from(bytes).unwrap()).0, "validationException");
        assert!(matches!(within(socket.next()).await, Some(Ok(Message::Close(_)))));
    }
}

#[tokio::test]
async fn a_message_over_the_limit_ends_the_connection() {
    let simulator = simulator(|config| config.max_frame_bytes = 4096).await;
    let (path, _) = presigned(&simulator, &user(), now(&simulator), 60);
    let mut socket = connect(&simulator, &path).await.unwrap();
    // the server may be gone before all of it is written
    let _ = socket.send(Message::Binary(vec![0; 8192].into())).await;
    assert_eq!(within(simulator.ended_stream(0)).await.end, Some(StreamEnd::ClientGone));
}

#[tokio::test]
async fn a_plain_request_to_the_websocket_path_is_refused() {
    let simulator = simulator(|_| {}).await;
    let (path, _) = presigned(&simulator, &user(), now(&simulator), 60);
    let request = http::Request::get(format!("{}{path}", simulator.http_url())).body(()).unwrap();
    let refusal = crate::raw::RawStream::send(&simulator, request, Vec::new()).await.refusal().await;
    assert_eq!((refusal.0, refusal.1.as_str()), (400, "ValidationException"));
}

/// A browser tells a page nothing of a refused WebSocket, but lets it read the answer to the same request by https.
#[tokio::test]
async fn a_plain_request_learns_why_a_websocket_would_be_refused() {
    let simulator = simulator(|config| config.max_concurrent_streams = 1).await;
    let (path, _) = presigned(&simulator, &user(), now(&simulator), 60);
    let ask = async |path: &str| {
        let uri = format!("{}{path}", simulator.http_url());
        let answer = send(&simulator, http::Request::get(uri).body(<_>::default()).unwrap()).await;
        assert_eq!(answer.headers["access-control-allow-origin"], "*");
        (answer.status, answer.headers["x-amzn-errortype"].to_str().unwrap().to_owned())
    };
    let altered = path.replace("Expires=60", "Expires=6000");
    assert_eq!(ask(&altered).await, (403, "InvalidSignatureException".to_owned()));
    assert_eq!(ask(&path).await, (400, "ValidationException".to_owned()));
    assert!(simulator.streams().is_empty());
    let _socket = connect(&simulator, &path).await.unwrap();
    assert_eq!(ask(&path).await, (429, "ThrottlingException".to_owned()));
}
