//! One stream's conversation, without a clock or a socket.

use std::{collections::VecDeque, fmt, time::Duration};

use nova_sonic_core::{
    error::ServiceException,
    event::{EndpointingSensitivity, EventReader},
    time::Tick,
};

use super::{
    ConversationConfig, Exception, Limits, OpeningFault, Output,
    answer::{Answer, Moment, Plan, Request, Spoken},
    calls::{Calls, without_results},
    clock::ConversationClock,
    config::is_known_model,
    listener::{FRAME, Heard, Listener, Utterance},
    refusal::Refusal,
    rules::{Accepted, Rules},
    scenario::{Fault, Otherwise, Sentence, Turn, fault::Failure},
    sound::{resampled, tone},
    speaker::Speaker,
};

/// Things to answer that may wait; more of them push out the oldest.
const WAITING: usize = 4;

/// Something that the model is to answer.
enum Ask {
    Said(Utterance),
    /// Words typed; they are answered once audio flows.
    Typed(String),
    /// The results of a turn's tools have come: this is the rest of the turn.
    Resumed(Vec<Sentence>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Running,
    /// Says nothing more and leaves the stream open, as a scenario asked.
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

    /// What goes wrong before the first frame: an unknown model, or whatever the scenario asks for.
    pub fn opening_fault(&self) -> Option<OpeningFault> {
        if !is_known_model(&self.config.model_id) {
            return Some(OpeningFault::Refuse(Exception {
                exception: ServiceException::Validation,
                message: "The provided model identifier is invalid.".to_owned(),
                stream_continues: false,
            }));
        }
        self.config.scenario.opening.as_ref().map(super::scenario::Opening::fault)
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
        if self.state != State::Running {
            return;
        }
        if self.now >= self.started.after(self.limits.life) {
            self.refuse(&Refusal::LifeOver);
        } else if self.now >= self.last_content.after(self.limits.idle) {
            self.refuse(&Refusal::Idle { seconds: self.limits.idle.as_secs() });
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
        if self.state != State::Running {
            return None;
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
        if let Some((_, Ask::Typed(_))) = self.asks.front() {
            self.advance_answer(true);
        }
        if let Some(listener) = &mut self.listener {
            listener.push(samples);
        }
        while let Some(heard) = self.listener.as_mut().and_then(Listener::step) {
            self.clock.advance(self.now, FRAME);
            self.speaker.meter.hear(FRAME);
            if let Some(heard) = heard {
                self.notice(heard);
            }
            self.advance_answer(true);
            if self.state != State::Running {
                return;
            }
        }
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
                Some(Request::Call { tools, then }) => {
                    let call = |tool: &super::scenario::ToolCall| {
                        (self.speaker.tool_use(&tool.name, &tool.arguments()), tool.name.clone())
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
        let turn = match ask {
            Ask::Said(_) | Ask::Typed(_) => self.config.scenario.turn(self.turns_taken),
            Ask::Resumed(_) => None,
        };
        Duration::from_millis(turn.map_or(0, |turn| turn.delay_ms).into())
    }

    fn begin_next(&mut self) {
        let Some((_, ask)) = self.asks.pop_front() else { return };
        let plan = self.plan(ask);
        self.answer = Some(Answer::new(plan, self.speaker.rate(), self.config.answer_speed));
    }

    fn plan(&mut self, ask: Ask) -> Plan {
        let rate = self.speaker.rate();
        let spoken = |sentences: &[Sentence]| -> Vec<Spoken> {
            sentences.iter().map(|sentence| Spoken::sentence(sentence, rate)).collect()
        };
        if let Ask::Resumed(rest) = &ask {
            return Plan { say: spoken(rest), ..Plan::default() };
        }
        let index = self.turns_taken;
        self.turns_taken = index.saturating_add(1);
        let recognised = match &ask {
            Ask::Said(utterance) => Some(neutral_text(utterance.length)),
            Ask::Typed(_) | Ask::Resumed(_) => None,
        };
        if let Some(turn) = self.config.scenario.turn(index) {
            let Turn { user, say, tools, then, fault, .. } = turn;
            let tools: Vec<_> =
                tools.iter().filter(|tool| self.rules.has_tool(&tool.name)).cloned().collect();
            let mut say = spoken(say);
            let then = if tools.is_empty() {
                say.extend(spoken(&without_results(then)));
                Vec::new()
            } else {
                then.clone()
            };
            let user = recognised.map(|neutral| user.clone().unwrap_or(neutral));
            return Plan { user, say, tools, then, fault: fault.clone() };
        }
        let say = match (ask, self.config.scenario.otherwise) {
            (_, Otherwise::Listen) => Vec::new(),
            (Ask::Said(said), _) => {
                let samples = resampled(&said.pcm, said.rate, rate);
                vec![Spoken::new(neutral_text(said.length), samples, rate)]
            }
            (Ask::Typed(text), _) => {
                let text: String = text.chars().take(PARROTED_LETTERS).collect();
                let samples = tone(&text, rate);
                vec![Spoken::new(text, samples, rate)]
            }
            (Ask::Resumed(_), _) => Vec::new(),
        };
        Plan { user: recognised, say, ..Plan::default() }
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

/// Letters of a typed text that are said back, at most: 40 s of sound.
const PARROTED_LETTERS: usize = 600;

/// What stands for words that nobody recognised.
fn neutral_text(length: Duration) -> String {
    format!("(speech of {}.{} s)", length.as_secs(), length.subsec_millis() / 100)
}
