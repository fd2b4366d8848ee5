//! The sans-IO conversation: no clock, no randomness, no sockets, no bytes.
//!
//! # Driving a session
//!
//! 1. Make one with [`Session::new`]. Its first events wait in the queue already.
//! 2. Drain [`Session::poll_output`]: [`Output::Send`] goes to the transport, [`Output::Emit`] to the application.
//! 3. Open the transport. **Send the first events before you wait for its answer**: the service may hold its
//!    response until it has seen them. Then give [`Input::Connected`].
//! 4. Wait for whatever comes first: sound of the microphone, an event of the service, the application, or the
//!    instant of [`Session::poll_timeout`].
//! 5. Give it to [`Session::handle_input`] with the time, and drain again.
//! 6. Stop at [`Event::Closed`].
//!
//! One session is one stream, and the service ends a stream after eight minutes. A [`Conversation`] is driven the same
//! way and holds as many sessions as it takes.
//!
//! The same script of ticks and inputs gives the same outputs in every language.
//!
//! ```
//! use nova_sonic_core::{
//!     event::ClientEvent,
//!     session::{Input, Output, Session, SessionConfig},
//!     time::Tick,
//! };
//!
//! let mut session = Session::new(SessionConfig::default(), [7; 32], Tick::ZERO)?;
//! let mut sent = Vec::new();
//! while let Some(output) = session.poll_output() {
//!     if let Output::Send(event) = output {
//!         sent.push(event.name().to_owned());
//!     }
//! }
//! assert_eq!(sent, ["sessionStart", "promptStart", "contentStart", "textInput", "contentEnd", "contentStart"]);
//!
//! session.handle_input(Tick::from_millis(20), Input::Connected)?;
//! session.handle_input(Tick::from_millis(52), Input::Audio(&[0; 512]))?;
//! assert!(matches!(session.poll_output(), Some(Output::Emit(_)))); // initializing → listening
//! assert!(matches!(session.poll_output(), Some(Output::Send(ClientEvent::AudioInput { .. }))));
//! # Ok::<(), nova_sonic_core::session::SessionError>(())
//! ```
//!
//! # What it takes off its callers
//!
//! Text blocks never interleave with audio; silence fills every gap so that the stream is never idle; the service's
//! two or three signs of an interruption become one [`Event::Interrupted`]; turns come from content blocks;
//! every tool call gets exactly one JSON object; the history keeps what was heard.

mod answer;
mod blocks;
mod broken;
mod closing;
mod config;
mod conversation;
mod error;
mod gathering;
mod handover;
mod history;
mod input;
mod interruption;
mod microphone;
mod opening;
mod output;
mod receive;
mod recent;
mod successor;
mod timer;
mod tools;
mod turns;

use std::{collections::VecDeque, fmt};

pub use config::{Playback, SessionConfig, Timing};
pub use conversation::{Conversation, Directive, StreamId};
pub use error::{Failure, SessionError};
pub use gathering::{Answer, Gathering};
pub use handover::Handover;
pub use history::Message;
pub(crate) use history::{MESSAGE_LIMIT, TOTAL_LIMIT};
pub use input::{Input, Microphone, TurnId};
pub(crate) use opening::runs;
pub use output::{CloseReason, Event, Output, RenewalReason, Stage, State};
pub(crate) use receive::is_barge_in_signal;
pub(crate) use tools::{RESULT_LIMIT, error_object, result_object};

use blocks::Blocks;
use broken::Left;
use history::History;
use microphone::Feed;
use opening::Earlier;
use recent::RecentAudio;
use timer::{Timer, Timers};
use tools::PendingCalls;
use turns::Turns;

use crate::{
    audio::PcmPool,
    event::{ClientEvent, Usage},
    id::{ContentName, IdMint, PromptName, ToolUseId},
    time::Tick,
};

/// How far a session has come. All questions of legality are asked here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Opening,
    Live,
    Closing,
    Closed,
}

impl Phase {
    const fn takes_speech(self) -> bool {
        matches!(self, Self::Opening | Self::Live)
    }
}

/// Outputs for which the queue keeps room when it is empty: more than one frame of sound brings.
const STEADY: usize = 4;

/// One conversation with Nova Sonic. See the [module](self) for how to drive it. Prints nothing of what was said in it.
pub struct Session {
    config: SessionConfig,
    mint: IdMint,
    pool: PcmPool,
    prompt_name: PromptName,
    queue: VecDeque<Output>,
    earlier: Earlier,
    queued_samples: usize,
    timers: Timers,
    phase: Phase,
    state: State,
    closing_for: Option<CloseReason>,
    feed: Feed,
    recent: RecentAudio,
    blocks: Blocks,
    turns: Turns,
    history: History,
    calls: PendingCalls,
    /// Calls of the session before this one, whose answers can only be told.
    inherited: Vec<ToolUseId>,
    usage: Usage,
    thinking: bool,
    /// An answer of the session before this one that is still being heard: this one's service knows nothing of it.
    former_answer: Option<TurnId>,
    left: Left,
}

impl Session {
    /// A session whose ids are fixed by `seed` and whose life begins `now`; its opening events are queued.
    ///
    /// # Errors
    /// [`SessionError::Configuration`] and [`SessionError::HistoryMessageTooLong`] for settings that the service
    /// would refuse.
    pub fn new(mut config: SessionConfig, seed: [u8; 32], now: Tick) -> Result<Self, SessionError> {
        config.check()?;
        let earlier = history::shaped(std::mem::take(&mut config.history));
        let mut mint = IdMint::new(seed);
        let mut session = Self {
            prompt_name: PromptName::new(mint.next_uuid()),
            recent: RecentAudio::new(config.input_rate.samples_in(config.timing.recent_audio)),
            history: History::new(earlier.clone()),
            feed: Feed::new(config.microphone),
            mint,
            config,
            pool: PcmPool::of_thread(),
            queue: VecDeque::new(),
            earlier: Earlier::default(),
            queued_samples: 0,
            timers: Timers::new(now),
            phase: Phase::Opening,
            state: State::Initializing,
            closing_for: None,
            blocks: Blocks::default(),
            turns: Turns::default(),
            calls: PendingCalls::default(),
            inherited: Vec::new(),
            usage: Usage::default(),
            thinking: false,
            former_answer: None,
            left: Left::new(),
        };
        session.open(now, earlier);
        Ok(session)
    }

    /// Applies one input. A `now` earlier than the latest seen counts as the latest.
    ///
    /// An `Err` is always the caller's mistake, and leaves the session as it was. What the service or the network
    /// does wrong becomes an event.
    ///
    /// # Errors
    /// [`SessionError::Closed`] for sound, text or a tool's answer after the hang-up (other inputs are then
    /// ignored), [`SessionError::Backpressure`] for sound only, and the errors of text and tool results.
    pub fn handle_input(&mut self, now: Tick, input: Input<'_>) -> Result<(), SessionError> {
        let now = self.timers.advance_to(now);
        let mut done = Ok(());
        match input {
            Input::Connected => self.on_connected(now),
            Input::CredentialsUntil(expiry) => self.on_credentials_until(expiry),
            Input::Audio(samples) => done = self.on_audio(now, samples),
            Input::Text(text) => done = self.on_text(now, text),
            Input::Microphone(position) => self.on_microphone(now, position),
            Input::Played { turn, samples } => self.on_played(now, turn, samples),
            Input::Interrupt => self.on_interrupt(now),
            Input::ToolResult { call, json } => done = self.on_tool_result(now, call, json),
            Input::ToolFailed { call, message } => done = self.on_tool_failed(now, call, message),
            Input::Received(event) => self.on_received(now, event),
            Input::Unreadable(error) => self.emit_error(error.into()),
            Input::Exception(error) => self.on_exception(error),
            Input::Timeout => {}
            Input::Hangup => self.close(now, CloseReason::Hangup),
            Input::Failed(failure) => self.abandon(CloseReason::Failed(failure)),
            Input::Disconnected => self.abandon(CloseReason::Disconnected),
        }
        if done.is_ok() {
            self.run_timers(now);
            self.settle(now);
        }
        done
    }

    /// The next thing to do; `None` once drained. Infallible, never blocks.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.tell_earlier();
        let output = self.queue.pop_front();
        if output.is_none() && self.queue.capacity() > STEADY {
            // the opening, or a burst, has made it long
            self.queue = VecDeque::with_capacity(STEADY);
        }
        if let Some(Output::Send(ClientEvent::AudioInput { pcm, .. })) = &output {
            self.queued_samples -= pcm.len();
        }
        output
    }

    /// The next thing that takes no transport, ahead of what is to be sent: for drivers whose transport is not open yet. What
    /// is to be sent waits here meanwhile, in less room than its events would take; [`poll_output`](Self::poll_output) has
    /// it once the transport is open.
    ///
    /// ```
    /// use nova_sonic_core::{
    ///     session::{Input, Output, Session, SessionConfig},
    ///     time::Tick,
    /// };
    /// let mut session = Session::new(SessionConfig::default(), [7; 32], Tick::ZERO)?;
    /// session.handle_input(Tick::ZERO, Input::Text("Hello."))?;
    /// assert!(matches!(session.poll_told(), Some(Output::Emit(_)))); // the transcript
    /// assert!(session.poll_told().is_none());
    /// assert!(matches!(session.poll_output(), Some(Output::Send(_)))); // the opening
    /// # Ok::<(), nova_sonic_core::session::SessionError>(())
    /// ```
    pub fn poll_told(&mut self) -> Option<Output> {
        let first = self.queue.iter().position(|output| !matches!(output, Output::Send(_)))?;
        let mut told = None;
        for place in 0..self.queue.len() {
            let output = self.queue.pop_front()?;
            if place == first {
                told = Some(output);
            } else {
                self.queue.push_back(output);
            }
        }
        told
    }

    /// When to call back with [`Input::Timeout`]; `None` when no deadline is pending.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Tick> {
        self.timers.next()
    }

    /// Where the conversation stands.
    pub const fn state(&self) -> State {
        self.state
    }

    /// Tokens used so far.
    pub const fn usage(&self) -> Usage {
        self.usage
    }

    /// What this conversation is like, as it was made; what had been said before is in [`history`](Self::history) alone.
    pub const fn config(&self) -> &SessionConfig {
        &self.config
    }

    /// What was said and heard, as the service takes it for a history.
    pub fn history(&self) -> Vec<Message> {
        self.history.messages(self.timers.now(), self.config.playback, self.config.output_rate)
    }

    fn send(&mut self, event: ClientEvent) {
        if let ClientEvent::AudioInput { pcm, .. } = &event {
            self.queued_samples += pcm.len();
        }
        self.queue.push_back(Output::Send(event));
    }

    fn emit(&mut self, event: Event) {
        self.queue.push_back(Output::Emit(event));
    }

    fn tell(&mut self, event: Option<Event>) {
        if let Some(event) = event {
            self.emit(event);
        }
    }

    fn emit_error(&mut self, failure: Failure) {
        if self.phase != Phase::Closed {
            self.emit(Event::Error(failure));
        }
    }

    fn next_content_name(&mut self) -> ContentName {
        ContentName::new(self.mint.next_uuid())
    }

    fn run_timers(&mut self, now: Tick) {
        while let Some(timer) = self.timers.expired() {
            match timer {
                Timer::Open => self.on_open_timeout(),
                Timer::Close => self.finish_closing(),
                Timer::Silence => self.fill_gap(now),
                Timer::KeepAlive => self.keep_alive(now),
                Timer::Renew => self.emit(Event::RenewalDue { reason: RenewalReason::StreamLife }),
                Timer::Credentials => self.emit(Event::RenewalDue { reason: RenewalReason::Credentials }),
                Timer::Answer => self.on_answer_late(),
                Timer::Tool => self.on_tool_late(now),
                Timer::Playback => self.on_played_out(now),
                Timer::Idle => self.close(now, CloseReason::Idle),
                Timer::Life => self.close(now, CloseReason::TimeLimit),
            }
        }
    }

    /// Tells the application when what has happened amounts to another state.
    fn settle(&mut self, now: Tick) {
        let state = match self.phase {
            Phase::Closed => State::Closed,
            Phase::Opening => State::Initializing,
            Phase::Live | Phase::Closing if self.turns.speaking() => State::Speaking,
            Phase::Live if self.thinking || !self.calls.is_empty() => State::Thinking,
            Phase::Live if self.feed.position() == Microphone::Closed => State::Idle,
            Phase::Live => State::Listening,
            Phase::Closing if self.state == State::Speaking => State::Idle,
            // the goodbye is a matter of moments, and nothing in it concerns the user
            Phase::Closing => self.state,
        };
        let late = Timer::Answer;
        if state == State::Thinking && self.calls.is_empty() {
            if !self.timers.is_set(late) {
                self.timers.set(late, now.after(self.config.timing.answer));
            }
        } else {
            self.timers.clear(late);
        }
        if state != self.state && self.state != State::Closed {
            let from = std::mem::replace(&mut self.state, state);
            // a closed session says nothing after `Closed`
            let closed = self.queue.pop_back_if(|last| matches!(last, Output::Emit(Event::Closed { .. })));
            self.emit(Event::StateChanged { from, to: state });
            if let Some(closed) = closed {
                self.queue.push_back(closed);
            }
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("prompt_name", &self.prompt_name)
            .field("phase", &self.phase)
            .field("state", &self.state)
            .field("queued", &self.queue.len())
            .field("timers", &self.timers)
            .field("calls", &self.calls)
            .field("usage", &self.usage)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
