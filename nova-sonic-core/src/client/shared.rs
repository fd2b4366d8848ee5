//! What the parts of one conversation share: the conversation, and a bounded queue in each direction.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, ready},
};

use tokio::sync::SetOnce;

use super::{pipe::Pipe, state::State, ticker::Ticker};
use crate::{
    event::ClientEvent,
    session::{CloseReason, Conversation, Event, Input, SessionError, StreamId},
    time::Tick,
};

/// Sound handed over at once after a delay, as multiples of a frame.
const FRAMES_AT_ONCE: usize = 4;

/// Opens streams after the first.
pub(super) trait Dial: fmt::Debug + Send + Sync {
    /// Begins to open that one; never waits.
    fn dial(&self, shared: Arc<Shared>, stream: StreamId);
}

#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    ticker: Arc<Ticker>,
    dial: Box<dyn Dial>,
    myself: Weak<Self>,
    frame_samples: usize,
}

/// What the task that reads a stream does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    GoesOn,
    /// Until the application has room.
    Waits,
    /// Nothing more is expected from the stream.
    IsOver,
}

impl Shared {
    pub(super) fn new(conversation: Conversation, ticker: &Arc<Ticker>, dial: Box<dyn Dial>) -> Arc<Self> {
        let config = conversation.config();
        let frame_samples = config.input_rate.samples_in(config.timing.frame);
        let state = State::new(conversation);
        let shared = Arc::new_cyclic(|myself| Self {
            state: Mutex::new(state),
            ticker: Arc::clone(ticker),
            dial,
            myself: Weak::clone(myself),
            frame_samples,
        });
        shared.with(|_| ());
        ticker.add(&shared);
        shared
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on the state, moves what follows from it into the queues, and wakes whom it concerns.
    fn with<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        let result = work(&mut state);
        self.carry_out(state);
        result
    }

    /// Carries out what follows from an input, and makes sure that the timer knows its new deadline.
    fn carry_out(&self, state: MutexGuard<'_, State>) {
        let deadline = self.pass_on(state);
        // without a deadline it is over, and the timer can let go of it at once
        self.ticker.expect_by(deadline.unwrap_or(Tick::ZERO));
    }

    fn pass_on(&self, mut state: MutexGuard<'_, State>) -> Option<Tick> {
        state.drain();
        let events = if state.events.is_empty() { None } else { state.events_waker.take() };
        let mut others = Vec::new();
        let mut network = None;
        for waker in state.pipes.iter_mut().filter_map(Pipe::ready) {
            others.extend(network.replace(waker));
        }
        // whoever waits for room finds some on another stream, or learns that there will be none
        let moved = state.take_over();
        if moved || state.is_lost() || !state.conversation.takes_speech() {
            others.append(&mut state.room_wakers);
        }
        // a reader that waits for the application need not wait for it any longer
        if state.close_reason.is_some() {
            others.extend(state.readers());
        }
        let released = std::mem::take(&mut state.released);
        let over = state.newly_over();
        let wanted = std::mem::take(&mut state.wanted);
        let deadline = state.conversation.poll_timeout();
        drop(state);
        for waker in [network, events].into_iter().flatten().chain(others) {
            waker.wake();
        }
        for mut pipe in released {
            for waker in [pipe.network.take(), pipe.reader.take()].into_iter().flatten() {
                waker.wake();
            }
            let _ = pipe.over.set(());
        }
        for over in over {
            let _ = over.set(());
        }
        if let Some(shared) = self.myself.upgrade() {
            for stream in wanted {
                self.dial.dial(Arc::clone(&shared), stream);
            }
        }
        deadline
    }

    /// Gives the conversation an input now.
    pub(super) fn give(&self, input: Input<'_>) -> Result<(), SessionError> {
        let now = self.ticker.clock().now();
        // sound that comes too late must not keep back what the service says last
        self.with(|state| state.take(now, |conversation| conversation.handle_input(now, input)))
    }

    /// Gives the conversation what a stream brings.
    pub(super) fn receive(&self, stream: StreamId, input: Input<'_>) -> Reading {
        let now = self.ticker.clock().now();
        self.with(|state| {
            let _ = state.take(now, |conversation| conversation.handle_stream(now, stream, input));
            state.drain();
            if !state.conversation.wants(stream) || state.close_reason.is_some() {
                Reading::IsOver
            } else if state.has_room_for_events() {
                Reading::GoesOn
            } else {
                Reading::Waits
            }
        })
    }

    /// What happens on the shared timer: sound that waited for it, and deadlines. `None` once closed.
    pub(super) fn tick(&self, now: Tick) -> Option<Tick> {
        let mut state = self.lock();
        state.on_grid = false;
        let sound = state.microphone.len() >= self.frame_samples;
        let deadline = state.conversation.poll_timeout();
        let due = deadline.is_some_and(|deadline| deadline <= now);
        if !sound && !due {
            return deadline;
        }
        // a deadline may be a gap in the sound: what there is of it goes first
        let least = if due { 1 } else { self.frame_samples };
        let _ = state.hand_over_sound(now, least);
        let _ = state.conversation.handle_input(now, Input::Timeout);
        self.pass_on(state)
    }

    /// Takes sound in, or refuses it when two seconds of it wait for the network.
    pub(super) fn try_send_audio(&self, samples: &[i16]) -> Result<(), SessionError> {
        self.take_sound(self.lock(), samples)
    }

    fn take_sound(&self, mut state: MutexGuard<'_, State>, samples: &[i16]) -> Result<(), SessionError> {
        state.check_room()?;
        let heard = state.microphone.len() + samples.len();
        let held = heard >= self.frame_samples * FRAMES_AT_ONCE;
        if heard < self.frame_samples || (self.ticker.has_grid() && !held) {
            state.microphone.extend_from_slice(samples);
            let newly = heard >= self.frame_samples && !std::mem::replace(&mut state.on_grid, true);
            drop(state);
            if newly {
                self.ticker.sound_waits(Weak::clone(&self.myself));
            }
            return Ok(());
        }
        let now = self.ticker.clock().now();
        let result = if state.microphone.is_empty() {
            state.hear(now, samples)
        } else {
            state.microphone.extend_from_slice(samples);
            state.hand_over_sound(now, 1)
        };
        self.carry_out(state);
        result
    }

    /// As [`Self::try_send_audio`], but waits for room. Takes all of `samples` or none.
    pub(super) fn poll_send_audio(
        &self,
        context: &mut Context<'_>,
        samples: &[i16],
    ) -> Poll<Result<(), SessionError>> {
        let mut state = self.lock();
        if let Err(SessionError::Backpressure { .. }) = state.check_room() {
            if !state.room_wakers.iter().any(|waker| waker.will_wake(context.waker())) {
                state.room_wakers.push(context.waker().clone());
            }
            return Poll::Pending;
        }
        Poll::Ready(self.take_sound(state, samples))
    }

    pub(super) fn poll_event(&self, context: &mut Context<'_>) -> Poll<Option<Event>> {
        let mut state = self.lock();
        let Some(event) = state.events.pop_front() else {
            if state.close_reason.is_some() {
                return Poll::Ready(None);
            }
            state.events_waker = Some(context.waker().clone());
            return Poll::Pending;
        };
        let readers = if state.has_room_for_events() { state.readers() } else { Vec::new() };
        drop(state);
        for reader in readers {
            reader.wake();
        }
        Poll::Ready(Some(event))
    }

    /// Ready when the application has room for more events, or the stream is not needed any more.
    pub(super) fn poll_event_room(&self, stream: StreamId, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        let over = state.close_reason.is_some() || !state.conversation.wants(stream);
        if state.has_room_for_events() || over {
            return Poll::Ready(());
        }
        let Some(pipe) = state.pipe_mut(stream) else { return Poll::Ready(()) };
        pipe.reader = Some(context.waker().clone());
        Poll::Pending
    }

    /// The next event that is to be sent on that stream; `None` when nothing more will be.
    pub(super) fn poll_outgoing(&self, stream: StreamId, context: &Context<'_>) -> Poll<Option<ClientEvent>> {
        let mut state = self.lock();
        let Some(pipe) = state.pipe_mut(stream) else { return Poll::Ready(None) };
        let Some(event) = ready!(pipe.poll(context)) else { return Poll::Ready(None) };
        let room = if state.has_room() { std::mem::take(&mut state.room_wakers) } else { Vec::new() };
        drop(state);
        for waker in room {
            waker.wake();
        }
        Poll::Ready(Some(event))
    }

    /// The application does not listen any more.
    pub(super) fn stop_events(&self) {
        let mut state = self.lock();
        state.events_wanted = false;
        state.events.clear();
        let readers = state.readers();
        drop(state);
        for reader in readers {
            reader.wake();
        }
    }

    /// Set when that stream is not needed any more.
    pub(super) fn over(&self, stream: StreamId) -> Arc<SetOnce<()>> {
        match self.lock().pipe_mut(stream) {
            Some(pipe) => Arc::clone(&pipe.over),
            None => Arc::new(SetOnce::new_with(Some(()))),
        }
    }

    pub(super) fn close_reason(&self) -> Option<CloseReason> {
        self.lock().close_reason.clone()
    }

    pub(super) fn read<R>(&self, look: impl FnOnce(&Conversation) -> R) -> R {
        look(&self.lock().conversation)
    }
}
