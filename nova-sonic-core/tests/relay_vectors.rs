//! The relay's messages and its guard against the shared vectors; `tests/vectors/README.md` says what their fields mean.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail, and what it does not know fails it"
)]

#[path = "relay_vectors/guarded.rs"]
mod guarded;

use std::path::Path;

use nova_sonic_core::{
    event::{ClientEvent, EventReader, ServerEvent},
    relay::{ClientCodec, Control, FrameKind, RelayError, RelayFrame, Relayed, ServerCodec},
};
use serde_json::{Value, json};

fn vectors(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/relay").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn client_event(json: &Value) -> ClientEvent {
    EventReader::default().read_client(json.to_string().as_bytes()).expect("an event of a client")
}

fn server_event(json: &Value) -> ServerEvent {
    EventReader::default().read_server(json.to_string().as_bytes()).expect("an event of the service")
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> Value {
    let mut json = Vec::new();
    write(&mut json);
    serde_json::from_slice(&json).expect("JSON")
}

/// A message as a WebSocket delivers it.
enum Message {
    Text(String),
    Binary(Vec<u8>),
}

impl Message {
    fn of(json: &Value) -> Self {
        let (kind, body) = json.as_object().and_then(|fields| fields.iter().next()).expect("a message");
        match (kind.as_str(), body) {
            ("text", json) => Self::Text(json.to_string()),
            ("raw", Value::String(text)) => Self::Text(text.clone()),
            ("raw", repeated) => {
                let times = repeated["times"].as_u64().expect("a count");
                Self::Text(text(&repeated["repeat"]).repeat(usize::try_from(times).expect("a count")))
            }
            ("hex", digits) => Self::Binary(hex::decode(text(digits)).expect("digits")),
            ("zeros", count) => {
                Self::Binary(vec![0; usize::try_from(count.as_u64().expect("a count")).expect("a count")])
            }
            other => panic!("no message: {other:?}"),
        }
    }

    fn frame(&self) -> RelayFrame<'_> {
        match self {
            Self::Text(text) => RelayFrame::Text(text),
            Self::Binary(bytes) => RelayFrame::Binary(bytes),
        }
    }
}

/// Either half, with its events as JSON.
enum Half {
    Client(ClientCodec),
    Server(ServerCodec),
}

impl Half {
    fn encode(&mut self, event: &Value, out: &mut Vec<u8>) -> Result<FrameKind, RelayError> {
        match self {
            Self::Client(codec) => codec.encode(&client_event(event), out),
            Self::Server(codec) => codec.encode(&server_event(event), out),
        }
    }

    fn decode(&mut self, frame: RelayFrame<'_>) -> Value {
        let described = match self {
            Self::Client(codec) => {
                codec.decode(frame).map(|received| described(&received, ServerEvent::write_json))
            }
            Self::Server(codec) => {
                codec.decode(frame).map(|received| described(&received, ClientEvent::write_json))
            }
        };
        described.unwrap_or_else(|error| json!({ "error": error.code().as_str() }))
    }
}

fn described<E>(received: &Relayed<E>, write: impl Fn(&E, &mut Vec<u8>)) -> Value {
    match received {
        Relayed::Event(event) => json!({ "event": written(|out| write(event, out)) }),
        Relayed::Control(control) => {
            json!({ "control": written(|out| Control::write_json(control, out))["relay"] })
        }
    }
}

#[test]
fn every_message_is_written_and_read_as_agreed() {
    let mut steps = 0;
    let mut out = vec![1, 2, 3];
    for script in list(&vectors("frames.json")) {
        let mut half = match text(&script["side"]) {
            "client" => Half::Client(ClientCodec::new()),
            "server" => Half::Server(ServerCodec::new()),
            other => panic!("no side: {other}"),
        };
        for (number, step) in list(&script["steps"]).iter().enumerate() {
            let place = format!("{} {}, step {number}", script["side"], script["name"]);
            steps += 1;
            if let Some(event) = step.get("says") {
                let kind = half.encode(event, &mut out).unwrap_or_else(|error| panic!("{place}: {error}"));
                let sent = match kind {
                    FrameKind::Binary => json!({ "hex": hex::encode(&out) }),
                    FrameKind::Text => {
                        json!({ "text": serde_json::from_slice::<Value>(&out).expect("JSON") })
                    }
                };
                let same = json!({ "text": event });
                let wanted = if step["sends"] == "same" { &same } else { &step["sends"] };
                assert_eq!(&sent, wanted, "{place}");
            } else {
                let read = half.decode(Message::of(&step["gets"]).frame());
                let json = &step["gets"]["text"];
                let same = match json.get("relay") {
                    Some(control) => json!({ "control": control }),
                    None => json!({ "event": json }),
                };
                let wanted = if step["reads"] == "same" { &same } else { &step["reads"] };
                assert_eq!(&read, wanted, "{place}");
            }
        }
    }
    assert!(steps > 70, "only {steps} steps were found");
}

#[test]
fn the_guard_lets_through_what_it_should() {
    let file = vectors("guard.json");
    let opening = list(&file["opening"]);
    let scripts = list(&file["scripts"]);
    for script in scripts {
        guarded::play(script, opening);
    }
    assert!(scripts.len() > 40, "only {} scripts were found", scripts.len());
}
