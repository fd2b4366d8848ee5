//! The pretended model: a sans-IO conversation, one per stream, behind every transport alike.
//!
//! It is as strict as the live service about order, limits and error texts, and answers from a [`Scenario`].
//! Two clocks drive it. The samples that the client sends drive everything that depends on speech: where an
//! utterance ends, how far an answer has been heard, what counts as barge-in. So input that comes faster than real
//! time gets the same conversation. The caller's [`Tick`](nova_sonic_core::time::Tick) drives deadlines, and takes
//! over where no input comes.
//!
//! The loop of a transport:
//!
//! ```
//! use nova_sonic_core::time::Tick;
//! use nova_sonic_sim::model::{Conversation, ConversationConfig, Output};
//! let mut conversation = Conversation::new(ConversationConfig::default(), Tick::ZERO);
//! conversation.handle_event(Tick::ZERO, br#"{"event":{"promptEnd":{"promptName":"p"}}}"#);
//! let Some(Output::Exception(exception)) = conversation.poll_output() else { unreachable!() };
//! assert_eq!(exception.exception.name(), "ValidationException");
//! assert_eq!(conversation.poll_timeout(), None);
//! ```

mod answer;
mod calls;
mod clock;
mod config;
mod conversation;
mod listener;
mod output;
mod refusal;
mod rules;
pub mod scenario;
mod sound;
mod speaker;
mod usage;

pub use config::{ConversationConfig, Limits, MODELS, VOICES};
pub use conversation::Conversation;
pub use output::{Exception, OpeningFault, Output, WireFault};
pub use scenario::{Scenario, ScenarioError};
