//! Events to bytes and back: what a stream over a WebSocket carries.
//!
//! A client's event goes out as a frame within a frame. The inner one names it a `chunk` and holds
//! `{"bytes":"<base64 of the event's JSON>"}`; the outer one holds the inner, the time, and a signature that continues
//! the stream's chain. The service answers with one frame for each event. Sources: the service model of
//! `bedrock-runtime`, and what AWS's SDK for JavaScript sends.
//!
//! A browser sends these bytes over a WebSocket; the native client sends them as the body of a request that AWS's SDK
//! for Rust has signed, as its file `framing` shows.
//!
//! ```
//! use nova_sonic_core::{
//!     codec::{Decoder, Encoder, Received},
//!     event::{ClientEvent, ServerEvent},
//!     secret::SecretText,
//!     sigv4::{ChunkSigner, Signature, SigningKeys},
//!     time::Timestamp,
//!     wire::{HeaderValue, write_frame},
//! };
//!
//! let keys = SigningKeys::from_secret(SecretText::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()));
//! let now = Timestamp::from_unix_millis(1_735_689_600_000);
//! let mut encoder = Encoder::new(ChunkSigner::new(keys, "us-east-1", Signature::from_bytes([0; 32]), now));
//! let mut message = Vec::new();
//! encoder.encode(&ClientEvent::SessionEnd, now, &mut message)?;
//! assert_eq!(message.len(), 222);
//!
//! let mut answer = Vec::new();
//! let headers = [(":message-type", HeaderValue::Text("event")), (":event-type", HeaderValue::Text("chunk"))];
//! write_frame(&headers, br#"{"bytes":"eyJldmVudCI6eyJjb21wbGV0aW9uU3RhcnQiOnt9fX0="}"#, &mut answer)?;
//! let mut decoder = Decoder::new();
//! decoder.push(&answer);
//! let received = decoder.poll().expect("one event")?;
//! assert!(matches!(received, Received::Event(ServerEvent::CompletionStart { .. })));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod decoder;
mod encoder;
mod error;
mod payload;

pub use decoder::{Decoder, Received};
pub use encoder::Encoder;
pub use error::CodecError;
