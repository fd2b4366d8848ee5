//! Server events to JSON, as the service writes them.

use super::{put, write_client::write_base64};
use crate::{
    event::{Extra, ServerContent, ServerEvent, ServerIds, TokenCounts, Usage},
    json::{Value, object, text, write},
};

impl ServerEvent {
    /// Appends the event's JSON, `{"event":{"<name>":{…}}}`, to `out`, in the shapes of recorded sessions.
    ///
    /// ```
    /// use nova_sonic_core::event::{EventReader, ServerEvent};
    /// let json = br#"{"event":{"completionEnd":{"completionId":"c","promptName":"p","sessionId":"s","stopReason":"END_TURN"}}}"#;
    /// let mut out = Vec::new();
    /// EventReader::default().read_server(json)?.write_json(&mut out);
    /// assert_eq!(out, json);
    /// # Ok::<(), nova_sonic_core::event::EventError>(())
    /// ```
    pub fn write_json(&self, out: &mut Vec<u8>) {
        write(&object([("event", object([(self.name(), self.body())]))]), out);
    }

    fn body(&self) -> Value {
        let (ids, extra, known) = match self {
            Self::Usage { ids, total_input_tokens, total_output_tokens, details, extra } => {
                let mut known = object([
                    ("totalInputTokens", (*total_input_tokens).into()),
                    ("totalOutputTokens", (*total_output_tokens).into()),
                    ("totalTokens", total_input_tokens.saturating_add(*total_output_tokens).into()),
                ]);
                if let Some(details) = details {
                    let counts = [("delta", usage_json(details.delta)), ("total", usage_json(details.total))];
                    put(&mut known, "details", object(counts));
                }
                (ids, extra, known)
            }
            Self::CompletionStart { ids, extra } => (ids, extra, object([])),
            Self::ContentStart { ids, content_id, role, content, extra } => {
                let mut known = content_json(content);
                put(&mut known, "contentId", content_id.as_str());
                put(&mut known, "role", role.as_str());
                (ids, extra, known)
            }
            Self::TextOutput { ids, content_id, role, text, extra } => {
                let mut known =
                    object([("contentId", content_id.as_str().into()), ("content", text.as_str().into())]);
                if let Some(role) = role {
                    put(&mut known, "role", role.as_str());
                }
                (ids, extra, known)
            }
            Self::AudioOutput { ids, content_id, pcm, extra } => {
                let mut content = Vec::new();
                write_base64(pcm, &mut content);
                let content = String::from_utf8(content).unwrap_or_default();
                let known = object([
                    ("contentId", content_id.as_str().into()),
                    ("content", content.into()),
                    ("role", "ASSISTANT".into()),
                ]);
                (ids, extra, known)
            }
            Self::ToolUse { ids, content_id, tool_use_id, tool_name, input, extra } => {
                let known = object([
                    ("contentId", content_id.as_str().into()),
                    ("toolUseId", tool_use_id.as_str().into()),
                    ("toolName", tool_name.as_str().into()),
                    ("content", input.as_str().into()),
                    ("role", "TOOL".into()),
                ]);
                (ids, extra, known)
            }
            Self::ContentEnd { ids, content_id, content_type, stop_reason, extra } => {
                let mut known = object([("contentId", content_id.as_str().into())]);
                if let Some(content_type) = content_type {
                    put(&mut known, "type", content_type.as_str());
                }
                if let Some(stop_reason) = stop_reason {
                    put(&mut known, "stopReason", stop_reason.as_str());
                }
                (ids, extra, known)
            }
            Self::CompletionEnd { ids, stop_reason, extra } => {
                let mut known = object([]);
                if let Some(stop_reason) = stop_reason {
                    put(&mut known, "stopReason", stop_reason.as_str());
                }
                (ids, extra, known)
            }
            Self::Unknown { body, .. } => return body.clone(),
        };
        merged(known, ids, extra)
    }
}

fn merged(mut known: Value, ids: &ServerIds, extra: &Extra) -> Value {
    if let Value::Object(fields) = &mut known {
        let ids = [
            ("sessionId", ids.session_id.as_deref()),
            ("promptName", ids.prompt_name.as_deref()),
            ("completionId", ids.completion_id.as_deref()),
        ];
        for (name, id) in ids {
            if let Some(id) = id {
                fields.insert(name.to_owned(), id.into());
            }
        }
        for (name, value) in extra {
            // only where they say more than the stage are these fields among the unknown
            if name == "additionalModelFields" || !fields.contains_key(name) {
                fields.insert(name.clone(), value.clone());
            }
        }
    }
    known
}

fn content_json(content: &ServerContent) -> Value {
    match content {
        ServerContent::Text { stage } => {
            let mut known = of_type("TEXT", "textOutputConfiguration", media_type("text/plain"));
            if let Some(stage) = stage {
                let stage = object([("generationStage", stage.as_str().into())]);
                put(&mut known, "additionalModelFields", text(&stage));
            }
            known
        }
        ServerContent::Audio { sample_rate_hertz } => {
            let mut sound = media_type("audio/lpcm");
            put(&mut sound, "sampleRateHertz", *sample_rate_hertz);
            put(&mut sound, "sampleSizeBits", 16_u64);
            put(&mut sound, "encoding", "base64");
            put(&mut sound, "channelCount", 1_u64);
            of_type("AUDIO", "audioOutputConfiguration", sound)
        }
        ServerContent::Tool => of_type("TOOL", "toolUseOutputConfiguration", media_type("application/json")),
        ServerContent::Other(word) => object([("type", word.as_str().into())]),
    }
}

fn of_type(word: &str, name: &str, configuration: Value) -> Value {
    object([("type", word.into()), (name, configuration)])
}

fn media_type(name: &str) -> Value {
    object([("mediaType", name.into())])
}

fn usage_json(usage: Usage) -> Value {
    let counts = |counts: TokenCounts| {
        object([("speechTokens", counts.speech.into()), ("textTokens", counts.text.into())])
    };
    object([("input", counts(usage.input)), ("output", counts(usage.output))])
}
