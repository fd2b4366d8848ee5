//! What a conversation is to be like, read from what JavaScript gives.

use std::time::Duration;

use super::Fault;
use crate::{
    audio::SampleRate,
    event::{EndpointingSensitivity, ToolChoice, ToolSpec},
    json::{self, Object, Value},
    session::{Message, Microphone, Playback, SessionConfig, Timing},
};

/// Settings of a session, and the model if one was named.
#[derive(Debug)]
#[non_exhaustive]
pub struct Settings {
    /// What the conversation is to be like.
    pub session: SessionConfig,
    /// The model.
    pub model: Option<String>,
}

/// Reads the text of a JSON object; settings that are not there are those of `defaults`.
///
/// ```
/// use nova_sonic_core::{javascript::read_settings, session::SessionConfig};
/// let settings = read_settings(r#"{"voice":"amy","topP":0.5}"#, SessionConfig::default())?;
/// assert_eq!(settings.session.voice_id, "amy");
/// let fault = read_settings(r#"{"topP":"much"}"#, SessionConfig::default()).unwrap_err();
/// assert_eq!(fault.message, "setting topP is not a number");
/// # Ok::<(), nova_sonic_core::javascript::Fault>(())
/// ```
///
/// # Errors
///
/// A [`Fault`] that names the setting which is unknown, or is not what it should be. What settings may be beside each
/// other [`Session::new`](crate::session::Session::new) checks.
pub fn read_settings(settings: &str, defaults: SessionConfig) -> Result<Settings, Fault> {
    let settings = json::read(settings.as_bytes())
        .map_err(|defect| Fault::setting("object", &format!("is not JSON at column {}", defect.column)))?;
    let mut session = defaults;
    let mut model = None;
    for (name, value) in fields("object", &settings)? {
        // what is left undefined is not there, what is null has been left out as well
        if value.is_null() {
            continue;
        }
        let given = Given { setting: name, value };
        // one way out for all of them: size counts here
        match name.as_str() {
            "systemPrompt" => given.text().map(|text| session.system_prompt = text),
            "speechPrompt" => given.optional(&mut session.speech_prompt),
            "speakFirst" => given.optional(&mut session.speak_first),
            "voice" => given.text().map(|text| session.voice_id = text),
            "model" => given.optional(&mut model),
            "temperature" => given.number(&mut session.inference.temperature),
            "topP" => given.number(&mut session.inference.top_p),
            "maxTokens" => given.whole().map(|tokens| session.inference.max_tokens = Some(tokens)),
            "turnDetection" => given.one_of(SENSITIVITIES).map(|word| session.endpointing = Some(word)),
            "history" => messages(&given).map(|messages| session.history = messages),
            "tools" => tools(&given).map(|tools| session.tools = tools),
            "toolChoice" => choice(&given).map(|choice| session.tool_choice = choice),
            "inputRate" => given.rate(&mut session.input_rate),
            "outputRate" => given.rate(&mut session.output_rate),
            "microphone" => given.one_of(POSITIONS).map(|word| session.microphone = word),
            "playback" => given.one_of(PLAYBACKS).map(|word| session.playback = word),
            "renewal" => given.flag().map(|renewal| session.renewal = renewal),
            "limits" => limits(&mut session.timing, value),
            unknown => Err(unknown_setting(unknown)),
        }?;
    }
    Ok(Settings { session, model })
}

const SENSITIVITIES: &[(&str, EndpointingSensitivity)] = &[
    ("low", EndpointingSensitivity::Low),
    ("medium", EndpointingSensitivity::Medium),
    ("high", EndpointingSensitivity::High),
];
const POSITIONS: &[(&str, Microphone)] =
    &[("open", Microphone::Open), ("muted", Microphone::Muted), ("closed", Microphone::Closed)];
const PLAYBACKS: &[(&str, Playback)] = &[("reported", Playback::Reported), ("assumed", Playback::Assumed)];

/// One setting, as it was given.
struct Given<'a> {
    setting: &'a str,
    value: &'a Value,
}

// Not inlined: each is asked for many times, and it is size that counts here.
impl Given<'_> {
    fn refused(&self, problem: &str) -> Fault {
        Fault::setting(self.setting, problem)
    }

    #[inline(never)]
    fn text(&self) -> Result<String, Fault> {
        self.value.as_str().map(str::to_owned).ok_or_else(|| self.refused("is not a text"))
    }

    #[inline(never)]
    fn optional(&self, place: &mut Option<String>) -> Result<(), Fault> {
        *place = Some(self.text()?);
        Ok(())
    }

    #[inline(never)]
    fn number(&self, place: &mut Option<f64>) -> Result<(), Fault> {
        *place = Some(self.value.as_f64().ok_or_else(|| self.refused("is not a number"))?);
        Ok(())
    }

    #[inline(never)]
    fn whole(&self) -> Result<u32, Fault> {
        let whole = self.value.as_u64().and_then(|whole| u32::try_from(whole).ok());
        whole.ok_or_else(|| self.refused("is not a whole number"))
    }

    fn flag(&self) -> Result<bool, Fault> {
        self.value.as_bool().ok_or_else(|| self.refused("is neither true nor false"))
    }

    #[inline(never)]
    fn rate(&self, place: &mut SampleRate) -> Result<(), Fault> {
        let rate = SampleRate::from_hertz(self.whole()?);
        *place = rate.ok_or_else(|| self.refused("is not 8000, 16000 or 24000"))?;
        Ok(())
    }

    fn one_of<T: Clone>(&self, words: &[(&str, T)]) -> Result<T, Fault> {
        let given = self.value.as_str();
        let found = words.iter().find(|(word, _)| Some(*word) == given).map(|(_, meaning)| meaning.clone());
        found.ok_or_else(|| {
            let mut problem = "is none of ".to_owned();
            for (place, (word, _)) in words.iter().enumerate() {
                problem.push_str(if place == 0 { "" } else { ", " });
                problem.push_str(word);
            }
            self.refused(&problem)
        })
    }
}

/// Where a microphone stands: `open`, `muted` or `closed`.
///
/// # Errors
///
/// A [`Fault`] for any other word.
pub fn microphone(word: &str) -> Result<Microphone, Fault> {
    Given { setting: "microphone", value: &word.into() }.one_of(POSITIONS)
}

/// A name that came from outside is repeated, but not at any length.
fn unknown_setting(name: &str) -> Fault {
    let name: String = name.chars().filter(|letter| !letter.is_control()).take(40).collect();
    Fault::setting(&name, "is not known")
}

fn fields<'a>(setting: &str, value: &'a Value) -> Result<&'a Object, Fault> {
    value.as_object().ok_or_else(|| Fault::setting(setting, "is not an object"))
}

/// `auto`, `any`, or the name of a tool: `{"tool":"get_weather"}`.
fn choice(given: &Given<'_>) -> Result<ToolChoice, Fault> {
    match given.value {
        Value::String(word) if word == "auto" => Ok(ToolChoice::Auto),
        Value::String(word) if word == "any" => Ok(ToolChoice::Any),
        Value::Object(_) => {
            let [name] = texts(given.setting, given.value, ["tool"])?;
            Ok(ToolChoice::Tool(name))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(given.refused("is not auto, any or {\"tool\":name}"))
        }
    }
}

/// The entries of a list.
fn entries<'a>(given: &Given<'a>) -> Result<&'a [Value], Fault> {
    given.value.as_array().map(Vec::as_slice).ok_or_else(|| given.refused("is not a list"))
}

/// `{"role":"user"|"assistant","text":…}` each.
fn messages(given: &Given<'_>) -> Result<Vec<Message>, Fault> {
    let mut messages = Vec::new();
    for (index, entry) in entries(given)?.iter().enumerate() {
        let setting = format!("{}[{index}]", given.setting);
        let [role, words] = texts(&setting, entry, ["role", "text"])?;
        messages.push(match role.as_str() {
            "user" => Message::user(words),
            "assistant" => Message::assistant(words),
            _ => return Err(Fault::setting(&format!("{setting}.role"), "is none of user, assistant")),
        });
    }
    Ok(messages)
}

/// `{"name":…,"description":…,"schema":…}` each, the schema as text: as an object its properties would lose their order,
/// in which models read them.
fn tools(given: &Given<'_>) -> Result<Vec<ToolSpec>, Fault> {
    let mut tools = Vec::new();
    for (index, entry) in entries(given)?.iter().enumerate() {
        let setting = format!("{}[{index}]", given.setting);
        let [name, description, schema] = texts(&setting, entry, ["name", "description", "schema"])?;
        tools.push(ToolSpec::new(name, description, &schema)?);
    }
    Ok(tools)
}

/// The texts of an entry that has these and nothing else.
fn texts<const N: usize>(setting: &str, entry: &Value, names: [&str; N]) -> Result<[String; N], Fault> {
    let fields = fields(setting, entry)?;
    if let Some(unknown) = fields.keys().find(|name| !names.contains(&name.as_str())) {
        return Err(unknown_setting(&format!("{setting}.{unknown}")));
    }
    let mut texts = [const { String::new() }; N];
    for (place, name) in texts.iter_mut().zip(names) {
        let value = fields.get(name).unwrap_or(&Value::Null);
        *place = Given { setting: &format!("{setting}.{name}"), value }.text()?;
    }
    Ok(texts)
}

fn limits(timing: &mut Timing, value: &Value) -> Result<(), Fault> {
    for (name, value) in fields("limits", value)? {
        if value.is_null() {
            continue;
        }
        let setting = format!("limits.{name}");
        let duration = Duration::from_millis(Given { setting: &setting, value }.whole()?.into());
        let place = match name.as_str() {
            "openMs" => &mut timing.open,
            "closeMs" => &mut timing.close,
            "frameMs" => &mut timing.frame,
            "gapMs" => &mut timing.gap,
            "keepAliveMs" => &mut timing.keep_alive,
            "renewMs" => &mut timing.renew,
            "answerMs" => &mut timing.answer,
            "toolMs" => &mut timing.tool,
            "idleMs" => timing.idle.get_or_insert_default(),
            "wallMs" => timing.life.get_or_insert_default(),
            "queuedAudioMs" => &mut timing.queued_audio,
            "recentAudioMs" => &mut timing.recent_audio,
            _ => return Err(unknown_setting(&setting)),
        };
        *place = duration;
    }
    Ok(())
}
