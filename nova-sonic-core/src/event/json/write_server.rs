//! Server events to JSON, as the service writes them.

use serde_json::{Map, Value, json};

use super::{put, write_client::write_base64};
use crate::{
    event::{Extra, ServerContent, ServerEvent, ServerIds, TokenCounts, Usage},
    json::write,
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
        let mut named = Map::new();
        named.insert(self.name().to_owned(), self.body());
        write(&json!({ "event": named }), out);
    }

    fn body(&self) -> Value {
        let (ids, extra, known) = match self {
            Self::Usage { ids, total_input_tokens, total_output_tokens, details, extra } => {
                let mut known = json!({
                    "totalInputTokens": total_input_tokens, "totalOutputTokens": total_output_tokens,
                    "totalTokens": total_input_tokens.saturating_add(*total_output_tokens),
                });
                if let Some(details) = details {
                    put(
                        &mut known,
                        "details",
                        json!({ "delta": usage_json(details.delta), "total": usage_json(details.total) }),
                    );
                }
                (ids, extra, known)
            }
            Self::CompletionStart { ids, extra } => (ids, extra, json!({})),
            Self::ContentStart { ids, content_id, role, content, extra } => {
                let mut known = content_json(content);
                put(&mut known, "contentId", content_id.as_str());
                put(&mut known, "role", role.as_str());
                (ids, extra, known)
            }
            Self::TextOutput { ids, content_id, role, text, extra } => {
                let mut known = json!({ "contentId": content_id.as_str(), "content": text });
                if let Some(role) = role {
                    put(&mut known, "role", role.as_str());
                }
                (ids, extra, known)
            }
            Self::AudioOutput { ids, content_id, pcm, extra } => {
                let mut content = Vec::new();
                write_base64(pcm, &mut content);
                let content = String::from_utf8(content).unwrap_or_default();
                (
                    ids,
                    extra,
                    json!({ "contentId": content_id.as_str(), "content": content, "role": "ASSISTANT" }),
                )
            }
            Self::ToolUse { ids, content_id, tool_use_id, tool_name, input, extra } => {
                let known = json!({
                    "contentId": content_id.as_str(), "toolUseId": tool_use_id.as_str(), "toolName": tool_name,
                    "content": input, "role": "TOOL",
                });
                (ids, extra, known)
            }
            Self::ContentEnd { ids, content_id, content_type, stop_reason, extra } => {
                let mut known = json!({ "contentId": content_id.as_str() });
                if let Some(content_type) = content_type {
                    put(&mut known, "type", content_type.as_str());
                }
                if let Some(stop_reason) = stop_reason {
                    put(&mut known, "stopReason", stop_reason.as_str());
                }
                (ids, extra, known)
            }
            Self::CompletionEnd { ids, stop_reason, extra } => {
                let mut known = json!({});
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
            let mut known =
                json!({ "type": "TEXT", "textOutputConfiguration": { "mediaType": "text/plain" } });
            if let Some(stage) = stage {
                put(
                    &mut known,
                    "additionalModelFields",
                    json!({ "generationStage": stage.as_str() }).to_string(),
                );
            }
            known
        }
        ServerContent::Audio { sample_rate_hertz } => json!({
            "type": "AUDIO",
            "audioOutputConfiguration": {
                "mediaType": "audio/lpcm", "sampleRateHertz": sample_rate_hertz, "sampleSizeBits": 16,
                "encoding": "base64", "channelCount": 1,
            },
        }),
        ServerContent::Tool => json!({
            "type": "TOOL", "toolUseOutputConfiguration": { "mediaType": "application/json" },
        }),
        ServerContent::Other(word) => json!({ "type": word }),
    }
}

fn usage_json(usage: Usage) -> Value {
    let counts = |counts: TokenCounts| json!({ "speechTokens": counts.speech, "textTokens": counts.text });
    json!({ "input": counts(usage.input), "output": counts(usage.output) })
}
