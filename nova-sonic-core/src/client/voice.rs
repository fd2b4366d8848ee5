//! The two ends of a conversation that an application holds.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_core::Stream;

use super::shared::Shared;
use crate::{
    event::Usage,
    id::ToolUseId,
    session::{Conversation, Event, Handover, Input, Message, Microphone, SessionError, State, TurnId},
};

/// One running conversation. Clones speak into the same one; when the last clone and the [`VoiceEvents`] are
/// dropped, it is hung up in order.
#[derive(Clone, Debug)]
pub struct VoiceSession {
    line: Arc<Line>,
}

/// What happens in a conversation. The last event is [`Event::Closed`], after it comes `None`.
///
/// At most 256 events wait; then reading from the service stops until some are taken.
#[derive(Debug)]
pub struct VoiceEvents {
    line: Arc<Line>,
}

/// Hangs up when nobody holds it any more.
#[derive(Debug)]
struct Line(Arc<Shared>);

impl Drop for Line {
    fn drop(&mut self) {
        let _ = self.0.give(Input::Hangup);
    }
}

/// Sound taken in one go while waiting for room: 100 ms at 16 kHz.
const PIECE: usize = 1600;

pub(super) fn ends(shared: Arc<Shared>) -> (VoiceSession, VoiceEvents) {
    let line = Arc::new(Line(shared));
    (VoiceSession { line: Arc::clone(&line) }, VoiceEvents { line })
}

impl VoiceSession {
    /// Sends sound of the microphone: mono samples at the session's input rate, any number of them. Waits while
    /// two seconds of sound wait for the network. Dropped while waiting, it has sent whole runs of 1,600 samples.
    ///
    /// # Errors
    /// [`SessionError::Closed`] after the conversation's end.
    pub async fn send_audio(&self, samples: &[i16]) -> Result<(), SessionError> {
        for piece in samples.chunks(PIECE) {
            poll_fn(|context| self.shared().poll_send_audio(context, piece)).await?;
        }
        Ok(())
    }

    /// Sends sound without waiting: at most one second of it.
    ///
    /// # Errors
    /// [`SessionError::Backpressure`] when two seconds of sound wait for the network: the sound was not taken.
    /// [`SessionError::AudioTooLong`] for more than a second, [`SessionError::Closed`] after the end.
    pub fn try_send_audio(&self, samples: &[i16]) -> Result<(), SessionError> {
        let limit = self.shared().read(|conversation| conversation.config().input_rate.hertz()) as usize;
        if samples.len() > limit {
            return Err(SessionError::AudioTooLong { samples: samples.len(), limit });
        }
        self.shared().try_send_audio(samples)
    }

    /// Sends something the user typed, to be answered like speech.
    ///
    /// # Errors
    /// [`SessionError::TextEmpty`], [`SessionError::TextTooLong`], [`SessionError::Closed`].
    pub fn send_text(&self, text: &str) -> Result<(), SessionError> {
        self.shared().give(Input::Text(text))
    }

    /// Opens, mutes or closes the microphone. Ignored after the end.
    pub fn set_microphone(&self, position: Microphone) {
        let _ = self.shared().give(Input::Microphone(position));
    }

    /// Drops the rest of the answer: [`Event::Interrupted`] says what of it was heard. Ignored after the end.
    pub fn interrupt(&self) {
        let _ = self.shared().give(Input::Interrupt);
    }

    /// Reports that of this turn's sound so many samples have been played, counted from its first.
    pub fn report_played(&self, turn: TurnId, samples: u64) {
        let _ = self.shared().give(Input::Played { turn, samples });
    }

    /// Answers a tool call with the text of a JSON value.
    ///
    /// # Errors
    /// [`SessionError::UnknownCall`], [`SessionError::ToolResultInvalid`], [`SessionError::ToolResultTooLong`],
    /// [`SessionError::Closed`].
    pub fn send_tool_result(&self, call: &ToolUseId, json: &str) -> Result<(), SessionError> {
        self.shared().give(Input::ToolResult { call, json })
    }

    /// Tells the model that a tool failed, in these words.
    ///
    /// # Errors
    /// [`SessionError::UnknownCall`], [`SessionError::Closed`].
    pub fn fail_tool(&self, call: &ToolUseId, message: &str) -> Result<(), SessionError> {
        self.shared().give(Input::ToolFailed { call, message })
    }

    /// Hangs up in order. The last events still come, then [`Event::Closed`].
    pub fn hang_up(&self) {
        let _ = self.shared().give(Input::Hangup);
    }

    /// Where the conversation stands.
    pub fn state(&self) -> State {
        self.shared().read(Conversation::state)
    }

    /// Tokens used so far.
    pub fn usage(&self) -> Usage {
        self.shared().read(Conversation::usage)
    }

    /// What was said and heard so far.
    pub fn history(&self) -> Vec<Message> {
        self.shared().read(Conversation::history)
    }

    /// What another conversation needs to go on with this one; may be asked for at any time, also after the end.
    pub fn handover(&self) -> Handover {
        self.shared().read(Conversation::handover)
    }

    fn shared(&self) -> &Shared {
        &self.line.0
    }
}

impl VoiceEvents {
    /// The next event; `None` after the last. May be dropped and called again without losing any.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|context| self.line.0.poll_event(context)).await
    }
}

impl Stream for VoiceEvents {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.line.0.poll_event(context)
    }
}

impl Drop for VoiceEvents {
    fn drop(&mut self) {
        self.line.0.stop_events();
    }
}
