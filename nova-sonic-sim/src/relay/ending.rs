//! How a conversation over the relay ends: a word about it, then a close that the client can read.

use std::{borrow::Cow, time::Duration};

use futures_util::{SinkExt, StreamExt};
use nova_sonic_core::{
    error::{ErrorCode, ServiceError},
    relay::{CloseCode, Control, Fault, GuardError, RelayError},
    session::Failure,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message, Utf8Bytes,
        protocol::{CloseFrame, frame::coding::CloseCode as WireCode},
    },
};

use crate::observation::{Refusal, StreamEnd};

/// Real time that a client has to answer a close.
const LINGER: Duration = Duration::from_secs(1);

/// How a conversation ends.
#[derive(Debug)]
pub(crate) enum Ending {
    /// With a close frame.
    Close {
        /// What went wrong, to be said before.
        fault: Option<Fault>,
        code: u16,
        end: StreamEnd,
    },
    /// Without a word.
    Cut(StreamEnd),
}

impl Ending {
    pub(super) const fn in_order() -> Self {
        Self::Close { fault: None, code: CloseCode::Ended.number(), end: StreamEnd::Completed }
    }

    pub(crate) const fn asked_for(code: u16) -> Self {
        Self::Close { fault: None, code, end: StreamEnd::Fault }
    }

    pub(crate) fn refused(code: ErrorCode, message: impl Into<String>, close: CloseCode) -> Self {
        let end = StreamEnd::Refused(code.as_str().to_owned());
        Self::Close { fault: Some(Fault::new(code, message)), code: close.number(), end }
    }

    /// What a record of it says: a name, and a sentence.
    pub(crate) fn noted(&self) -> Refusal<'_> {
        let (fault, end) = match self {
            Self::Close { fault, end, .. } => (fault.as_ref(), end),
            Self::Cut(end) => (None, end),
        };
        Refusal { name: end.name(), message: fault.map_or("as a fault asks", |fault| &fault.message) }
    }

    /// The service behind the relay, here the model, has failed.
    pub(crate) fn upstream(error: ServiceError) -> Self {
        let end = StreamEnd::Exception(error.exception().name().to_owned());
        let fault = Some(Fault::from(&Failure::from(error)));
        Self::Close { fault, code: CloseCode::UpstreamFailed.number(), end }
    }
}

impl From<GuardError> for Ending {
    fn from(error: GuardError) -> Self {
        Self::refused(error.code(), error.to_string(), error.close_code())
    }
}

impl From<RelayError> for Ending {
    fn from(error: RelayError) -> Self {
        Self::refused(error.code(), error.to_string(), error.close_code())
    }
}

/// One control message.
pub(super) fn control_message(control: &Control) -> Message {
    let mut json = Vec::new();
    control.write_json(&mut json);
    text_message(json)
}

/// A text message of JSON that was just written.
pub(super) fn text_message(json: Vec<u8>) -> Message {
    Message::Text(Utf8Bytes::try_from(json).unwrap_or_default())
}

/// Ends the socket as `ending` says, and tells how the stream has ended.
pub(crate) async fn close<S>(socket: &mut WebSocketStream<S>, ending: Ending) -> StreamEnd
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (fault, code, end) = match ending {
        Ending::Cut(end) => return end,
        Ending::Close { fault, code, end } => (fault, code, end),
    };
    let reason: Cow<'static, str> = match &fault {
        Some(fault) => fault.code.clone().into(),
        None if code == CloseCode::Ended.number() => "ended".into(),
        None => "fault".into(),
    };
    let farewell = async {
        if let Some(fault) = fault {
            socket.send(control_message(&Control::Error(fault))).await?;
        }
        let last = Control::Close { reason: reason.clone().into_owned() };
        socket.send(control_message(&last)).await?;
        let frame = CloseFrame { code: WireCode::from(code), reason: reason.as_ref().into() };
        socket.send(Message::Close(Some(frame))).await?;
        // what the client still sends is taken: to drop it unread would reset the connection, and the close with it
        while socket.next().await.is_some_and(|message| message.is_ok()) {}
        Ok::<_, tokio_tungstenite::tungstenite::Error>(())
    };
    // a client that is gone, or does not answer, has ended its own way
    let _ = tokio::time::timeout(LINGER, farewell).await;
    end
}
