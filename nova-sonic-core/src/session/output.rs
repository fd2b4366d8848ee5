//! What a session asks of its driver, and what it tells the application.

use std::{fmt, time::Duration};

use super::{Failure, TurnId};
use crate::{
    audio::{Pcm, SampleRate},
    event::{ClientEvent, Role, Usage},
    id::ToolUseId,
    json::Value,
    secret::Withheld,
};

/// One thing the driver must now do, in the order polled.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub enum Output {
    /// Give to the transport.
    Send(ClientEvent),
    /// Nothing more will be sent: end the transport's sending half.
    EndInput,
    /// Give to the application.
    Emit(Event),
}

/// What an application sees, under the same names in every language. Prints only the length of what is said in it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The conversation changed its state.
    StateChanged {
        /// What it was.
        from: State,
        /// What it is.
        to: State,
    },
    /// Words of either side, told once each and never repeated.
    ///
    /// The user's words come as fragments, all final: those of one turn follow each other. The model's come
    /// twice: planned, sentence by sentence ahead of their sound, for captions that keep up with the voice; and
    /// as spoken, late and cut at other places, for the record. Within a turn and a stage each text continues
    /// the one before it; the final ones together replace the partial ones together. What was planned and then
    /// cut off by an interruption has no final text: [`Event::Interrupted`] says how far it came.
    Transcript {
        /// Whose.
        role: Role,
        /// The words.
        text: String,
        /// Plan or fact.
        stage: Stage,
        /// The turn that they belong to.
        turn: TurnId,
    },
    /// Sound of the answer, to be played in order.
    Audio {
        /// The samples.
        pcm: Pcm,
        /// Their rate.
        rate: SampleRate,
        /// The turn that they belong to.
        turn: TurnId,
    },
    /// The user interrupted: drop what is not yet played. Once per interruption.
    Interrupted {
        /// The turn that was cut off.
        turn: TurnId,
        /// How much of it was heard.
        heard: Duration,
        /// The words of that part.
        text: String,
    },
    /// The model wants a tool run. Answer it once.
    ToolCall {
        /// The call.
        id: ToolUseId,
        /// The tool.
        name: String,
        /// Text of the arguments, normally a JSON object.
        input: String,
    },
    /// Tokens used.
    Usage {
        /// Since the last such event.
        delta: Usage,
        /// In this session.
        total: Usage,
    },
    /// The stream's end is near: open a successor with [`Session::handover`](super::Session::handover). Only where the
    /// conversation does not renew itself.
    RenewalDue {
        /// What ends.
        reason: RenewalReason,
    },
    /// The stream's end is near, and the conversation looks for a moment to go on over another; or the stream has broken,
    /// and the conversation opens another.
    Renewing {
        /// What ends, or has ended.
        reason: RenewalReason,
    },
    /// The conversation goes on over another stream.
    Renewed {
        /// What ended, or would have.
        reason: RenewalReason,
        /// Time without a stream: nothing, unless the old one ended before the new one was open.
        gap: Duration,
    },
    /// Something went wrong; the conversation goes on.
    Error(Failure),
    /// An event of the service that this version does not know.
    Unknown {
        /// Its name.
        name: String,
        /// Its body.
        body: Value,
    },
    /// The conversation is over. Nothing follows.
    Closed {
        /// Why.
        reason: CloseReason,
    },
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StateChanged { from, to } => {
                f.debug_struct("StateChanged").field("from", from).field("to", to).finish()
            }
            Self::Transcript { role, text, stage, turn } => f
                .debug_struct("Transcript")
                .field("role", role)
                .field("text", &Withheld::text(text))
                .field("stage", stage)
                .field("turn", turn)
                .finish(),
            Self::Audio { pcm, rate, turn } => {
                f.debug_struct("Audio").field("pcm", pcm).field("rate", rate).field("turn", turn).finish()
            }
            Self::Interrupted { turn, heard, text } => f
                .debug_struct("Interrupted")
                .field("turn", turn)
                .field("heard", heard)
                .field("text", &Withheld::text(text))
                .finish(),
            Self::ToolCall { id, name, input } => f
                .debug_struct("ToolCall")
                .field("id", id)
                .field("name", name)
                .field("input", &Withheld::text(input))
                .finish(),
            Self::Usage { delta, total } => {
                f.debug_struct("Usage").field("delta", delta).field("total", total).finish()
            }
            Self::RenewalDue { reason } => f.debug_struct("RenewalDue").field("reason", reason).finish(),
            Self::Renewing { reason } => f.debug_struct("Renewing").field("reason", reason).finish(),
            Self::Renewed { reason, gap } => {
                f.debug_struct("Renewed").field("reason", reason).field("gap", gap).finish()
            }
            Self::Error(failure) => f.debug_tuple("Error").field(failure).finish(),
            Self::Unknown { name, .. } => {
                f.debug_struct("Unknown").field("name", name).finish_non_exhaustive()
            }
            Self::Closed { reason } => f.debug_struct("Closed").field("reason", reason).finish(),
        }
    }
}

/// Where the conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Not connected yet.
    Initializing,
    /// The microphone is open and nobody answers.
    Listening,
    /// The user has finished, or a tool is running.
    Thinking,
    /// The answer is being heard.
    Speaking,
    /// The microphone is closed and nobody answers.
    Idle,
    /// Over.
    Closed,
}

impl State {
    /// The word used in every language.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initializing => "initializing",
            Self::Listening => "listening",
            Self::Thinking => "thinking",
            Self::Speaking => "speaking",
            Self::Idle => "idle",
            Self::Closed => "closed",
        }
    }

    /// The state of that word; `None` for any other.
    ///
    /// ```
    /// use nova_sonic_core::session::State;
    /// assert_eq!(State::from_word("speaking"), Some(State::Speaking));
    /// assert_eq!(State::from_word("singing"), None);
    /// ```
    pub fn from_word(word: &str) -> Option<Self> {
        const STATES: [State; 6] = [
            State::Initializing,
            State::Listening,
            State::Thinking,
            State::Speaking,
            State::Idle,
            State::Closed,
        ];
        STATES.into_iter().find(|state| state.as_str() == word)
    }
}

/// Whether words are a plan or a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Planned, or being heard.
    Partial,
    /// Spoken, or recognised.
    Final,
}

impl Stage {
    /// The word used in every language.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Partial => "partial",
            Self::Final => "final",
        }
    }
}

/// What makes a successor necessary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RenewalReason {
    /// The eight minutes of a stream are nearly over.
    StreamLife,
    /// The credentials end soon.
    Credentials,
    /// The stream has broken.
    Connection,
}

impl RenewalReason {
    /// The word used in every language.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StreamLife => "stream_life",
            Self::Credentials => "credentials",
            Self::Connection => "connection",
        }
    }
}

/// Why a conversation is over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The application hung up.
    Hangup,
    /// The service ended the conversation in order, unasked.
    Ended,
    /// The transport ended without a word.
    Disconnected,
    /// Nobody said anything for the time that the configuration allows.
    Idle,
    /// The conversation lasted as long as the configuration allows.
    TimeLimit,
    /// Something broke.
    Failed(Failure),
}

impl CloseReason {
    /// The word used in every language; a failure's word is its code.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Hangup => "hangup",
            Self::Ended => "ended",
            Self::Disconnected => "disconnected",
            Self::Idle => "idle",
            Self::TimeLimit => "time_limit",
            Self::Failed(failure) => failure.code().as_str(),
        }
    }
}
