//! One stream's conversation, without a clock or a socket.

use std::{collections::VecDeque, fmt, time::Duration};

use nova_sonic_core::{
    event::{EndpointingSensitivity, EventReader},
    time::Tick,
};

use super::{
    ConversationConfig, Limits, OpeningFault, Output, WireFault,
    answer::{Answer, Moment, Request},
    calls::Calls,
    clock::ConversationClock,
    listener::{FRAME, Heard, Listener},
    plan::{Ask, plan},
    refusal::Refusal,
    rules::{Accepted, Rules},
    scenario::{Fault, Opening, ToolCall, fault::Failure},
    speaker::Speaker,
};

/// Things to answer that may wait; more of them push out the oldest.
const WAITING: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Running,
    /// Says nothing more, as a scenario asked, until the stream's life is over.
    Silent,
    Ended,
}

/// One stream's conversation: events in, outputs out, time as an argument.
///
/// A time earlier than the latest seen counts as the latest. Prints nothing of what is said.
pub struct Conversation {
    config: ConversationConfig,
    limits: Limits,
    state: State,
    started: Tick,
    now: Tick,
    last_content: Tick,
    events: u32,
    faults_done: usize,
    reader: EventReader,
    rules: Rules,
    endpointing: EndpointingSensitivity,
    clock: ConversationClock,
    listener: Option<Listener>,
    speaker: Speaker,
    calls: Calls,
    /// What is to be answered, with the clock's reading when it came.
    asks: VecDeque<(Duration, Ask)>,
    answer: Option<Answer>,
    turns_taken: usize,
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("scenario", &self.config.scenario.name)
            .field("state", &self.state)
            .field("now", &self.now)
            .field("turns_taken", &self.turns_taken)
            .finish_non_exhaustive()
    }
}

impl Conversation {
    /// A conversation that starts `now`.
    pub fn new(config: ConversationConfig, now: Tick) -> Self {
        let limits = config.scenario.limits.apply(config.limits);
        Self {
            limits,
            state: State::Running,
            started: now,
            now,
            last_content: now,
            events: 0,
            faults_done: 0,
            reader: EventReader::default(),
            rules: Rules::new(limits),
            endpointing: EndpointingSensitivity::Medium,
            clock: ConversationClock::new(now),
            listener: None,
            speaker: Speaker::new(config.seed),
            calls: Calls::default(),
            asks: VecDeque::new(),
            answer: None,
            turns_taken: 0,
            config,
        }
    }

    /// What goes wrong before the first frame, if the scenario asks for it.
    pub fn opening_fault(&self) -> Option<OpeningFault> {
        self.config.scenario.opening.as_ref().map(Opening::fault)
    }

    /// Takes one event of the client, the JSON of one chunk.
    pub fn handle_event(&mut self, now: Tick, json: &[u8]) {
        self.handle_timeout(now);
        if self.state != State::Running {
            return;
        }
        self.events = self.events.saturating_add(1);
        match self.read(json) {
            Ok(accepted) => self.act(accepted),
            Err(refusal) => self.refuse(&refusal),
        }
        self.advance();
    }

    /// The client has ended its input.
    pub fn handle_end_of_input(&mut self, now: Tick) {
        self.handle_timeout(now);
        if self.state != State::Running {
            return;
        }
        match self.rules.end() {
            Ok(()) => self.finish(),
            Err(refusal) => self.refuse(&refusal),
        }
    }

    /// A deadline may have passed; early calls change nothing.
    pub fn handle_timeout(&mut self, now: Tick) {
        self.now = self.now.max(now);
        let life_is_over = self.now >= self.started.after(self.limits.life);
        match self.state {
            State::Running => {}
            State::Silent if life_is_over => {
                self.state = State::Ended;
                return self.speaker.push(Output::Fault(WireFault::Cut));
            }
            State::Silent | State::Ended => return,
        }
        if life_is_over {
            self.refuse(&Refusal::LifeOver);
        } else if self.now >= self.last_content.after(self.limits.idle) {
            self.refuse(&Refusal::idle(self.limits.idle));
        }
        self.advance();
    }

    /// The next thing to do; `None` once drained.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output> {
        self.speaker.poll()
    }

    /// When to call [`Self::handle_timeout`]; `None` when no deadline is pending.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Tick> {
        match self.state {
            State::Running => {}
            State::Silent => return Some(self.started.after(self.limits.life)),
            State::Ended => return None,
        }
        let tick_at = |reading: Duration| self.clock.tick_at(reading);
        let speech = match &self.answer {
            Some(answer) => answer.next_due(tick_at),
            None => match self.asks.front() {
                Some((_, Ask::Typed(_))) | None => None,
                Some(_) if self.user_speaks() => None,
                Some((since, ask)) => Some(tick_at(since.saturating_add(self.delay(ask)))),
            },
        };
        let fault = self.config.scenario.faults.get(self.faults_done);
        let fault = fault.filter(|fault| self.events >= fault.after_events);
        let fault = fault.map(|fault| self.started.after(Duration::from_millis(fault.after_ms.into())));
        let limits = [self.started.after(self.limits.life), self.last_content.after(self.limits.idle)];
        limits.into_iter().chain(speech).chain(fault).min().map(|tick| tick.max(self.now))
    }

    fn read(&mut self, json: &[u8]) -> Result<Accepted, Refusal> {
        if json.len() > self.limits.event_bytes {
            return Err(Refusal::TooLong { length: json.len(), limit: self.limits.event_bytes });
        }
        let event = self.reader.read_client(json)?;
        self.rules.accept(event)
    }

    fn act(&mut self, accepted: Accepted) {
        match accepted {
            Accepted::SessionStarted { endpointing } => self.endpointing = endpointing,
            Accepted::PromptStarted { prompt_name, rate } => self.speaker.prompt(prompt_name, rate),
            Accepted::Read(bytes) => self.speaker.meter.read(bytes),
            Accepted::AudioOpened(rate) => self.listener = Some(Listener::new(rate, &self.endpointing)),
            Accepted::Audio(pcm) => self.listen(&pcm),
            Accepted::AudioClosed => {
                let heard = self.listener.take().and_then(|mut listener| listener.finish());
                if let Some(heard) = heard {
                    self.notice(heard);
                }
            }
            Accepted::Typed(text) => {
                self.last_content = self.now;
                self.ask(Ask::Typed(text));
            }
            Accepted::ToolResult(call, result) => {
                if let Some(rest) = self.calls.answer(&call, result) {
                    self.ask(Ask::Resumed(rest));
                }
            }
            Accepted::SessionEnded => self.finish(),
            Accepted::Noted => {}
        }
    }

    /// Listens frame by frame, so that what follows does not depend on how the client cuts its audio.
    fn listen(&mut self, samples: &[i16]) {
        self.last_content = self.now;
        self.clock.advance(self.now, Duration::ZERO);
        if let Some(listener) = &mut self.listener {
            listener.push(samples);
        }
        while self.listener.as_ref().is_some_and(Listener::has_frame) && self.state == State::Running {
            self.clock.advance(self.now, FRAME);
            self.speaker.meter.hear(FRAME);
            if let Some(heard) = self.listener.as_mut().and_then(Listener::hear_frame) {
                self.notice(heard);
            }
            self.advance_answer(true);
        }
        self.advance_answer(true);
    }

    fn notice(&mut self, heard: Heard) {
        let moment = self.moment();
        match heard {
            Heard::SpeechStarted => {
                if let Some(answer) = self.answer.take_if(|answer| answer.is_being_heard(moment)) {
                    answer.interrupt(moment, &mut self.speaker);
                }
            }
            Heard::SpeechEnded(utterance) => self.ask(Ask::Said(utterance)),
        }
    }

    fn ask(&mut self, ask: Ask) {
        if self.asks.len() == WAITING {
            tracing::debug!("more is waiting to be answered than is kept: the oldest goes unanswered");
            self.asks.pop_front();
        }
        self.asks.push_back((self.clock.reading(self.now), ask));
    }

    fn advance(&mut self) {
        while let Some(fault) = self.config.scenario.faults.get(self.faults_done) {
            let due = self.started.after(Duration::from_millis(fault.after_ms.into()));
            if self.state != State::Running || self.now < due || self.events < fault.after_events {
                break;
            }
            self.faults_done += 1;
            let kind = fault.kind.clone();
            self.fail(&kind);
        }
        self.advance_answer(false);
    }

    /// Goes on with the answer, or begins the next one.
    fn advance_answer(&mut self, audio_flows: bool) {
        while self.state == State::Running {
            if self.answer.is_some() {
                if !self.speak(false) {
                    return;
                }
            } else if self.next_ask_is_ready(audio_flows) {
                self.begin_next();
            } else {
                return;
            }
        }
    }

    /// Says what is due; whether the answer is over.
    fn speak(&mut self, all: bool) -> bool {
        let moment = self.moment();
        while let Some(mut answer) = self.answer.take() {
            let request = answer.advance(moment, all, &mut self.speaker);
            if !answer.is_over() {
                self.answer = Some(answer);
            }
            match request {
                // after the client's last word nobody is left to run a tool
                Some(Request::Call { .. }) if all => {}
                Some(Request::Call { tools, then }) => {
                    let call = |tool: &ToolCall| {
                        let arguments = tool.arguments(self.rules.instructions());
                        (self.speaker.tool_use(&tool.name, &arguments), tool.name.clone())
                    };
                    let calls: Vec<_> = tools.iter().map(call).collect();
                    for (call, _) in &calls {
                        self.rules.expect_result(call.clone());
                    }
                    self.calls.wait(calls, then);
                }
                Some(Request::Fail(fault)) => self.fail(&fault),
                None => break,
            }
            if self.state != State::Running {
                break;
            }
        }
        self.answer.is_none()
    }

    fn user_speaks(&self) -> bool {
        self.listener.as_ref().is_some_and(Listener::hears_speech)
    }

    fn next_ask_is_ready(&self, audio_flows: bool) -> bool {
        let Some((since, ask)) = self.asks.front() else { return false };
        let waits_for_audio = matches!(ask, Ask::Typed(_)) && !audio_flows;
        let ready = since.saturating_add(self.delay(ask));
        !waits_for_audio && !self.user_speaks() && self.clock.reading(self.now) >= ready
    }

    fn delay(&self, ask: &Ask) -> Duration {
        let turn = ask.turn(&self.config.scenario, self.turns_taken);
        Duration::from_millis(turn.map_or(0, |turn| turn.delay_ms).into())
    }

    fn begin_next(&mut self) {
        let Some((_, ask)) = self.asks.pop_front() else { return };
        let has_tool = |name: &str| self.rules.has_tool(name);
        let rate = self.speaker.rate();
        let plan = plan(&ask, &self.config.scenario, self.turns_taken, has_tool, rate);
        if ask.is_in_order(&self.config.scenario) {
            self.turns_taken = self.turns_taken.saturating_add(1);
        }
        self.answer = Some(Answer::new(plan, rate, self.config.answer_speed));
    }

    /// The client has closed everything: what is still to be said is said at once, so that nothing is lost.
    fn finish(&mut self) {
        loop {
            if self.answer.is_some() {
                self.speak(true);
            } else if self.asks.is_empty() {
                break;
            } else {
                self.begin_next();
            }
            if self.state != State::Running {
                return;
            }
        }
        self.speaker.end();
        self.state = State::Ended;
    }

    fn fail(&mut self, fault: &Fault) {
        match fault.failure(&self.limits) {
            Failure::Exception(exception) => {
                self.speaker.except(exception);
                self.state = State::Ended;
            }
            Failure::Wire(fault) => {
                self.speaker.push(Output::Fault(fault));
                self.state = State::Ended;
            }
            Failure::UnknownEvent => self.speaker.unknown_event(),
            Failure::Silence => self.state = State::Silent,
        }
    }

    fn refuse(&mut self, refusal: &Refusal) {
        tracing::debug!(%refusal, "the client broke a rule");
        self.speaker.refuse(refusal);
        if !refusal.stream_continues() {
            self.state = State::Ended;
        }
    }

    fn moment(&self) -> Moment {
        Moment { now: self.now, reading: self.clock.reading(self.now) }
    }
}
