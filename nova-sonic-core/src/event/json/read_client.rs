//! Client events from JSON: what a service or a relay reads.

use super::{EventReader, refused};
use crate::{
    audio::SampleRate,
    event::{
        ClientContent, ClientEvent, EndpointingSensitivity, EventError, InferenceConfiguration, PromptAudio,
        Role, ToolChoice, ToolSpec,
    },
    id::{ContentName, PromptName, ToolUseId},
    json::{self, Object, Value},
};

impl EventReader {
    /// Reads one event of a client from the JSON of one chunk.
    ///
    /// # Errors
    /// [`EventError`] for text that is no JSON, has no event or several, or breaks the shape of a known event.
    ///
    /// ```
    /// use nova_sonic_core::event::{ClientEvent, EventReader};
    /// let event = EventReader::default().read_client(br#"{"event":{"promptEnd":{"promptName":"p"}}}"#)?;
    /// assert_eq!(event, ClientEvent::PromptEnd { prompt_name: "p".into() });
    /// # Ok::<(), nova_sonic_core::event::EventError>(())
    /// ```
    pub fn read_client(&mut self, json: &[u8]) -> Result<ClientEvent, EventError> {
        let value = json::read(json).map_err(|defect| refused(defect, json.len()))?;
        let Value::Object(mut envelope) = value else {
            return Err(EventError::Envelope);
        };
        let Some(Value::Object(events)) = envelope.remove("event") else {
            return Err(EventError::Envelope);
        };
        // a second event would be read by one party and overlooked by another
        if events.len() != 1 {
            return Err(EventError::Envelope);
        }
        let Some((name, body)) = events.into_iter().next() else {
            return Err(EventError::Envelope);
        };
        let Value::Object(fields) = body else {
            return Err(EventError::Envelope);
        };
        let body = |event| Fields { event, fields: &fields };
        Ok(match name.as_str() {
            "sessionStart" => session_start(&body("sessionStart"))?,
            "promptStart" => prompt_start(&body("promptStart"))?,
            "contentStart" => content_start(&body("contentStart"))?,
            "textInput" => {
                let body = body("textInput");
                let (prompt_name, content_name) = names(&body)?;
                ClientEvent::TextInput { prompt_name, content_name, text: body.text("content")?.to_owned() }
            }
            "audioInput" => {
                let body = body("audioInput");
                let (prompt_name, content_name) = names(&body)?;
                ClientEvent::AudioInput { prompt_name, content_name, pcm: self.pcm(body.text("content")?)? }
            }
            "toolResult" => {
                let body = body("toolResult");
                let (prompt_name, content_name) = names(&body)?;
                ClientEvent::ToolResult { prompt_name, content_name, json: body.text("content")?.to_owned() }
            }
            "contentEnd" => {
                let (prompt_name, content_name) = names(&body("contentEnd"))?;
                ClientEvent::ContentEnd { prompt_name, content_name }
            }
            "promptEnd" => ClientEvent::PromptEnd {
                prompt_name: PromptName::from(body("promptEnd").text("promptName")?),
            },
            "sessionEnd" => ClientEvent::SessionEnd,
            _ => ClientEvent::Unknown { name, body: Value::Object(fields) },
        })
    }
}

struct Fields<'json> {
    event: &'static str,
    fields: &'json Object,
}

impl<'json> Fields<'json> {
    fn wrong(&self, field: &'static str) -> EventError {
        EventError::Field { event: self.event, field }
    }

    fn text(&self, field: &'static str) -> Result<&'json str, EventError> {
        self.fields.get(field).and_then(Value::as_str).ok_or_else(|| self.wrong(field))
    }

    fn object(&self, field: &'static str) -> Result<Self, EventError> {
        let fields = self.fields.get(field).and_then(Value::as_object).ok_or_else(|| self.wrong(field))?;
        Ok(Self { event: self.event, fields })
    }

    fn optional<T>(
        &self,
        field: &'static str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, EventError> {
        match self.fields.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| self.wrong(field)),
        }
    }

    fn rate(&self) -> Result<SampleRate, EventError> {
        let hertz = self.fields.get("sampleRateHertz").and_then(Value::as_u64);
        let rate = hertz.and_then(|hertz| SampleRate::from_hertz(u32::try_from(hertz).ok()?));
        rate.ok_or_else(|| self.wrong("sampleRateHertz"))
    }

    /// The rest of what the guide demands of LPCM, each field only checked where it is present.
    fn lpcm(&self) -> Result<SampleRate, EventError> {
        let expected: [(&'static str, Value); 4] = [
            ("mediaType", "audio/lpcm".into()),
            ("sampleSizeBits", 16_u64.into()),
            ("channelCount", 1_u64.into()),
            ("encoding", "base64".into()),
        ];
        for (field, value) in expected {
            if self.fields.get(field).is_some_and(|given| *given != value) {
                return Err(self.wrong(field));
            }
        }
        self.rate()
    }
}

fn names(body: &Fields<'_>) -> Result<(PromptName, ContentName), EventError> {
    Ok((PromptName::from(body.text("promptName")?), ContentName::from(body.text("contentName")?)))
}

fn session_start(body: &Fields<'_>) -> Result<ClientEvent, EventError> {
    if body.fields.contains_key("endpointingSensitivity") {
        return Err(body.wrong("endpointingSensitivity"));
    }
    let inference = body.object("inferenceConfiguration")?;
    let endpointing = match body.fields.get("turnDetectionConfiguration") {
        None => None,
        Some(_) => body
            .object("turnDetectionConfiguration")?
            .optional("endpointingSensitivity", |word| word.as_str().map(EndpointingSensitivity::parse))?,
    };
    Ok(ClientEvent::SessionStart {
        inference: InferenceConfiguration {
            max_tokens: inference.optional("maxTokens", |value| value.as_u64()?.try_into().ok())?,
            top_p: inference.optional("topP", Value::as_f64)?,
            temperature: inference.optional("temperature", Value::as_f64)?,
        },
        endpointing,
    })
}

fn prompt_start(body: &Fields<'_>) -> Result<ClientEvent, EventError> {
    let audio = body.object("audioOutputConfiguration")?;
    let (tools, tool_choice) = match body.fields.get("toolConfiguration") {
        None => (Vec::new(), ToolChoice::Auto),
        Some(_) => tool_configuration(&body.object("toolConfiguration")?)?,
    };
    Ok(ClientEvent::PromptStart {
        prompt_name: PromptName::from(body.text("promptName")?),
        audio: PromptAudio { rate: audio.lpcm()?, voice_id: audio.text("voiceId")?.to_owned() },
        tools,
        tool_choice,
    })
}

fn tool_configuration(body: &Fields<'_>) -> Result<(Vec<ToolSpec>, ToolChoice), EventError> {
    let wrong = || EventError::Field { event: "promptStart", field: "toolConfiguration.tools" };
    let listed = body.fields.get("tools").and_then(Value::as_array).ok_or_else(wrong)?;
    let mut tools = Vec::with_capacity(listed.len());
    for tool in listed {
        let spec = tool.get("toolSpec").ok_or_else(wrong)?;
        let name = spec.get("name").and_then(Value::as_str).ok_or_else(wrong)?;
        let description = spec.get("description").and_then(Value::as_str).unwrap_or_default();
        let schema = match spec.get("inputSchema").and_then(|schema| schema.get("json")) {
            Some(Value::String(text)) => text.clone(),
            Some(object @ Value::Object(_)) => json::text(object),
            _ => return Err(wrong()),
        };
        tools.push(ToolSpec::new(name, description, &schema)?);
    }
    let choice = match body.fields.get("toolChoice") {
        Some(choice) if choice.get("any").is_some() => ToolChoice::Any,
        Some(choice) => match choice.get("tool").and_then(|tool| tool.get("name")).and_then(Value::as_str) {
            Some(name) => ToolChoice::Tool(name.to_owned()),
            None => ToolChoice::Auto,
        },
        None => ToolChoice::Auto,
    };
    Ok((tools, choice))
}

fn content_start(body: &Fields<'_>) -> Result<ClientEvent, EventError> {
    let (prompt_name, content_name) = names(body)?;
    let content = match body.text("type")? {
        "TEXT" => ClientContent::Text {
            // left out by one published client and accepted: the server is lenient here
            role: body.fields.get("role").and_then(Value::as_str).map_or(Role::User, Role::parse),
            interactive: body.fields.get("interactive").and_then(Value::as_bool).unwrap_or(false),
        },
        "AUDIO" => ClientContent::Audio { rate: body.object("audioInputConfiguration")?.lpcm()? },
        "TOOL" => {
            let configuration = body.object("toolResultInputConfiguration")?;
            ClientContent::ToolResult { tool_use_id: ToolUseId::from(configuration.text("toolUseId")?) }
        }
        _ => return Err(body.wrong("type")),
    };
    Ok(ClientEvent::ContentStart { prompt_name, content_name, content })
}
