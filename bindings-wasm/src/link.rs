//! Which way the session's events go, and how that ends.

use nova_sonic_core::{
    error::ErrorCode,
    event::ClientEvent,
    relay::{ClientCodec, CloseCode, Control, FrameKind, RelayError, RelayFrame, Relayed},
    session::{Failure, Input},
    time::Timestamp,
};

use crate::direct::Direct;

/// The connection of one session.
pub(crate) struct Link {
    path: Path,
    state: State,
    /// What the relay said was wrong before it closed the socket.
    complaint: Option<Failure>,
}

enum Path {
    Unknown,
    Direct(Box<Direct>),
    Relay(Box<ClientCodec>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Opening,
    Open,
    Over,
}

/// What a message of the relay was.
pub(crate) enum FromRelay<'message> {
    /// Something for the session.
    Input(Input<'static>),
    /// A word of the relay itself.
    Control(&'message str),
    /// A message that is not one of the relay's; the next one may be.
    Defect(RelayError),
}

impl Link {
    pub(crate) const fn new() -> Self {
        Self { path: Path::Unknown, state: State::Opening, complaint: None }
    }

    pub(crate) fn is_chosen(&self) -> bool {
        !matches!(self.path, Path::Unknown)
    }

    pub(crate) fn choose_direct(&mut self, direct: Direct) {
        self.path = Path::Direct(Box::new(direct));
    }

    pub(crate) fn choose_relay(&mut self) {
        self.path = Path::Relay(Box::default());
    }

    /// Whether something can be sent.
    pub(crate) fn is_open(&self) -> bool {
        self.state == State::Open && self.is_chosen()
    }

    pub(crate) fn opened(&mut self) {
        if self.state == State::Opening {
            self.state = State::Open;
        }
    }

    pub(crate) const fn ended(&mut self) {
        self.state = State::Over;
    }

    /// Puts the message of one event in place of what was in `out`.
    pub(crate) fn encode(
        &mut self,
        event: &ClientEvent,
        wall: Timestamp,
        out: &mut Vec<u8>,
    ) -> Result<FrameKind, Failure> {
        out.clear();
        match &mut self.path {
            Path::Direct(direct) => direct.encode(event, wall, out).map(|()| FrameKind::Binary),
            Path::Relay(codec) => {
                codec.encode(event, out).map_err(|error| Failure::new(error.code(), error.to_string()))
            }
            Path::Unknown => Err(Failure::new(ErrorCode::Internal, "no way to the service was chosen")),
        }
    }

    /// Puts the message that ends the stream in place of what was in `out`; `false` where there is none.
    pub(crate) fn finish(&mut self, wall: Timestamp, out: &mut Vec<u8>) -> bool {
        out.clear();
        match &mut self.path {
            // a stream that cannot be ended in order ends with its socket
            Path::Direct(direct) if self.state == State::Open => direct.finish(wall, out).is_ok(),
            Path::Direct(_) | Path::Relay(_) | Path::Unknown => false,
        }
    }

    /// The stream of frames, where this is the direct path.
    pub(crate) fn direct(&mut self) -> Option<&mut Direct> {
        match &mut self.path {
            Path::Direct(direct) => Some(direct),
            Path::Relay(_) | Path::Unknown => None,
        }
    }

    /// Reads one message of the relay; `None` where this is not the relay's path.
    pub(crate) fn relayed<'message>(&mut self, frame: RelayFrame<'message>) -> Option<FromRelay<'message>> {
        let Path::Relay(codec) = &mut self.path else { return None };
        Some(match codec.decode(frame) {
            Ok(Relayed::Event(event)) => FromRelay::Input(Input::Received(event)),
            Ok(Relayed::Control(control)) => {
                if let Control::Error(fault) = &control {
                    self.complaint = Some(fault.failure());
                }
                match frame {
                    RelayFrame::Text(message) => FromRelay::Control(message),
                    RelayFrame::Binary(_) => return None,
                }
            }
            Err(RelayError::Event(error)) => FromRelay::Input(Input::Unreadable(error)),
            Err(defect) => FromRelay::Defect(defect),
        })
    }

    /// What it means for the session that the socket was closed.
    pub(crate) fn closed(&mut self, code: u16, reason: &str) -> Input<'static> {
        let never_opened = self.state == State::Opening;
        self.ended();
        if let Some(complaint) = self.complaint.take() {
            return Input::Failed(complaint);
        }
        let by_relay = match self.path {
            Path::Relay(_) => CloseCode::from_number(code).and_then(CloseCode::code),
            Path::Direct(_) | Path::Unknown => None,
        };
        match by_relay.or_else(|| ErrorCode::of_socket_close(code, reason)) {
            None | Some(ErrorCode::ConnectionLost) if never_opened => Input::Failed(refused(code, reason)),
            None => Input::Disconnected,
            Some(error) => Input::Failed(Failure::new(error, sentence("was closed", code, reason))),
        }
    }
}

fn refused(code: u16, reason: &str) -> Failure {
    Failure::new(ErrorCode::ConnectionFailed, sentence("could not be opened", code, reason))
}

/// Longest reason, bytes: RFC 6455, section 5.5.
const REASON_LIMIT: usize = 123;

fn sentence(what: &str, code: u16, reason: &str) -> String {
    let mut sentence = format!("the connection {what} (code {code})");
    let reason: String = reason.chars().filter(|letter| !letter.is_control()).take(REASON_LIMIT).collect();
    if !reason.is_empty() {
        sentence.push_str(": ");
        sentence.push_str(&reason);
    }
    sentence
}
