//! From outputs to the plain JSON of a script.

use nova_sonic_core::{
    event::{ClientContent, ClientEvent, EndpointingSensitivity, ToolChoice, ToolSpec, Usage},
    session::{CloseReason, Event, Failure, Message, Output},
};
use serde_json::{Value, json};

/// Names of blocks as they are minted: `b1`, `b2`, …
#[derive(Default)]
pub(crate) struct Labels {
    blocks: Vec<String>,
    prompt: Option<String>,
}

impl Labels {
    fn block(&mut self, prompt: &str, name: &str) -> String {
        self.prompt(prompt);
        let known = self.blocks.iter().position(|known| known == name);
        let place = known.unwrap_or_else(|| {
            self.blocks.push(name.to_owned());
            self.blocks.len() - 1
        });
        format!("b{}", place + 1)
    }

    fn prompt(&mut self, name: &str) {
        assert_eq!(self.prompt.get_or_insert_with(|| name.to_owned()), name, "one prompt is all there is");
    }
}

/// A long text as what it repeats, where that is one character.
pub(crate) fn text(text: &str) -> Value {
    match text.chars().next() {
        Some(first) if text.chars().count() > 200 && text.chars().all(|other| other == first) => {
            json!({ "repeat": first.to_string(), "times": text.chars().count() })
        }
        _ => text.into(),
    }
}

/// Samples that are all alike, as their number and value.
pub(crate) fn sound(samples: &[i16]) -> (usize, i16) {
    let value = samples.first().copied().unwrap_or(0);
    assert!(samples.iter().all(|sample| *sample == value), "a script's sound is all of one value");
    (samples.len(), value)
}

fn usage(usage: Usage) -> Value {
    json!({
        "input": { "speech": usage.input.speech, "text": usage.input.text },
        "output": { "speech": usage.output.speech, "text": usage.output.text },
    })
}

pub(crate) fn messages(messages: &[Message]) -> Value {
    messages.iter().map(|message| json!([message.role.as_str(), text(&message.text)])).collect()
}

fn failure(failure: &Failure) -> Value {
    json!({ "code": failure.code().as_str(), "message": failure.message() })
}

pub(crate) fn output(output: &Output, labels: &mut Labels) -> Value {
    match output {
        Output::Send(event) => sent(event, labels),
        Output::EndInput => json!({ "end_input": true }),
        Output::Emit(event) => told(event),
        other => panic!("an output without a description: {other:?}"),
    }
}

fn sent(event: &ClientEvent, labels: &mut Labels) -> Value {
    let mut described = match event {
        ClientEvent::SessionStart { inference, endpointing } => json!({
            "max_tokens": inference.max_tokens,
            "top_p": inference.top_p,
            "temperature": inference.temperature,
            "endpointing": endpointing.as_ref().map(EndpointingSensitivity::as_str),
        }),
        ClientEvent::PromptStart { prompt_name, audio, tools, tool_choice } => {
            labels.prompt(prompt_name);
            let names: Vec<&str> = tools.iter().map(ToolSpec::name).collect();
            json!({
                "voice_id": audio.voice_id,
                "rate": audio.rate.hertz(),
                "tools": names,
                "tool_choice": match tool_choice {
                    ToolChoice::Auto => json!("auto"),
                    ToolChoice::Any => json!("any"),
                    ToolChoice::Tool(name) => json!({ "tool": name }),
                    other => panic!("a choice without a description: {other:?}"),
                },
            })
        }
        ClientEvent::ContentStart { prompt_name, content_name, content } => {
            let mut described = match content {
                ClientContent::Text { role, interactive } => {
                    json!({ "role": role.as_str(), "interactive": interactive })
                }
                ClientContent::Audio { rate } => json!({ "rate": rate.hertz() }),
                ClientContent::ToolResult { tool_use_id } => json!({ "call": tool_use_id.as_str() }),
                other => panic!("content without a description: {other:?}"),
            };
            described["type"] = content.content_type().as_str().into();
            described["block"] = labels.block(prompt_name, content_name).into();
            described
        }
        ClientEvent::TextInput { prompt_name, content_name, text: words } => {
            json!({ "block": labels.block(prompt_name, content_name), "text": text(words) })
        }
        ClientEvent::AudioInput { prompt_name, content_name, pcm } => {
            let (samples, value) = sound(pcm);
            json!({ "block": labels.block(prompt_name, content_name), "samples": samples, "value": value })
        }
        ClientEvent::ToolResult { prompt_name, content_name, json: result } => {
            let value: Value = serde_json::from_str(result).expect("a result is JSON");
            json!({ "block": labels.block(prompt_name, content_name), "json": value })
        }
        ClientEvent::ContentEnd { prompt_name, content_name } => {
            json!({ "block": labels.block(prompt_name, content_name) })
        }
        ClientEvent::PromptEnd { prompt_name } => {
            labels.prompt(prompt_name);
            json!({})
        }
        ClientEvent::SessionEnd => json!({}),
        other => panic!("an event without a description: {}", other.name()),
    };
    described["send"] = event.name().into();
    described
}

fn told(event: &Event) -> Value {
    match event {
        Event::StateChanged { from, to } => {
            json!({ "emit": "stateChanged", "from": from.as_str(), "to": to.as_str() })
        }
        Event::Transcript { role, text: words, stage, turn } => json!({
            "emit": "transcript", "role": role.as_str(), "stage": stage.as_str(), "turn": turn.number(),
            "text": text(words),
        }),
        Event::Audio { pcm, rate, turn } => {
            let (samples, value) = sound(pcm);
            json!({
                "emit": "audio", "turn": turn.number(), "rate": rate.hertz(), "samples": samples, "value": value,
            })
        }
        Event::Interrupted { turn, heard, text: words } => json!({
            "emit": "interrupted", "turn": turn.number(), "heard_ms": heard.as_millis(), "text": text(words),
        }),
        Event::ToolCall { id, name, input } => {
            json!({ "emit": "toolCall", "call": id.as_str(), "name": name, "input": input })
        }
        Event::Usage { delta, total } => {
            json!({ "emit": "usage", "delta": usage(*delta), "total": usage(*total) })
        }
        Event::RenewalDue { reason } => json!({ "emit": "renewalDue", "reason": reason.as_str() }),
        Event::Error(error) => json!({ "emit": "error", "error": failure(error) }),
        Event::Unknown { name, body } => json!({ "emit": "unknown", "name": name, "body": body }),
        Event::Closed { reason } => {
            let mut described = json!({ "emit": "closed", "reason": reason.as_str() });
            if let CloseReason::Failed(error) = reason {
                described["message"] = error.message().into();
            }
            described
        }
        other => panic!("an event without a description: {other:?}"),
    }
}
