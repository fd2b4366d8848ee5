//! `_VoiceConfig`: what a conversation is to be like, read and checked.

use std::time::Duration;

use nova_sonic_core::{
    audio::SampleRate,
    event::{EndpointingSensitivity, ToolSpec},
    session::{Message, Microphone, Playback, Session, SessionConfig},
    time::Tick,
};
use pyo3::prelude::*;

use super::argument::Choice;
use crate::{
    argument::{Given, given, name},
    error,
};

/// A gap in the sound after which silence fills it. An application that speaks moves this deadline with every frame, and
/// tokio wakes up to 64 ms before one: nearer ones would wake the thread for nothing, a dozen times a second.
const GAP: Duration = Duration::from_millis(160);

/// What a conversation is to be like. Private to this package: ``nova_sonic.VoiceSession`` says what is meant.
#[pyclass(frozen, module = "nova_sonic._native", name = "_VoiceConfig")]
pub(crate) struct PyVoiceConfig {
    pub(super) config: SessionConfig,
}

#[pymethods]
impl PyVoiceConfig {
    #[new]
    #[pyo3(signature = (*, system_prompt = None, speech_prompt = None, history = None, voice_id = None,
        input_sample_rate = None, output_sample_rate = None, max_tokens = None, top_p = None, temperature = None,
        endpointing = None, tools = None, tool_choice = None, speak_first = None, microphone = None, playback = None,
        open_timeout = None, answer_timeout = None, tool_timeout = None, idle_timeout = None, max_duration = None,
        renewal = None, renew_after = None))]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python, each with a name at the call")]
    fn new(
        py: Python<'_>,
        system_prompt: Option<Given<name::SystemPrompt, String>>,
        speech_prompt: Option<Given<name::SpeechPrompt, String>>,
        history: Option<Given<name::History, Vec<Message>>>,
        voice_id: Option<Given<name::VoiceId, String>>,
        input_sample_rate: Option<Given<name::InputSampleRate, SampleRate>>,
        output_sample_rate: Option<Given<name::OutputSampleRate, SampleRate>>,
        max_tokens: Option<Given<name::MaxTokens, u32>>,
        top_p: Option<Given<name::TopP, f64>>,
        temperature: Option<Given<name::Temperature, f64>>,
        endpointing: Option<Given<name::Endpointing, EndpointingSensitivity>>,
        tools: Option<Given<name::Tools, Vec<ToolSpec>>>,
        tool_choice: Option<Given<name::ToolChoice, Choice>>,
        speak_first: Option<Given<name::SpeakFirst, String>>,
        microphone: Option<Given<name::Microphone, Microphone>>,
        playback: Option<Given<name::Playback, Playback>>,
        open_timeout: Option<Given<name::OpenTimeout, Duration>>,
        answer_timeout: Option<Given<name::AnswerTimeout, Duration>>,
        tool_timeout: Option<Given<name::ToolTimeout, Duration>>,
        idle_timeout: Option<Given<name::IdleTimeout, Duration>>,
        max_duration: Option<Given<name::MaxDuration, Duration>>,
        renewal: Option<Given<name::Renewal, bool>>,
        renew_after: Option<Given<name::RenewAfter, Duration>>,
    ) -> PyResult<Self> {
        let mut config = SessionConfig::default();
        replace(&mut config.system_prompt, system_prompt);
        config.speech_prompt = given(speech_prompt);
        replace(&mut config.history, history);
        replace(&mut config.voice_id, voice_id);
        replace(&mut config.input_rate, input_sample_rate);
        replace(&mut config.output_rate, output_sample_rate);
        config.inference.max_tokens = given(max_tokens).or(config.inference.max_tokens);
        config.inference.top_p = given(top_p).or(config.inference.top_p);
        config.inference.temperature = given(temperature).or(config.inference.temperature);
        config.endpointing = given(endpointing);
        replace(&mut config.tools, tools);
        if let Some(choice) = given(tool_choice) {
            config.tool_choice = choice.0;
        }
        config.speak_first = given(speak_first);
        replace(&mut config.microphone, microphone);
        replace(&mut config.playback, playback);
        replace(&mut config.timing.open, open_timeout);
        replace(&mut config.timing.answer, answer_timeout);
        replace(&mut config.timing.tool, tool_timeout);
        config.timing.idle = given(idle_timeout);
        config.timing.life = given(max_duration);
        replace(&mut config.renewal, renewal);
        replace(&mut config.timing.renew, renew_after);
        config.timing.gap = GAP;
        // What the core would refuse at the opening is refused here, where it was written.
        Session::new(config.clone(), [0; 32], Tick::ZERO).map_err(|why| error::session(py, &why))?;
        Ok(Self { config })
    }
}

fn replace<N, T>(setting: &mut T, argument: Option<Given<N, T>>) {
    if let Some(value) = given(argument) {
        *setting = value;
    }
}
