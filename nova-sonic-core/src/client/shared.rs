//! What the parts of one conversation share: the session, and a bounded queue in each direction.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::sync::SetOnce;

use super::{framing::Outgoing, ticker::Ticker};
use crate::{
    audio::SampleRate,
    error::ErrorCode,
    event::ClientEvent,
    session::{CloseReason, Event, Failure, Input, Output, Session, SessionError},
    time::Tick,
};

/// Events that may wait for the application before reading from the service stops.
const EVENT_LIMIT: usize = 256;
/// Sound that may wait for the network before more is refused.
const ROOM: Duration = Duration::from_secs(2);
/// Sound that may wait in all. Silence goes on when sound is refused; a network that takes none of it is gone.
const STALL: Duration = Duration::from_secs(16);
/// Events for which a queue keeps room when it is empty: more than one frame of sound brings.
const STEADY: usize = 4;
/// Sound handed over at once after a delay, as multiples of a frame.
const FRAMES_AT_ONCE: usize = 4;

#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    ticker: Arc<Ticker>,
    myself: Weak<Self>,
    closed: SetOnce<()>,
    frame_samples: usize,
}

#[derive(Debug)]
struct State {
    session: Session,
    rate: SampleRate,
    microphone: Vec<i16>,
    on_grid: bool,
    outgoing: VecDeque<ClientEvent>,
    waiting_samples: usize,
    outgoing_ended: bool,
    outgoing_waker: Option<Waker>,
    room_wakers: Vec<Waker>,
    events: VecDeque<Event>,
    events_wanted: bool,
    events_waker: Option<Waker>,
    reader_waker: Option<Waker>,
    close_reason: Option<CloseReason>,
}

/// What the task that reads a stream does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    GoesOn,
    /// Until the application has room.
    Waits,
    /// The conversation has ended.
    IsOver,
}

impl Shared {
    pub(super) fn new(session: Session, ticker: &Arc<Ticker>) -> Arc<Self> {
        let rate = session.config().input_rate;
        let frame_samples = rate.samples_in(session.config().timing.frame);
        let state = State {
            session,
            rate,
            microphone: Vec::new(),
            on_grid: false,
            outgoing: VecDeque::new(),
            waiting_samples: 0,
            outgoing_ended: false,
            outgoing_waker: None,
            room_wakers: Vec::new(),
            events: VecDeque::new(),
            events_wanted: true,
            events_waker: None,
            reader_waker: None,
            close_reason: None,
        };
        let shared = Arc::new_cyclic(|myself| Self {
            state: Mutex::new(state),
            ticker: Arc::clone(ticker),
            myself: Weak::clone(myself),
            closed: SetOnce::new(),
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
        let outgoing =
            (!state.outgoing.is_empty() || state.outgoing_ended).then(|| state.outgoing_waker.take());
        let events = (!state.events.is_empty()).then(|| state.events_waker.take());
        let closed = state.close_reason.is_some();
        let reader = if closed { state.reader_waker.take() } else { None };
        // whoever waits for room learns that there will be none
        let room = if state.outgoing_ended { std::mem::take(&mut state.room_wakers) } else { Vec::new() };
        let deadline = state.session.poll_timeout();
        drop(state);
        for waker in [outgoing, events, Some(reader)].into_iter().flatten().flatten().chain(room) {
            waker.wake();
        }
        if closed {
            let _ = self.closed.set(());
        }
        deadline
    }

    /// Gives the session an input now.
    pub(super) fn give(&self, input: Input<'_>) -> Result<(), SessionError> {
        let now = self.ticker.clock().now();
        // sound that comes too late must not keep back what the service says last
        self.with(|state| state.take(now, input))
    }

    /// Gives the session what has come from the service.
    pub(super) fn receive(&self, input: Input<'_>) -> Reading {
        let now = self.ticker.clock().now();
        self.with(|state| {
            let _ = state.take(now, input);
            state.drain();
            match state.close_reason {
                Some(_) => Reading::IsOver,
                None if state.has_room_for_events() => Reading::GoesOn,
                None => Reading::Waits,
            }
        })
    }

    /// What happens on the shared timer: sound that waited for it, and deadlines. `None` once closed.
    pub(super) fn tick(&self, now: Tick) -> Option<Tick> {
        let mut state = self.lock();
        state.on_grid = false;
        let sound = state.microphone.len() >= self.frame_samples;
        let due = state.session.poll_timeout().is_some_and(|deadline| deadline <= now);
        if !sound && !due {
            return state.session.poll_timeout();
        }
        // a deadline may be a gap in the sound: what there is of it goes first
        let least = if due { 1 } else { self.frame_samples };
        let _ = state.hand_over_sound(now, least);
        let _ = state.session.handle_input(now, Input::Timeout);
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
        let reader = (state.events.len() < EVENT_LIMIT).then(|| state.reader_waker.take()).flatten();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
        Poll::Ready(Some(event))
    }

    /// Ready when the application has room for more events, or will get none.
    pub(super) fn poll_event_room(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.has_room_for_events() || state.close_reason.is_some() {
            return Poll::Ready(());
        }
        state.reader_waker = Some(context.waker().clone());
        Poll::Pending
    }

    /// The application does not listen any more.
    pub(super) fn stop_events(&self) {
        let mut state = self.lock();
        state.events_wanted = false;
        state.events.clear();
        let reader = state.reader_waker.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    pub(super) async fn closed(&self) {
        self.closed.wait().await;
    }

    pub(super) fn close_reason(&self) -> Option<CloseReason> {
        self.lock().close_reason.clone()
    }

    pub(super) fn read<R>(&self, look: impl FnOnce(&Session) -> R) -> R {
        look(&self.lock().session)
    }
}

impl Outgoing for Shared {
    fn poll_outgoing(&self, context: &mut Context<'_>) -> Poll<Option<ClientEvent>> {
        let mut state = self.lock();
        let Some(event) = state.outgoing.pop_front() else {
            if state.outgoing_ended {
                return Poll::Ready(None);
            }
            // the opening, or a burst, has made it long
            state.outgoing.shrink_to(STEADY);
            state.outgoing_waker = Some(context.waker().clone());
            return Poll::Pending;
        };
        state.waiting_samples -= samples_in(&event);
        let room = if state.has_room() { std::mem::take(&mut state.room_wakers) } else { Vec::new() };
        drop(state);
        for waker in room {
            waker.wake();
        }
        Poll::Ready(Some(event))
    }
}

impl State {
    fn check_room(&self) -> Result<(), SessionError> {
        if self.outgoing_ended {
            return Err(SessionError::Closed);
        }
        if self.has_room() {
            return Ok(());
        }
        let milliseconds = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Err(SessionError::Backpressure {
            queued_ms: milliseconds(self.rate.duration_of(self.waiting_samples)),
            limit_ms: milliseconds(ROOM),
        })
    }

    fn has_room(&self) -> bool {
        self.waiting_samples < self.rate.samples_in(ROOM)
    }

    fn has_room_for_events(&self) -> bool {
        self.events.len() < EVENT_LIMIT || !self.events_wanted
    }

    fn take(&mut self, now: Tick, input: Input<'_>) -> Result<(), SessionError> {
        let _ = self.hand_over_sound(now, 1);
        self.session.handle_input(now, input)
    }

    /// Gives the session what the microphone has supplied, if it is at least `least` samples.
    fn hand_over_sound(&mut self, now: Tick, least: usize) -> Result<(), SessionError> {
        if self.microphone.len() < least {
            return Ok(());
        }
        let microphone = std::mem::take(&mut self.microphone);
        let result = self.hear(now, &microphone);
        self.microphone = microphone;
        self.microphone.clear();
        result
    }

    /// A second given at once, after what waited already, is more than the session takes at once.
    fn hear(&mut self, now: Tick, samples: &[i16]) -> Result<(), SessionError> {
        let second = self.rate.hertz() as usize;
        samples.chunks(second).try_for_each(|sound| self.session.handle_input(now, Input::Audio(sound)))
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Send(event) => {
                    self.waiting_samples += samples_in(&event);
                    self.outgoing.push_back(event);
                }
                Output::EndInput => self.outgoing_ended = true,
                Output::Emit(event) => {
                    if let Event::Closed { reason } = &event {
                        self.close_reason = Some(reason.clone());
                        self.outgoing_ended = true;
                    }
                    if self.events_wanted {
                        self.events.push_back(event);
                    }
                }
            }
        }
        if self.waiting_samples > self.rate.samples_in(STALL) && self.close_reason.is_none() {
            self.outgoing.clear();
            self.waiting_samples = 0;
            let waited = format!("the network took none of the last {} s of sound", STALL.as_secs());
            let failure = Failure::new(ErrorCode::ConnectionLost, waited);
            // a failure is no mistake of the caller
            let _ = self.session.handle_input(Tick::ZERO, Input::Failed(failure));
            self.drain();
        }
    }
}

/// How much sound is in an event.
fn samples_in(event: &ClientEvent) -> usize {
    if let ClientEvent::AudioInput { pcm, .. } = event { pcm.len() } else { 0 }
}
