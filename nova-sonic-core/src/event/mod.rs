//! Nova Sonic's vocabulary, typed both ways.
//!
//! [`ClientEvent`] is what a client says, [`ServerEvent`] what the service answers; both are read and written here
//! and nowhere else. Clients write the first and read the second, the simulator does the opposite.
//!
//! Reading is tolerant: unknown events become [`ServerEvent::Unknown`], unknown fields are kept in `extra`, open
//! word lists keep words that they do not know.
//!
//! ```
//! use nova_sonic_core::event::{EventReader, ServerEvent};
//! let mut reader = EventReader::default();
//! let event = reader.read_server(br#"{"event":{"completionStart":{"sessionId":"s","promptName":"p","completionId":"c"}}}"#)?;
//! assert!(matches!(event, ServerEvent::CompletionStart { .. }));
//! # Ok::<(), nova_sonic_core::event::EventError>(())
//! ```

mod client;
mod error;
mod json;
mod server;
mod tool;
mod vocabulary;

pub use client::{ClientContent, ClientEvent, InferenceConfiguration, PromptAudio};
pub use error::EventError;
pub use json::EventReader;
pub use server::{Extra, ServerContent, ServerEvent, ServerIds, TokenCounts, Usage, UsageDetails};
pub use tool::{ToolChoice, ToolSpec};
pub use vocabulary::{ContentType, EndpointingSensitivity, GenerationStage, Role, StopReason};
