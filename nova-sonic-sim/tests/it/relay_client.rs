//! A browser's half of the relay, over a socket of its own.

use futures_util::{SinkExt, StreamExt};
use nova_sonic_core::{
    event::{EventReader, ServerEvent},
    relay::{ClientCodec, Control, FrameKind, RelayFrame, Relayed, SUBPROTOCOL},
};
use nova_sonic_sim::Simulator;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

use crate::support::{events, within};

/// 32 ms at 16 kHz.
const FRAME: usize = 512;

/// A browser's half of the relay.
pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<TcpStream>,
    codec: ClientCodec,
    /// What came and was not asked for yet.
    came: Vec<ServerEvent>,
}

/// How a socket ended.
#[derive(Debug, PartialEq)]
pub(crate) enum Closed {
    /// With the fault that was told before, the last word, and the close's code and reason.
    Frame {
        fault: Option<String>,
        word: Option<String>,
        code: u16,
        reason: String,
    },
    Cut,
}

impl Closed {
    pub(crate) fn refused(code: u16, fault: &str) -> Self {
        let word = fault.to_owned();
        Self::Frame { fault: Some(word.clone()), word: Some(word.clone()), code, reason: word }
    }

    pub(crate) fn plain(code: u16, word: &str) -> Self {
        Self::Frame { fault: None, word: Some(word.to_owned()), code, reason: word.to_owned() }
    }
}

pub(crate) async fn connect(
    simulator: &Simulator,
    query: &str,
    protocol: Option<&str>,
) -> Result<Client, Box<Error>> {
    let socket = TcpStream::connect(simulator.http_address()).await.unwrap();
    let mut request = format!("{}{query}", simulator.relay_url()).into_client_request().unwrap();
    // any page may try it
    request.headers_mut().insert("origin", "https://stories.example".parse().unwrap());
    if let Some(protocol) = protocol {
        request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
    }
    let (socket, answer) = within(client_async(request, socket)).await.map_err(Box::new)?;
    assert_eq!(answer.headers()["sec-websocket-protocol"], SUBPROTOCOL);
    Ok(Client { socket, codec: ClientCodec::new(), came: Vec::new() })
}

impl Client {
    pub(crate) async fn open(simulator: &Simulator) -> Self {
        connect(simulator, "", Some(SUBPROTOCOL)).await.unwrap()
    }

    /// A client whose microphone is open.
    pub(crate) async fn talking(simulator: &Simulator, tools: bool) -> Self {
        let mut client = Self::open(simulator).await;
        for json in events().into_iter().take(5) {
            client.say(&if tools { with_tool(&json) } else { json }).await;
        }
        client.say(MICROPHONE).await;
        client
    }

    pub(crate) async fn say(&mut self, json: &str) {
        let event = EventReader::default().read_client(json.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        let message = match self.codec.encode(&event, &mut bytes).unwrap() {
            FrameKind::Text => Message::Text(String::from_utf8(bytes).unwrap().into()),
            FrameKind::Binary => Message::Binary(bytes.into()),
        };
        self.socket.send(message).await.unwrap();
    }

    /// Speaks for so many frames and is silent for as many more.
    pub(crate) async fn speak(&mut self, frames: usize, silence: usize) {
        for frame in 0..frames + silence {
            let sample = |at: usize| if frame >= frames || at % 80 < 40 { 0 } else { 9_000_i16 };
            let bytes: Vec<u8> = (0..FRAME).flat_map(|at| sample(at).to_le_bytes()).collect();
            // the server may have closed already, as some tests want
            let _ = self.socket.send(Message::Binary(bytes.into())).await;
        }
    }

    pub(crate) async fn next(&mut self) -> Option<Relayed<ServerEvent>> {
        loop {
            match within(self.socket.next()).await {
                Some(Ok(Message::Text(text))) => {
                    return Some(self.codec.decode(RelayFrame::Text(&text)).unwrap());
                }
                Some(Ok(Message::Binary(bytes))) => {
                    return Some(self.codec.decode(RelayFrame::Binary(&bytes)).unwrap());
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
            }
        }
    }

    /// Reads until an event is as `wanted`.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&ServerEvent) -> bool) -> ServerEvent {
        loop {
            match self.next().await.expect("the conversation ended") {
                Relayed::Event(event) if wanted(&event) => {
                    self.came.push(event.clone());
                    return event;
                }
                Relayed::Event(event) => self.came.push(event),
                Relayed::Control(Control::Ready(_)) => {}
                Relayed::Control(other) => panic!("{other:?}"),
            }
        }
    }

    pub(crate) async fn closed(mut self) -> Closed {
        let (mut fault, mut word) = (None, None);
        loop {
            let text = match within(self.socket.next()).await {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Closed::Frame {
                        fault,
                        word,
                        code: frame.code.into(),
                        reason: frame.reason.to_string(),
                    };
                }
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => return Closed::Cut,
            };
            match self.codec.decode(RelayFrame::Text(&text)) {
                Ok(Relayed::Control(Control::Error(error))) => fault = Some(error.code),
                Ok(Relayed::Control(Control::Close { reason })) => word = Some(reason),
                _ => {}
            }
        }
    }
}

pub(crate) const MICROPHONE: &str = r#"{"event":{"contentStart":{"promptName":"p","contentName":"a","type":"AUDIO","interactive":true,"role":"USER","audioInputConfiguration":{"mediaType":"audio/lpcm","sampleRateHertz":16000,"sampleSizeBits":16,"channelCount":1,"audioType":"SPEECH","encoding":"base64"}}}}"#;
pub(crate) const MICROPHONE_ENDS: &str = r#"{"event":{"contentEnd":{"promptName":"p","contentName":"a"}}}"#;

/// The prompt with the tool that the scenario calls.
fn with_tool(json: &str) -> String {
    let mut event: Value = serde_json::from_str(json).unwrap();
    if let Some(prompt) = event["event"].get_mut("promptStart") {
        prompt["toolUseOutputConfiguration"] = json!({ "mediaType": "application/json" });
        prompt["toolConfiguration"] = json!({ "tools": [{ "toolSpec": {
            "name": "get_weather", "description": "Weather of a city", "inputSchema": { "json": "{\"type\":\"object\"}" },
        } }] });
    }
    event.to_string()
}
