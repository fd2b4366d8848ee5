//! A conversation over as many streams as it takes: well before one ends, another takes over between two utterances.

mod breaks;
mod handing_over;
mod held;
mod polling;
mod renewal;
#[cfg(test)]
mod tests;

use std::{collections::VecDeque, fmt, time::Duration};

use super::{
    CloseReason, Event, Failure, Handover, Input, Message, Phase, Session, SessionConfig, SessionError, State,
};
use crate::{
    error::ErrorCode,
    event::{ClientEvent, Usage},
    id::IdMint,
    time::Tick,
};
use breaks::{Breaks, Lost};
use held::Waiting;
use renewal::Renewal;

/// One stream of a conversation, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(u64);

impl StreamId {
    /// The stream that a conversation begins with.
    pub const FIRST: Self = Self(0);
}

/// One thing the driver of a [`Conversation`] must now do, in the order polled.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub enum Directive {
    /// Open that stream. Its first events follow: send them before you wait for the service's answer, then give
    /// [`Input::Connected`].
    Open(StreamId),
    /// Give to that stream.
    Send(StreamId, ClientEvent),
    /// Nothing more will be sent on that stream: end its sending half.
    EndInput(StreamId),
    /// Nothing is expected from that stream any more: let it go.
    Release(StreamId),
    /// Give to the application.
    Emit(Event),
}

/// A conversation that outlives its streams. Driven like a [`Session`], which is what it holds for each stream; prints
/// nothing of what was said in it.
///
/// When a stream's end is near, or that of its credentials, it tells [`Event::Renewing`] and waits until nobody has said
/// anything for 2.5 s. Then it has another stream opened, which is told what was said and hears the last seconds again.
/// If it is still quiet when that stream is open, that one takes over; after 75 s (credentials: 100 s) it does so in any
/// case. Attempts that fail are repeated every 10 s.
///
/// A stream that breaks, by the network's fault or the service's, is replaced at once: five attempts are made, with growing
/// pauses, for 30 s at most. What is said meanwhile is heard afterwards, the last seconds of it; what was asked and not
/// answered is asked again. [`Event::Renewed`] says how long nobody was listening. After a seventh break within a minute the
/// conversation is over. So it is if the first stream cannot be opened, and where [`SessionConfig::renewal`] is off.
///
/// ```
/// use nova_sonic_core::{
///     session::{Conversation, Directive, Input, SessionConfig, StreamId},
///     time::Tick,
/// };
///
/// let mut conversation = Conversation::new(SessionConfig::default(), [7; 32], Tick::ZERO)?;
/// assert!(matches!(conversation.poll_output(), Some(Directive::Open(StreamId::FIRST))));
/// assert!(matches!(conversation.poll_output(), Some(Directive::Send(StreamId::FIRST, _))));
/// conversation.handle_stream(Tick::from_millis(20), StreamId::FIRST, Input::Connected)?;
/// # Ok::<(), nova_sonic_core::session::SessionError>(())
/// ```
pub struct Conversation {
    seeds: IdMint,
    now: Tick,
    /// Carries the conversation, or has carried it last.
    current: Leg,
    /// Is about to take over.
    next: Option<Box<Leg>>,
    /// Say goodbye.
    leaving: Vec<Leg>,
    renewal: Option<Renewal>,
    renewed_at: Option<Tick>,
    lost: Option<Lost>,
    breaks: Breaks,
    waiting: Waiting,
    /// Own directives, which come before those of the current stream.
    queue: VecDeque<Directive>,
    streams: u64,
    life_ends: Option<Tick>,
    /// How long a stream may take to open.
    open: Duration,
    /// As it was told.
    state: State,
    /// The latest turn that was told.
    last_turn: u64,
    usage: Usage,
    over: bool,
}

/// One stream's part of the conversation.
struct Leg {
    stream: StreamId,
    session: Session,
    credentials_expire: Option<Tick>,
    /// Added to the session's turns: those that were counted before it after this one was made.
    turn_base: u64,
    /// The last turn that was another leg's.
    after: u64,
    /// Whether it has ever carried the conversation.
    carried: bool,
    /// Whether the service has ever accepted its stream.
    opened: bool,
}

impl Conversation {
    /// A conversation whose ids are fixed by `seed` and whose life begins `now`; its first stream waits to be opened.
    ///
    /// # Errors
    /// Those of [`Session::new`].
    pub fn new(config: SessionConfig, seed: [u8; 32], now: Tick) -> Result<Self, SessionError> {
        let life_ends = config.timing.life.map(|life| now.after(life));
        let open = config.timing.open;
        let credentials_expire = config.timing.credentials_expire;
        let current = Leg {
            stream: StreamId::FIRST,
            session: Session::new(config, seed, now)?,
            credentials_expire,
            turn_base: 0,
            after: 0,
            carried: true,
            opened: false,
        };
        Ok(Self {
            seeds: IdMint::new(seed),
            now,
            current,
            next: None,
            leaving: Vec::new(),
            renewal: None,
            renewed_at: None,
            lost: None,
            breaks: Breaks::default(),
            waiting: Waiting::default(),
            queue: VecDeque::from([Directive::Open(StreamId::FIRST)]),
            streams: 1,
            life_ends,
            open,
            state: State::Initializing,
            last_turn: 0,
            usage: Usage::default(),
            over: false,
        })
    }

    /// Applies what the application does, or that a deadline may have passed. What a stream brings counts as brought by
    /// the current one. A `now` earlier than the latest seen counts as the latest.
    ///
    /// # Errors
    /// As [`Session::handle_input`]. While no stream is open, texts and tools' answers wait, 64 texts at most.
    pub fn handle_input(&mut self, now: Tick, input: Input<'_>) -> Result<(), SessionError> {
        self.now = self.now.max(now);
        let now = self.now;
        let outcome = match input {
            Input::Audio(samples) => self.on_audio(samples),
            Input::Hangup => {
                self.on_hangup();
                Ok(())
            }
            Input::Played { turn, samples } => {
                self.on_played(turn.number(), samples);
                Ok(())
            }
            Input::Microphone(position) => {
                if let Some(next) = &mut self.next {
                    let _ = next.session.handle_input(now, Input::Microphone(position));
                }
                self.current.session.handle_input(now, input)
            }
            input if Waiting::takes(&input) && self.holds() => {
                self.waiting.keep(&input, &self.current.session)
            }
            Input::Connected
            | Input::CredentialsUntil(_)
            | Input::Received(_)
            | Input::Unreadable(_)
            | Input::Exception(_)
            | Input::Failed(_)
            | Input::Disconnected => return self.handle_stream(now, self.current.stream, input),
            Input::Text(_)
            | Input::Interrupt
            | Input::ToolResult { .. }
            | Input::ToolFailed { .. }
            | Input::Timeout => self.current.session.handle_input(now, input),
        };
        self.follow_up();
        outcome
    }

    /// Applies what a stream brings: that it is open, an event, its end. What comes from a stream that was let go changes
    /// nothing.
    ///
    /// # Errors
    /// As [`Session::handle_input`].
    pub fn handle_stream(
        &mut self,
        now: Tick,
        stream: StreamId,
        input: Input<'_>,
    ) -> Result<(), SessionError> {
        self.now = self.now.max(now);
        let now = self.now;
        let is_next = self.next.as_ref().is_some_and(|next| next.stream == stream);
        let opened = matches!(input, Input::Connected | Input::Received(_));
        if is_next
            && let Input::CredentialsUntil(expiry) = input
            && !self.are_fresh(expiry)
        {
            let message = "the source of credentials has none that end later";
            self.attempt_failed(Some(Failure::new(ErrorCode::CredentialsExpired, message)));
            return Ok(());
        }
        let Some(leg) = self.leg_mut(stream) else { return Ok(()) };
        if let Input::CredentialsUntil(expiry) = input {
            leg.credentials_expire = Some(expiry);
        }
        leg.opened |= opened;
        let outcome = leg.session.handle_input(now, input);
        self.follow_up();
        if is_next && opened {
            self.on_next_open();
        }
        outcome
    }

    /// When to call back with [`Input::Timeout`]; `None` when no deadline is pending.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Tick> {
        let legs = self.next.as_deref().into_iter().chain(&self.leaving);
        let others = legs.filter_map(|leg| leg.session.poll_timeout());
        let wake = match &self.renewal {
            Some(renewal) if self.next.is_none() => Some(renewal.wake_at(self.lost.is_some())),
            _ => None,
        };
        let end = self.end_while_lost().map(|(at, _)| at);
        others.chain(wake).chain(end).chain(self.current.session.poll_timeout()).min()
    }

    /// The stream that carries the conversation, or has carried it last.
    pub const fn stream(&self) -> StreamId {
        self.current.stream
    }

    /// Whether what the user says is still taken.
    pub fn takes_speech(&self) -> bool {
        self.lost.is_some() || self.current.session.phase.takes_speech()
    }

    /// Whether anything is still to come from that stream, or to be sent on it.
    pub fn wants(&self, stream: StreamId) -> bool {
        let legs = self.next.as_deref().into_iter().chain(&self.leaving).chain([&self.current]);
        legs.into_iter().any(|leg| leg.stream == stream && leg.session.phase != Phase::Closed)
    }

    /// Where the conversation stands.
    pub const fn state(&self) -> State {
        self.state
    }

    /// Tokens used so far, by all streams.
    pub const fn usage(&self) -> Usage {
        self.usage
    }

    /// What this conversation is like, as it was made.
    pub const fn config(&self) -> &SessionConfig {
        self.current.session.config()
    }

    /// What was said and heard, as the service takes it for a history.
    pub fn history(&self) -> Vec<Message> {
        self.current.session.history()
    }

    /// What another conversation needs to go on with this one; may be asked for at any time, also after the end.
    pub fn handover(&self) -> Handover {
        self.current.session.handover()
    }

    /// Every leg hears the microphone; what another than the current one cannot take is none of the caller's business.
    fn on_audio(&mut self, samples: &[i16]) -> Result<(), SessionError> {
        let now = self.now;
        self.current.session.handle_input(now, Input::Audio(samples))?;
        if let Some(next) = &mut self.next {
            let _ = next.session.handle_input(now, Input::Audio(samples));
        }
        if let Some(renewal) = &mut self.renewal {
            renewal.hear(samples, now);
        }
        Ok(())
    }

    fn on_hangup(&mut self) {
        self.give_up_renewal();
        if self.lost.take().is_some() {
            self.conclude(CloseReason::Hangup);
        } else {
            let _ = self.current.session.handle_input(self.now, Input::Hangup);
        }
    }

    /// Sound is heard after it has come: it may belong to a stream that has handed over.
    fn on_played(&mut self, turn: u64, samples: u64) {
        let now = self.now;
        let owners = self.leaving.iter_mut().chain([&mut self.current]);
        let owner = owners.filter(|leg| leg.carried && leg.after < turn).max_by_key(|leg| leg.after);
        if let Some(leg) = owner {
            let turn = super::TurnId::new(turn.saturating_sub(leg.turn_base));
            let _ = leg.session.handle_input(now, Input::Played { turn, samples });
            if self.lost.is_some()
                && let Some(next) = &mut self.next
            {
                // its answers are those of the stream that is gone
                let _ = next.session.handle_input(now, Input::Played { turn, samples });
            }
        }
    }

    /// Whether it is open which stream the next text belongs to.
    fn holds(&self) -> bool {
        let forced = self.renewal.as_ref().is_some_and(|renewal| renewal.is_forced(self.now));
        self.lost.is_some() || (forced && self.next.is_some())
    }

    fn leg_mut(&mut self, stream: StreamId) -> Option<&mut Leg> {
        let others = self.next.as_deref_mut().into_iter().chain(&mut self.leaving);
        others.chain([&mut self.current]).find(|leg| leg.stream == stream)
    }

    fn tell_state(&mut self, to: State) {
        let from = std::mem::replace(&mut self.state, to);
        if from != to {
            self.queue.push_back(Directive::Emit(Event::StateChanged { from, to }));
        }
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("stream", &self.current.stream)
            .field("session", &self.current.session)
            .field("next", &self.next.as_ref().map(|next| next.stream))
            .field("leaving", &self.leaving.len())
            .field("renewal", &self.renewal)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
