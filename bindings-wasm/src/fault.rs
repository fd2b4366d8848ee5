//! What was asked of the engine and cannot be, as JavaScript gets it.

use nova_sonic_core::{
    error::ErrorCode, event::EventError, grant::GrantError, session::SessionError, sigv4::SignError,
};
use wasm_bindgen::prelude::*;

use crate::told;

/// A code of the core's catalogue and a sentence without secrets.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// A setting, as JavaScript spells it, that is not what it should be.
    pub(crate) fn setting(setting: &str, problem: &str) -> Self {
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
        "timing.recent_audio" => "limits.recentAudioMs",
        "timing.queued_audio" => "limits.queuedAudioMs",
        other => other,
    }
}

macro_rules! from {
    ($($error:ty),*) => {$(
        impl From<$error> for Fault {
            fn from(error: $error) -> Self {
                Self::new(error.code(), error.to_string())
            }
        }
    )*};
}

from!(EventError, GrantError, SignError);

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = JSON)]
    fn parse(text: &str) -> JsValue;
}

/// `{code, message, retryable, blame}`, a plain object that survives `postMessage`.
impl From<Fault> for JsValue {
    fn from(fault: Fault) -> Self {
        parse(&told::fault(fault.code, &fault.message))
    }
}
