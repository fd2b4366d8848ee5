//! The pretended model: a sans-IO conversation, one per stream, behind every transport alike.

mod conversation;
mod output;

pub use conversation::{Conversation, ConversationConfig};
pub use output::{Exception, OpeningFault, Output, WireFault};
