//! Client events to JSON.

use base64_simd::STANDARD;
use serde_json::{Map, Value, json};

use super::put;
use crate::{
    audio::{Pcm, SampleRate},
    event::{ClientContent, ClientEvent, InferenceConfiguration, PromptAudio, ToolChoice, ToolSpec},
};

impl ClientEvent {
    /// Appends the event's JSON, `{"event":{"<name>":{…}}}`, to `out`. Audio takes a path without allocation.
    ///
    /// ```
    /// use nova_sonic_core::event::ClientEvent;
    /// let mut out = Vec::new();
    /// ClientEvent::SessionEnd.write_json(&mut out);
    /// assert_eq!(out, br#"{"event":{"sessionEnd":{}}}"#);
    /// ```
    pub fn write_json(&self, out: &mut Vec<u8>) {
        if let Self::AudioInput { prompt_name, content_name, pcm } = self {
            write_audio(prompt_name, content_name, pcm, out);
            return;
        }
        let mut named = Map::new();
        named.insert(self.name().to_owned(), self.body());
        write_value(&json!({ "event": named }), out);
    }

    fn body(&self) -> Value {
        match self {
            Self::SessionStart { inference, endpointing } => {
                let mut body = json!({ "inferenceConfiguration": inference_json(*inference) });
                if let (Some(sensitivity), Value::Object(fields)) = (endpointing, &mut body) {
                    // nested for Nova 2: the flat form of version 1 is refused with "Invalid input request"
                    fields.insert(
                        "turnDetectionConfiguration".to_owned(),
                        json!({ "endpointingSensitivity": sensitivity.as_str() }),
                    );
                }
                body
            }
            Self::PromptStart { prompt_name, audio, tools, tool_choice } => {
                prompt_json(prompt_name, audio, tools, tool_choice)
            }
            Self::ContentStart { prompt_name, content_name, content } => {
                content_json(prompt_name, content_name, content)
            }
            Self::TextInput { prompt_name, content_name, text: content }
            | Self::ToolResult { prompt_name, content_name, json: content } => json!({
                "promptName": prompt_name.as_str(), "contentName": content_name.as_str(), "content": content,
            }),
            Self::AudioInput { prompt_name, content_name, pcm } => json!({
                "promptName": prompt_name.as_str(), "contentName": content_name.as_str(), "content": base64(pcm),
            }),
            Self::ContentEnd { prompt_name, content_name } => {
                json!({ "promptName": prompt_name.as_str(), "contentName": content_name.as_str() })
            }
            Self::PromptEnd { prompt_name } => json!({ "promptName": prompt_name.as_str() }),
            Self::SessionEnd => json!({}),
            Self::Unknown { body, .. } => body.clone(),
        }
    }
}

fn inference_json(inference: InferenceConfiguration) -> Value {
    let mut fields = Map::new();
    if let Some(max_tokens) = inference.max_tokens {
        fields.insert("maxTokens".to_owned(), max_tokens.into());
    }
    if let Some(top_p) = inference.top_p {
        fields.insert("topP".to_owned(), top_p.into());
    }
    if let Some(temperature) = inference.temperature {
        fields.insert("temperature".to_owned(), temperature.into());
    }
    Value::Object(fields)
}

fn prompt_json(
    prompt_name: &str,
    audio: &PromptAudio,
    tools: &[ToolSpec],
    tool_choice: &ToolChoice,
) -> Value {
    let mut output = lpcm(audio.rate);
    put(&mut output, "voiceId", audio.voice_id.as_str());
    let mut body = json!({
        "promptName": prompt_name,
        "textOutputConfiguration": { "mediaType": "text/plain" },
        "audioOutputConfiguration": output,
    });
    if !tools.is_empty() {
        let specs: Vec<Value> = tools.iter().map(tool_json).collect();
        let mut configuration = json!({ "tools": specs });
        match tool_choice {
            ToolChoice::Auto => {}
            ToolChoice::Any => put(&mut configuration, "toolChoice", json!({ "any": {} })),
            ToolChoice::Tool(name) => {
                put(&mut configuration, "toolChoice", json!({ "tool": { "name": name } }));
            }
        }
        put(&mut body, "toolUseOutputConfiguration", json!({ "mediaType": "application/json" }));
        put(&mut body, "toolConfiguration", configuration);
    }
    body
}

/// The schema goes as a string that holds JSON: the guide shows both forms, every working client sends this one.
fn tool_json(tool: &ToolSpec) -> Value {
    json!({ "toolSpec": {
        "name": tool.name(), "description": tool.description(), "inputSchema": { "json": tool.input_schema() },
    } })
}

fn lpcm(rate: SampleRate) -> Value {
    json!({
        "mediaType": "audio/lpcm", "sampleRateHertz": rate.hertz(), "sampleSizeBits": 16, "channelCount": 1,
        "audioType": "SPEECH", "encoding": "base64",
    })
}

fn content_json(prompt_name: &str, content_name: &str, content: &ClientContent) -> Value {
    let (role, interactive) = match content {
        ClientContent::Text { role, interactive } => (role.as_str(), *interactive),
        ClientContent::Audio { .. } => ("USER", true),
        ClientContent::ToolResult { .. } => ("TOOL", false),
    };
    let mut body = json!({
        "promptName": prompt_name, "contentName": content_name,
        "type": content.content_type().as_str(), "interactive": interactive, "role": role,
    });
    match content {
        ClientContent::Text { .. } => {
            put(&mut body, "textInputConfiguration", json!({ "mediaType": "text/plain" }));
        }
        ClientContent::Audio { rate } => put(&mut body, "audioInputConfiguration", lpcm(*rate)),
        ClientContent::ToolResult { tool_use_id } => {
            put(
                &mut body,
                "toolResultInputConfiguration",
                json!({
                    "toolUseId": tool_use_id.as_str(), "type": "TEXT",
                    "textInputConfiguration": { "mediaType": "text/plain" },
                }),
            );
        }
    }
    body
}

fn write_audio(prompt_name: &str, content_name: &str, pcm: &Pcm, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"event":{"audioInput":{"promptName":"#);
    write_text(prompt_name, out);
    out.extend_from_slice(br#","contentName":"#);
    write_text(content_name, out);
    out.extend_from_slice(br#","content":""#);
    write_base64(pcm, out);
    out.extend_from_slice(br#""}}}"#);
}

/// Base64 of the samples' little-endian bytes, in runs that need no buffer on the heap.
pub(super) fn write_base64(samples: &[i16], out: &mut Vec<u8>) {
    // 384 samples are 768 bytes, a multiple of three: runs join without padding between them
    let mut bytes = [0_u8; 768];
    for run in samples.chunks(384) {
        for (pair, sample) in bytes.chunks_exact_mut(2).zip(run) {
            pair.copy_from_slice(&sample.to_le_bytes());
        }
        if let Some(filled) = bytes.get(..run.len() * 2) {
            STANDARD.encode_append(filled, out);
        }
    }
}

fn base64(samples: &[i16]) -> String {
    let mut text = Vec::new();
    write_base64(samples, &mut text);
    String::from_utf8(text).unwrap_or_default()
}

/// A JSON string: ids are plain in practice, which costs one look; anything else is escaped by `serde_json`.
fn write_text(text: &str, out: &mut Vec<u8>) {
    if text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\') {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        write_value(&Value::from(text), out);
    }
}

pub(super) fn write_value(value: &Value, out: &mut Vec<u8>) {
    // writing a `Value` into memory has no way to fail
    let _ = serde_json::to_writer(&mut *out, value);
}
