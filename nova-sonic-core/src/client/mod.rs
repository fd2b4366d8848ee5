//! Conversations on tokio, over the AWS SDK for Rust (feature `client`).
//!
//! The SDK resolves credentials and endpoint, signs the request that opens a stream, connects over HTTP/2 and explains
//! a refusal. What then flows in the two bodies is written and read by [`codec`](crate::codec), as in a browser: with
//! cached keys it costs a fraction of the SDK's own event streams. The file `framing` is where the two meet.
//!
//! ```no_run
//! use nova_sonic_core::{client::Client, session::{Event, SessionConfig}};
//!
//! # async fn talk(question: &[i16]) -> Result<(), nova_sonic_core::client::ClientError> {
//! let client = Client::builder().region("us-east-1").build().await?;
//! let (voice, mut events) = client.open(SessionConfig::default().system_prompt("You tell stories.")).await?;
//! voice.send_audio(question).await?;
//! while let Some(event) = events.next().await {
//!     match event {
//!         Event::Transcript { role, text, .. } => println!("{role}: {text}"),
//!         Event::Audio { pcm, .. } => println!("{} samples to play", pcm.len()),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The service ends a stream after eight minutes, and with the credentials that opened it. A conversation goes on over
//! another by then, between two utterances, and at once when a stream breaks, as
//! [`Conversation`](crate::session::Conversation) says.
//!
//! Sound leaves in frames of 32 ms. With eight conversations or more on one client it leaves on a grid of 8 ms that
//! they share, so that one wake-up of the processor serves many; it costs up to 8 ms. [`Workers`] gives each core a
//! runtime of its own, for servers with many conversations; its threads rest instead, which costs as much, and as
//! much again for sound that arrives.
//!
//! Nothing here logs. At the level `trace` the SDK's target `aws_sigv4` logs the session token of temporary
//! credentials: whoever logs that much filters it, as with `trace,aws_sigv4=debug`.

mod answer;
#[expect(clippy::wildcard_enum_match_arm, reason = "enums of the SDK are open")]
mod bedrock;
mod builder;
mod clock;
mod connection;
mod dialler;
mod error;
mod failure;
mod framing;
#[expect(clippy::wildcard_enum_match_arm, reason = "enums of the SDK are open")]
mod opening;
mod pipe;
mod queue;
mod reader;
mod shared;
mod state;
mod stream;
#[cfg(test)]
mod tests;
mod ticker;
mod voice;
mod workers;

pub use builder::ClientBuilder;
#[cfg(feature = "relay")]
pub(crate) use clock::{Clock, timestamp};
pub use connection::Connections;
pub use error::ClientError;
pub use opening::Client;
pub use queue::{EventSender, SendError};
pub use stream::{EventReceiver, StreamEvent};
pub use voice::{VoiceEvents, VoiceSession};
pub use workers::Workers;
