//! What the application is told, as the text of a JSON object: `{"type":…,…}`.

use nova_sonic_core::{
    error::ErrorCode,
    event::{Role, TokenCounts, Usage},
    json::{self, ObjectWriter},
    session::{CloseReason, Event, Failure},
    time::Tick,
};
use serde_json::Value;

/// An event of the session; sound is no text.
#[expect(clippy::wildcard_enum_match_arm, reason = "events and reasons are open in number")]
pub(crate) fn event(event: &Event) -> String {
    written(|object| match event {
        Event::StateChanged { from, to } => {
            object.text("type", "stateChanged").text("from", from.as_str()).text("to", to.as_str());
        }
        Event::Transcript { role, text, stage, turn } => {
            object
                .text("type", "transcript")
                .text("role", role_word(role))
                .text("text", text)
                .text("stage", stage.as_str())
                .natural("turn", turn.number());
        }
        Event::Interrupted { turn, heard, text } => {
            object
                .text("type", "interrupted")
                .natural("turn", turn.number())
                .natural("heardMs", Tick::new(*heard).as_millis())
                .text("text", text);
        }
        Event::ToolCall { id, name, input } => {
            object.text("type", "toolCall").text("id", id).text("name", name);
            // a model now and then forgets a bracket: the application gets its words all the same
            match json::read::<Value>(input.as_bytes()) {
                Ok(_) => object.raw("input", input.as_bytes()),
                Err(_) => object.text("input", input),
            };
        }
        Event::Usage { delta, total } => {
            object.text("type", "usage");
            write_usage("delta", *delta, object);
            write_usage("total", *total, object);
        }
        Event::RenewalDue { reason } => {
            object.text("type", "renewalDue").text("reason", reason.as_str());
        }
        Event::Error(why) => write_failure(why, object.text("type", "error")),
        Event::Unknown { name, body } => {
            object.text("type", "unknown").text("name", name).value("body", body);
        }
        Event::Closed { reason } => {
            object.text("type", "closed").text("reason", reason.as_str());
            if let CloseReason::Failed(why) = reason {
                write_failure(why, object);
            }
        }
        _ => {
            object.text("type", "unknown");
        }
    })
}

/// A word of the relay, whose message is `{"relay":{…}}`: `{"relay":{…},"type":"relay"}`.
pub(crate) fn relayed(message: &str) -> String {
    let mut told = message.trim_end().strip_suffix('}').unwrap_or("{\"relay\":null").to_owned();
    told.push_str(",\"type\":\"relay\"}");
    told
}

/// Something that went wrong on the way, while the conversation goes on.
pub(crate) fn error(code: ErrorCode, message: &str) -> String {
    written(|object| write_code(code, message, object.text("type", "error")))
}

/// What is thrown: the same without a type.
pub(crate) fn fault(code: ErrorCode, message: &str) -> String {
    written(|object| write_code(code, message, object))
}

fn written(write: impl FnOnce(&mut ObjectWriter<'_>)) -> String {
    let mut out = Vec::new();
    let mut object = ObjectWriter::begin(&mut out);
    write(&mut object);
    object.end();
    String::from_utf8(out).unwrap_or_default()
}

/// `user` or `assistant`, as the web spells them.
fn role_word(role: &Role) -> &'static str {
    if *role == Role::User { "user" } else { "assistant" }
}

fn write_failure(why: &Failure, object: &mut ObjectWriter<'_>) {
    write_code(why.code(), why.message(), object);
    if let Some(id) = why.request_id() {
        object.text("requestId", id);
    }
}

fn write_code(code: ErrorCode, message: &str, object: &mut ObjectWriter<'_>) {
    object
        .text("code", code.as_str())
        .text("message", message)
        .flag("retryable", code.retryable())
        .text("blame", code.blame().as_str());
}

fn write_usage(name: &str, usage: Usage, object: &mut ObjectWriter<'_>) {
    object.begin_object(name);
    for (direction, TokenCounts { speech, text }) in [("input", usage.input), ("output", usage.output)] {
        object.begin_object(direction).natural("speech", speech).natural("text", text).end();
    }
    object.end();
}
