//! What the application is told, as the text of a JSON object: `{"type":…,…}`.

use crate::{
    error::ErrorCode,
    event::{Role, TokenCounts, Usage},
    json::{self, ObjectWriter},
    session::{CloseReason, Event, Failure, Message},
    time::Tick,
};

/// An event of the session as the text of `{"type":…,…}`. Sound is no text: of [`Event::Audio`] there is the type alone.
///
/// ```
/// use nova_sonic_core::{javascript, session::{Event, State}};
/// let event = Event::StateChanged { from: State::Listening, to: State::Thinking };
/// assert_eq!(javascript::event(&event), r#"{"type":"stateChanged","from":"listening","to":"thinking"}"#);
/// ```
pub fn event(event: &Event) -> String {
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
            match json::read(input.as_bytes()) {
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
        Event::Renewing { reason } => {
            object.text("type", "renewing").text("reason", reason.as_str());
        }
        Event::Renewed { reason, gap } => {
            object
                .text("type", "renewed")
                .text("reason", reason.as_str())
                .natural("gapMs", Tick::new(*gap).as_millis());
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
        Event::Audio { .. } => {
            object.text("type", "audio");
        }
    })
}

/// Something that went wrong on the way while the conversation goes on, as an event `error`.
pub fn error(code: ErrorCode, message: &str) -> String {
    written(|object| write_code(code, message, object.text("type", "error")))
}

/// What is thrown: `{"code":…,"message":…,"retryable":…,"blame":…}`.
pub fn fault(code: ErrorCode, message: &str) -> String {
    written(|object| write_code(code, message, object))
}

/// Tokens, by direction and kind.
///
/// ```
/// use nova_sonic_core::{event::Usage, javascript};
/// let nothing = r#"{"speech":0,"text":0}"#;
/// assert_eq!(javascript::usage(Usage::default()), format!(r#"{{"input":{nothing},"output":{nothing}}}"#));
/// ```
pub fn usage(usage: Usage) -> String {
    written(|object| write_counts(usage, object))
}

/// Messages, as the setting `history` takes them.
///
/// ```
/// use nova_sonic_core::{javascript, session::Message};
/// let said = [Message::user("Hello.")];
/// assert_eq!(javascript::history(&said), r#"[{"role":"user","text":"Hello."}]"#);
/// ```
pub fn history(messages: &[Message]) -> String {
    let mut out = b"[".to_vec();
    for message in messages {
        if out.len() > 1 {
            out.push(b',');
        }
        let mut object = ObjectWriter::begin(&mut out);
        object.text("role", role_word(&message.role)).text("text", &message.text);
        object.end();
    }
    out.push(b']');
    String::from_utf8(out).unwrap_or_default()
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
    write_counts(usage, object);
    object.end();
}

fn write_counts(usage: Usage, object: &mut ObjectWriter<'_>) {
    for (direction, TokenCounts { speech, text }) in [("input", usage.input), ("output", usage.output)] {
        object.begin_object(direction).natural("speech", speech).natural("text", text).end();
    }
}
