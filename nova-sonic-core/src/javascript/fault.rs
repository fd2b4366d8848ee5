//! What was asked and cannot be, with settings named as JavaScript spells them.

use crate::{error::ErrorCode, event::EventError, session::SessionError};

/// A code and a sentence without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The stable code.
    pub code: ErrorCode,
    /// What is wrong.
    pub message: String,
}

impl Fault {
    /// A fault of this code.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// A setting, as JavaScript spells it, that is not what it should be.
    ///
    /// ```
    /// use nova_sonic_core::javascript::Fault;
    /// assert_eq!(Fault::setting("topP", "is not a number").message, "setting topP is not a number");
    /// ```
    pub fn setting(setting: &str, problem: &str) -> Self {
        Self::new(ErrorCode::ConfigurationInvalid, format!("setting {setting} {problem}"))
    }
}

impl From<SessionError> for Fault {
    fn from(error: SessionError) -> Self {
        if let SessionError::Configuration { setting, problem } = error {
            return Self::setting(spelled(setting), problem);
        }
        Self::new(error.code(), error.to_string())
    }
}

impl From<EventError> for Fault {
    fn from(error: EventError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

/// The core's name of a setting as JavaScript spells it.
fn spelled(setting: &'static str) -> &'static str {
    match setting {
        "system_prompt" => "systemPrompt",
        "speech_prompt" => "speechPrompt",
        "speak_first" => "speakFirst",
        "voice_id" => "voice",
        "inference.top_p" => "topP",
        "inference.temperature" => "temperature",
        "inference.max_tokens" => "maxTokens",
        "tool_choice" => "toolChoice",
        "timing.frame" => "limits.frameMs",
        "timing.gap" => "limits.gapMs",
        "timing.keep_alive" => "limits.keepAliveMs",
        "timing.recent_audio" => "limits.recentAudioMs",
        "timing.queued_audio" => "limits.queuedAudioMs",
        other => other,
    }
}
