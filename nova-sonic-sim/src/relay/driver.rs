//! The task that drives one conversation over the relay.

use std::{convert::Infallible, time::Duration};

use futures_util::{SinkExt, StreamExt};
use nova_sonic_core::{
    error::{ServiceError, ServiceException},
    event::{EventReader, ServerEvent},
    relay::{
        Control, Fault, FrameKind, Guard, GuardOutput, RelayError, RelayFrame, Relayed, SOUND_LIMIT,
        ServerCodec, TEXT_LIMIT,
    },
    session::Failure,
    time::Tick,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{OwnedSemaphorePermit, watch},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Error, Message},
};

use super::{
    Ending, RelayFault, close,
    ending::{control_message, text_message},
};
use crate::{
    clock::Clock,
    model::{Conversation, Output, WireFault},
    observation::{StreamEnd, StreamObserver},
};

/// Real time for which a client may take nothing before it counts as gone.
const STALL_LIMIT: Duration = Duration::from_secs(30);

/// A conversation that was let in.
#[derive(Debug)]
pub(crate) struct RelayStream {
    pub(crate) guard: Guard,
    pub(crate) conversation: Conversation,
    pub(crate) clock: Clock,
    pub(crate) observer: StreamObserver,
    pub(crate) fault: Option<RelayFault>,
    /// Its place among the concurrent streams, given back when it ends.
    pub(crate) place: OwnedSemaphorePermit,
}

/// Runs one conversation until it has ended, and notes how.
pub(crate) async fn talk<S>(
    mut socket: WebSocketStream<S>,
    stream: RelayStream,
    mut shutdown: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let RelayStream { guard, conversation, clock, observer, fault, place } = stream;
    let mut driver = Driver {
        socket: &mut socket,
        codec: ServerCodec::new(),
        guard,
        conversation,
        clock,
        observer,
        fault,
        reader: EventReader::default(),
        received: 0,
        input_ended: false,
    };
    let ending = tokio::select! {
        ending = driver.converse() => ending,
        _ = shutdown.wait_for(|down| *down) => Ending::Cut(StreamEnd::Shutdown),
    };
    let observer = driver.observer;
    drop(place);
    let end = close(&mut socket, ending).await;
    observer.update(|record| {
        let (number, events, frames) = (record.number, record.events_received, record.frames_sent);
        tracing::info!(number, events, frames, ?end, "a conversation over the relay ended");
        record.end = Some(end);
    });
}

struct Driver<'a, S> {
    socket: &'a mut WebSocketStream<S>,
    codec: ServerCodec,
    guard: Guard,
    conversation: Conversation,
    clock: Clock,
    observer: StreamObserver,
    fault: Option<RelayFault>,
    reader: EventReader,
    /// Messages of the client.
    received: u64,
    input_ended: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Driver<'_, S> {
    async fn converse(&mut self) -> Ending {
        match self.run().await {
            Err(ending) => ending,
        }
    }

    async fn run(&mut self) -> Result<Infallible, Ending> {
        let ready = self.guard.rules().ready();
        self.send(control_message(&ready)).await?;
        loop {
            self.settle().await?;
            let deadlines = [self.conversation.poll_timeout(), self.guard.poll_timeout()];
            let deadline = deadlines.into_iter().flatten().min();
            tokio::select! {
                message = self.socket.next() => self.receive(message.as_ref())?,
                () = sleep_until(&self.clock, deadline), if deadline.is_some() => {
                    let now = self.clock.tick();
                    self.conversation.handle_timeout(now);
                    self.guard.handle_timeout(now)?;
                }
            }
        }
    }

    /// Takes one message of the client.
    fn receive(&mut self, message: Option<&Result<Message, Error>>) -> Result<(), Ending> {
        let received = match message {
            Some(Ok(Message::Text(text))) => self.codec.decode(RelayFrame::Text(text)),
            Some(Ok(Message::Binary(bytes))) => self.codec.decode(RelayFrame::Binary(bytes)),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => return Ok(()),
            Some(Err(Error::Capacity(_))) => {
                Err(RelayError::TooLong { length: TEXT_LIMIT.saturating_add(1), limit: TEXT_LIMIT })
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => {
                // who has said goodbye need not wait for the answer
                let end = if self.input_ended { StreamEnd::Completed } else { StreamEnd::ClientGone };
                return Err(Ending::Cut(end));
            }
        };
        self.received += 1;
        match self.fault {
            Some(RelayFault::CloseAfter { messages, code }) if self.received >= messages => {
                return Err(Ending::asked_for(code));
            }
            Some(RelayFault::CutAfter { messages }) if self.received >= messages => {
                return Err(Ending::Cut(StreamEnd::Fault));
            }
            Some(RelayFault::CloseAfter { .. } | RelayFault::CutAfter { .. } | RelayFault::Refuse { .. })
            | None => {}
        }
        if let Relayed::Event(event) = received? {
            self.observer.update(|record| record.events_received += 1);
            self.guard.handle_client(self.clock.tick(), event)?;
        }
        Ok(())
    }

    /// Passes on what waits, in both directions, until nothing does.
    async fn settle(&mut self) -> Result<(), Ending> {
        loop {
            while let Some(output) = self.guard.poll_output() {
                self.pass(output).await?;
            }
            match self.conversation.poll_output() {
                Some(Output::Event(json)) => match self.reader.read_server(&json) {
                    Ok(event) => self.guard.handle_service(event),
                    Err(error) => tracing::warn!(%error, "the model said something that cannot be relayed"),
                },
                Some(Output::Exception(exception)) => {
                    let error = ServiceError::new(exception.exception, &exception.message);
                    if !exception.stream_continues {
                        return Err(Ending::upstream(error));
                    }
                    let fault = Fault::from(&Failure::from(error));
                    self.send(control_message(&Control::Error(fault))).await?;
                }
                Some(Output::Fault(fault)) => return Err(self.break_off(fault).await),
                Some(Output::End) => return Err(Ending::in_order()),
                // no input can come, no deadline is pending: nothing will ever happen again
                None if self.input_ended && self.conversation.poll_timeout().is_none() => {
                    return Err(Ending::in_order());
                }
                None => return Ok(()),
            }
        }
    }

    async fn pass(&mut self, output: GuardOutput) -> Result<(), Ending> {
        let now = self.clock.tick();
        match output {
            GuardOutput::ToService(event) => {
                let mut json = Vec::new();
                event.write_json(&mut json);
                self.conversation.handle_event(now, &json);
            }
            GuardOutput::EndInput => {
                self.input_ended = true;
                self.observer.update(|record| record.input_ended = true);
                self.conversation.handle_end_of_input(now);
            }
            GuardOutput::ToClient(event) => self.deliver(&event).await?,
            // the simulator's rules have no tools of the server
            GuardOutput::CallTool { .. } | _ => {}
        }
        Ok(())
    }

    async fn deliver(&mut self, event: &ServerEvent) -> Result<(), Ending> {
        let mut bytes = Vec::new();
        let message = match self.codec.encode(event, &mut bytes)? {
            FrameKind::Text => text_message(bytes),
            FrameKind::Binary => Message::Binary(bytes.into()),
        };
        self.send(message).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Ending> {
        match tokio::time::timeout(STALL_LIMIT, self.socket.send(message)).await {
            Ok(Ok(())) => {
                self.observer.update(|record| record.frames_sent += 1);
                Ok(())
            }
            Ok(Err(_)) | Err(_) => Err(Ending::Cut(StreamEnd::ClientGone)),
        }
    }

    /// Something broken, as the scenario asks, in the form that it can take here.
    async fn break_off(&mut self, fault: WireFault) -> Ending {
        let message = match fault {
            WireFault::Cut => None,
            WireFault::TruncatedFrame => Some(Message::Binary(vec![0].into())),
            WireFault::HugeLength => Some(Message::Binary(vec![0; SOUND_LIMIT + 2].into())),
            WireFault::WrongChecksum | WireFault::GarbageJson => Some(Message::Text("{\"event\":".into())),
            WireFault::ErrorMessage { code, message } => {
                let exception = ServiceException::parse(&code);
                return Ending::upstream(ServiceError::new(exception, &message));
            }
        };
        if let Some(message) = message
            && let Err(gone) = self.send(message).await
        {
            return gone;
        }
        Ending::Cut(StreamEnd::Fault)
    }
}

async fn sleep_until(clock: &Clock, deadline: Option<Tick>) {
    match deadline {
        Some(deadline) => clock.sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
