//! A session over the relay's two halves and the guard to the simulator's model, in virtual time.

use std::{sync::Arc, time::Duration};

use nova_sonic_core::{
    audio::SampleRate,
    error::ServiceError,
    event::{ClientContent, ClientEvent, EventReader, Role, ToolSpec},
    id::ToolUseId,
    relay::{ClientCodec, Guard, GuardError, GuardOutput, GuardRules, Relayed, ServerCodec},
    session::{Event, Input, Microphone, Output as SessionOutput, Session, SessionConfig},
    time::Tick,
};
use nova_sonic_sim::model::{Conversation, ConversationConfig, Output, Scenario};
use proptest::prelude::*;

use crate::{frame, prompt_start, session_start};

/// What a person or a page does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Speak(u64),
    Type,
    Wait(u64),
    Move(Microphone),
    Interrupt,
    Hangup,
}

pub(crate) fn act() -> impl Strategy<Value = Act> {
    let position = prop::sample::select(vec![Microphone::Open, Microphone::Muted, Microphone::Closed]);
    prop_oneof![
        4 => (20..1_500_u64).prop_map(Act::Speak),
        2 => Just(Act::Type),
        4 => (1..4_000_u64).prop_map(Act::Wait),
        1 => position.prop_map(Act::Move),
        1 => Just(Act::Interrupt),
        1 => prop::sample::select(vec![Act::Wait(1), Act::Wait(1), Act::Wait(1), Act::Hangup]),
    ]
}

/// A session with everything in its opening, and perhaps a tool.
pub(crate) fn configuration(tools: bool) -> SessionConfig {
    use nova_sonic_core::session::Message;
    let weather = ToolSpec::new("get_weather", "Weather of a city", r#"{"type":"object"}"#).expect("a tool");
    let long = "word ".repeat(1_500);
    SessionConfig::default()
        .system_prompt(long.clone())
        .speech_prompt(Some("Write Latin letters.".to_owned()))
        .history(vec![Message::user(long), Message::assistant("Hello."), Message::user("Yes?")])
        .tools(if tools { vec![weather] } else { Vec::new() })
        .speak_first(tools.then(|| "Greet the child.".to_owned()))
}

/// A legal opening up to the open microphone, block `m`.
pub(crate) fn opening() -> Vec<ClientEvent> {
    let (prompt_name, system) = (|| "p".into(), || "s".into());
    vec![
        session_start(),
        prompt_start(),
        ClientEvent::ContentStart {
            prompt_name: prompt_name(),
            content_name: system(),
            content: ClientContent::Text { role: Role::System, interactive: false },
        },
        ClientEvent::TextInput {
            prompt_name: prompt_name(),
            content_name: system(),
            text: "Be brief.".to_owned(),
        },
        ClientEvent::ContentEnd { prompt_name: prompt_name(), content_name: system() },
    ]
}

pub(crate) struct Stack {
    now: Tick,
    session: Session,
    client: ClientCodec,
    server: ServerCodec,
    guard: Guard,
    service: Conversation,
    reader: EventReader,
    out: Vec<u8>,
    pub(crate) refused: Option<GuardError>,
    pub(crate) closed: bool,
    /// Samples of answers that reached the application.
    pub(crate) heard: usize,
}

const TURN: Duration = Duration::from_millis(20);

impl Stack {
    pub(crate) fn new(config: SessionConfig, rules: GuardRules) -> Self {
        let mut model = ConversationConfig::default();
        if !config.tools.is_empty() {
            model.scenario = Arc::new(Scenario::weather());
        }
        let mut stack = Self {
            now: Tick::ZERO,
            session: Session::new(config, [7; 32], Tick::ZERO).expect("a good configuration"),
            client: ClientCodec::new(),
            server: ServerCodec::new(),
            guard: Guard::new(rules, Tick::ZERO),
            service: Conversation::new(model, Tick::ZERO),
            reader: EventReader::default(),
            out: Vec::new(),
            refused: None,
            closed: false,
            heard: 0,
        };
        stack.give(Input::Connected);
        stack
    }

    pub(crate) fn act(&mut self, act: Act) {
        match act {
            Act::Speak(millis) => {
                for at in 0..millis.div_ceil(20) {
                    let sample = |index: u64| if (index + at * 320) % 80 < 40 { 6_000 } else { -6_000 };
                    let sound: Vec<i16> = (0..320).map(sample).collect();
                    self.give(Input::Audio(&sound));
                    self.pass();
                }
            }
            Act::Type => self.give(Input::Text("Why is the fox sad?")),
            Act::Wait(millis) => (0..millis.div_ceil(20)).for_each(|_| self.pass()),
            Act::Move(position) => self.give(Input::Microphone(position)),
            Act::Interrupt => self.give(Input::Interrupt),
            Act::Hangup => self.give(Input::Hangup),
        }
    }

    pub(crate) fn give(&mut self, input: Input<'_>) {
        // refused after the goodbye
        let _ = self.session.handle_input(self.now, input);
        self.settle();
    }

    fn pass(&mut self) {
        self.now = self.now.after(TURN);
        if self.session.poll_timeout().is_some_and(|deadline| deadline <= self.now) {
            let _ = self.session.handle_input(self.now, Input::Timeout);
        }
        self.service.handle_timeout(self.now);
        if let Err(refused) = self.guard.handle_timeout(self.now) {
            self.refused.get_or_insert(refused);
        }
        self.settle();
    }

    fn settle(&mut self) {
        let mut calls: Vec<ToolUseId> = Vec::new();
        loop {
            while let Some(output) = self.session.poll_output() {
                match output {
                    SessionOutput::Send(event) => self.send(&event),
                    SessionOutput::Emit(Event::ToolCall { id, .. }) => calls.push(id),
                    SessionOutput::Emit(Event::Audio { pcm, rate, .. }) => {
                        assert_eq!(rate, SampleRate::Hz24000);
                        self.heard += pcm.len();
                    }
                    SessionOutput::Emit(Event::Closed { .. }) => self.closed = true,
                    _ => {}
                }
            }
            if let Some(call) = calls.pop() {
                let _ = self
                    .session
                    .handle_input(self.now, Input::ToolResult { call: &call, json: "{\"sky\":\"blue\"}" });
                continue;
            }
            if !self.step() {
                return;
            }
        }
    }

    fn send(&mut self, event: &ClientEvent) {
        let kind = self.client.encode(event, &mut self.out).expect("an event of a session fits");
        let Ok(Relayed::Event(read)) = self.server.decode(frame(kind, &self.out)) else {
            panic!("an event of a session is not read");
        };
        assert_eq!(&read, event);
        if let Err(refused) = self.guard.handle_client(self.now, read) {
            self.refused.get_or_insert(refused);
        }
    }

    /// Moves one thing between the guard, the model and the session; `false` when nothing moves any more.
    fn step(&mut self) -> bool {
        match self.guard.poll_output() {
            Some(GuardOutput::ToService(event)) => {
                let mut json = Vec::new();
                event.write_json(&mut json);
                self.service.handle_event(self.now, &json);
            }
            Some(GuardOutput::EndInput) => self.service.handle_end_of_input(self.now),
            Some(GuardOutput::ToClient(event)) => {
                let kind = self.server.encode(&event, &mut self.out).expect("an event of the model fits");
                let Ok(Relayed::Event(read)) = self.client.decode(frame(kind, &self.out)) else {
                    panic!("an event of the model is not read");
                };
                assert_eq!(read, event);
                let _ = self.session.handle_input(self.now, Input::Received(read));
            }
            Some(other) => panic!("{other:?}"),
            None => match self.service.poll_output() {
                Some(Output::Event(json)) => {
                    self.guard.handle_service(self.reader.read_server(&json).expect("an event of the model"));
                }
                Some(Output::Exception(exception)) => {
                    let error = ServiceError::new(exception.exception, &exception.message);
                    assert_ne!(error.code().as_str(), "protocol_violated", "{error}");
                    assert_ne!(error.code().as_str(), "request_invalid", "{error}");
                    let _ = self.session.handle_input(self.now, Input::Exception(error));
                }
                Some(_) => {
                    let _ = self.session.handle_input(self.now, Input::Disconnected);
                }
                None => return false,
            },
        }
        true
    }
}
