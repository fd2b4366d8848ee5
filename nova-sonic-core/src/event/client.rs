//! What a client says.

use std::fmt;

use super::{ContentType, EndpointingSensitivity, Role, ToolChoice, ToolSpec};
use crate::{
    audio::{Pcm, SampleRate},
    id::{ContentName, PromptName, ToolUseId},
    json::Value,
    secret::Withheld,
};

/// How the model samples; `None` leaves the service's default.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct InferenceConfiguration {
    /// Most tokens of one answer; clients customarily send 1,024.
    pub max_tokens: Option<u32>,
    /// Nucleus sampling, 0 to 1; customarily 0.9.
    pub top_p: Option<f64>,
    /// 0 to 1; customarily 0.7.
    pub temperature: Option<f64>,
}

/// How the answer sounds: rate and voice, fixed for the life of the prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "built by callers and by the simulator")]
pub struct PromptAudio {
    /// Rate of the answer.
    pub rate: SampleRate,
    /// The voice, such as `tiffany`; an open list.
    pub voice_id: String,
}

/// What a content block will hold, said by its `contentStart`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientContent {
    /// Words: system prompt, history, or (interactive) something typed by the user.
    Text {
        /// Whose words.
        role: Role,
        /// Whether the model is to answer them; `false` for prompts and history.
        interactive: bool,
    },
    /// The user's microphone.
    Audio {
        /// Rate of the samples.
        rate: SampleRate,
    },
    /// The answer to a tool call.
    ToolResult {
        /// The call's id, as it came.
        tool_use_id: ToolUseId,
    },
}

impl ClientContent {
    /// The block's `type`.
    pub const fn content_type(&self) -> ContentType {
        match self {
            Self::Text { .. } => ContentType::Text,
            Self::Audio { .. } => ContentType::Audio,
            Self::ToolResult { .. } => ContentType::Tool,
        }
    }
}

/// One event of the client. Source: Nova 2 user guide, `sonic-input-events`.
///
/// Prints only the length of what is said in it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum ClientEvent {
    /// Opens the stream; the first event.
    SessionStart {
        /// How the model samples.
        inference: InferenceConfiguration,
        /// How long a pause ends the user's turn; `None` leaves the service's default.
        endpointing: Option<EndpointingSensitivity>,
    },
    /// Opens the one prompt of the stream: voice and tools.
    PromptStart {
        /// The prompt's name, repeated on every later event.
        prompt_name: PromptName,
        /// How the answer sounds.
        audio: PromptAudio,
        /// What the model may call.
        tools: Vec<ToolSpec>,
        /// Whether it may or must.
        tool_choice: ToolChoice,
    },
    /// Opens a content block.
    ContentStart {
        /// The prompt.
        prompt_name: PromptName,
        /// The block's name, unique in the stream.
        content_name: ContentName,
        /// What it will hold.
        content: ClientContent,
    },
    /// Words of a text block.
    TextInput {
        /// The prompt.
        prompt_name: PromptName,
        /// The block.
        content_name: ContentName,
        /// The words.
        text: String,
    },
    /// Samples of an audio block.
    AudioInput {
        /// The prompt.
        prompt_name: PromptName,
        /// The block.
        content_name: ContentName,
        /// The samples.
        pcm: Pcm,
    },
    /// The answer to a tool call.
    ToolResult {
        /// The prompt.
        prompt_name: PromptName,
        /// The block.
        content_name: ContentName,
        /// Text of a JSON object: anything else gets "Tool Response parsing error".
        json: String,
    },
    /// Closes a content block.
    ContentEnd {
        /// The prompt.
        prompt_name: PromptName,
        /// The block.
        content_name: ContentName,
    },
    /// Closes the prompt; every block is closed by then.
    PromptEnd {
        /// The prompt.
        prompt_name: PromptName,
    },
    /// Closes the session; the last event.
    SessionEnd,
    /// An event that this version does not know.
    Unknown {
        /// Its name.
        name: String,
        /// Its body.
        body: Value,
    },
}

impl ClientEvent {
    /// The event's name on the wire.
    ///
    /// ```
    /// use nova_sonic_core::event::ClientEvent;
    /// assert_eq!(ClientEvent::SessionEnd.name(), "sessionEnd");
    /// ```
    pub fn name(&self) -> &str {
        match self {
            Self::SessionStart { .. } => "sessionStart",
            Self::PromptStart { .. } => "promptStart",
            Self::ContentStart { .. } => "contentStart",
            Self::TextInput { .. } => "textInput",
            Self::AudioInput { .. } => "audioInput",
            Self::ToolResult { .. } => "toolResult",
            Self::ContentEnd { .. } => "contentEnd",
            Self::PromptEnd { .. } => "promptEnd",
            Self::SessionEnd => "sessionEnd",
            Self::Unknown { name, .. } => name,
        }
    }
}

impl fmt::Debug for ClientEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct(self.name());
        match self {
            Self::SessionStart { inference, endpointing } => {
                shown.field("inference", inference).field("endpointing", endpointing)
            }
            Self::PromptStart { prompt_name, audio, tools, tool_choice } => shown
                .field("prompt_name", prompt_name)
                .field("audio", audio)
                .field("tools", &tools.len())
                .field("tool_choice", tool_choice),
            Self::ContentStart { content_name, content, .. } => {
                shown.field("content_name", content_name).field("content", content)
            }
            Self::TextInput { content_name, text, .. } => {
                shown.field("content_name", content_name).field("text", &Withheld::text(text))
            }
            Self::AudioInput { content_name, pcm, .. } => {
                shown.field("content_name", content_name).field("pcm", pcm)
            }
            Self::ToolResult { content_name, json, .. } => {
                shown.field("content_name", content_name).field("json", &Withheld::text(json))
            }
            Self::ContentEnd { content_name, .. } => shown.field("content_name", content_name),
            Self::PromptEnd { prompt_name } => shown.field("prompt_name", prompt_name),
            Self::SessionEnd | Self::Unknown { .. } => &mut shown,
        };
        shown.finish_non_exhaustive()
    }
}
