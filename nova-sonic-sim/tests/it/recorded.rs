//! What the JavaScript SDK really sent, recorded in a browser: the simulator must take every byte of it.

use nova_sonic_core::secret::SecretText;
use nova_sonic_sim::{AccessKey, Clock};

use crate::support::{simulator, within};
use futures_util::SinkExt;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    client_async,
    tungstenite::{Message, client::IntoClientRequest},
};

const RECORDING: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/signatures/aws-js-sdk-websocket.json");

#[tokio::test]
async fn the_javascript_sdks_websocket_is_taken_as_it_was_recorded() {
    let recording: Value = serde_json::from_str(&std::fs::read_to_string(RECORDING).unwrap()).unwrap();
    let credentials = &recording["credentials"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    for (index, capture) in recording["captures"].as_array().unwrap().iter().enumerate() {
        let query = &capture["presign"]["query"];
        let signed_at = text(&query["X-Amz-Date"]);
        assert_eq!(signed_at.len(), 16);
        let extended = format!(
            "{}-{}-{}T{}:{}:{}Z",
            &signed_at[..4],
            &signed_at[4..6],
            &signed_at[6..8],
            &signed_at[9..11],
            &signed_at[11..13],
            &signed_at[13..15]
        );
        let format = aws_smithy_types::date_time::Format::DateTime;
        let then = aws_smithy_types::DateTime::from_str(&extended, format).unwrap().to_millis().unwrap();
        let simulator = simulator(|config| {
            let mut key =
                AccessKey::new(text(&credentials["accessKeyId"]), text(&credentials["secretAccessKey"]));
            key.session_token = query.get("X-Amz-Security-Token").map(|token| SecretText::new(text(token)));
            config.access_keys = vec![key];
            config.clock_offset_millis = then - Clock::new(1.0, 0).timestamp().unix_millis();
        })
        .await;
        // the recorded name of the host, reached at the simulator's address
        let url = text(&capture["url"]).replacen("wss://", "ws://", 1);
        let request = url.into_client_request().unwrap();
        let socket = TcpStream::connect(simulator.http_address()).await.unwrap();
        let (mut socket, _) = within(client_async(request, socket)).await.unwrap();
        let frames = capture["frames"].as_array().unwrap();
        for frame in frames {
            let bytes = hex::decode(text(&frame["hex"])).unwrap();
            // whoever ends the stream early makes the assertion below fail, not this line
            let _ = socket.send(Message::Binary(bytes.into())).await;
        }
        let record =
            within(simulator.stream_when(0, |record| record.input_ended || record.end.is_some())).await;
        assert!(record.input_ended, "capture {index}: {record:?}");
        assert_eq!(record.events_received, frames.len() as u64 - 1, "capture {index}");
    }
}
