//! What the service says.

use std::fmt;

use super::{ContentType, GenerationStage, Role, StopReason};
use crate::{
    audio::Pcm,
    id::{CompletionId, ContentId, PromptName, SessionId, ToolUseId},
    json::{Object, Value},
    secret::Withheld,
};

/// Fields of an event that this version does not know, as they came.
pub type Extra = Object;

/// The three ids that every event of the service carries; absent ones are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "built by the simulator")]
pub struct ServerIds {
    /// The stream.
    pub session_id: Option<SessionId>,
    /// The client's own prompt name.
    pub prompt_name: Option<PromptName>,
    /// The completion; one spans the whole session in practice.
    pub completion_id: Option<CompletionId>,
}

/// Tokens of one direction, split by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by the service's definition")]
pub struct TokenCounts {
    /// Tokens of speech.
    pub speech: u64,
    /// Tokens of text.
    pub text: u64,
}

/// Tokens in and out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by the service's definition")]
pub struct Usage {
    /// What the model read.
    pub input: TokenCounts,
    /// What the model wrote.
    pub output: TokenCounts,
}

impl Usage {
    /// Adds another count; saturates.
    pub fn add(&mut self, other: Self) {
        let sum = |mine: &mut TokenCounts, theirs: TokenCounts| {
            mine.speech = mine.speech.saturating_add(theirs.speech);
            mine.text = mine.text.saturating_add(theirs.text);
        };
        sum(&mut self.input, other.input);
        sum(&mut self.output, other.output);
    }

    /// All tokens of both directions.
    pub const fn total_tokens(&self) -> u64 {
        self.input
            .speech
            .saturating_add(self.input.text)
            .saturating_add(self.output.speech)
            .saturating_add(self.output.text)
    }
}

/// Usage split by kind: what this event adds, and the sum so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by the service's definition")]
pub struct UsageDetails {
    /// What this event adds; meter from it.
    pub delta: Usage,
    /// The sum of the stream so far.
    pub total: Usage,
}

/// What a content block of the service holds, said by its `contentStart`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerContent {
    /// Words; the stage is inside `additionalModelFields`.
    Text {
        /// Plan or fact; `None` where the service does not say.
        stage: Option<GenerationStage>,
    },
    /// Sound.
    Audio {
        /// Its rate, Hz.
        sample_rate_hertz: u32,
    },
    /// A tool call.
    Tool,
    /// A type that this version does not know.
    Other(String),
}

/// One event of the service. Source: Nova 2 user guide, `sonic-output-events`; shapes from recorded sessions.
///
/// Blocks are keyed by `content_id`; `contentEnd` names no role, so keep what `contentStart` said.
/// Prints only the length of what is said in it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum ServerEvent {
    /// Tokens used. Comes anywhere: inside open blocks and before `completionStart`.
    Usage {
        /// Ids.
        ids: ServerIds,
        /// All input tokens of the stream so far.
        total_input_tokens: u64,
        /// All output tokens of the stream so far.
        total_output_tokens: u64,
        /// Split by kind; can be missing.
        details: Option<UsageDetails>,
        /// Fields not known.
        extra: Extra,
    },
    /// A completion begins: once a session in practice, but repeatable.
    CompletionStart {
        /// Ids.
        ids: ServerIds,
        /// Fields not known.
        extra: Extra,
    },
    /// A block begins.
    ContentStart {
        /// Ids.
        ids: ServerIds,
        /// The block.
        content_id: ContentId,
        /// Whose it is.
        role: Role,
        /// What it holds.
        content: ServerContent,
        /// Fields not known.
        extra: Extra,
    },
    /// Words of a text block.
    TextOutput {
        /// Ids.
        ids: ServerIds,
        /// The block.
        content_id: ContentId,
        /// A fallback for the role that `contentStart` gave.
        role: Option<Role>,
        /// The words.
        text: String,
        /// Fields not known.
        extra: Extra,
    },
    /// Samples of an audio block.
    AudioOutput {
        /// Ids.
        ids: ServerIds,
        /// The block.
        content_id: ContentId,
        /// The samples.
        pcm: Pcm,
        /// Fields not known.
        extra: Extra,
    },
    /// A tool call; to be run when its block ends.
    ToolUse {
        /// Ids.
        ids: ServerIds,
        /// The block.
        content_id: ContentId,
        /// The call.
        tool_use_id: ToolUseId,
        /// The tool.
        tool_name: String,
        /// Text of the arguments, with a second layer of encoding taken off.
        input: String,
        /// Fields not known.
        extra: Extra,
    },
    /// A block ends.
    ContentEnd {
        /// Ids.
        ids: ServerIds,
        /// The block.
        content_id: ContentId,
        /// What it held, where the service says so.
        content_type: Option<ContentType>,
        /// Why it ended.
        stop_reason: Option<StopReason>,
        /// Fields not known.
        extra: Extra,
    },
    /// A completion ends: in practice the whole output.
    CompletionEnd {
        /// Ids.
        ids: ServerIds,
        /// Why.
        stop_reason: Option<StopReason>,
        /// Fields not known.
        extra: Extra,
    },
    /// An event that this version does not know.
    Unknown {
        /// Its name.
        name: String,
        /// Its body.
        body: Value,
    },
}

impl ServerEvent {
    /// The event's name on the wire.
    pub fn name(&self) -> &str {
        match self {
            Self::Usage { .. } => "usageEvent",
            Self::CompletionStart { .. } => "completionStart",
            Self::ContentStart { .. } => "contentStart",
            Self::TextOutput { .. } => "textOutput",
            Self::AudioOutput { .. } => "audioOutput",
            Self::ToolUse { .. } => "toolUse",
            Self::ContentEnd { .. } => "contentEnd",
            Self::CompletionEnd { .. } => "completionEnd",
            Self::Unknown { name, .. } => name,
        }
    }
}

impl fmt::Debug for ServerEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct(self.name());
        match self {
            Self::Usage { total_input_tokens, total_output_tokens, details, .. } => shown
                .field("total_input_tokens", total_input_tokens)
                .field("total_output_tokens", total_output_tokens)
                .field("details", details),
            Self::ContentStart { content_id, role, content, .. } => {
                shown.field("content_id", content_id).field("role", role).field("content", content)
            }
            Self::TextOutput { content_id, role, text, .. } => {
                shown.field("content_id", content_id).field("role", role).field("text", &Withheld::text(text))
            }
            Self::AudioOutput { content_id, pcm, .. } => {
                shown.field("content_id", content_id).field("pcm", pcm)
            }
            Self::ToolUse { content_id, tool_use_id, tool_name, input, .. } => shown
                .field("content_id", content_id)
                .field("tool_use_id", tool_use_id)
                .field("tool_name", tool_name)
                .field("input", &Withheld::text(input)),
            Self::ContentEnd { content_id, content_type, stop_reason, .. } => shown
                .field("content_id", content_id)
                .field("content_type", content_type)
                .field("stop_reason", stop_reason),
            Self::CompletionEnd { stop_reason, .. } => shown.field("stop_reason", stop_reason),
            Self::CompletionStart { .. } | Self::Unknown { .. } => &mut shown,
        };
        shown.finish_non_exhaustive()
    }
}
