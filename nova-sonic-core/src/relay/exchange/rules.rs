//! What a server decides about one conversation over its relay.

use std::time::Duration;

use crate::relay::GuardRules;

/// What a server decides about one conversation over its relay.
///
/// ```
/// use nova_sonic_core::relay::{PromptRule, RelayRules};
/// let mut rules = RelayRules::new("amazon.nova-2-sonic-v1:0");
/// rules.guard.system_prompt = PromptRule::Locked("You tell stories to children.".to_owned());
/// assert!(rules.keeps_transcript);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RelayRules {
    /// What the client may say.
    pub guard: GuardRules,
    /// How long, and how much.
    pub limits: RelayLimits,
    /// Whether the record says what was said. Default: it does.
    pub keeps_transcript: bool,
}

/// How long things may take, and how many bytes may come. What is said in them is for
/// [`GuardLimits`](crate::relay::GuardLimits), and how long a conversation may last in all: its `life`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RelayLimits {
    /// Time without a message of the client after which it counts as gone: a session sends silence at least every
    /// 20 s, and a service that hears nothing ends the stream after 55 s. Default: 45 s.
    pub silence: Duration,
    /// Time without a word of either side after which the conversation is ended. Default: 5 min.
    pub idle: Option<Duration>,
    /// Time after which the server's own tool has failed. Default: 2 min.
    pub tool: Duration,
    /// Time that the service has for its last events once the client is gone or has said goodbye. Default: 5 s.
    pub closing: Duration,
    /// Bytes that a client may send in a second, in messages of either kind. Default: 128 KiB, what 24 kHz take as text.
    pub bytes_per_second: u32,
    /// Bytes at once: a long history comes in one go. Default: 4 MiB.
    pub byte_burst: u32,
}

impl RelayRules {
    /// Rules for conversations with this model that leave everything but sizes, rates and idleness to the client.
    pub fn new(model: impl Into<String>) -> Self {
        Self { guard: GuardRules::new(model), limits: RelayLimits::default(), keeps_transcript: true }
    }
}

impl Default for RelayLimits {
    fn default() -> Self {
        Self {
            silence: Duration::from_secs(45),
            idle: Some(Duration::from_mins(5)),
            tool: Duration::from_mins(2),
            closing: Duration::from_secs(5),
            bytes_per_second: 128 * 1024,
            byte_burst: 4 * 1024 * 1024,
        }
    }
}
