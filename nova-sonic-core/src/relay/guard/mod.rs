//! The guard over what a browser may send through a server that holds the credentials.

mod calls;
mod error;
mod order;
mod output;
mod rate;
mod rules;

use std::{collections::VecDeque, fmt, time::Duration};

pub use error::GuardError;
pub use output::GuardOutput;
pub use rules::{GuardLimits, GuardRules, GuardedTool, PromptRule, ToolRule, VoiceRule};

use calls::Calls;
use order::{Desk, Order};
pub(in crate::relay) use rate::Allowance;

use crate::{
    event::{ClientEvent, ServerEvent},
    id::ToolUseId,
    session::{self, SessionError},
    time::Tick,
};

/// Stands between one client and the service: lets through what the protocol and the server's rules allow, puts the
/// server's prompt, voice and tools in their place, and keeps the server's own tool calls from the client.
///
/// Like a session it has no clock and no socket. Give it what comes from either side, and poll what goes to which.
///
/// ```
/// use nova_sonic_core::{
///     event::{ClientEvent, InferenceConfiguration},
///     relay::{CloseCode, Guard, GuardOutput, GuardRules},
///     time::Tick,
/// };
/// let mut guard = Guard::new(GuardRules::new("amazon.nova-2-sonic-v1:0"), Tick::ZERO);
/// let start = ClientEvent::SessionStart { inference: InferenceConfiguration::default(), endpointing: None };
/// guard.handle_client(Tick::from_millis(5), start.clone())?;
/// assert_eq!(guard.poll_output(), Some(GuardOutput::ToService(start.clone())));
///
/// let refused = guard.handle_client(Tick::from_millis(9), start).unwrap_err();
/// assert_eq!(refused.close_code(), CloseCode::NotAllowed);
/// # Ok::<(), nova_sonic_core::relay::GuardError>(())
/// ```
pub struct Guard {
    rules: GuardRules,
    order: Order,
    calls: Calls,
    events: Allowance,
    sound: Allowance,
    queue: VecDeque<GuardOutput>,
    started: Tick,
    now: Tick,
    refused: bool,
}

/// Outputs for which the queue keeps room when it is empty: more than one message brings.
const STEADY: usize = 4;
/// A message of sound costs at least as much as so much sound: empty ones are work, too.
const SHORTEST_SOUND: Duration = Duration::from_millis(2);

impl Guard {
    /// A guard over a conversation whose socket was opened `now`.
    pub fn new(rules: GuardRules, now: Tick) -> Self {
        let limits = &rules.limits;
        Self {
            events: Allowance::new(event_cost(limits).saturating_mul(limits.event_burst)),
            sound: Allowance::new(sound_cost(limits, limits.sound_burst)),
            rules,
            order: Order::new(),
            calls: Calls::default(),
            queue: VecDeque::new(),
            started: now,
            now,
            refused: false,
        }
    }

    /// What the server has decided.
    pub const fn rules(&self) -> &GuardRules {
        &self.rules
    }

    /// Takes one event of the client. A `now` earlier than the latest seen counts as the latest.
    ///
    /// # Errors
    ///
    /// [`GuardError`]: the event goes nowhere, and neither does any later one. What was let through before still
    /// waits in the queue; [`Guard::hang_up`] ends the service's stream in order.
    pub fn handle_client(&mut self, now: Tick, event: ClientEvent) -> Result<(), GuardError> {
        if self.refused || self.order.has_ended() {
            return Err(GuardError::Closed);
        }
        let judged = self.handle_timeout(now).and_then(|()| self.judge(event));
        self.refused |= judged.is_err();
        judged
    }

    fn judge(&mut self, event: ClientEvent) -> Result<(), GuardError> {
        let limits = &self.rules.limits;
        if let ClientEvent::AudioInput { pcm, .. } = &event
            && let Some(rate) = self.order.sound_rate()
        {
            let cost = sound_cost(limits, rate.duration_of(pcm.len()).max(SHORTEST_SOUND));
            if !self.sound.spend(self.now, cost) {
                return Err(GuardError::SoundTooFast { percent: limits.sound_percent });
            }
        } else if !self.events.spend(self.now, event_cost(limits)) {
            return Err(GuardError::EventsTooFast { per_second: limits.events_per_second });
        }
        let desk = &mut Desk { rules: &self.rules, calls: &mut self.calls, out: &mut self.queue };
        self.order.accept(event, desk)
    }

    /// Takes a word of the client that is no event: those of the relay itself, which a client has no need of. They cost
    /// as much as events.
    ///
    /// # Errors
    ///
    /// [`GuardError`], as [`Guard::handle_client`].
    pub fn handle_control(&mut self, now: Tick) -> Result<(), GuardError> {
        if self.refused || self.order.has_ended() {
            return Err(GuardError::Closed);
        }
        let limits = &self.rules.limits;
        self.refused |= !self.events.spend(self.now.max(now), event_cost(limits));
        if self.refused {
            return Err(GuardError::EventsTooFast { per_second: limits.events_per_second });
        }
        Ok(())
    }

    /// Takes one event of the service.
    pub fn handle_service(&mut self, event: ServerEvent) {
        if let Some(call) = self.calls.sort(&self.rules, event, &mut self.queue) {
            self.answer(&call, session::error_object("the user interrupted before the call was made"));
        }
    }

    /// Looks at the deadlines; early calls change nothing.
    ///
    /// # Errors
    ///
    /// [`GuardError::NotOpened`] and [`GuardError::LifeOver`]: the conversation is over.
    pub fn handle_timeout(&mut self, now: Tick) -> Result<(), GuardError> {
        self.now = self.now.max(now);
        let over = match (self.opening_deadline(), self.life_deadline()) {
            (Some((deadline, limit_ms)), _) if deadline <= self.now => GuardError::NotOpened { limit_ms },
            (_, Some((deadline, limit_ms))) if deadline <= self.now => GuardError::LifeOver { limit_ms },
            _ => return Ok(()),
        };
        self.refused = true;
        Err(over)
    }

    /// When to call [`Guard::handle_timeout`]; `None` when no deadline is pending.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Tick> {
        if self.refused {
            return None;
        }
        let deadlines = [self.opening_deadline(), self.life_deadline()];
        deadlines.into_iter().flatten().map(|(deadline, _)| deadline).min()
    }

    fn opening_deadline(&self) -> Option<(Tick, u64)> {
        (!self.order.has_prompt()).then(|| self.deadline(self.rules.limits.opening))
    }

    fn life_deadline(&self) -> Option<(Tick, u64)> {
        self.rules.limits.life.filter(|_| !self.order.has_ended()).map(|life| self.deadline(life))
    }

    fn deadline(&self, limit: Duration) -> (Tick, u64) {
        (self.started.after(limit), u64::try_from(limit.as_millis()).unwrap_or(u64::MAX))
    }

    /// Takes the result of a [`GuardOutput::CallTool`]: any JSON; what is no object becomes `{"result": …}`.
    ///
    /// # Errors
    ///
    /// [`SessionError::UnknownCall`] for a call that does not wait, [`SessionError::ToolResultInvalid`] and
    /// [`SessionError::ToolResultTooLong`] for a result that the service would not take; the call then still waits.
    pub fn tool_result(&mut self, call: &ToolUseId, json: &str) -> Result<(), SessionError> {
        if !self.calls.waits_for_server(call) {
            return Err(SessionError::UnknownCall);
        }
        let object = session::result_object(json)?;
        self.answer(call, object);
        Ok(())
    }

    /// Answers a [`GuardOutput::CallTool`] with an error, which the model reads.
    ///
    /// # Errors
    ///
    /// [`SessionError::UnknownCall`] for a call that does not wait.
    pub fn tool_failed(&mut self, call: &ToolUseId, message: &str) -> Result<(), SessionError> {
        if !self.calls.waits_for_server(call) {
            return Err(SessionError::UnknownCall);
        }
        self.answer(call, session::error_object(message));
        Ok(())
    }

    fn answer(&mut self, call: &ToolUseId, json: String) {
        if self.calls.answered_by_server(call) {
            self.order.add_result(call.clone(), json, &mut self.queue);
        }
    }

    /// Whether the client has said its last word.
    pub(in crate::relay) fn has_ended(&self) -> bool {
        self.order.has_ended()
    }

    /// The client is gone, or was refused: queues what is missing for an orderly end of the service's stream.
    pub fn hang_up(&mut self) {
        self.order.hang_up(&mut self.queue);
    }

    /// The next thing to do; `None` once drained.
    pub fn poll_output(&mut self) -> Option<GuardOutput> {
        let output = self.queue.pop_front();
        if output.is_none() {
            // the opening, or a burst, has made it long
            self.queue.shrink_to(STEADY);
        }
        output
    }
}

fn event_cost(limits: &GuardLimits) -> Duration {
    Duration::from_secs(1) / limits.events_per_second.max(1)
}

fn sound_cost(limits: &GuardLimits, sound: Duration) -> Duration {
    sound.saturating_mul(100) / limits.sound_percent.max(1)
}

/// Shows nothing of what is said.
impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("rules", &self.rules)
            .field("queued", &self.queue.len())
            .field("refused", &self.refused)
            .finish_non_exhaustive()
    }
}
