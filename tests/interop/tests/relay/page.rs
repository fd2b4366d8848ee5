//! What a page does: its session, the browser's half of the frames, and no WebSocket.

use nova_sonic_core::{
    id::ToolUseId,
    relay::{ClientCodec, CloseCode, Control, Fault, FrameKind, RelayFrame, Relayed},
    relay_handler::{RelayConnection, RelayMessage},
    session::{Event, Input, Output, Session, SessionConfig},
    time::Tick,
};
use nova_sonic_interop::in_time;
use tokio::time::Instant;

/// A page with its half of one connection.
pub(crate) struct Page {
    pub(crate) connection: RelayConnection,
    session: Session,
    codec: ClientCodec,
    epoch: Instant,
    events: std::collections::VecDeque<Event>,
    calls: Vec<(ToolUseId, String, String)>,
    /// Samples of the answers.
    pub(crate) heard: usize,
    /// What the relay said was wrong.
    pub(crate) complaint: Option<Fault>,
    closed: Option<(u16, String)>,
}

impl Page {
    pub(crate) fn new(connection: RelayConnection, config: SessionConfig) -> Self {
        let session = Session::new(config, [7; 32], Tick::ZERO).expect("a good configuration");
        let mut page = Self {
            connection,
            session,
            codec: ClientCodec::new(),
            epoch: Instant::now(),
            events: std::collections::VecDeque::new(),
            calls: Vec::new(),
            heard: 0,
            complaint: None,
            closed: None,
        };
        page.give(Input::Connected);
        page
    }

    fn now(&self) -> Tick {
        Tick::new(self.epoch.elapsed())
    }

    fn give(&mut self, input: Input<'_>) {
        // refused after the goodbye
        let _ = self.session.handle_input(self.now(), input);
        let mut out = Vec::new();
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Send(event) => match self.codec.encode(&event, &mut out).expect("a short event") {
                    FrameKind::Text => {
                        let text = std::str::from_utf8(&out).expect("JSON is UTF-8");
                        self.connection.receive_text(text);
                    }
                    FrameKind::Binary => self.connection.receive_binary(&out),
                },
                Output::Emit(event) => {
                    if let Event::Audio { pcm, .. } = &event {
                        self.heard += pcm.len();
                    }
                    self.events.push_back(event);
                }
                _ => {}
            }
        }
    }

    pub(crate) fn speak(&mut self, samples: &[i16]) {
        for piece in samples.chunks(16_000) {
            self.give(Input::Audio(piece));
        }
    }

    pub(crate) fn hang_up(&mut self) {
        self.give(Input::Hangup);
    }

    /// Does the next thing that happens; `false` once the socket is closed.
    async fn step(&mut self) -> bool {
        if self.closed.is_some() {
            return false;
        }
        let deadline = self.session.poll_timeout().map(|deadline| self.epoch + deadline.since_epoch());
        let sleep = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        let message = tokio::select! {
            message = self.connection.next() => message,
            () = sleep => {
                self.give(Input::Timeout);
                return true;
            }
        };
        let relayed = match &message {
            Some(RelayMessage::Text(text)) => self.codec.decode(RelayFrame::Text(text)),
            Some(RelayMessage::Binary(bytes)) => self.codec.decode(RelayFrame::Binary(bytes)),
            Some(RelayMessage::ToolCall { id, name, input }) => {
                self.calls.push((id.clone(), name.clone(), input.clone()));
                return true;
            }
            Some(RelayMessage::Close { code, reason }) => {
                assert!(CloseCode::from_number(*code).is_some(), "{code} is a code of the relay");
                self.closed = Some((*code, reason.clone()));
                self.give(Input::Disconnected);
                return false;
            }
            Some(other) => panic!("{other:?}"),
            None => return false,
        };
        match relayed.expect("the page reads what it is sent") {
            Relayed::Event(event) => self.give(Input::Received(event)),
            Relayed::Control(Control::Error(fault)) => self.complaint = Some(fault),
            Relayed::Control(_) => {}
        }
        true
    }

    /// Until the socket is closed: with what code and reason.
    pub(crate) async fn run(&mut self) -> (u16, String) {
        while self.step().await {}
        self.closed.clone().expect("a close comes last")
    }

    /// Waits for an event that `wanted` accepts and answers what it makes of it; everything else passes.
    pub(crate) async fn wait_for<T>(&mut self, wanted: impl Fn(&Event) -> Option<T>) -> T {
        in_time(async {
            loop {
                while let Some(event) = self.events.pop_front() {
                    if let Some(found) = wanted(&event) {
                        return found;
                    }
                }
                assert!(self.step().await, "closed: {:?} {:?}", self.closed, self.complaint);
            }
        })
        .await
        .expect("the event comes")
    }

    /// Waits until the server is to run one of its own tools.
    pub(crate) async fn wait_for_call(&mut self) -> (ToolUseId, String, String) {
        in_time(async {
            while self.calls.is_empty() {
                assert!(self.step().await, "closed: {:?} {:?}", self.closed, self.complaint);
            }
            self.calls.remove(0)
        })
        .await
        .expect("the call comes")
    }
}
