//! The conversation and its queues, behind one lock.

use std::{collections::VecDeque, sync::Arc, task::Waker, time::Duration};

use tokio::sync::SetOnce;

use super::pipe::Pipe;
use crate::{
    audio::SampleRate,
    error::ErrorCode,
    session::{CloseReason, Conversation, Directive, Event, Failure, Input, SessionError, StreamId},
    time::Tick,
};

/// Events that may wait for the application before reading from the service stops.
const EVENT_LIMIT: usize = 256;
/// Sound that may wait for the network before more is refused.
const ROOM: Duration = Duration::from_secs(2);
/// Sound that may wait in all. Silence goes on when sound is refused; a network that takes none of it is gone.
const STALL: Duration = Duration::from_secs(16);

#[derive(Debug)]
pub(super) struct State {
    pub(super) conversation: Conversation,
    pub(super) rate: SampleRate,
    pub(super) microphone: Vec<i16>,
    pub(super) on_grid: bool,
    pub(super) pipes: Vec<Pipe>,
    /// The stream that carried the conversation when it was looked at last.
    pub(super) stream: StreamId,
    /// Streams that are to be opened, and those that are not needed any more.
    pub(super) wanted: Vec<StreamId>,
    pub(super) released: Vec<Pipe>,
    pub(super) room_wakers: Vec<Waker>,
    pub(super) events: VecDeque<Event>,
    pub(super) events_wanted: bool,
    pub(super) events_waker: Option<Waker>,
    pub(super) close_reason: Option<CloseReason>,
}

impl State {
    pub(super) fn new(conversation: Conversation) -> Self {
        Self {
            rate: conversation.config().input_rate,
            conversation,
            microphone: Vec::new(),
            on_grid: false,
            pipes: Vec::with_capacity(1),
            stream: StreamId::FIRST,
            wanted: Vec::new(),
            released: Vec::new(),
            room_wakers: Vec::new(),
            events: VecDeque::new(),
            events_wanted: true,
            events_waker: None,
            close_reason: None,
        }
    }

    pub(super) fn pipe_mut(&mut self, stream: StreamId) -> Option<&mut Pipe> {
        self.pipes.iter_mut().find(|pipe| pipe.stream == stream)
    }

    /// Sound that was said and waits for the network.
    fn waiting_samples(&self) -> usize {
        if self.is_lost() {
            // what is said is kept for another stream
            return 0;
        }
        self.pipes.iter().find(|pipe| pipe.stream == self.stream).map_or(0, Pipe::fresh)
    }

    /// Whether nobody takes from the stream that carries the conversation any more.
    pub(super) fn is_lost(&self) -> bool {
        !self.conversation.wants(self.stream)
    }

    /// Whether another stream carries the conversation now.
    pub(super) fn take_over(&mut self) -> bool {
        let stream = self.conversation.stream();
        let moved = std::mem::replace(&mut self.stream, stream) != stream;
        if moved && let Some(pipe) = self.pipe_mut(stream) {
            pipe.take_over();
        }
        moved
    }

    /// Whoever is to learn that the conversation is over.
    pub(super) fn newly_over(&self) -> Vec<Arc<SetOnce<()>>> {
        if self.close_reason.is_none() {
            return Vec::new();
        }
        self.pipes.iter().map(|pipe| Arc::clone(&pipe.over)).filter(|over| !over.initialized()).collect()
    }

    pub(super) fn readers(&mut self) -> Vec<Waker> {
        self.pipes.iter_mut().filter_map(|pipe| pipe.reader.take()).collect()
    }

    pub(super) fn check_room(&self) -> Result<(), SessionError> {
        if !self.conversation.takes_speech() {
            return Err(SessionError::Closed);
        }
        if self.has_room() {
            return Ok(());
        }
        let milliseconds = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Err(SessionError::Backpressure {
            queued_ms: milliseconds(self.rate.duration_of(self.waiting_samples())),
            limit_ms: milliseconds(ROOM),
        })
    }

    pub(super) fn has_room(&self) -> bool {
        self.waiting_samples() < self.rate.samples_in(ROOM)
    }

    pub(super) fn has_room_for_events(&self) -> bool {
        self.events.len() < EVENT_LIMIT || !self.events_wanted
    }

    pub(super) fn take(
        &mut self,
        now: Tick,
        give: impl FnOnce(&mut Conversation) -> Result<(), SessionError>,
    ) -> Result<(), SessionError> {
        let _ = self.hand_over_sound(now, 1);
        give(&mut self.conversation)
    }

    /// Gives the conversation what the microphone has supplied, if it is at least `least` samples.
    pub(super) fn hand_over_sound(&mut self, now: Tick, least: usize) -> Result<(), SessionError> {
        if self.microphone.len() < least {
            return Ok(());
        }
        let microphone = std::mem::take(&mut self.microphone);
        let result = self.hear(now, &microphone);
        self.microphone = microphone;
        self.microphone.clear();
        result
    }

    /// A second given at once, after what waited already, is more than is taken at once.
    pub(super) fn hear(&mut self, now: Tick, samples: &[i16]) -> Result<(), SessionError> {
        let second = self.rate.hertz() as usize;
        samples.chunks(second).try_for_each(|sound| self.conversation.handle_input(now, Input::Audio(sound)))
    }

    pub(super) fn drain(&mut self) {
        while let Some(directive) = self.conversation.poll_output() {
            match directive {
                Directive::Open(stream) => {
                    self.pipes.push(Pipe::new(stream));
                    // whoever opens the conversation opens its first stream
                    if stream != StreamId::FIRST {
                        self.wanted.push(stream);
                    }
                }
                Directive::Send(stream, event) => {
                    if let Some(pipe) = self.pipe_mut(stream) {
                        pipe.push(event);
                    }
                }
                Directive::EndInput(stream) => {
                    if let Some(pipe) = self.pipe_mut(stream) {
                        pipe.end();
                    }
                }
                Directive::Release(stream) => {
                    self.released.extend(self.pipes.extract_if(.., |pipe| pipe.stream == stream));
                }
                Directive::Emit(event) => {
                    if let Event::Closed { reason } = &event {
                        self.close_reason = Some(reason.clone());
                    }
                    if self.events_wanted {
                        self.events.push_back(event);
                    }
                }
            }
        }
        if self.close_reason.is_some() {
            // what waits is still sent as long as somebody takes it
            self.pipes.iter_mut().for_each(Pipe::end);
        } else {
            self.check_stall();
        }
    }

    fn check_stall(&mut self) {
        let most = self.rate.samples_in(STALL);
        let Some(pipe) = self.pipes.iter_mut().find(|pipe| pipe.waiting() > most) else { return };
        pipe.clear();
        let stream = pipe.stream;
        let waited = format!("the network took none of the last {} s of sound", STALL.as_secs());
        let failure = Failure::new(ErrorCode::ConnectionLost, waited);
        // a failure is no mistake of the caller
        let _ = self.conversation.handle_stream(Tick::ZERO, stream, Input::Failed(failure));
        self.drain();
    }
}
