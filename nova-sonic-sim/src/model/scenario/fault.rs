//! What a scenario can let go wrong.

use std::time::Duration;

use nova_sonic_core::error::ServiceException;
use serde::Deserialize;

use crate::model::{Exception, Limits, OpeningFault, WireFault, refusal::Refusal};

/// Something that goes wrong while the stream is open.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Fault {
    /// The exception of a stream without input.
    Idle,
    /// The exception of a stream whose life is over.
    ModelTimeout,
    /// `ThrottlingException` in mid-stream.
    Throttled,
    /// `ModelStreamErrorException`.
    ModelStreamError,
    /// The content filter.
    ContentFiltered,
    /// The passing fault of the backend that comes as a `ValidationException`.
    Instability,
    /// Any other exception.
    Exception {
        /// Its name as AWS writes it, such as `InternalServerException`.
        name: String,
        /// Its text, without a request id.
        message: String,
    },
    /// The connection closes without a word.
    Cut,
    /// A frame that ends before its length.
    TruncatedFrame,
    /// A frame with a wrong checksum.
    WrongChecksum,
    /// A frame that claims four GiB.
    HugeLength,
    /// A frame whose payload is no JSON.
    GarbageJson,
    /// A frame of the type `error`.
    ErrorMessage {
        /// `:error-code`
        code: String,
        /// `:error-message`
        message: String,
    },
    /// An event that no client knows; the stream goes on.
    UnknownEvent,
    /// Nothing more comes, the stream stays open.
    Silence,
}

/// A fault in the middle of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TurnFault {
    /// How many `audioOutput` events of the answer come before it; where there are fewer, it comes after the last.
    #[serde(default)]
    pub after_audio_frames: usize,
    /// What happens.
    pub kind: Fault,
}

/// A fault whatever is being said: when both numbers are reached.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TimedFault {
    /// Milliseconds since the stream was opened.
    #[serde(default)]
    pub after_ms: u32,
    /// Events of the client.
    #[serde(default)]
    pub after_events: u32,
    /// What happens.
    pub kind: Fault,
}

/// What goes wrong before the first frame.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Opening {
    /// An exception instead of a stream.
    Refuse {
        /// Its name as AWS writes it, such as `AccessDeniedException`.
        name: String,
        /// Its text.
        message: String,
    },
    /// The response headers come late, milliseconds.
    DelayMs(u32),
    /// The response headers come after the first event, as the live service may have it.
    AwaitFirstEvent,
    /// The request is accepted and never answered.
    Silence,
}

impl Opening {
    pub(in crate::model) fn fault(&self) -> OpeningFault {
        match self {
            Self::Refuse { name, message } => OpeningFault::Refuse(exception(name, message)),
            Self::DelayMs(millis) => OpeningFault::Delay(Duration::from_millis((*millis).into())),
            Self::AwaitFirstEvent => OpeningFault::AwaitFirstEvent,
            Self::Silence => OpeningFault::Silence,
        }
    }
}

/// What a conversation does about a fault.
pub(in crate::model) enum Failure {
    Exception(Exception),
    Wire(WireFault),
    UnknownEvent,
    Silence,
}

impl Fault {
    pub(in crate::model) fn failure(&self, limits: &Limits) -> Failure {
        let named = |name: &str, message: &str| Failure::Exception(exception(name, message));
        let refused = |refusal: &Refusal| {
            Failure::Exception(Exception {
                exception: refusal.exception(),
                message: refusal.text(),
                stream_continues: false,
            })
        };
        match self {
            Self::Idle => refused(&Refusal::Idle { seconds: limits.idle.as_secs() }),
            Self::ModelTimeout => refused(&Refusal::LifeOver),
            Self::Throttled => {
                named("ThrottlingException", "Too many requests, please wait before trying again.")
            }
            Self::ModelStreamError => {
                named("ModelStreamErrorException", "The model failed while it was streaming.")
            }
            Self::ContentFiltered => {
                named("ValidationException", "This request has been blocked by our content filters.")
            }
            Self::Instability => {
                named("ValidationException", "System instability detected. Please retry your request.")
            }
            Self::Exception { name, message } => named(name, message),
            Self::Cut => Failure::Wire(WireFault::Cut),
            Self::TruncatedFrame => Failure::Wire(WireFault::TruncatedFrame),
            Self::WrongChecksum => Failure::Wire(WireFault::WrongChecksum),
            Self::HugeLength => Failure::Wire(WireFault::HugeLength),
            Self::GarbageJson => Failure::Wire(WireFault::GarbageJson),
            Self::ErrorMessage { code, message } => {
                Failure::Wire(WireFault::ErrorMessage { code: code.clone(), message: message.clone() })
            }
            Self::UnknownEvent => Failure::UnknownEvent,
            Self::Silence => Failure::Silence,
        }
    }
}

fn exception(name: &str, message: &str) -> Exception {
    Exception {
        exception: ServiceException::parse(name),
        message: message.to_owned(),
        stream_continues: false,
    }
}
