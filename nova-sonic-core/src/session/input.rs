//! What can happen outside a session.

use std::fmt;

use super::Failure;
use crate::{
    error::ServiceError,
    event::{EventError, ServerEvent},
    id::ToolUseId,
    secret::Withheld,
    time::Tick,
};

/// One thing that happened outside the session. Prints only the length of what is said in it.
#[non_exhaustive]
pub enum Input<'a> {
    /// The transport is open: the service has answered the request. Sound flows from now on.
    Connected,
    /// The credentials that open the stream end then: for those who get them after the session was made. What
    /// [`Timing::credentials_expire`](super::Timing::credentials_expire) says otherwise.
    CredentialsUntil(Tick),
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
    /// The user wants silence now: the rest of the answer is dropped here, for the service knows no such event. It is
    /// over when the service says so, when the user speaks, or when nothing of it came for 3 s.
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

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected => f.write_str("Connected"),
            Self::CredentialsUntil(expiry) => f.debug_tuple("CredentialsUntil").field(expiry).finish(),
            Self::Audio(samples) => write!(f, "Audio({} samples)", samples.len()),
            Self::Text(text) => f.debug_tuple("Text").field(&Withheld::text(text)).finish(),
            Self::Microphone(position) => f.debug_tuple("Microphone").field(position).finish(),
            Self::Played { turn, samples } => {
                f.debug_struct("Played").field("turn", turn).field("samples", samples).finish()
            }
            Self::Interrupt => f.write_str("Interrupt"),
            Self::ToolResult { call, json } => {
                f.debug_struct("ToolResult").field("call", call).field("json", &Withheld::text(json)).finish()
            }
            Self::ToolFailed { call, message } => f
                .debug_struct("ToolFailed")
                .field("call", call)
                .field("message", &Withheld::text(message))
                .finish(),
            Self::Received(event) => f.debug_tuple("Received").field(event).finish(),
            Self::Unreadable(error) => f.debug_tuple("Unreadable").field(error).finish(),
            Self::Exception(error) => f.debug_tuple("Exception").field(error).finish(),
            Self::Timeout => f.write_str("Timeout"),
            Self::Hangup => f.write_str("Hangup"),
            Self::Failed(failure) => f.debug_tuple("Failed").field(failure).finish(),
            Self::Disconnected => f.write_str("Disconnected"),
        }
    }
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
