//! A client and a strict service around one exchange, in virtual time. What the exchange may never do fails at once.

use std::sync::Arc;

use nova_sonic_core::{
    error::ServiceError,
    event::{ClientEvent, EventReader, ServerEvent},
    id::ToolUseId,
    relay::{ClientCodec, Control, Exchange, ExchangeOutput, FrameKind, RelayFrame, RelayRules, Relayed},
    session::{Failure, Input, Output as SessionOutput, Session, SessionConfig},
    time::Tick,
};
use nova_sonic_sim::model::{Conversation, ConversationConfig, Output, Scenario};

pub(crate) const MODEL: &str = "amazon.nova-2-sonic-v1:0";

/// Everything that a session says before its first sound.
pub(crate) fn opening(config: SessionConfig) -> Vec<ClientEvent> {
    let mut session = Session::new(config, [7; 32], Tick::ZERO).expect("a good configuration");
    session.handle_input(Tick::ZERO, Input::Connected).expect("it is not closed");
    let sent = std::iter::from_fn(|| session.poll_output());
    sent.filter_map(|output| if let SessionOutput::Send(event) = output { Some(event) } else { None })
        .collect()
}

/// Where the stream stands that the exchange has asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    Unopened,
    Open,
    Over,
}

pub(crate) struct World {
    pub(crate) now: Tick,
    pub(crate) exchange: Exchange,
    pub(crate) codec: ClientCodec,
    model: ConversationConfig,
    service: Option<Conversation>,
    reader: EventReader,
    /// What the service was told, by name.
    pub(crate) sent: Vec<String>,
    pub(crate) input_ended: bool,
    pub(crate) abandoned: bool,
    stream: Stream,
    client_gone: bool,
    pub(crate) told: Vec<Relayed<ServerEvent>>,
    pub(crate) calls: Vec<(ToolUseId, String, String)>,
    pub(crate) closed: Option<(u16, String)>,
}

impl World {
    pub(crate) fn new(rules: RelayRules) -> Self {
        Self::with_scenario(rules, Scenario::parrot())
    }

    pub(crate) fn with_scenario(rules: RelayRules, scenario: Scenario) -> Self {
        let mut model = ConversationConfig::default();
        model.scenario = Arc::new(scenario);
        let mut world = Self {
            now: Tick::ZERO,
            exchange: Exchange::new(rules, Tick::ZERO),
            codec: ClientCodec::new(),
            model,
            service: None,
            reader: EventReader::default(),
            sent: Vec::new(),
            input_ended: false,
            abandoned: false,
            stream: Stream::Unopened,
            client_gone: false,
            told: Vec::new(),
            calls: Vec::new(),
            closed: None,
        };
        world.settle();
        world
    }

    /// The client sends these events.
    pub(crate) fn say(&mut self, events: impl IntoIterator<Item = ClientEvent>) {
        let mut out = Vec::new();
        for event in events {
            match self.codec.encode(&event, &mut out).expect("a short event") {
                FrameKind::Text => {
                    self.send(RelayFrame::Text(std::str::from_utf8(&out).expect("JSON is UTF-8")));
                }
                FrameKind::Binary => self.send(RelayFrame::Binary(&out)),
            }
        }
    }

    pub(crate) fn send(&mut self, frame: RelayFrame<'_>) {
        self.exchange.handle_message(self.now, frame);
        self.settle();
    }

    /// So many ms of a voice, in real time.
    pub(crate) fn speak(&mut self, millis: u64, loud: bool) {
        for at in 0..millis / 20 {
            let bytes: Vec<u8> = (0..320_u64)
                .flat_map(|index| {
                    let high = (index + at * 320) % 80 < 40;
                    let sample: i16 = if !loud {
                        0
                    } else if high {
                        6_000
                    } else {
                        -6_000
                    };
                    sample.to_le_bytes()
                })
                .collect();
            self.send(RelayFrame::Binary(&bytes));
            self.wait(20);
        }
    }

    /// Time passes; nobody says anything.
    pub(crate) fn wait(&mut self, millis: u64) {
        let until = self.now.after(std::time::Duration::from_millis(millis));
        loop {
            let service = self.service.as_ref().and_then(Conversation::poll_timeout);
            let next = [service, self.exchange.poll_timeout()].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= until) else { break };
            self.now = self.now.max(next);
            if let Some(service) = &mut self.service {
                service.handle_timeout(self.now);
            }
            self.exchange.handle_timeout(self.now);
            self.settle();
            let later = self.exchange.poll_timeout();
            assert!(
                later.is_none_or(|later| later > self.now),
                "a deadline that has passed is looked at once"
            );
        }
        self.now = until;
    }

    pub(crate) fn leave(&mut self) {
        self.client_gone = true;
        self.exchange.handle_gone(self.now);
        self.settle();
    }

    /// The network between the relay and the service breaks.
    pub(crate) fn break_stream(&mut self, failure: &Failure) {
        self.service = None;
        self.stream = Stream::Over;
        self.exchange.handle_failure(self.now, failure);
        self.settle();
    }

    pub(crate) fn except(&mut self, error: ServiceError) {
        self.exchange.handle_exception(self.now, error);
        self.settle();
    }

    pub(crate) fn hear(&mut self, event: ServerEvent) {
        self.exchange.handle_service(self.now, event);
        self.settle();
    }

    pub(crate) fn answer(&mut self, json: &str) {
        for (id, ..) in std::mem::take(&mut self.calls) {
            // one that is too late
            let _ = self.exchange.tool_result(self.now, &id, json);
        }
        self.settle();
    }

    /// What the client was told last before the socket closed.
    pub(crate) fn complaint(&self) -> Option<&str> {
        self.told.iter().rev().find_map(|told| match told {
            Relayed::Control(Control::Error(fault)) => Some(fault.message.as_str()),
            Relayed::Control(_) | Relayed::Event(_) => None,
        })
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = &ServerEvent> {
        self.told.iter().filter_map(|told| if let Relayed::Event(event) = told { Some(event) } else { None })
    }

    pub(crate) fn settle(&mut self) {
        loop {
            while let Some(output) = self.exchange.poll_output() {
                self.carry_out(output);
            }
            match self.service.as_mut().and_then(Conversation::poll_output) {
                Some(Output::Event(json)) => {
                    let event = self.reader.read_server(&json).expect("an event of the model");
                    self.exchange.handle_service(self.now, event);
                }
                Some(Output::Exception(exception)) => {
                    let error = ServiceError::new(exception.exception, &exception.message);
                    assert_ne!(error.code().as_str(), "protocol_violated", "{error}");
                    assert_ne!(error.code().as_str(), "request_invalid", "{error}");
                    self.exchange.handle_exception(self.now, error);
                }
                Some(_) => self.end_service(),
                None => {
                    let nothing_comes =
                        self.service.as_ref().is_some_and(|service| service.poll_timeout().is_none());
                    if self.input_ended && nothing_comes {
                        self.end_service();
                    } else {
                        return;
                    }
                }
            }
        }
    }

    fn end_service(&mut self) {
        self.service = None;
        self.stream = Stream::Over;
        self.exchange.handle_service_end(self.now);
    }

    fn carry_out(&mut self, output: ExchangeOutput) {
        match output {
            ExchangeOutput::Open(first) => {
                assert_eq!(self.stream, Stream::Unopened, "one stream for one socket");
                assert!(!first.is_empty(), "a service may wait for the first event");
                self.stream = Stream::Open;
                self.service = Some(Conversation::new(self.model.clone(), self.now));
                for event in &first {
                    self.pass(event);
                }
            }
            ExchangeOutput::ToService(event) => {
                assert_ne!(self.stream, Stream::Unopened, "{} before the stream", event.name());
                self.pass(&event);
            }
            ExchangeOutput::EndInput => {
                assert_ne!(self.stream, Stream::Unopened, "an end without a stream");
                assert!(!self.input_ended && !self.abandoned, "an end too many");
                self.input_ended = true;
                if let Some(service) = &mut self.service {
                    service.handle_end_of_input(self.now);
                }
            }
            ExchangeOutput::Abandon => {
                assert_eq!(self.stream, Stream::Open, "nothing is left to abandon");
                self.stream = Stream::Over;
                self.abandoned = true;
                self.service = None;
            }
            ExchangeOutput::Message { kind, bytes } => {
                assert!(self.closed.is_none() && !self.client_gone, "a message for a socket that is closed");
                let frame = match kind {
                    FrameKind::Text => RelayFrame::Text(std::str::from_utf8(&bytes).expect("text is UTF-8")),
                    FrameKind::Binary => RelayFrame::Binary(&bytes),
                };
                self.told.push(self.codec.decode(frame).expect("the client reads what it is sent"));
            }
            ExchangeOutput::CallTool { id, name, input } => {
                assert!(self.closed.is_none() && !self.client_gone, "a call that nobody could answer");
                self.calls.push((id, name, input));
            }
            ExchangeOutput::Close { code, reason } => {
                assert!(self.closed.is_none() && !self.client_gone, "one close for one socket");
                assert!(code == 1000 || (4000..5000).contains(&code), "{code} cannot be sent");
                assert!(reason.len() <= 123, "the reason does not fit into a close frame");
                self.closed = Some((code, reason));
            }
            other => panic!("{other:?}"),
        }
    }

    fn pass(&mut self, event: &ClientEvent) {
        assert!(!self.input_ended && !self.abandoned, "{} after the end", event.name());
        self.sent.push(event.name().to_owned());
        let mut json = Vec::new();
        event.write_json(&mut json);
        if let Some(service) = &mut self.service {
            service.handle_event(self.now, &json);
        }
    }
}

pub(crate) fn rules() -> RelayRules {
    RelayRules::new(MODEL)
}
