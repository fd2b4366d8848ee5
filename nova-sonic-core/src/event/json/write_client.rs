//! Client events to JSON.

use base64_simd::STANDARD;

use crate::{
    audio::{Pcm, SampleRate},
    event::{ClientContent, ClientEvent, InferenceConfiguration, ToolChoice, ToolSpec},
    json::{ObjectWriter, write_text},
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
        let mut object = ObjectWriter::begin(out);
        object.begin_object("event");
        if let Self::Unknown { name, body } = self {
            object.value(name, body).end().end();
            return;
        }
        object.begin_object(self.name());
        self.write_body(&mut object);
        object.end().end().end();
    }

    fn write_body(&self, object: &mut ObjectWriter<'_>) {
        match self {
            Self::SessionStart { inference, endpointing } => {
                write_inference(*inference, object);
                if let Some(sensitivity) = endpointing {
                    // nested for Nova 2: the flat form of version 1 is refused with "Invalid input request"
                    object
                        .begin_object("turnDetectionConfiguration")
                        .text("endpointingSensitivity", sensitivity.as_str())
                        .end();
                }
            }
            Self::PromptStart { prompt_name, audio, tools, tool_choice } => {
                object.text("promptName", prompt_name);
                write_media_type("textOutputConfiguration", "text/plain", object);
                write_sound("audioOutputConfiguration", audio.rate, Some(&audio.voice_id), object);
                write_tools(tools, tool_choice, object);
            }
            Self::ContentStart { prompt_name, content_name, content } => {
                object.text("promptName", prompt_name).text("contentName", content_name);
                write_content(content, object);
            }
            Self::TextInput { prompt_name, content_name, text: content }
            | Self::ToolResult { prompt_name, content_name, json: content } => {
                object
                    .text("promptName", prompt_name)
                    .text("contentName", content_name)
                    .text("content", content);
            }
            Self::ContentEnd { prompt_name, content_name } => {
                object.text("promptName", prompt_name).text("contentName", content_name);
            }
            Self::PromptEnd { prompt_name } => {
                object.text("promptName", prompt_name);
            }
            // sound and what is unknown are written elsewhere
            Self::AudioInput { .. } | Self::SessionEnd | Self::Unknown { .. } => {}
        }
    }
}

fn write_inference(inference: InferenceConfiguration, object: &mut ObjectWriter<'_>) {
    object.begin_object("inferenceConfiguration");
    if let Some(max_tokens) = inference.max_tokens {
        object.natural("maxTokens", max_tokens.into());
    }
    for (name, value) in [("topP", inference.top_p), ("temperature", inference.temperature)] {
        if let Some(value) = value {
            object.value(name, &value.into());
        }
    }
    object.end();
}

/// The schema goes as a string that holds JSON: the guide shows both forms, every working client sends this one.
fn write_tools(tools: &[ToolSpec], tool_choice: &ToolChoice, object: &mut ObjectWriter<'_>) {
    if tools.is_empty() {
        return;
    }
    write_media_type("toolUseOutputConfiguration", "application/json", object);
    object.begin_object("toolConfiguration").begin_list("tools");
    for tool in tools {
        object
            .begin_item()
            .begin_object("toolSpec")
            .text("name", tool.name())
            .text("description", tool.description())
            .begin_object("inputSchema")
            .text("json", tool.input_schema())
            .end()
            .end()
            .end();
    }
    object.end_list();
    match tool_choice {
        ToolChoice::Auto => {}
        ToolChoice::Any => {
            object.begin_object("toolChoice").begin_object("any").end().end();
        }
        ToolChoice::Tool(name) => {
            object.begin_object("toolChoice").begin_object("tool").text("name", name).end().end();
        }
    }
    object.end();
}

fn write_media_type(name: &str, media_type: &str, object: &mut ObjectWriter<'_>) {
    object.begin_object(name).text("mediaType", media_type).end();
}

fn write_sound(name: &str, rate: SampleRate, voice_id: Option<&str>, object: &mut ObjectWriter<'_>) {
    object
        .begin_object(name)
        .text("mediaType", "audio/lpcm")
        .natural("sampleRateHertz", rate.hertz().into())
        .natural("sampleSizeBits", 16)
        .natural("channelCount", 1)
        .text("audioType", "SPEECH")
        .text("encoding", "base64");
    if let Some(voice_id) = voice_id {
        object.text("voiceId", voice_id);
    }
    object.end();
}

fn write_content(content: &ClientContent, object: &mut ObjectWriter<'_>) {
    let (role, interactive) = match content {
        ClientContent::Text { role, interactive } => (role.as_str(), *interactive),
        ClientContent::Audio { .. } => ("USER", true),
        ClientContent::ToolResult { .. } => ("TOOL", false),
    };
    object.text("type", content.content_type().as_str()).flag("interactive", interactive).text("role", role);
    match content {
        ClientContent::Text { .. } => write_media_type("textInputConfiguration", "text/plain", object),
        ClientContent::Audio { rate } => write_sound("audioInputConfiguration", *rate, None, object),
        ClientContent::ToolResult { tool_use_id } => {
            object
                .begin_object("toolResultInputConfiguration")
                .text("toolUseId", tool_use_id)
                .text("type", "TEXT");
            write_media_type("textInputConfiguration", "text/plain", object);
            object.end();
        }
    }
}

fn write_audio(prompt_name: &str, content_name: &str, pcm: &Pcm, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"event":{"audioInput":{"promptName":"#);
    write_plain(prompt_name, out);
    out.extend_from_slice(br#","contentName":"#);
    write_plain(content_name, out);
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

/// A JSON string: ids are plain in practice, which costs one look; anything else is escaped.
fn write_plain(text: &str, out: &mut Vec<u8>) {
    if text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\') {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        write_text(text, out);
    }
}
