//! What a conversation is to be like, read from what JavaScript gives.

use std::time::Duration;

use nova_sonic_core::{
    audio::SampleRate,
    event::{EndpointingSensitivity, ToolChoice, ToolSpec},
    session::{Message, Microphone, Playback, SessionConfig, Timing},
};
use serde_json::{Map, Value};

use crate::fault::Fault;

/// Settings of a session, and the model if it is not the grant's.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) session: SessionConfig,
    pub(crate) model: Option<String>,
}

/// Reads the text of a JSON object; settings that are not there have the core's defaults, except that the player reports
/// what it has played.
pub(crate) fn read(json: &str) -> Result<Settings, Fault> {
    let settings: Value = serde_json::from_str(json)
        .map_err(|error| Fault::setting("object", &format!("is not JSON at column {}", error.column())))?;
    let mut session = SessionConfig::default().playback(Playback::Reported);
    let mut model = None;
    for (name, value) in fields("object", settings)? {
        let setting = name.as_str();
        match setting {
            // what is left undefined is not there, what is null has been left out as well
            _ if value.is_null() => {}
            "systemPrompt" => session.system_prompt = text(setting, value)?,
            "speechPrompt" => session.speech_prompt = Some(text(setting, value)?),
            "speakFirst" => session.speak_first = Some(text(setting, value)?),
            "voice" => session.voice_id = text(setting, value)?,
            "model" => model = Some(text(setting, value)?),
            "temperature" => session.inference.temperature = Some(number(setting, &value)?),
            "topP" => session.inference.top_p = Some(number(setting, &value)?),
            "maxTokens" => session.inference.max_tokens = Some(whole(setting, &value)?),
            "turnDetection" => session.endpointing = Some(sensitivity(setting, value)?),
            "history" => session.history = each(setting, value, message)?,
            "tools" => session.tools = each(setting, value, tool)?,
            "toolChoice" => session.tool_choice = choice(setting, value)?,
            "inputRate" => session.input_rate = rate(setting, &value)?,
            "outputRate" => session.output_rate = rate(setting, &value)?,
            "microphone" => session.microphone = microphone(setting, &text(setting, value)?)?,
            "playback" => session.playback = playback(setting, &text(setting, value)?)?,
            "limits" => limits(&mut session.timing, value)?,
            unknown => return Err(unknown_setting(unknown)),
        }
    }
    Ok(Settings { session, model })
}

/// `open`, `muted` or `closed`.
pub(crate) fn microphone(setting: &str, word: &str) -> Result<Microphone, Fault> {
    match word {
        "open" => Ok(Microphone::Open),
        "muted" => Ok(Microphone::Muted),
        "closed" => Ok(Microphone::Closed),
        _ => Err(Fault::setting(setting, "is not open, muted or closed")),
    }
}

/// A name that came from outside is repeated, but not at any length.
fn unknown_setting(name: &str) -> Fault {
    let name: String = name.chars().filter(|letter| !letter.is_control()).take(40).collect();
    Fault::setting(&name, "is not known")
}

fn fields(setting: &str, value: Value) -> Result<Map<String, Value>, Fault> {
    match value {
        Value::Object(fields) => Ok(fields),
        _ => Err(Fault::setting(setting, "is not an object")),
    }
}

fn text(setting: &str, value: Value) -> Result<String, Fault> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(Fault::setting(setting, "is not a text")),
    }
}

fn number(setting: &str, value: &Value) -> Result<f64, Fault> {
    value.as_f64().ok_or_else(|| Fault::setting(setting, "is not a number"))
}

fn whole(setting: &str, value: &Value) -> Result<u32, Fault> {
    let whole = value.as_u64().and_then(|whole| u32::try_from(whole).ok());
    whole.ok_or_else(|| Fault::setting(setting, "is not a whole number"))
}

fn rate(setting: &str, value: &Value) -> Result<SampleRate, Fault> {
    let rate = SampleRate::from_hertz(whole(setting, value)?);
    rate.ok_or_else(|| Fault::setting(setting, "is not 8000, 16000 or 24000"))
}

fn sensitivity(setting: &str, value: Value) -> Result<EndpointingSensitivity, Fault> {
    match text(setting, value)?.as_str() {
        "low" => Ok(EndpointingSensitivity::Low),
        "medium" => Ok(EndpointingSensitivity::Medium),
        "high" => Ok(EndpointingSensitivity::High),
        _ => Err(Fault::setting(setting, "is not low, medium or high")),
    }
}

fn playback(setting: &str, word: &str) -> Result<Playback, Fault> {
    match word {
        "reported" => Ok(Playback::Reported),
        "assumed" => Ok(Playback::Assumed),
        _ => Err(Fault::setting(setting, "is not reported or assumed")),
    }
}

/// `auto`, `any`, or the name of a tool: `{"tool":"get_weather"}`.
fn choice(setting: &str, value: Value) -> Result<ToolChoice, Fault> {
    match value {
        Value::String(word) if word == "auto" => Ok(ToolChoice::Auto),
        Value::String(word) if word == "any" => Ok(ToolChoice::Any),
        Value::Object(mut fields) if fields.len() == 1 => match fields.remove("tool") {
            Some(name) => Ok(ToolChoice::Tool(text(setting, name)?)),
            None => Err(Fault::setting(setting, "names no tool")),
        },
        _ => Err(Fault::setting(setting, "is not auto, any or {\"tool\":name}")),
    }
}

/// Reads each entry of a list, which is called `setting[index]` when something is wrong with it.
fn each<T>(
    setting: &str,
    value: Value,
    read: impl Fn(&str, Map<String, Value>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let Value::Array(list) = value else { return Err(Fault::setting(setting, "is not a list")) };
    let entries = list.into_iter().enumerate().map(|(index, entry)| {
        let setting = format!("{setting}[{index}]");
        read(&setting, fields(&setting, entry)?)
    });
    entries.collect()
}

/// `{"role":"user"|"assistant","text":…}`.
fn message(setting: &str, mut fields: Map<String, Value>) -> Result<Message, Fault> {
    let (role, words) = (taken(setting, &mut fields, "role")?, taken(setting, &mut fields, "text")?);
    nothing_else(setting, &fields)?;
    match role.as_str() {
        "user" => Ok(Message::user(words)),
        "assistant" => Ok(Message::assistant(words)),
        _ => Err(Fault::setting(&format!("{setting}.role"), "is neither user nor assistant")),
    }
}

/// `{"name":…,"description":…,"schema":…}`, the schema as text: as an object its properties would lose their order, in
/// which models read them.
fn tool(setting: &str, mut fields: Map<String, Value>) -> Result<ToolSpec, Fault> {
    let name = taken(setting, &mut fields, "name")?;
    let description = taken(setting, &mut fields, "description")?;
    let schema = taken(setting, &mut fields, "schema")?;
    nothing_else(setting, &fields)?;
    Ok(ToolSpec::new(name, description, &schema)?)
}

fn taken(setting: &str, fields: &mut Map<String, Value>, name: &str) -> Result<String, Fault> {
    text(&format!("{setting}.{name}"), fields.remove(name).unwrap_or_default())
}

fn nothing_else(setting: &str, fields: &Map<String, Value>) -> Result<(), Fault> {
    fields.keys().next().map_or(Ok(()), |name| Err(unknown_setting(&format!("{setting}.{name}"))))
}

fn limits(timing: &mut Timing, value: Value) -> Result<(), Fault> {
    for (name, value) in fields("limits", value)? {
        if value.is_null() {
            continue;
        }
        let setting = format!("limits.{name}");
        let duration = Duration::from_millis(whole(&setting, &value)?.into());
        match name.as_str() {
            "openMs" => timing.open = duration,
            "closeMs" => timing.close = duration,
            "frameMs" => timing.frame = duration,
            "gapMs" => timing.gap = duration,
            "keepAliveMs" => timing.keep_alive = duration,
            "renewMs" => timing.renew = duration,
            "answerMs" => timing.answer = duration,
            "toolMs" => timing.tool = duration,
            "idleMs" => timing.idle = Some(duration),
            "wallMs" => timing.life = Some(duration),
            "queuedAudioMs" => timing.queued_audio = duration,
            "recentAudioMs" => timing.recent_audio = duration,
            _ => return Err(unknown_setting(&setting)),
        }
    }
    Ok(())
}
