//! What a page does: its session over the browser's half of the frames and a real WebSocket.

use std::collections::VecDeque;

use futures_util::{SinkExt, StreamExt};
use nova_sonic_core::{
    error::ErrorCode,
    relay::{ClientCodec, Control, FrameKind, RelayFrame, Relayed, SUBPROTOCOL, ticket::Ticket},
    session::{Event, Failure, Input, Output, Session, SessionConfig},
    time::Tick,
};
use tokio::{net::TcpStream, time::Instant};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::stage::{Relay, in_time, sign};

pub(crate) struct Page {
    pub(crate) session: Session,
    socket: WebSocketStream<TcpStream>,
    codec: ClientCodec,
    epoch: Instant,
    events: VecDeque<Event>,
    controls: VecDeque<Control>,
    closed: Option<(u16, String)>,
    over: bool,
}

impl Page {
    pub(crate) async fn open(relay: &Relay, ticket: &Ticket, config: SessionConfig) -> Self {
        Self::open_with(relay, &sign(ticket), config).await
    }

    pub(crate) async fn open_with(relay: &Relay, ticket: &str, config: SessionConfig) -> Self {
        let session = Session::new(config, [7; 32], Tick::ZERO).expect("a good configuration");
        Self::connect(relay, ticket, session, Instant::now()).await
    }

    /// The same conversation over another process, as the browser package does it.
    pub(crate) async fn resume(self, relay: &Relay, ticket: &Ticket) -> Self {
        let now = Tick::new(self.epoch.elapsed());
        let session =
            self.session.successor(SessionConfig::default(), [8; 32], now).expect("a good configuration");
        Self::connect(relay, &sign(ticket), session, self.epoch).await
    }

    async fn connect(relay: &Relay, ticket: &str, session: Session, epoch: Instant) -> Self {
        let url = format!("ws://{}/relay?ticket={ticket}", relay.address);
        let mut request = url.into_client_request().expect("an address");
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
        let stream = TcpStream::connect(&relay.address).await.expect("it listens");
        let (socket, _) = in_time(client_async(request, stream)).await.expect("the handshake");
        let mut page = Self {
            session,
            socket,
            codec: ClientCodec::new(),
            epoch,
            events: VecDeque::new(),
            controls: VecDeque::new(),
            closed: None,
            over: false,
        };
        page.give(Input::Connected).await;
        page
    }

    async fn give(&mut self, input: Input<'_>) {
        let now = Tick::new(self.epoch.elapsed());
        // refused after the end
        let _ = self.session.handle_input(now, input);
        let mut out = Vec::new();
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Send(event) => {
                    let message = match self.codec.encode(&event, &mut out).expect("a short event") {
                        FrameKind::Text => Message::text(String::from_utf8_lossy(&out).as_ref()),
                        FrameKind::Binary => Message::binary(out.clone()),
                    };
                    // what a process that is gone does not take is lost
                    let _ = self.socket.send(message).await;
                }
                Output::Emit(event) => self.events.push_back(event),
                _ => {}
            }
        }
    }

    pub(crate) async fn speak(&mut self, samples: &[i16]) {
        for piece in samples.chunks(16_000) {
            self.give(Input::Audio(piece)).await;
        }
    }

    /// Does the next thing that happens; `false` once the socket is closed.
    async fn step(&mut self) -> bool {
        if self.over {
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
            message = self.socket.next() => message,
            () = sleep => {
                self.give(Input::Timeout).await;
                return true;
            }
        };
        let relayed = match &message {
            Some(Ok(Message::Text(text))) => self.codec.decode(RelayFrame::Text(text)),
            Some(Ok(Message::Binary(bytes))) => self.codec.decode(RelayFrame::Binary(bytes)),
            Some(Ok(Message::Close(Some(frame)))) => {
                self.closed = Some((frame.code.into(), frame.reason.to_string()));
                return self.lose().await;
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return true,
            Some(Ok(_) | Err(_)) | None => return self.lose().await,
        };
        match relayed.expect("the page reads what it is sent") {
            Relayed::Event(event) => self.give(Input::Received(event)).await,
            Relayed::Control(control) => self.controls.push_back(control),
        }
        true
    }

    async fn lose(&mut self) -> bool {
        self.over = true;
        self.give(Input::Failed(Failure::new(ErrorCode::ConnectionLost, "the socket was closed"))).await;
        false
    }

    /// The first word of the relay itself.
    pub(crate) async fn first_control(&mut self) -> Control {
        while self.controls.is_empty() {
            assert!(self.step().await, "closed: {:?}", self.closed);
        }
        self.controls.pop_front().expect("one at least")
    }

    /// Waits until the socket is closed: with what code and reason.
    pub(crate) async fn closed(&mut self) -> Option<(u16, String)> {
        while self.step().await {}
        self.closed.clone()
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
                let goes_on = self.step().await;
                assert!(goes_on || !self.events.is_empty(), "closed: {:?}", self.closed);
            }
        })
        .await
    }
}
