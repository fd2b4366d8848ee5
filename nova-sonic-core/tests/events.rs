//! Every event of both sides against the shared vectors, read and written.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test may fail, and what it does not know fails it"
)]

use std::path::Path;

use nova_sonic_core::event::{
    ClientContent, ClientEvent, ContentType, EndpointingSensitivity, EventError, EventReader,
    GenerationStage, Role, ServerContent, ServerEvent, ServerIds, StopReason, TokenCounts, ToolChoice, Usage,
};
use serde_json::{Value, json};

fn vectors(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/events").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn name(vector: &Value) -> &str {
    vector["name"].as_str().expect("a name")
}

/// The bytes on the wire: a JSON value, or a text where it is meant to be none.
fn wire(vector: &Value) -> Vec<u8> {
    match &vector["text"] {
        Value::String(text) => text.as_bytes().to_vec(),
        _ => vector["wire"].to_string().into_bytes(),
    }
}

/// What has to be written for what was read.
fn written(vector: &Value) -> &Value {
    if vector["writes"] == "same" { &vector["wire"] } else { &vector["writes"] }
}

fn ids(ids: &ServerIds) -> Value {
    json!({
        "session_id": ids.session_id.as_deref(),
        "prompt_name": ids.prompt_name.as_deref(),
        "completion_id": ids.completion_id.as_deref(),
    })
}

fn usage(usage: Usage) -> Value {
    let counts = |counts: TokenCounts| json!({ "speech": counts.speech, "text": counts.text });
    json!({ "input": counts(usage.input), "output": counts(usage.output) })
}

fn described_server(event: &ServerEvent) -> Value {
    let mut described = match event {
        ServerEvent::Usage { ids: of, total_input_tokens, total_output_tokens, details, extra } => json!({
            "ids": ids(of),
            "total_input_tokens": total_input_tokens,
            "total_output_tokens": total_output_tokens,
            "details": details.map(|details| json!({
                "delta": usage(details.delta), "total": usage(details.total),
            })),
            "extra": extra,
        }),
        ServerEvent::CompletionStart { ids: of, extra } => json!({ "ids": ids(of), "extra": extra }),
        ServerEvent::ContentStart { ids: of, content_id, role, content, extra } => json!({
            "ids": ids(of),
            "content_id": content_id.as_str(),
            "role": role.as_str(),
            "content": match content {
                ServerContent::Text { stage } => {
                    json!({ "type": "TEXT", "stage": stage.as_ref().map(GenerationStage::as_str) })
                }
                ServerContent::Audio { sample_rate_hertz } => {
                    json!({ "type": "AUDIO", "sample_rate_hertz": sample_rate_hertz })
                }
                ServerContent::Tool => json!({ "type": "TOOL" }),
                ServerContent::Other(word) => json!({ "type": word }),
                other => panic!("content without a description: {other:?}"),
            },
            "extra": extra,
        }),
        ServerEvent::TextOutput { ids: of, content_id, role, text, extra } => json!({
            "ids": ids(of),
            "content_id": content_id.as_str(),
            "role": role.as_ref().map(Role::as_str),
            "text": text,
            "extra": extra,
        }),
        ServerEvent::AudioOutput { ids: of, content_id, pcm, extra } => json!({
            "ids": ids(of), "content_id": content_id.as_str(), "samples": pcm.samples(), "extra": extra,
        }),
        ServerEvent::ToolUse { ids: of, content_id, tool_use_id, tool_name, input, extra } => json!({
            "ids": ids(of),
            "content_id": content_id.as_str(),
            "tool_use_id": tool_use_id.as_str(),
            "tool_name": tool_name,
            "input": input,
            "extra": extra,
        }),
        ServerEvent::ContentEnd { ids: of, content_id, content_type, stop_reason, extra } => json!({
            "ids": ids(of),
            "content_id": content_id.as_str(),
            "type": content_type.as_ref().map(ContentType::as_str),
            "stop_reason": stop_reason.as_ref().map(StopReason::as_str),
            "extra": extra,
        }),
        ServerEvent::CompletionEnd { ids: of, stop_reason, extra } => json!({
            "ids": ids(of),
            "stop_reason": stop_reason.as_ref().map(StopReason::as_str),
            "extra": extra,
        }),
        ServerEvent::Unknown { body, .. } => json!({ "unknown": body }),
        other => panic!("an event without a description: {}", other.name()),
    };
    described["event"] = event.name().into();
    described
}

fn described_client(event: &ClientEvent) -> Value {
    let mut described = match event {
        ClientEvent::SessionStart { inference, endpointing } => json!({
            "max_tokens": inference.max_tokens,
            "top_p": inference.top_p,
            "temperature": inference.temperature,
            "endpointing": endpointing.as_ref().map(EndpointingSensitivity::as_str),
        }),
        ClientEvent::PromptStart { prompt_name, audio, tools, tool_choice } => {
            let tools: Vec<Value> = tools
                .iter()
                .map(|tool| {
                    json!({
                        "name": tool.name(), "description": tool.description(),
                        "input_schema": tool.input_schema(),
                    })
                })
                .collect();
            json!({
                "prompt_name": prompt_name.as_str(),
                "rate": audio.rate.hertz(),
                "voice_id": audio.voice_id,
                "tools": tools,
                "tool_choice": match tool_choice {
                    ToolChoice::Auto => json!("auto"),
                    ToolChoice::Any => json!("any"),
                    ToolChoice::Tool(name) => json!({ "tool": name }),
                    other => panic!("a choice without a description: {other:?}"),
                },
            })
        }
        ClientEvent::ContentStart { prompt_name, content_name, content } => json!({
            "prompt_name": prompt_name.as_str(),
            "content_name": content_name.as_str(),
            "content": match content {
                ClientContent::Text { role, interactive } => {
                    json!({ "type": "TEXT", "role": role.as_str(), "interactive": interactive })
                }
                ClientContent::Audio { rate } => json!({ "type": "AUDIO", "rate": rate.hertz() }),
                ClientContent::ToolResult { tool_use_id } => {
                    json!({ "type": "TOOL", "tool_use_id": tool_use_id.as_str() })
                }
                other => panic!("content without a description: {other:?}"),
            },
        }),
        ClientEvent::TextInput { prompt_name, content_name, text } => json!({
            "prompt_name": prompt_name.as_str(), "content_name": content_name.as_str(), "text": text,
        }),
        ClientEvent::AudioInput { prompt_name, content_name, pcm } => json!({
            "prompt_name": prompt_name.as_str(), "content_name": content_name.as_str(),
            "samples": pcm.samples(),
        }),
        ClientEvent::ToolResult { prompt_name, content_name, json: content } => json!({
            "prompt_name": prompt_name.as_str(), "content_name": content_name.as_str(), "json": content,
        }),
        ClientEvent::ContentEnd { prompt_name, content_name } => json!({
            "prompt_name": prompt_name.as_str(), "content_name": content_name.as_str(),
        }),
        ClientEvent::PromptEnd { prompt_name } => json!({ "prompt_name": prompt_name.as_str() }),
        ClientEvent::SessionEnd => json!({}),
        ClientEvent::Unknown { body, .. } => json!({ "unknown": body }),
        other => panic!("an event without a description: {}", other.name()),
    };
    described["event"] = event.name().into();
    described
}

/// An error in the words of the vectors.
fn described_error(error: &EventError) -> String {
    match error {
        EventError::Json { .. } => "json".to_owned(),
        EventError::Envelope => "envelope".to_owned(),
        EventError::Field { event, field } => format!("field:{event}.{field}"),
        EventError::Audio { .. } => "audio".to_owned(),
        EventError::ToolName { .. } => "tool_name".to_owned(),
        EventError::ToolSchema { .. } => "tool_schema".to_owned(),
        other => panic!("an error without a description: {other:?}"),
    }
}

/// Reads, describes, writes and reads again every vector of a file.
fn check<Event: PartialEq>(
    file: &str,
    read: impl Fn(&mut EventReader, &[u8]) -> Result<Event, EventError>,
    describe: impl Fn(&Event) -> Value,
    write: impl Fn(&Event, &mut Vec<u8>),
) {
    // one reader for all: what one event left behind must not colour the next
    let mut reader = EventReader::default();
    for vector in vectors(file) {
        let name = name(&vector);
        let event =
            read(&mut reader, &wire(&vector)).unwrap_or_else(|error| panic!("{file}, {name}: {error}"));
        assert_eq!(describe(&event), vector["reads"], "{file}, {name}: as read");
        let mut out = b"kept".to_vec();
        write(&event, &mut out);
        let text = out.strip_prefix(b"kept").expect("events are appended");
        let value: Value = serde_json::from_slice(text).expect("what is written is JSON");
        assert_eq!(&value, written(&vector), "{file}, {name}: as written");
        let again = read(&mut reader, text).unwrap_or_else(|error| panic!("{file}, {name}: {error}"));
        assert!(again == event, "{file}, {name}: another event when read again");
    }
}

#[test]
fn every_event_of_the_service_is_read_and_written() {
    check("server.json", EventReader::read_server, described_server, ServerEvent::write_json);
}

#[test]
fn every_event_of_a_client_is_read_and_written() {
    check("client.json", EventReader::read_client, described_client, ClientEvent::write_json);
}

#[test]
fn malformed_events_are_refused_with_a_code_and_the_next_one_is_read() {
    let mut reader = EventReader::default();
    for vector in vectors("malformed.json") {
        let (name, side) = (name(&vector), &vector["side"]);
        let error = match side.as_str() {
            Some("server") => reader.read_server(&wire(&vector)).err(),
            Some("client") => reader.read_client(&wire(&vector)).err(),
            _ => panic!("{name}: no such side"),
        };
        let error = error.unwrap_or_else(|| panic!("{name} ({side}) was read"));
        assert_eq!(described_error(&error), vector["error"], "{name} ({side})");
        assert_eq!(error.code().as_str(), vector["code"], "{name} ({side})");
        reader
            .read_server(br#"{"event":{"completionStart":{}}}"#)
            .expect("a legal event after a malformed one");
    }
}

/// A frame that was cut anywhere is an error, never a panic and never half an event.
#[test]
fn an_event_cut_off_anywhere_is_refused() {
    let mut reader = EventReader::default();
    for (file, server) in [("server.json", true), ("client.json", false)] {
        for vector in vectors(file) {
            let json = wire(&vector);
            for end in 0..json.len() {
                let cut = &json[..end];
                let refused =
                    if server { reader.read_server(cut).is_err() } else { reader.read_client(cut).is_err() };
                assert!(refused, "{file}, {}: read from {end} of {} bytes", name(&vector), json.len());
            }
        }
    }
}

/// The order of fields is nobody's promise: `content` before `contentId` reads the same.
#[test]
fn the_order_of_fields_does_not_matter() {
    let mut reader = EventReader::default();
    let forwards =
        br#"{"event":{"toolUse":{"contentId":"t","toolUseId":"T","toolName":"x","content":"{}"}}}"#;
    let backwards =
        br#"{"event":{"toolUse":{"content":"{}","toolName":"x","toolUseId":"T","contentId":"t"}}}"#;
    assert!(reader.read_server(forwards) == reader.read_server(backwards));
}

/// More ids than a reader remembers, over and over: none is ever mistaken for another.
#[test]
fn remembered_ids_are_never_mixed_up() {
    let mut reader = EventReader::default();
    for round in 0..3 {
        for number in 0..40 {
            let id = format!("content-{number}");
            let json = format!(r#"{{"event":{{"contentEnd":{{"contentId":"{id}"}}}}}}"#);
            match reader.read_server(json.as_bytes()) {
                Ok(ServerEvent::ContentEnd { content_id, .. }) => {
                    assert_eq!(content_id.as_str(), id, "round {round}");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
