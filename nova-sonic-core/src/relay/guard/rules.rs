//! What a server decides about a conversation that a client opens.

use std::{fmt, time::Duration};

use super::GuardError;
use crate::{
    event::{ToolChoice, ToolSpec},
    relay::{Control, Ready, VERSION},
    secret::Withheld,
    session::{MESSAGE_LIMIT, RESULT_LIMIT, TOTAL_LIMIT},
};

/// What a server decides about a conversation that a client opens. Prints only the length of prompts.
///
/// ```
/// use nova_sonic_core::relay::{GuardRules, PromptRule, VoiceRule};
/// let mut rules = GuardRules::new("amazon.nova-2-sonic-v1:0");
/// rules.system_prompt = PromptRule::Locked("You tell stories to children.".to_owned());
/// rules.voice = VoiceRule::OneOf(vec!["amy".to_owned(), "tiffany".to_owned()]);
/// assert!(!format!("{rules:?}").contains("children"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GuardRules {
    /// The model that the server speaks with; a client can name no other.
    pub model: String,
    /// Whose system prompt. Default: the client's.
    pub system_prompt: PromptRule,
    /// Which voice. Default: the client's choice.
    pub voice: VoiceRule,
    /// Which tools, and who answers them. Default: the client's own.
    pub tools: ToolRule,
    /// How much, and how fast.
    pub limits: GuardLimits,
}

/// Whose system prompt the model gets.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PromptRule {
    /// The client's.
    #[default]
    Free,
    /// The server's, and then the client's.
    Prefixed(String),
    /// The server's. What the client sends as system prompt or speech prompt is dropped.
    Locked(String),
}

/// Which voice the model gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum VoiceRule {
    /// The client's choice.
    #[default]
    Free,
    /// The client's choice among these; another is refused.
    OneOf(Vec<String>),
    /// The server's, whatever the client names.
    Locked(String),
}

/// Which tools the model gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolRule {
    /// The client's.
    #[default]
    Free,
    /// The server's and the client's; of two with one name, the server's.
    Merged(Vec<GuardedTool>),
    /// The server's; what the client declares is dropped.
    Locked(Vec<GuardedTool>),
}

/// A tool that the server declares, and where its calls are answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardedTool {
    spec: ToolSpec,
    on_server: bool,
}

impl GuardedTool {
    /// A tool whose calls the server answers: the client sees neither the call nor the result.
    pub const fn on_server(spec: ToolSpec) -> Self {
        Self { spec, on_server: true }
    }

    /// A tool whose calls go to the client.
    pub const fn in_client(spec: ToolSpec) -> Self {
        Self { spec, on_server: false }
    }
}

/// How much a client may send, and how fast.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GuardLimits {
    /// Longest system prompt or speech prompt, bytes. Default: 64 KiB.
    pub prompt_bytes: usize,
    /// Longest message of the history and longest typed text, bytes. Default: 50 KiB, the service's own limit.
    pub message_bytes: usize,
    /// Longest history, bytes. Default: 200 KiB, the service's own limit.
    pub history_bytes: usize,
    /// Most messages of the history. Default: 1,000.
    pub history_messages: usize,
    /// Most tools that a client declares. Default: 64.
    pub tools: usize,
    /// Names, descriptions and schemas of these tools together, bytes. Default: 128 KiB.
    pub tool_bytes: usize,
    /// Longest result of a tool, bytes. Default: 250,000, what fits into one event.
    pub tool_result_bytes: usize,
    /// Most tokens of one answer; a larger wish is lowered to it. Default: as the client wishes.
    pub answer_tokens: Option<u32>,
    /// Content blocks in one conversation. Default: 10,000.
    pub blocks: usize,
    /// Events other than sound that a client may send in a second. Default: 50.
    pub events_per_second: u32,
    /// Such events at once: a long history comes in one go. Default: 4,000.
    pub event_burst: u32,
    /// How fast sound may come, % of real time; clocks of sound cards differ. Default: 125.
    pub sound_percent: u32,
    /// How much sound may come at once: what was said while a connection was changed. Default: 10 s.
    pub sound_burst: Duration,
    /// Time that a client has to open its prompt. Default: 15 s.
    pub opening: Duration,
    /// Time that a conversation may last. Default: no limit but the service's eight minutes.
    pub life: Option<Duration>,
}

impl Default for GuardLimits {
    fn default() -> Self {
        Self {
            prompt_bytes: 64 * 1024,
            message_bytes: MESSAGE_LIMIT,
            history_bytes: TOTAL_LIMIT,
            history_messages: 1_000,
            tools: 64,
            tool_bytes: 128 * 1024,
            tool_result_bytes: RESULT_LIMIT,
            answer_tokens: None,
            blocks: 10_000,
            events_per_second: 50,
            event_burst: 4_000,
            sound_percent: 125,
            sound_burst: Duration::from_secs(10),
            opening: Duration::from_secs(15),
            life: None,
        }
    }
}

/// Longest name of a voice, bytes: the longest known has nine.
const VOICE_BYTES: usize = 64;

impl GuardRules {
    /// Rules for conversations with this model that leave everything but sizes and rates to the client.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            system_prompt: PromptRule::Free,
            voice: VoiceRule::Free,
            tools: ToolRule::Free,
            limits: GuardLimits::default(),
        }
    }

    /// The first message of the server.
    pub fn ready(&self) -> Control {
        let locks = [
            ("systemPrompt", matches!(self.system_prompt, PromptRule::Locked(_))),
            ("voice", matches!(self.voice, VoiceRule::Locked(_))),
            ("tools", matches!(self.tools, ToolRule::Locked(_))),
        ];
        let locks = locks.iter().filter(|(_, locked)| *locked).map(|(name, _)| (*name).to_owned());
        Control::Ready(Ready { version: VERSION, model: self.model.clone(), locks: locks.collect() })
    }

    /// The tools whose calls the server answers.
    fn own_tools(&self) -> impl Iterator<Item = &ToolSpec> {
        let tools = match &self.tools {
            ToolRule::Free => &[][..],
            ToolRule::Merged(tools) | ToolRule::Locked(tools) => tools,
        };
        tools.iter().filter(|tool| tool.on_server).map(|tool| &tool.spec)
    }

    /// Whether the server answers the calls of any tool.
    pub(super) fn answers_some(&self) -> bool {
        self.own_tools().next().is_some()
    }

    /// Whether the server answers the calls of this tool.
    pub(super) fn answers(&self, tool: &str) -> bool {
        self.own_tools().any(|own| own.name() == tool)
    }

    pub(super) fn voice(&self, asked: String) -> Result<String, GuardError> {
        match &self.voice {
            VoiceRule::Locked(voice) => Ok(voice.clone()),
            VoiceRule::OneOf(voices) if !voices.contains(&asked) => {
                Err(GuardError::Refused { what: "the voice" })
            }
            VoiceRule::Free if asked.len() > VOICE_BYTES => Err(GuardError::Refused { what: "the voice" }),
            VoiceRule::OneOf(_) | VoiceRule::Free => Ok(asked),
        }
    }

    pub(super) fn tools(
        &self,
        asked: Vec<ToolSpec>,
        choice: ToolChoice,
    ) -> Result<(Vec<ToolSpec>, ToolChoice), GuardError> {
        self.check_tools(&asked)?;
        let (own, asked) = match &self.tools {
            ToolRule::Free => (&[][..], asked),
            ToolRule::Merged(own) => (own.as_slice(), asked),
            ToolRule::Locked(own) => (own.as_slice(), Vec::new()),
        };
        let mut tools: Vec<ToolSpec> = own.iter().map(|tool| tool.spec.clone()).collect();
        for tool in asked {
            if !own.iter().any(|known| known.spec.name() == tool.name()) {
                tools.push(tool);
            }
        }
        let possible = match &choice {
            ToolChoice::Auto => true,
            ToolChoice::Any => !tools.is_empty(),
            ToolChoice::Tool(name) => tools.iter().any(|tool| tool.name() == name),
        };
        Ok((tools, if possible { choice } else { ToolChoice::Auto }))
    }

    fn check_tools(&self, asked: &[ToolSpec]) -> Result<(), GuardError> {
        within("list of tools", asked.len(), self.limits.tools)?;
        let size = |tool: &ToolSpec| tool.name().len() + tool.description().len() + tool.input_schema().len();
        within("tool bytes", asked.iter().map(size).sum(), self.limits.tool_bytes)?;
        let repeated = asked
            .iter()
            .enumerate()
            .any(|(at, tool)| asked.iter().take(at).any(|earlier| earlier.name() == tool.name()));
        if repeated {
            return Err(GuardError::Order { rule: "two tools of one name" });
        }
        Ok(())
    }
}

/// Refuses what is over its limit.
pub(super) const fn within(what: &'static str, given: usize, limit: usize) -> Result<(), GuardError> {
    if given > limit {
        return Err(GuardError::TooMuch { what, given, limit });
    }
    Ok(())
}

impl fmt::Debug for PromptRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Free => f.write_str("Free"),
            Self::Prefixed(text) => f.debug_tuple("Prefixed").field(&Withheld::text(text)).finish(),
            Self::Locked(text) => f.debug_tuple("Locked").field(&Withheld::text(text)).finish(),
        }
    }
}
