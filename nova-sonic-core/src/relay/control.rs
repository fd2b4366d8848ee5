//! `{"relay":{…}}`: what the relay says for itself. The only file that knows its JSON.

use std::fmt;

use super::RelayError;
use crate::{
    error::ErrorCode,
    json::{self, Fields, Object, Value},
    search,
    session::Failure,
};

/// A word of the relay itself.
///
/// Prints no more than names: what a server adds to a status is its own affair.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Control {
    /// The first message of the server: the client is let in.
    Ready(Ready),
    /// Something went wrong; when a close follows, this says why.
    Error(Fault),
    /// How things stand behind the relay, in the server's own fields.
    Status(Object),
    /// The server closes the socket next.
    Close {
        /// Why, in a word such as `ended`.
        reason: String,
    },
    /// A word that this version does not know; to be passed over.
    Unknown {
        /// Its name.
        name: String,
        /// Its body.
        body: Value,
    },
}

/// To what a client is let in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "built by every server")]
pub struct Ready {
    /// Version of the frames: 1.
    pub version: u32,
    /// The model that the server speaks with.
    pub model: String,
    /// What the server decides whatever the client sends: `systemPrompt`, `voice`, `tools`; an open list.
    pub locks: Vec<String>,
}

/// An error as it is told to the other side: the fields of the catalogue, as texts, since the other side may be newer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the form in which every language reports an error")]
pub struct Fault {
    /// The stable code.
    pub code: String,
    /// What happened, one sentence without secrets.
    pub message: String,
    /// Whether the same attempt may succeed later.
    pub retryable: bool,
    /// Who can do something about it: `caller`, `model`, `service`, `network`.
    pub blame: String,
}

impl Fault {
    /// The fault of this code.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code: code.as_str().to_owned(),
            message: message.into(),
            retryable: code.retryable(),
            blame: code.blame().as_str().to_owned(),
        }
    }

    /// The same for a session: a code that this version does not know becomes `service_unknown`.
    ///
    /// ```
    /// use nova_sonic_core::{error::ErrorCode, relay::Fault};
    /// let fault = Fault::new(ErrorCode::Throttled, "too many conversations");
    /// assert_eq!(fault.failure().code(), ErrorCode::Throttled);
    /// ```
    pub fn failure(&self) -> Failure {
        let code = ErrorCode::parse(&self.code).unwrap_or(ErrorCode::ServiceUnknown);
        Failure::new(code, self.message.clone())
    }
}

impl From<&Failure> for Fault {
    fn from(failure: &Failure) -> Self {
        Self::new(failure.code(), failure.message())
    }
}

impl Control {
    /// The message's name on the wire.
    pub fn name(&self) -> &str {
        match self {
            Self::Ready(_) => "ready",
            Self::Error(_) => "error",
            Self::Status(_) => "status",
            Self::Close { .. } => "close",
            Self::Unknown { name, .. } => name,
        }
    }

    /// Appends the message's JSON, `{"relay":{"<name>":{…}}}`, to `out`: one text message.
    ///
    /// ```
    /// use nova_sonic_core::relay::Control;
    /// let mut message = Vec::new();
    /// Control::Close { reason: "ended".to_owned() }.write_json(&mut message);
    /// assert_eq!(message, br#"{"relay":{"close":{"reason":"ended"}}}"#);
    /// ```
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let body = match self {
            Self::Ready(ready) => {
                let locks: Vec<Value> = ready.locks.iter().map(|lock| lock.as_str().into()).collect();
                json::object([
                    ("version", ready.version.into()),
                    ("model", ready.model.as_str().into()),
                    ("locks", locks.into()),
                ])
            }
            Self::Error(fault) => json::object([
                ("code", fault.code.as_str().into()),
                ("message", fault.message.as_str().into()),
                ("retryable", fault.retryable.into()),
                ("blame", fault.blame.as_str().into()),
            ]),
            Self::Status(fields) => Value::Object(fields.clone()),
            Self::Close { reason } => json::object([("reason", reason.as_str().into())]),
            Self::Unknown { body, .. } => body.clone(),
        };
        json::write(&json::object([("relay", json::object([(self.name(), body)]))]), out);
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(ready) => f.debug_tuple("Ready").field(ready).finish(),
            Self::Error(fault) => f.debug_tuple("Error").field(fault).finish(),
            Self::Status(_) => f.debug_tuple("Status").finish_non_exhaustive(),
            Self::Close { reason } => f.debug_struct("Close").field("reason", reason).finish(),
            Self::Unknown { name, .. } => {
                f.debug_struct("Unknown").field("name", name).finish_non_exhaustive()
            }
        }
    }
}

/// Longest word or sentence that is kept of a control message, characters: a stranger's text must not fill a log.
const KEPT_CHARACTERS: usize = 600;

/// Reads a text message as a control message; `None` when it is something else.
pub(super) fn read(text: &str) -> Result<Option<Control>, RelayError> {
    // events are many and control messages few: who does not say the word is no control message
    if !search::has(text, "\"relay\"") || !text.trim_start().starts_with('{') {
        return Ok(None);
    }
    let fields = match Fields::read(text.as_bytes()) {
        Ok(fields) => fields,
        Err(defect) if defect.is_shape => return Err(RelayError::Control),
        // no JSON, which the reader of events says better
        Err(_) => return Ok(None),
    };
    let named = match (fields.single("relay"), fields.single("event")) {
        (Ok(None), Ok(_)) => return Ok(None),
        (Ok(Some(Value::Object(named))), Ok(None)) => named,
        // an event as well, or two: one side would read this and the other that
        _ => return Err(RelayError::Control),
    };
    let mut named = named.iter();
    match (named.next(), named.next()) {
        (Some((name, body)), None) => control(name, body).map(Some).ok_or(RelayError::Control),
        _ => Err(RelayError::Control),
    }
}

fn control(name: &str, body: &Value) -> Option<Control> {
    let text = |field: &str| body.get(field).and_then(Value::as_str).map(kept);
    Some(match name {
        "ready" => Control::Ready(Ready {
            version: body.get("version").and_then(Value::as_u64)?.try_into().ok()?,
            model: text("model")?,
            locks: match body.get("locks") {
                None | Some(Value::Null) => Vec::new(),
                Some(locks) => locks.as_array()?.iter().filter_map(Value::as_str).map(kept).collect(),
            },
        }),
        "error" => Control::Error(Fault {
            code: text("code")?,
            message: text("message").unwrap_or_default(),
            retryable: body.get("retryable").and_then(Value::as_bool).unwrap_or(false),
            blame: text("blame").unwrap_or_else(|| "service".to_owned()),
        }),
        "status" => {
            let Value::Object(fields) = body else { return None };
            Control::Status(fields.clone())
        }
        "close" => Control::Close { reason: text("reason").unwrap_or_default() },
        // unchanged but for its length, lest it become a name that is known
        _ => Control::Unknown { name: name.chars().take(KEPT_CHARACTERS).collect(), body: body.clone() },
    })
}

fn kept(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(KEPT_CHARACTERS).collect()
}
