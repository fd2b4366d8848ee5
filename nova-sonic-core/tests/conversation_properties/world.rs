//! Runs a script against a conversation whose streams break, and judges all that comes out.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use nova_sonic_core::{
    error::ErrorCode,
    event::ClientEvent,
    session::{Conversation, Directive, Event, Failure, Input, SessionConfig, State, StreamId, TurnId},
    time::Tick,
};

use super::{
    steps::{self, Server, Step, Words},
    wire::WireJudge,
};

/// Times that one instant may ask for itself again before it counts as spinning.
const PATIENCE: usize = 40;

pub(crate) type Verdict = Result<(), String>;

/// What becomes of a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    None,
    /// The one that carries the conversation.
    Breaks,
    /// The one that is being opened.
    Opens,
    IsRefused,
    TakesItsTime,
}

/// One stream as the service sees it.
#[derive(Default)]
struct Stream {
    wire: WireJudge,
    /// All text that was sent on it.
    texts: String,
}

pub(crate) struct World {
    conversation: Conversation,
    now: Tick,
    streams: BTreeMap<StreamId, Stream>,
    opening: Vec<StreamId>,
    released: HashSet<StreamId>,
    state: State,
    closed: bool,
    renewing: bool,
    transcripts: HashMap<String, usize>,
    /// Texts that were taken, and have to be told.
    owed: Vec<String>,
    texts: usize,
    /// All that was told, for comparing two runs.
    pub(crate) told: Vec<Event>,
}

fn check(holds: bool, otherwise: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(otherwise()) }
}

impl World {
    pub(crate) fn new(config: SessionConfig) -> Self {
        let now = Tick::from_millis(1_000);
        Self {
            conversation: Conversation::new(config, [3; 32], now).expect("a legal configuration"),
            now,
            streams: BTreeMap::new(),
            opening: Vec::new(),
            released: HashSet::new(),
            state: State::Initializing,
            closed: false,
            renewing: false,
            transcripts: HashMap::new(),
            owed: Vec::new(),
            texts: 0,
            told: Vec::new(),
        }
    }

    pub(crate) fn run(&mut self, script: &[(Trouble, u64, Step)]) -> Verdict {
        self.drain()?;
        // without a first stream there is no conversation
        self.meet(Trouble::Opens)?;
        for (trouble, pause, step) in script {
            let at = |fault| format!("{fault}, at {trouble:?} and {step:?}");
            self.meet(*trouble).map_err(at)?;
            let until = self.now.after(Duration::from_millis(*pause));
            if matches!(step, Step::Wait) {
                self.keep_deadlines_until(until).map_err(at)?;
            } else {
                self.now = until;
                self.step(step).map_err(at)?;
            }
            let state = self.conversation.state();
            check(state == self.state, || at(format!("{state:?} was not told")))?;
        }
        self.finish()
    }

    fn finish(&mut self) -> Verdict {
        self.give(Input::Hangup)?;
        self.keep_deadlines_until(self.now.after(Duration::from_mins(1)))?;
        check(self.closed, || "never closed".to_owned())?;
        check(self.conversation.poll_timeout().is_none(), || "a deadline after the end".to_owned())?;
        for text in &self.owed {
            let times = self.transcripts.get(text).copied().unwrap_or(0);
            check(times <= 1, || format!("{text:?} was told {times} times"))?;
        }
        for (number, stream) in &self.streams {
            for text in &self.owed {
                let times = stream.texts.matches(text.as_str()).count();
                check(times <= 1, || format!("{text:?} was said {times} times on {number:?}"))?;
            }
        }
        Ok(())
    }

    fn meet(&mut self, trouble: Trouble) -> Verdict {
        match trouble {
            Trouble::None => Ok(()),
            Trouble::Breaks => {
                let failure = steps::failure();
                self.bring(self.conversation.stream(), Input::Failed(failure))
            }
            Trouble::Opens => {
                self.opening.pop().map_or(Ok(()), |stream| self.bring(stream, Input::Connected))
            }
            Trouble::IsRefused => {
                let refused = Failure::new(ErrorCode::Throttled, "refused");
                self.opening.pop().map_or(Ok(()), |stream| self.bring(stream, Input::Failed(refused)))
            }
            Trouble::TakesItsTime => self.keep_deadlines_until(self.now.after(Duration::from_secs(3))),
        }
    }

    fn keep_deadlines_until(&mut self, until: Tick) -> Verdict {
        let mut repeats = 0;
        while let Some(deadline) = self.conversation.poll_timeout().filter(|deadline| *deadline <= until) {
            repeats = if deadline <= self.now { repeats + 1 } else { 0 };
            check(repeats < PATIENCE, || format!("the deadline {deadline:?} comes again and again"))?;
            self.now = self.now.max(deadline);
            self.give(Input::Timeout)?;
        }
        self.now = self.now.max(until);
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Verdict {
        let call = |call: usize| steps::call_id(call).as_str().into();
        match step {
            Step::Audio(samples) => self.try_out(Input::Audio(&vec![7; *samples])).map(drop),
            Step::Text => {
                let text = self.fresh_text("typed");
                if self.try_out(Input::Text(&text))? {
                    self.owed.push(text);
                }
                Ok(())
            }
            Step::BadText => self.try_out(Input::Text("  ")).map(drop),
            Step::Microphone(position) => self.give(Input::Microphone(*position)),
            Step::Played { turn, samples } => {
                self.give(Input::Played { turn: TurnId::new(*turn), samples: *samples })
            }
            Step::Interrupt => self.give(Input::Interrupt),
            Step::ToolResult { call: number, json } => {
                self.try_out(Input::ToolResult { call: &call(*number), json }).map(drop)
            }
            Step::ToolFailed { call: number } => {
                self.try_out(Input::ToolFailed { call: &call(*number), message: "it broke" }).map(drop)
            }
            Step::Server(server) => self.receive(server),
            Step::Unreadable => self.give(Input::Unreadable(steps::unreadable())),
            Step::Exception { exception, message } => {
                self.give(Input::Exception(steps::service_error(exception, message)))
            }
            Step::Connected | Step::Timeout | Step::Wait => self.give(Input::Timeout),
            Step::Hangup => self.give(Input::Hangup),
            Step::Failed => self.give(Input::Failed(steps::failure())),
            Step::Disconnected => self.give(Input::Disconnected),
        }
    }

    fn receive(&mut self, server: &Server) -> Verdict {
        let stream = self.conversation.stream();
        // a service that has not accepted the stream says nothing
        if self.opening.contains(&stream) {
            return Ok(());
        }
        if let Server::Call { call, .. } = server {
            self.streams.entry(stream).or_default().wire.call_made(&steps::call_id(*call));
        }
        let text = match server {
            Server::Words { kind: Words::Unique, .. } => self.fresh_text("said"),
            Server::Words { kind: Words::Signal, .. } => "{ \"interrupted\" : true }".to_owned(),
            _ => " ".to_owned(),
        };
        self.give(Input::Received(server.event(&text)))
    }

    fn fresh_text(&mut self, kind: &str) -> String {
        self.texts += 1;
        format!("{kind} {}.", self.texts)
    }

    fn bring(&mut self, stream: StreamId, input: Input<'_>) -> Verdict {
        let outcome = self.conversation.handle_stream(self.now, stream, input);
        self.drain()?;
        outcome.map_err(|error| format!("what a stream brings is no mistake of the caller: {error}"))
    }

    /// Gives what may be a mistake; whether it was taken.
    fn try_out(&mut self, input: Input<'_>) -> Result<bool, String> {
        let outcome = self.conversation.handle_input(self.now, input);
        self.drain()?;
        Ok(outcome.is_ok())
    }

    fn give(&mut self, input: Input<'_>) -> Verdict {
        let taken = self.try_out(input)?;
        check(taken, || "what cannot be a mistake was refused".to_owned())
    }

    fn drain(&mut self) -> Verdict {
        let mut directives = 0;
        while let Some(directive) = self.conversation.poll_output() {
            directives += 1;
            check(directives < 4_000, || "one input gave 4,000 directives".to_owned())?;
            match directive {
                Directive::Open(stream) => {
                    check(!self.closed, || "a stream is opened after the end".to_owned())?;
                    let first = self.streams.insert(stream, Stream::default()).is_none();
                    check(first, || format!("{stream:?} is opened twice"))?;
                    check(self.opening.is_empty(), || "two streams are opened at once".to_owned())?;
                    self.opening.push(stream);
                }
                Directive::Send(number, event) => {
                    check(!self.released.contains(&number), || {
                        format!("{} on a released stream", event.name())
                    })?;
                    let stream = self.streams.get_mut(&number).ok_or("an event on no stream")?;
                    stream.wire.sent(&event).map_err(|fault| format!("{fault}, on {number:?}"))?;
                    if let ClientEvent::TextInput { text, .. } = event {
                        stream.texts.push_str(&text);
                    }
                }
                Directive::EndInput(number) => {
                    self.streams.get_mut(&number).ok_or("the end of no stream")?.wire.input_ended()?;
                }
                Directive::Release(number) => {
                    check(self.released.insert(number), || format!("{number:?} is released twice"))?;
                    self.opening.retain(|opening| *opening != number);
                }
                Directive::Emit(event) => {
                    self.judge(&event)?;
                    self.told.push(event);
                }
                other => return Err(format!("an unknown directive: {other:?}")),
            }
        }
        Ok(())
    }

    fn judge(&mut self, event: &Event) -> Verdict {
        check(!self.closed, || format!("{event:?} after Closed"))?;
        match event {
            Event::StateChanged { from, to } => {
                check(*from == self.state && from != to, || format!("from {from:?} to {to:?}"))?;
                self.state = *to;
            }
            Event::Transcript { text, turn, .. } => {
                check(turn.number() > 0, || "a transcript without a turn".to_owned())?;
                *self.transcripts.entry(text.clone()).or_default() += 1;
            }
            Event::Renewing { .. } => {
                check(!self.renewing, || "a renewal begins in another".to_owned())?;
                self.renewing = true;
            }
            Event::Renewed { .. } => {
                check(self.renewing, || "a renewal ends that has not begun".to_owned())?;
                self.renewing = false;
            }
            Event::Closed { .. } => {
                check(self.state == State::Closed, || "Closed before its state".to_owned())?;
                self.closed = true;
            }
            _ => {}
        }
        Ok(())
    }
}
