//! From the plain JSON of a script to configurations and inputs.

use std::time::Duration;

use nova_sonic_core::{
    audio::SampleRate,
    error::{ErrorCode, ServiceError, ServiceException},
    event::{EndpointingSensitivity, EventReader, ToolChoice, ToolSpec},
    id::ToolUseId,
    session::{Failure, Input, Message, Microphone, Playback, Session, SessionConfig, SessionError, TurnId},
    time::Tick,
};
use serde_json::Value;

/// A text, or one repeated: `{"repeat":"x","times":5000}`.
pub(crate) fn text(value: &Value) -> String {
    if let Value::String(text) = value {
        return text.clone();
    }
    let times = usize::try_from(number(&value["times"])).expect("a number of times");
    word(&value["repeat"]).repeat(times)
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no word"))
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn sound(value: &Value) -> Vec<i16> {
    let sample = value["value"].as_i64().and_then(|value| i16::try_from(value).ok()).expect("a sample");
    vec![sample; usize::try_from(number(&value["samples"])).expect("a length")]
}

fn rate(value: &Value) -> SampleRate {
    u32::try_from(number(value)).ok().and_then(SampleRate::from_hertz).expect("a rate of the service")
}

fn microphone(value: &Value) -> Microphone {
    match word(value) {
        "open" => Microphone::Open,
        "muted" => Microphone::Muted,
        "closed" => Microphone::Closed,
        other => panic!("no microphone is {other}"),
    }
}

fn message(value: &Value) -> Message {
    match word(&value[0]) {
        "USER" => Message::user(text(&value[1])),
        "ASSISTANT" => Message::assistant(text(&value[1])),
        other => panic!("no message of {other}"),
    }
}

fn tool(value: &Value) -> ToolSpec {
    let description = value["description"].as_str().unwrap_or_default();
    ToolSpec::new(word(&value["name"]), description, &value["schema"].to_string()).expect("a legal tool")
}

pub(crate) fn config(script: &Value) -> SessionConfig {
    let mut config = SessionConfig::default();
    for (name, value) in script.as_object().expect("a configuration") {
        match name.as_str() {
            "system_prompt" => config.system_prompt = text(value),
            "speech_prompt" => config.speech_prompt = Some(text(value)),
            "history" => config.history = value.as_array().expect("a list").iter().map(message).collect(),
            "voice_id" => config.voice_id = text(value),
            "input_rate" => config.input_rate = rate(value),
            "output_rate" => config.output_rate = rate(value),
            "max_tokens" => config.inference.max_tokens = u32::try_from(number(value)).ok(),
            "top_p" => config.inference.top_p = value.as_f64(),
            "temperature" => config.inference.temperature = value.as_f64(),
            "endpointing" => config.endpointing = Some(EndpointingSensitivity::parse(word(value))),
            "tools" => config.tools = value.as_array().expect("a list").iter().map(tool).collect(),
            "tool_choice" if value == "any" => config.tool_choice = ToolChoice::Any,
            "tool_choice" => config.tool_choice = ToolChoice::Tool(text(&value["tool"])),
            "speak_first" => config.speak_first = Some(text(value)),
            "microphone" => config.microphone = microphone(value),
            "playback" if value == "reported" => config.playback = Playback::Reported,
            "timing" => {
                for (name, value) in value.as_object().expect("timing") {
                    timing(&mut config, name, number(value));
                }
            }
            other => panic!("no setting is called {other}"),
        }
    }
    config
}

fn timing(config: &mut SessionConfig, name: &str, millis: u64) {
    let timing = &mut config.timing;
    let duration = Duration::from_millis(millis);
    match name {
        "open_ms" => timing.open = duration,
        "close_ms" => timing.close = duration,
        "frame_ms" => timing.frame = duration,
        "gap_ms" => timing.gap = duration,
        "keep_alive_ms" => timing.keep_alive = duration,
        "renew_ms" => timing.renew = duration,
        "credentials_expire_at_ms" => timing.credentials_expire = Some(Tick::from_millis(millis)),
        "answer_ms" => timing.answer = duration,
        "tool_ms" => timing.tool = duration,
        "idle_ms" => timing.idle = Some(duration),
        "life_ms" => timing.life = Some(duration),
        "queued_audio_ms" => timing.queued_audio = duration,
        "recent_audio_ms" => timing.recent_audio = duration,
        other => panic!("no time is called {other}"),
    }
}

/// The JSON of an event of the service, in which sound stands as `{"samples":n,"value":v}`.
fn received(value: &Value) -> Vec<u8> {
    let mut event = value.clone();
    if let Some(content) = event.pointer_mut("/audioOutput/content")
        && content.is_object()
    {
        let bytes: Vec<u8> = sound(content).iter().flat_map(|sample| sample.to_le_bytes()).collect();
        *content = base64_simd::STANDARD.encode_to_string(bytes).into();
    }
    if let Some(content) = event.pointer_mut("/textOutput/content")
        && content.is_object()
    {
        *content = text(content).into();
    }
    serde_json::json!({ "event": event }).to_string().into_bytes()
}

/// Gives one input of a script, `{"name":…}`, to a session.
pub(crate) fn give(
    session: &mut Session,
    reader: &mut EventReader,
    now: Tick,
    input: &Value,
) -> Result<(), SessionError> {
    let (name, value) = input.as_object().and_then(|input| input.iter().next()).expect("one input");
    match name.as_str() {
        "connected" => session.handle_input(now, Input::Connected),
        "audio" => session.handle_input(now, Input::Audio(&sound(value))),
        "text" => session.handle_input(now, Input::Text(&text(value))),
        "microphone" => session.handle_input(now, Input::Microphone(microphone(value))),
        "played" => {
            let (turn, samples) = (TurnId::new(number(&value["turn"])), number(&value["samples"]));
            session.handle_input(now, Input::Played { turn, samples })
        }
        "interrupt" => session.handle_input(now, Input::Interrupt),
        "toolResult" => {
            let call = ToolUseId::from(word(&value["call"]));
            // a value of any kind, or (for what is no JSON) its text
            let json = value.get("text").map_or_else(|| value["json"].to_string(), text);
            session.handle_input(now, Input::ToolResult { call: &call, json: &json })
        }
        "toolFailed" => {
            let (call, message) = (ToolUseId::from(word(&value["call"])), text(&value["message"]));
            session.handle_input(now, Input::ToolFailed { call: &call, message: &message })
        }
        "received" => {
            let event = reader.read_server(&received(value)).expect("an event that can be read");
            session.handle_input(now, Input::Received(event))
        }
        "unreadable" => {
            let error = reader.read_server(word(value).as_bytes()).expect_err("an event that cannot be read");
            session.handle_input(now, Input::Unreadable(error))
        }
        "exception" => {
            let exception = ServiceException::parse(word(&value["name"]));
            let error = ServiceError::new(exception, word(&value["message"]));
            session.handle_input(now, Input::Exception(error))
        }
        "timeout" => session.handle_input(now, Input::Timeout),
        "hangup" => session.handle_input(now, Input::Hangup),
        "failed" => {
            let code = ErrorCode::parse(word(&value["code"])).expect("a code");
            let failure = Failure::new(code, word(&value["message"]));
            session.handle_input(now, Input::Failed(failure))
        }
        "disconnected" => session.handle_input(now, Input::Disconnected),
        other => panic!("no input is called {other}"),
    }
}
