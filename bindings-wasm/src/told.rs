//! What the application is told, as the text of a JSON object: `{"type":…,…}`.

use nova_sonic_core::{
    error::ErrorCode,
    event::{Role, TokenCounts, Usage},
    relay::Control,
    session::{CloseReason, Event, Failure},
};
use serde_json::Value;

/// An event of the session; sound is no text.
pub(crate) fn event(event: Event) -> String {
    match event {
        Event::StateChanged { from, to } => {
            Object::of("stateChanged").text("from", from.as_str()).text("to", to.as_str()).end()
        }
        Event::Transcript { role, text, stage, turn } => Object::of("transcript")
            .text("role", role_word(&role))
            .text("text", &text)
            .text("stage", stage.as_str())
            .raw("turn", turn.number())
            .end(),
        Event::Interrupted { turn, heard, text } => Object::of("interrupted")
            .raw("turn", turn.number())
            .raw("heardMs", heard.as_millis())
            .text("text", &text)
            .end(),
        Event::ToolCall { id, name, input } => {
            let call = Object::of("toolCall").text("id", &id).text("name", &name);
            // a model now and then forgets a bracket: the application gets its words all the same
            match serde_json::from_str::<Value>(&input) {
                Ok(_) => call.raw("input", input.trim()).end(),
                Err(_) => call.text("input", &input).end(),
            }
        }
        Event::Usage { delta, total } => {
            Object::of("usage").raw("delta", usage(delta)).raw("total", usage(total)).end()
        }
        Event::RenewalDue { reason } => Object::of("renewalDue").text("reason", reason.as_str()).end(),
        Event::Error(why) => failure(Object::of("error"), &why).end(),
        Event::Unknown { name, body } => Object::of("unknown").text("name", &name).raw("body", body).end(),
        Event::Closed { reason } => {
            let closed = Object::of("closed").text("reason", reason.as_str());
            match &reason {
                CloseReason::Failed(why) => failure(closed, why).end(),
                _ => closed.end(),
            }
        }
        // sound, which is handed over as samples, and what a later core tells
        _ => Object::of("unknown").text("name", "").raw("body", "{}").end(),
    }
}

/// A word of the relay: `{"type":"relay","relay":{"<name>":{…}}}`.
pub(crate) fn control(control: &Control) -> String {
    let mut json = Vec::new();
    control.write_json(&mut json);
    let json = String::from_utf8_lossy(&json);
    format!("{{\"type\":\"relay\",{}", json.strip_prefix('{').unwrap_or("}"))
}

/// Something that went wrong on the way, while the conversation goes on.
pub(crate) fn error(code: ErrorCode, message: &str) -> String {
    of_code(Object::of("error"), code, message).end()
}

/// What is thrown: the same without a type.
pub(crate) fn fault(code: ErrorCode, message: &str) -> String {
    of_code(Object(String::from("{")), code, message).end()
}

/// `user` or `assistant`, as the web spells them.
fn role_word(role: &Role) -> &'static str {
    if *role == Role::User { "user" } else { "assistant" }
}

fn failure(object: Object, why: &Failure) -> Object {
    let object = of_code(object, why.code(), why.message());
    match why.request_id() {
        Some(id) => object.text("requestId", id),
        None => object,
    }
}

fn of_code(object: Object, code: ErrorCode, message: &str) -> Object {
    object
        .text("code", code.as_str())
        .text("message", message)
        .raw("retryable", code.retryable())
        .text("blame", code.blame().as_str())
}

fn usage(usage: Usage) -> String {
    let counts = |counts: TokenCounts| {
        Object(String::from("{")).raw("speech", counts.speech).raw("text", counts.text).end()
    };
    Object(String::from("{")).raw("input", counts(usage.input)).raw("output", counts(usage.output)).end()
}

/// A JSON object that is being written.
struct Object(String);

impl Object {
    fn of(kind: &str) -> Self {
        Self(String::from("{")).text("type", kind)
    }

    fn text(self, name: &str, value: &str) -> Self {
        let value = Value::from(value);
        self.raw(name, value)
    }

    /// A member whose value prints as JSON.
    fn raw(mut self, name: &str, value: impl ToString) -> Self {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
        self.0.push_str(&value.to_string());
        self
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}
