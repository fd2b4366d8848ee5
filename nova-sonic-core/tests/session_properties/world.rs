//! Runs a script against a session and judges all that comes out.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use nova_sonic_core::{
    event::{ClientEvent, GenerationStage, Role, ServerContent, StopReason},
    session::{Event, Input, Microphone, Output, Playback, Session, SessionConfig, SessionError, State},
    time::Tick,
};

use super::{
    steps::{self, Server, Step, Words},
    wire::WireJudge,
};

/// Times that one instant may ask for itself again before it counts as spinning.
const PATIENCE: usize = 8;

pub(crate) struct World {
    session: Session,
    now: Tick,
    wire: WireJudge,
    told: Told,
    given_samples: u64,
    heard: Duration,
    texts: usize,
    blocks: HashMap<usize, ServerContent>,
    /// All that came out, for comparing two runs.
    pub(crate) log: Option<Log>,
}

/// What came out of one run.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Log {
    sent: Vec<ClientEvent>,
    told: Vec<Event>,
}

/// What the application was told.
#[derive(Default)]
struct Told {
    state: Option<State>,
    closed: bool,
    calls: Vec<String>,
    interrupted: HashSet<u64>,
    transcripts: HashMap<String, usize>,
    /// Texts that have to be told exactly once.
    owed: HashSet<String>,
    /// Plans that may be withheld, for nobody will hear them.
    excused: HashSet<String>,
    /// The caller has asked for silence, and the service has not yet come to another answer.
    hushed: bool,
    /// Blocks that began before an interruption, or while the caller had silence.
    stale: HashSet<usize>,
}

pub(crate) type Verdict = Result<(), String>;

fn check(holds: bool, otherwise: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(otherwise()) }
}

impl World {
    pub(crate) fn new(config: SessionConfig) -> Self {
        let now = Tick::from_millis(1_000);
        let session = Session::new(config, [3; 32], now).expect("a legal configuration");
        Self {
            session,
            now,
            wire: WireJudge::default(),
            told: Told { state: Some(State::Initializing), ..Told::default() },
            given_samples: 0,
            heard: Duration::ZERO,
            texts: 0,
            blocks: HashMap::new(),
            log: None,
        }
    }

    pub(crate) fn run(&mut self, script: &[(u64, Step)]) -> Verdict {
        self.drain()?;
        for (pause, step) in script {
            let until = self.now.after(Duration::from_millis(*pause));
            if matches!(step, Step::Wait) {
                self.keep_deadlines_until(until)?;
            } else {
                self.now = until;
                self.step(step).map_err(|fault| format!("{fault}, at {step:?}"))?;
            }
            self.check_standing().map_err(|fault| format!("{fault}, after {step:?}"))?;
        }
        self.finish()
    }

    pub(crate) fn times_told(&self, text: &str) -> usize {
        self.told.transcripts.get(text).copied().unwrap_or(0)
    }

    /// Lets everything come to rest, hangs up, and looks at what is owed.
    fn finish(&mut self) -> Verdict {
        if !self.told.closed && !self.wire.session_ended() {
            self.give(Input::Connected)?;
            // all sound played, all tools late, all answers overdue
            self.keep_deadlines_until(self.now.after(self.heard + Duration::from_secs(8)))?;
            let state = self.session.state();
            check(matches!(state, State::Listening | State::Idle), || {
                format!("still {state:?} when all is quiet")
            })?;
            self.give(Input::Hangup)?;
        }
        if self.wire.session_ended() {
            for call in &self.told.calls {
                let results = self.wire.results_for(call);
                check(results == 1, || format!("{call} has {results} results after the hang-up"))?;
            }
        }
        self.keep_deadlines_until(self.now.after(Duration::from_mins(1)))?;
        check(self.told.closed, || "never closed".to_owned())?;
        check(self.session.poll_timeout().is_none(), || "a closed session waits for something".to_owned())?;
        for text in &self.told.owed {
            let times = self.times_told(text);
            let excused = times == 0 && self.told.excused.contains(text);
            check(times == 1 || excused, || format!("{text:?} was told {times} times"))?;
        }
        check(self.give(Input::Audio(&[0; 16])).is_err(), || "sound after the end was taken".to_owned())?;
        for late in [Input::Connected, Input::Interrupt, Input::Timeout, Input::Hangup, Input::Disconnected] {
            self.give(late)?;
        }
        Ok(())
    }

    /// A driver that wakes at every deadline and otherwise sleeps.
    fn keep_deadlines_until(&mut self, until: Tick) -> Verdict {
        let mut repeats = 0;
        while let Some(deadline) = self.session.poll_timeout().filter(|deadline| *deadline <= until) {
            repeats = if deadline <= self.now { repeats + 1 } else { 0 };
            check(repeats < PATIENCE, || format!("the deadline {deadline:?} comes again and again"))?;
            self.now = self.now.max(deadline);
            self.give(Input::Timeout)?;
        }
        self.now = self.now.max(until);
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Verdict {
        let result = match step {
            Step::Connected => self.give(Input::Connected),
            Step::Audio(samples) => {
                let open_for_sound = !self.told.closed;
                self.given_samples += *samples as u64;
                let result = self.give(Input::Audio(&vec![7; *samples]));
                check(open_for_sound || result.is_err(), || "sound was taken after the end".to_owned())?;
                result
            }
            Step::Text => {
                let text = self.fresh_text("typed");
                let result = self.give(Input::Text(&text));
                if result.is_ok() {
                    self.told.owed.insert(text);
                }
                result
            }
            Step::BadText => self.give(Input::Text("  ")),
            Step::Microphone(position) => self.give(Input::Microphone(*position)),
            Step::Played { turn, samples } => {
                let turn = nova_sonic_core::session::TurnId::new(*turn);
                self.give(Input::Played { turn, samples: *samples })
            }
            Step::Interrupt => {
                let before = self.told.interrupted.len();
                let result = self.give(Input::Interrupt);
                if self.told.interrupted.len() > before {
                    self.told.hushed = true;
                    self.told.stale.extend(self.blocks.keys());
                }
                result
            }
            Step::ToolResult { call, json } => {
                let call = steps::call_id(*call).as_str().into();
                self.give(Input::ToolResult { call: &call, json })
            }
            Step::ToolFailed { call } => {
                let call = steps::call_id(*call).as_str().into();
                self.give(Input::ToolFailed { call: &call, message: "it broke" })
            }
            Step::Server(server) => return self.receive(server),
            Step::Unreadable => self.give(Input::Unreadable(steps::unreadable())),
            Step::Exception { exception, message } => {
                self.give(Input::Exception(steps::service_error(exception, message)))
            }
            Step::Timeout | Step::Wait => self.give(Input::Timeout),
            Step::Hangup => self.give(Input::Hangup),
            Step::Failed => self.give(Input::Failed(steps::failure())),
            Step::Disconnected => self.give(Input::Disconnected),
        };
        match result {
            Ok(()) => Ok(()),
            // a caller's mistake is told to the caller
            Err(fault) if fault.starts_with("mistake: ") => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    fn receive(&mut self, server: &Server) -> Verdict {
        let mut text = String::new();
        match server {
            Server::Start { block, content, .. } => {
                self.blocks.insert(*block, content.clone());
                if self.told.hushed {
                    // more of what nobody wants to hear, even if its words come after the service has stopped it
                    self.told.stale.insert(*block);
                } else {
                    self.told.stale.remove(block);
                }
            }
            Server::Words { block, kind, .. } => {
                text = match kind {
                    Words::Unique => self.fresh_text("said"),
                    Words::Empty => " ".to_owned(),
                    Words::Signal => "{ \"interrupted\" : true }".to_owned(),
                };
                if *kind == Words::Unique && !self.told.closed {
                    self.told.owed.insert(text.clone());
                    let plan = self.blocks.get(block)
                        == Some(&ServerContent::Text { stage: Some(GenerationStage::Speculative) });
                    if plan && (self.told.hushed || self.told.stale.contains(block)) {
                        self.told.excused.insert(text.clone());
                    }
                }
            }
            Server::Call { call, .. } => self.wire.call_made(&steps::call_id(*call)),
            Server::End { block, stop } => {
                let sound = matches!(self.blocks.get(block), Some(ServerContent::Audio { .. }));
                let over = match stop {
                    Some(StopReason::EndTurn) => sound,
                    stop => *stop == Some(StopReason::Interrupted),
                };
                self.told.hushed &= !over;
                self.told.stale.remove(block);
                self.blocks.remove(block);
            }
            _ => {}
        }
        if let Server::Sound { samples, .. } = server {
            self.heard += Duration::from_micros(*samples as u64 * 1_000 / 24);
        }
        let interruptions = self.told.interrupted.len();
        self.give(Input::Received(server.event(&text)))?;
        if self.told.interrupted.len() > interruptions {
            self.told.stale.extend(self.blocks.keys());
        }
        Ok(())
    }

    fn fresh_text(&mut self, kind: &str) -> String {
        self.texts += 1;
        format!("{kind} {}.", self.texts)
    }

    /// Gives one input and judges what comes of it. A caller's mistake is an `Err` that says so.
    fn give(&mut self, input: Input<'_>) -> Verdict {
        let result = self.session.handle_input(self.now, input);
        self.drain()?;
        result.map_err(|error: SessionError| format!("mistake: {error}"))
    }

    fn drain(&mut self) -> Verdict {
        let mut outputs = 0;
        while let Some(output) = self.session.poll_output() {
            outputs += 1;
            check(outputs < 2_000, || "one input gave 2,000 outputs".to_owned())?;
            match output {
                Output::Send(event) => {
                    if let Some(log) = &mut self.log {
                        log.sent.push(event.clone());
                    }
                    check(!self.told.closed, || format!("{} was sent after Closed", event.name()))?;
                    self.wire.sent(&event)?;
                }
                Output::EndInput => {
                    self.wire.input_ended()?;
                }
                Output::Emit(event) => {
                    if let Some(log) = &mut self.log {
                        log.told.push(event.clone());
                    }
                    self.told.judge(event)?;
                }
                other => return Err(format!("an unknown output: {other:?}")),
            }
        }
        Ok(())
    }

    /// What has to hold between any two inputs.
    fn check_standing(&self) -> Verdict {
        let state = self.session.state();
        check(Some(state) == self.told.state, || format!("{state:?} was not told"))?;
        check((state == State::Closed) == self.told.closed, || "Closed and the state disagree".to_owned())?;
        let elapsed = self.now.since_epoch();
        let real_time = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX) * 16;
        let most = self.given_samples + real_time + 16_000;
        check(self.wire.samples <= most, || {
            format!("{} samples sent of {most} possible", self.wire.samples)
        })?;
        let history = self.session.history();
        let alternates = history.windows(2).all(|pair| pair[0].role != pair[1].role);
        check(alternates, || "the history does not alternate".to_owned())
    }
}

impl Told {
    fn judge(&mut self, event: Event) -> Verdict {
        check(!self.closed, || format!("{event:?} after Closed"))?;
        match event {
            Event::StateChanged { from, to } => {
                check(Some(from) == self.state && from != to, || format!("from {from:?} to {to:?}"))?;
                check(to != State::Initializing, || "initializing again".to_owned())?;
                self.state = Some(to);
            }
            Event::Transcript { text, turn, role, .. } => {
                check(turn.number() > 0, || "a transcript without a turn".to_owned())?;
                check(!text.contains("interrupted"), || "a signal was told as words".to_owned())?;
                // what is typed does not tell the service that its answer is unwanted
                if role == Role::User && text.starts_with("said") {
                    self.hushed = false;
                }
                *self.transcripts.entry(text).or_default() += 1;
            }
            Event::Audio { pcm, turn, .. } => {
                check(!pcm.is_empty(), || "sound without samples".to_owned())?;
                check(turn.number() > 0, || "sound without a turn".to_owned())?;
                check(!self.interrupted.contains(&turn.number()), || {
                    "sound of a turn that was cut off".to_owned()
                })?;
            }
            Event::Interrupted { turn, .. } => {
                let first = self.interrupted.insert(turn.number());
                check(first && turn.number() > 0, || format!("{turn:?} was interrupted twice"))?;
            }
            Event::ToolCall { id, .. } => {
                check(!self.calls.contains(&id.to_string()), || format!("{id} was told twice"))?;
                self.calls.push(id.to_string());
            }
            Event::Closed { .. } => {
                check(self.state == Some(State::Closed), || "Closed before its state".to_owned())?;
                self.closed = true;
            }
            _ => {}
        }
        Ok(())
    }
}

/// A patient configuration and an awkward one; both give up soon, so that a script need not last.
pub(crate) fn configurations() -> [SessionConfig; 2] {
    let mut plain = SessionConfig::default();
    plain.timing.tool = Duration::from_secs(3);
    plain.timing.answer = Duration::from_secs(2);
    let mut awkward = SessionConfig::default()
        .microphone(Microphone::Closed)
        .speech_prompt("Write Hindi in Latin letters.".to_owned())
        .speak_first("Greet the child.".to_owned())
        .playback(Playback::Reported);
    awkward.timing.tool = Duration::from_millis(300);
    awkward.timing.answer = Duration::from_millis(500);
    awkward.timing.keep_alive = Duration::from_millis(700);
    awkward.timing.frame = Duration::from_millis(100);
    awkward.timing.gap = Duration::from_millis(200);
    [plain, awkward]
}
