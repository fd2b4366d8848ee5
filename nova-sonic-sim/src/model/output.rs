//! What a conversation asks its transport to do.

use std::{fmt, time::Duration};

use nova_sonic_core::error::ServiceException;

/// One thing that the transport must now do, in the order polled.
///
/// Prints an event's length only: what people say does not belong in a log.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// Frame these bytes, one `{"event":…}` object, as a `chunk` and send them.
    Event(Vec<u8>),
    /// Send an exception frame, then end the stream unless [`Exception::stream_continues`].
    Exception(Exception),
    /// Send something broken, as asked for by the scenario, then end the stream.
    Fault(WireFault),
    /// End the stream in order.
    End,
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(json) => write!(f, "Event({} bytes)", json.len()),
            Self::Exception(exception) => f.debug_tuple("Exception").field(exception).finish(),
            Self::Fault(fault) => f.debug_tuple("Fault").field(fault).finish(),
            Self::End => f.write_str("End"),
        }
    }
}

/// An exception of the service: its name and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Which one.
    pub exception: ServiceException,
    /// The text, as the live service words it.
    pub message: String,
    /// Whether the stream goes on (true only of a tool result that could not be read).
    pub stream_continues: bool,
}

/// Something broken that a transport can be asked to send.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireFault {
    /// Close the connection without a word.
    Cut,
    /// A frame that ends before its length.
    TruncatedFrame,
    /// A frame with a wrong message checksum.
    WrongChecksum,
    /// A prelude that claims four GiB, with a valid checksum.
    HugeLength,
    /// A well-framed chunk whose payload is no JSON.
    GarbageJson,
    /// A frame with `:message-type` `error`.
    ErrorMessage {
        /// `:error-code`
        code: String,
        /// `:error-message`
        message: String,
    },
}

/// What goes wrong before the first frame.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpeningFault {
    /// Answer with this exception instead of a stream.
    Refuse(Exception),
    /// Hold the response headers back for this long.
    Delay(Duration),
    /// Hold the response headers back until the first event has come in, as the live service may.
    AwaitFirstEvent,
    /// Accept the request and never answer.
    Silence,
}
