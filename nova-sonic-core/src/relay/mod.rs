//! The fallback's frames, `nova-sonic.relay.v1`, and the guard over what a browser may send.
//!
//! Where a browser cannot reach Bedrock itself, its session speaks through the application's own server: one WebSocket
//! with the sub-protocol [`SUBPROTOCOL`], one event or one run of sound in each message.
//!
//! | message | from the client | from the server |
//! | --- | --- | --- |
//! | text `{"event":{…}}` | an event of the session | an event of the service |
//! | text `{"relay":{…}}` | | a [`Control`]: `ready`, `status`, `error`, `close` |
//! | binary | the microphone | the answer's sound |
//!
//! Binary messages are 16-bit samples, little endian, mono. They stand for the `audioInput` or `audioOutput` events of
//! the audio block that was opened last, at the rate that its `contentStart` names; `contentStart` and `contentEnd`
//! travel as text around them. The server's first message is `ready`, and the client need not wait for it. The socket
//! closes with one of the [`CloseCode`]s.
//!
//! [`ClientCodec`] is the browser's half, [`ServerCodec`] the server's, and [`Guard`] what the server judges its client by.
//! [`Exchange`] puts the server's parts together: a server needs it, a WebSocket, and a stream to the service.
//!
//! ```
//! use nova_sonic_core::{
//!     audio::{Pcm, SampleRate},
//!     event::{ClientContent, ClientEvent},
//!     relay::{ClientCodec, FrameKind, RelayFrame, Relayed, ServerCodec},
//! };
//!
//! let (mut client, mut server) = (ClientCodec::new(), ServerCodec::new());
//! let opened = ClientEvent::ContentStart {
//!     prompt_name: "p".into(),
//!     content_name: "a".into(),
//!     content: ClientContent::Audio { rate: SampleRate::Hz16000 },
//! };
//! let spoken = ClientEvent::AudioInput {
//!     prompt_name: "p".into(),
//!     content_name: "a".into(),
//!     pcm: Pcm::from(vec![1, -1]),
//! };
//! let mut message = Vec::new();
//! for event in [opened, spoken] {
//!     let received = match client.encode(&event, &mut message)? {
//!         FrameKind::Text => server.decode(RelayFrame::Text(std::str::from_utf8(&message)?))?,
//!         FrameKind::Binary => server.decode(RelayFrame::Binary(&message))?,
//!     };
//!     assert_eq!(received, Relayed::Event(event));
//! }
//! assert_eq!(message, [1, 0, 0xff, 0xff]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod client;
mod close;
mod control;
mod error;
mod exchange;
mod frame;
mod guard;
mod server;
pub mod ticket;

pub use client::ClientCodec;
pub use close::CloseCode;
pub use control::{Control, Fault, Ready};
pub use error::RelayError;
pub use exchange::{Exchange, ExchangeEnd, ExchangeOutput, ExchangeRecord, RelayLimits, RelayRules};
pub use frame::{FrameKind, RelayFrame, Relayed, SOUND_LIMIT, TEXT_LIMIT};
pub use guard::{
    Guard, GuardError, GuardLimits, GuardOutput, GuardRules, GuardedTool, PromptRule, ToolRule, VoiceRule,
};
pub use server::ServerCodec;

/// The sub-protocol that both sides name when the WebSocket is opened.
pub const SUBPROTOCOL: &str = "nova-sonic.relay.v1";

/// The version of the frames, as [`Ready`] names it.
pub const VERSION: u32 = 1;
