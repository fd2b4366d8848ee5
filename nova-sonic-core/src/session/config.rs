//! What a conversation is to be like.

use std::{fmt, time::Duration};

use super::{Message, Microphone, SessionError, history};
use crate::{
    audio::SampleRate,
    event::{EndpointingSensitivity, InferenceConfiguration, ToolChoice, ToolSpec},
    secret::Withheld,
    time::Tick,
};

/// What a conversation is to be like. Public fields, and a setter for each that consumes and returns. Prints only the
/// length of what is to be said.
///
/// ```
/// use nova_sonic_core::session::SessionConfig;
/// let config = SessionConfig::default().system_prompt("You tell stories.").voice_id("amy");
/// assert_eq!(config.voice_id, "amy");
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct SessionConfig {
    /// Who the model is and how it is to talk. Default: a short friendly assistant.
    pub system_prompt: String,
    /// How speech is to be written down (Nova 2, Hindi and English mixed). Default: none.
    pub speech_prompt: Option<String>,
    /// Earlier messages; merged, made to alternate, and trimmed to what the service takes. Default: none.
    pub history: Vec<Message>,
    /// The voice, one of the model's; an open list. Default: `tiffany`.
    pub voice_id: String,
    /// Rate of the microphone's samples. Default: 16 kHz.
    pub input_rate: SampleRate,
    /// Rate of the answer's samples. Default: 24 kHz.
    pub output_rate: SampleRate,
    /// How the model samples. Default: 1,024 tokens, top-p 0.9, temperature 0.7, as the service's samples have it.
    pub inference: InferenceConfiguration,
    /// How long a pause ends the user's turn. Default: the service's own.
    pub endpointing: Option<EndpointingSensitivity>,
    /// What the model may call. Default: nothing.
    pub tools: Vec<ToolSpec>,
    /// Whether it may or must. Default: it may.
    pub tool_choice: ToolChoice,
    /// Words that make the model speak first, such as "Greet the child."; never shown. Default: none.
    pub speak_first: Option<String>,
    /// Where the microphone stands at the start. Default: open.
    pub microphone: Microphone,
    /// How the session learns what was heard. Default: by the clock.
    pub playback: Playback,
    /// Whether a [`Conversation`](super::Conversation) goes on over another stream by itself, before the service ends the one
    /// that it has and when that one breaks. Default: yes. A [`Session`](super::Session), which is one stream, only says when a
    /// renewal is due.
    pub renewal: bool,
    /// How long things may take.
    pub timing: Timing,
}

/// How the session learns what the user has heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Playback {
    /// Sound is taken as played in real time from the moment that it is handed out.
    #[default]
    Assumed,
    /// The player reports with [`Input::Played`](super::Input::Played).
    Reported,
}

/// How long things may take.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Timing {
    /// Time until the service must have answered. Default: 10 s.
    pub open: Duration,
    /// Time that the service has for its last events after a hang-up. Default: 5 s, as AWS's harness gives.
    pub close: Duration,
    /// Length of a silent frame, and of the grid on which gaps are filled. Default: 32 ms, the guide's frame.
    pub frame: Duration,
    /// Gap in the microphone's sound after which silence fills it, at most 50 s. Default: 96 ms, three frames.
    pub gap: Duration,
    /// With the microphone closed, time after which silence is streamed again, at most 50 s. Default: 20 s; the service
    /// ends a stream without input after 55 s.
    pub keep_alive: Duration,
    /// Age at which a successor is due. Default: 6 min; the service ends a stream after 8.
    pub renew: Duration,
    /// When the credentials end. A successor is due 3 min before. Default: unknown.
    pub credentials_expire: Option<Tick>,
    /// Time without an answer after which the application is told. Default: 20 s.
    pub answer: Duration,
    /// Time after which an unanswered tool call is answered with an error. Default: 2 min.
    pub tool: Duration,
    /// Time without a word from either side after which the session ends. Default: none.
    pub idle: Option<Duration>,
    /// Age at which the session ends. Default: none.
    pub life: Option<Duration>,
    /// Audio that may wait to be sent before more is refused. Default: 5 s.
    pub queued_audio: Duration,
    /// Microphone's sound that is kept for a successor. Default: 3 s.
    pub recent_audio: Duration,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            system_prompt: "You are a friendly assistant. Answer in two or three short spoken sentences."
                .to_owned(),
            speech_prompt: None,
            history: Vec::new(),
            voice_id: "tiffany".to_owned(),
            input_rate: SampleRate::Hz16000,
            output_rate: SampleRate::Hz24000,
            inference: InferenceConfiguration {
                max_tokens: Some(1024),
                top_p: Some(0.9),
                temperature: Some(0.7),
            },
            endpointing: None,
            tools: Vec::new(),
            tool_choice: ToolChoice::Auto,
            speak_first: None,
            microphone: Microphone::Open,
            playback: Playback::Assumed,
            renewal: true,
            timing: Timing::default(),
        }
    }
}

impl fmt::Debug for SessionConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let withheld = |text: &Option<String>| text.as_deref().map(Withheld::text);
        f.debug_struct("SessionConfig")
            .field("system_prompt", &Withheld::text(&self.system_prompt))
            .field("speech_prompt", &withheld(&self.speech_prompt))
            .field("history", &self.history)
            .field("voice_id", &self.voice_id)
            .field("input_rate", &self.input_rate)
            .field("output_rate", &self.output_rate)
            .field("inference", &self.inference)
            .field("endpointing", &self.endpointing)
            .field("tools", &self.tools)
            .field("tool_choice", &self.tool_choice)
            .field("speak_first", &withheld(&self.speak_first))
            .field("microphone", &self.microphone)
            .field("playback", &self.playback)
            .field("renewal", &self.renewal)
            .field("timing", &self.timing)
            .finish()
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            open: Duration::from_secs(10),
            close: Duration::from_secs(5),
            frame: Duration::from_millis(32),
            gap: Duration::from_millis(96),
            keep_alive: Duration::from_secs(20),
            renew: Duration::from_mins(6),
            credentials_expire: None,
            answer: Duration::from_secs(20),
            tool: Duration::from_mins(2),
            idle: None,
            life: None,
            queued_audio: Duration::from_secs(5),
            recent_audio: Duration::from_secs(3),
        }
    }
}

macro_rules! setters {
    ($($field:ident: $type:ty, $doc:literal;)*) => {
        impl SessionConfig {
            $(
                #[doc = $doc]
                #[must_use]
                pub fn $field(mut self, $field: impl Into<$type>) -> Self {
                    self.$field = $field.into();
                    self
                }
            )*
        }
    };
}

setters! {
    system_prompt: String, "Sets who the model is and how it is to talk.";
    speech_prompt: Option<String>, "Sets how speech is to be written down.";
    history: Vec<Message>, "Sets the earlier messages.";
    voice_id: String, "Sets the voice.";
    input_rate: SampleRate, "Sets the rate of the microphone's samples.";
    output_rate: SampleRate, "Sets the rate of the answer's samples.";
    inference: InferenceConfiguration, "Sets how the model samples.";
    endpointing: Option<EndpointingSensitivity>, "Sets how long a pause ends the user's turn.";
    tools: Vec<ToolSpec>, "Sets what the model may call.";
    tool_choice: ToolChoice, "Sets whether it may or must.";
    speak_first: Option<String>, "Sets the words that make the model speak first.";
    microphone: Microphone, "Sets where the microphone stands at the start.";
    playback: Playback, "Sets how the session learns what was heard.";
    renewal: bool, "Sets whether a conversation goes on over another stream by itself.";
    timing: Timing, "Sets how long things may take.";
}

/// Longest system prompt taken, bytes: nothing is published, so only what no frame could carry is refused.
const PROMPT_LIMIT: usize = 500_000;

/// Longest time without input that is planned for: the service ends a stream after 55 s, and a frame needs its time.
///
/// Source: the service's own message, "Please ensure gaps between audio bytes and interactive content are less than 55
/// seconds".
const IDLE_LIMIT: Duration = Duration::from_secs(50);

impl SessionConfig {
    /// Refuses what the service would refuse later, with the setting's name.
    pub(super) fn check(&self) -> Result<(), SessionError> {
        let refuse = |setting, problem| Err(SessionError::Configuration { setting, problem });
        if self.system_prompt.trim().is_empty() {
            return refuse("system_prompt", "is empty");
        }
        for (setting, text) in [
            ("system_prompt", Some(&self.system_prompt)),
            ("speech_prompt", self.speech_prompt.as_ref()),
            ("speak_first", self.speak_first.as_ref()),
        ] {
            if text.is_some_and(|text| text.len() > PROMPT_LIMIT) {
                return refuse(setting, "is over 500,000 bytes");
            }
        }
        if self.speak_first.as_ref().is_some_and(|text| text.trim().is_empty()) {
            return refuse("speak_first", "is empty");
        }
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if self.voice_id.is_empty() || self.voice_id.len() > 64 || !self.voice_id.bytes().all(legal) {
            return refuse("voice_id", "is not 1 to 64 letters, digits, '-' or '_'");
        }
        let outside = |value: Option<f64>| value.is_some_and(|value| !(0.0..=1.0).contains(&value));
        if outside(self.inference.top_p) {
            return refuse("inference.top_p", "is not between 0 and 1");
        }
        if outside(self.inference.temperature) {
            return refuse("inference.temperature", "is not between 0 and 1");
        }
        if self.inference.max_tokens == Some(0) {
            return refuse("inference.max_tokens", "is 0");
        }
        let named = |name: &str| self.tools.iter().filter(|tool| tool.name() == name).count();
        // tools are some dozens at most: looked up one by one, they need no order
        if self.tools.iter().any(|tool| named(tool.name()) > 1) {
            return refuse("tools", "has two tools of one name");
        }
        if let ToolChoice::Tool(name) = &self.tool_choice
            && named(name) == 0
        {
            return refuse("tool_choice", "names a tool that is not there");
        }
        if self.timing.frame < Duration::from_millis(10) || self.timing.frame > Duration::from_millis(200) {
            return refuse("timing.frame", "is not between 10 and 200 ms");
        }
        if self.timing.gap < self.timing.frame {
            return refuse("timing.gap", "is shorter than a frame");
        }
        for (setting, time) in
            [("timing.gap", self.timing.gap), ("timing.keep_alive", self.timing.keep_alive)]
        {
            if time > IDLE_LIMIT {
                return refuse(setting, "is over 50 s: the service ends a stream without input after 55 s");
            }
        }
        if self.timing.recent_audio > Duration::from_secs(30) {
            return refuse("timing.recent_audio", "is over 30 s");
        }
        if self.timing.queued_audio < self.timing.frame || self.timing.queued_audio > Duration::from_mins(1) {
            return refuse("timing.queued_audio", "is not between a frame and 60 s");
        }
        history::check(&self.history)
    }
}
