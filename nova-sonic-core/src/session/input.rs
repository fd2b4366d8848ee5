//! What can happen outside a session.

use super::Failure;
use crate::{
    error::ServiceError,
    event::{EventError, ServerEvent},
    id::ToolUseId,
};

/// One thing that happened outside the session.
#[derive(Debug)]
#[non_exhaustive]
pub enum Input<'a> {
    /// The transport is open: the service has answered the request. Sound flows from now on.
    Connected,
    /// Sound of the microphone: mono, at the session's input rate, any length up to a second.
    Audio(&'a [i16]),
    /// Something the user typed, to be answered like speech.
    Text(&'a str),
    /// The microphone is opened, muted or closed.
    Microphone(Microphone),
    /// Of this turn's sound, so many samples have left the loudspeaker by now, counted from the turn's first.
    Played {
        /// The turn, as it came with [`Event::Audio`](super::Event::Audio).
        turn: TurnId,
        /// Samples at the session's output rate.
        samples: u64,
    },
    /// The user wants silence now: the rest of the answer is dropped here, for the service knows no such event.
    Interrupt,
    /// The answer to an earlier [`Event::ToolCall`](super::Event::ToolCall): the text of any JSON value.
    ToolResult {
        /// The call.
        call: &'a ToolUseId,
        /// The value; what is no object is wrapped as `{"result":…}`.
        json: &'a str,
    },
    /// A tool failed, was cancelled, or does not exist: the model is told so, in these words.
    ToolFailed {
        /// The call.
        call: &'a ToolUseId,
        /// What the model is told.
        message: &'a str,
    },
    /// One event of the service.
    Received(ServerEvent),
    /// One event of the service that could not be read; the stream goes on.
    Unreadable(EventError),
    /// An exception of the service.
    Exception(ServiceError),
    /// A deadline may have passed. Early or repeated calls change nothing.
    Timeout,
    /// The application hangs up: closing events are queued, then [`Event::Closed`](super::Event::Closed).
    Hangup,
    /// The transport broke: only [`Event::Closed`](super::Event::Closed) is queued.
    Failed(Failure),
    /// The transport has ended without an error: only [`Event::Closed`](super::Event::Closed) is queued.
    Disconnected,
}

/// Where the microphone stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Microphone {
    /// What the user says is sent.
    #[default]
    Open,
    /// Silence is sent instead, so that the stream is never idle.
    Muted,
    /// The audio block is closed: push-to-talk, released. The model takes it as the end of the user's turn.
    Closed,
}

/// One speaker's contribution to the conversation, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TurnId(pub(super) u64);

impl TurnId {
    /// The turn of that number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The turn's number in its session.
    pub const fn number(self) -> u64 {
        self.0
    }
}
