//! The task that drives one conversation: the only place where the model meets time and sockets.

use std::time::Duration;

use bytes::Bytes;
use nova_sonic_core::{error::ServiceException, time::Tick};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, oneshot, watch},
    time::Instant,
};

use super::{
    Inbound, Outgoing, Received, frames,
    input::{ClientMessage, InputError, InputReader},
};
use crate::{
    auth::ChunkVerifier,
    clock::Clock,
    model::{Conversation, Exception, Output},
    observation::{StreamEnd, StreamObserver},
};

/// Bytes of input taken while output waits: enough for a client that writes minutes of speech before it reads.
const INPUT_WHILE_WAITING: usize = 32 * 1024 * 1024;

/// Real time for which a client may take nothing before it counts as gone.
const STALL_LIMIT: Duration = Duration::from_secs(30);

/// Real time for which a client may go on sending after the end.
const LINGER: Duration = Duration::from_secs(1);

/// When the transport may answer the request with a stream.
#[derive(Debug)]
pub(crate) enum StreamStart {
    /// It has done so already.
    AtOnce,
    /// When the first event has come in, or nothing more can.
    FirstEvent(oneshot::Sender<()>),
}

/// A stream that was let in.
#[derive(Debug)]
pub(crate) struct OpenStream {
    pub(crate) verifier: ChunkVerifier,
    pub(crate) max_frame_bytes: u32,
    pub(crate) conversation: Conversation,
    pub(crate) clock: Clock,
    pub(crate) observer: StreamObserver,
    /// Its place among the concurrent streams, given back when it ends.
    pub(crate) place: OwnedSemaphorePermit,
}

/// One stream's task.
#[derive(Debug)]
pub(crate) struct Driver<I> {
    inbound: I,
    input: InputReader,
    /// Whether the transport may still bring something.
    input_open: bool,
    /// Whether something has come in that makes the rest unreadable.
    input_broken: bool,
    /// Whether the model has been told that no input will come.
    input_finished: bool,
    conversation: Conversation,
    clock: Clock,
    observer: StreamObserver,
    start: StreamStart,
    /// A frame that waits for the client to take what is queued already.
    waiting: Option<Pending>,
    /// Bytes taken while it waits.
    taken_while_waiting: usize,
    place: Option<OwnedSemaphorePermit>,
}

#[derive(Debug)]
struct Pending {
    frame: Outgoing,
    /// How the stream has ended once this frame is sent.
    end: Option<StreamEnd>,
    /// When the client counts as gone.
    give_up_at: Instant,
}

impl<I: Inbound> Driver<I> {
    pub(crate) fn new(stream: OpenStream, inbound: I, start: StreamStart) -> Self {
        Self {
            inbound,
            input: InputReader::new(stream.verifier, stream.max_frame_bytes),
            input_open: true,
            input_broken: false,
            input_finished: false,
            conversation: stream.conversation,
            clock: stream.clock,
            observer: stream.observer,
            start,
            waiting: None,
            taken_while_waiting: 0,
            place: Some(stream.place),
        }
    }

    /// Runs until the stream has ended, and notes how.
    pub(crate) async fn run(mut self, outbound: mpsc::Sender<Outgoing>, mut shutdown: watch::Receiver<bool>) {
        let end = tokio::select! {
            end = self.converse(&outbound) => end,
            _ = shutdown.wait_for(|down| *down) => StreamEnd::Shutdown,
        };
        // the response ends here, and with it the stream's claim to one of the places
        drop(outbound);
        drop(self.place.take());
        if !matches!(end, StreamEnd::ClientGone | StreamEnd::Shutdown) {
            tokio::select! {
                () = self.linger() => {}
                () = tokio::time::sleep(LINGER) => {}
                _ = shutdown.wait_for(|down| *down) => {}
            }
        }
        self.observer.update(|record| {
            let (number, events, frames) = (record.number, record.events_received, record.frames_sent);
            tracing::info!(number, events, frames, ?end, "a stream ended");
            record.end = Some(end);
        });
    }

    /// Takes what the client still sends: to drop it unread would reset the connection, and what was said last with it.
    async fn linger(&mut self) {
        while self.input_open {
            match self.inbound.next().await {
                Received::Bytes(bytes) if !self.input_broken => self.verify_only(&bytes),
                Received::Bytes(_) | Received::Illegal(_) => {}
                Received::End | Received::Gone => return,
            }
        }
    }

    /// Holds the signature chain to its end, though nobody listens any more.
    fn verify_only(&mut self, bytes: &Bytes) {
        self.input.push(bytes);
        loop {
            match self.input.next_message(self.clock.timestamp()) {
                Ok(Some(ClientMessage::Event(_))) => {
                    self.observer.update(|record| record.events_received += 1);
                }
                Ok(Some(ClientMessage::End)) => {
                    self.observer.update(|record| record.input_ended = true);
                }
                Ok(None) => return,
                Err(_) => {
                    self.input_broken = true;
                    return;
                }
            }
        }
    }

    async fn converse(&mut self, outbound: &mpsc::Sender<Outgoing>) -> StreamEnd {
        loop {
            if self.waiting.is_none() {
                match self.next_frame() {
                    Next::Frame(pending) => self.waiting = Some(pending),
                    Next::End => return StreamEnd::Completed,
                    Next::Nothing => {}
                }
            }
            let deadline = self.conversation.poll_timeout();
            let give_up_at = self.waiting.as_ref().map(|pending| pending.give_up_at);
            let input_taken =
                self.input_open && !self.input_broken && self.taken_while_waiting < INPUT_WHILE_WAITING;
            tokio::select! {
                permit = outbound.reserve(), if self.waiting.is_some() => {
                    let (Ok(permit), Some(pending)) = (permit, self.waiting.take()) else { return StreamEnd::ClientGone };
                    self.input_open &= !matches!(pending.frame, Outgoing::Cut);
                    permit.send(pending.frame);
                    self.taken_while_waiting = 0;
                    if let Some(end) = pending.end {
                        return end;
                    }
                    self.observer.update(|record| record.frames_sent += 1);
                }
                () = sleep_until(&self.clock, deadline), if deadline.is_some() => self.conversation.handle_timeout(self.clock.tick()),
                received = self.inbound.next(), if input_taken => {
                    if let Some(end) = self.receive(received) {
                        return end;
                    }
                }
                () = outbound.closed() => return StreamEnd::ClientGone,
                () = wait_until(give_up_at), if give_up_at.is_some() => return StreamEnd::ClientGone,
            }
        }
    }

    /// What the conversation wants done next, framed.
    fn next_frame(&mut self) -> Next {
        let Some(output) = self.conversation.poll_output() else {
            // no input can come, no deadline is pending: nothing will ever happen again
            let finished = self.input_finished && self.conversation.poll_timeout().is_none();
            return if finished { Next::End } else { Next::Nothing };
        };
        match output {
            Output::Event(json) => Next::Frame(Self::pending(Outgoing::Bytes(frames::event(&json)), None)),
            Output::Exception(exception) => Next::Frame(Self::exception(&exception)),
            Output::Fault(fault) => {
                let bytes = frames::fault(&fault);
                let frame = if bytes.is_empty() { Outgoing::Cut } else { Outgoing::Bytes(bytes) };
                Next::Frame(Self::pending(frame, Some(StreamEnd::Fault)))
            }
            Output::End => Next::End,
        }
    }

    /// Takes what the transport has received; an end when nothing can be sent either.
    fn receive(&mut self, received: Received) -> Option<StreamEnd> {
        let result = match received {
            Received::Bytes(bytes) => self.take_bytes(&bytes),
            Received::End => self.close_input(),
            Received::Gone => return Some(StreamEnd::ClientGone),
            Received::Illegal(text) => {
                self.fail(ServiceException::Validation, text.to_owned());
                Ok(())
            }
        };
        if let Err(error) = result {
            self.fail(error.exception(), error.to_string());
        }
        None
    }

    fn take_bytes(&mut self, bytes: &Bytes) -> Result<(), InputError> {
        if self.waiting.is_some() {
            self.taken_while_waiting += bytes.len();
        }
        self.input.push(bytes);
        while let Some(message) = self.input.next_message(self.clock.timestamp())? {
            let now = self.clock.tick();
            match message {
                ClientMessage::Event(json) => {
                    self.observer.update(|record| record.events_received += 1);
                    self.conversation.handle_event(now, &json);
                }
                ClientMessage::End => {
                    self.observer.update(|record| record.input_ended = true);
                    self.input_finished = true;
                    self.conversation.handle_end_of_input(now);
                }
            }
            self.started();
        }
        Ok(())
    }

    fn close_input(&mut self) -> Result<(), InputError> {
        self.input_open = false;
        self.started();
        if !self.input.close()? {
            self.input_finished = true;
            self.conversation.handle_end_of_input(self.clock.tick());
        }
        Ok(())
    }

    /// Answers with an exception that ends the stream; what the model still had to say is not said.
    fn fail(&mut self, exception: ServiceException, message: String) {
        self.input_broken = true;
        self.started();
        self.waiting = Some(Self::exception(&Exception { exception, message, stream_continues: false }));
    }

    fn exception(exception: &Exception) -> Pending {
        let end = (!exception.stream_continues)
            .then(|| StreamEnd::Exception(exception.exception.name().to_owned()));
        Self::pending(Outgoing::Bytes(frames::exception(exception)), end)
    }

    fn pending(frame: Outgoing, end: Option<StreamEnd>) -> Pending {
        Pending { frame, end, give_up_at: Clock::real_deadline(STALL_LIMIT) }
    }

    fn started(&mut self) {
        if let StreamStart::FirstEvent(start) = std::mem::replace(&mut self.start, StreamStart::AtOnce) {
            // whoever waited may be gone
            let _ = start.send(());
        }
    }
}

enum Next {
    Frame(Pending),
    End,
    Nothing,
}

async fn sleep_until(clock: &Clock, deadline: Option<Tick>) {
    match deadline {
        Some(deadline) => clock.sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

async fn wait_until(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
