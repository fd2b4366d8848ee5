//! What the service answers to a client that breaks its rules.

use nova_sonic_core::{error::ServiceException, event::EventError, id::PromptName};
use thiserror::Error;

/// A rule that the client broke. `Display` tells a developer which; [`Refusal::text`] is what the service says.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum Refusal {
    #[error("{0}")]
    Unreadable(#[from] EventError),
    #[error("event of {length} bytes is longer than {limit}")]
    TooLong { length: usize, limit: usize },
    /// Everything that the live service answers with its general text.
    #[error("{0}")]
    Broken(&'static str),
    #[error("audio, or history, came in the wrong order: history is complete before audio begins")]
    HistoryIncomplete,
    #[error("history is longer than its limit")]
    HistoryTooLong,
    #[error("no such voice")]
    VoiceUnknown,
    #[error("tool result is not a JSON object")]
    ToolResult,
    #[error("prompt ended with open content blocks")]
    ContentsOpen,
    #[error("session ended with an open prompt")]
    PromptOpen(PromptName),
    #[error("no audio or interactive text for {seconds} s")]
    Idle { seconds: u64 },
    #[error("the stream's life is over")]
    LifeOver,
}

impl Refusal {
    /// The service's words, without the request id. Those of `Broken` and its like are its general ones; the others
    /// are known from public reports (livekit/agents, pipecat-ai/pipecat, aws-samples/amazon-nova-samples).
    pub(super) fn text(&self) -> String {
        match self {
            Self::Unreadable(_) | Self::TooLong { .. } | Self::Broken(_) => {
                "Invalid input request, please fix your input and try again".to_owned()
            }
            Self::HistoryIncomplete => {
                "Chat history should be sent completely before streaming audio.".to_owned()
            }
            Self::HistoryTooLong => "Chat history over max limit".to_owned(),
            Self::VoiceUnknown => "Received invalid voiceId".to_owned(),
            Self::ToolResult => "Tool Response parsing error".to_owned(),
            Self::ContentsOpen => "All contents must be closed before ending prompt".to_owned(),
            Self::PromptOpen(prompt) => format!("The following prompts were not closed: [{prompt}]"),
            Self::Idle { seconds } => format!(
                "Timed out waiting for audio bytes or interactive content. Please ensure gaps between audio bytes \
                 and interactive content are less than {seconds} seconds"
            ),
            Self::LifeOver => {
                "Model has timed out in processing the request. Try your request again.".to_owned()
            }
        }
    }

    /// The exception that carries the text.
    pub(super) const fn exception(&self) -> ServiceException {
        match self {
            Self::LifeOver => ServiceException::ModelTimeout,
            Self::Unreadable(_)
            | Self::TooLong { .. }
            | Self::Broken(_)
            | Self::HistoryIncomplete
            | Self::HistoryTooLong
            | Self::VoiceUnknown
            | Self::ToolResult
            | Self::ContentsOpen
            | Self::PromptOpen(_)
            | Self::Idle { .. } => ServiceException::Validation,
        }
    }

    /// Whether the stream goes on afterwards.
    pub(super) const fn stream_continues(&self) -> bool {
        matches!(self, Self::ToolResult)
    }
}
