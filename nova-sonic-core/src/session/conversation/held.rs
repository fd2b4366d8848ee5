//! What is said in writing, and answered by tools, while it is not known which stream will carry it.

use crate::{
    id::ToolUseId,
    session::{Input, Session, SessionError, microphone, tools},
    time::Tick,
};

/// Most texts that wait.
const TEXTS: usize = 64;

/// One thing that waits for a stream.
enum Held {
    Text(String),
    ToolResult { call: ToolUseId, json: String },
    ToolFailed { call: ToolUseId, message: String },
}

/// What waits for a stream, in order.
#[derive(Default)]
pub(super) struct Waiting(Vec<Held>);

impl Waiting {
    /// Whether that input can wait; sound and all else cannot.
    pub(super) const fn takes(input: &Input<'_>) -> bool {
        matches!(input, Input::Text(_) | Input::ToolResult { .. } | Input::ToolFailed { .. })
    }

    /// Keeps it, if the session would take it.
    pub(super) fn keep(&mut self, input: &Input<'_>, session: &Session) -> Result<(), SessionError> {
        let held = if let Input::Text(text) = *input {
            microphone::check_text(text)?;
            if self.0.iter().filter(|held| matches!(held, Held::Text(_))).count() >= TEXTS {
                return Err(SessionError::Closed);
            }
            Held::Text(text.to_owned())
        } else if let Input::ToolResult { call, json } = *input {
            self.check_call(call, session)?;
            Held::ToolResult { call: call.clone(), json: tools::result_object(json)? }
        } else if let Input::ToolFailed { call, message } = *input {
            self.check_call(call, session)?;
            Held::ToolFailed { call: call.clone(), message: message.to_owned() }
        } else {
            return Ok(());
        };
        self.0.push(held);
        Ok(())
    }

    fn check_call(&self, call: &ToolUseId, session: &Session) -> Result<(), SessionError> {
        let answered = self.0.iter().any(|held| match held {
            Held::ToolResult { call: known, .. } | Held::ToolFailed { call: known, .. } => known == call,
            Held::Text(_) => false,
        });
        if answered || !session.waits_for(call) { Err(SessionError::UnknownCall) } else { Ok(()) }
    }

    /// Says it all.
    pub(super) fn deliver(&mut self, session: &mut Session, now: Tick) {
        for held in self.0.drain(..) {
            let delivered = match &held {
                Held::Text(text) => session.handle_input(now, Input::Text(text)),
                Held::ToolResult { call, json } => {
                    session.handle_input(now, Input::ToolResult { call, json })
                }
                Held::ToolFailed { call, message } => {
                    session.handle_input(now, Input::ToolFailed { call, message })
                }
            };
            if let (Err(SessionError::ToolResultTooLong { .. }), Held::ToolResult { call, .. }) =
                (delivered, &held)
            {
                // nobody can be asked for a shorter one any more, and the model must not wait for ever
                let message = "the answer was too long to be told after the call's own stream had ended";
                let _ = session.handle_input(now, Input::ToolFailed { call, message });
            }
        }
    }
}
