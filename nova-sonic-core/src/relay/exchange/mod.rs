//! The server's half of one conversation: everything between a WebSocket and a stream of the service, without either.

mod deadlines;
mod output;
mod record;
mod refusal;
mod rules;

use std::{collections::VecDeque, fmt, time::Duration};

pub use output::ExchangeOutput;
pub use record::{ExchangeEnd, ExchangeRecord};
pub use rules::{RelayLimits, RelayRules};

use record::{Said, Scribe};
use refusal::{Overrun, Refusal};

use super::{
    CloseCode, Control, Fault, FrameKind, Guard, GuardOutput, RelayFrame, Relayed, ServerCodec,
    guard::Allowance,
};
use crate::{
    error::ServiceError,
    event::{ClientEvent, EventError, ServerEvent},
    id::ToolUseId,
    json::Object,
    session::{Failure, SessionError},
    time::Tick,
};

/// One conversation of one client through a server: reads its messages, judges them, keeps the server's own tools
/// from it, keeps time, and ends in order whoever fails.
///
/// Like a session it has no clock and no socket. Give it what comes from either side, do what [`Exchange::poll_output`]
/// says, and come back at [`Exchange::poll_timeout`]. Nothing that a client sends is an error of the caller.
///
/// ```
/// use nova_sonic_core::{
///     relay::{Exchange, ExchangeOutput, RelayFrame, RelayRules},
///     time::Tick,
/// };
/// let mut exchange = Exchange::new(RelayRules::new("amazon.nova-2-sonic-v1:0"), Tick::ZERO);
/// assert!(matches!(exchange.poll_output(), Some(ExchangeOutput::Message { .. }))); // ready
///
/// exchange.handle_message(Tick::from_millis(9), RelayFrame::Text("garbage"));
/// let told = std::iter::from_fn(|| exchange.poll_output()).last();
/// assert_eq!(told, Some(ExchangeOutput::Close { code: 4003, reason: "event_invalid".to_owned() }));
/// assert!(exchange.is_over());
/// ```
pub struct Exchange {
    codec: ServerCodec,
    guard: Guard,
    limits: RelayLimits,
    bytes: Allowance,
    queue: VecDeque<ExchangeOutput>,
    client: Client,
    service: Service,
    /// Calls of the server's own tools, each with the time by which it has to be answered.
    calls: VecDeque<(ToolUseId, Tick)>,
    scribe: Scribe,
    record: ExchangeRecord,
    now: Tick,
    heard_from: Tick,
    spoken: Tick,
    closing: Option<Tick>,
}

/// Outputs for which the queue keeps room when it is empty: more than one message brings.
const STEADY: usize = 4;

/// Where the client stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Client {
    Present,
    /// It has said goodbye, and waits for what the service says last.
    Leaving,
    /// Its socket was told to close, or is gone.
    Away,
}

/// Where the service's stream stands.
#[derive(Debug)]
enum Service {
    /// A client that never opens its prompt costs no stream.
    Unopened(Vec<ClientEvent>),
    Open,
    Ended,
}

impl Exchange {
    /// A conversation whose socket was opened `now`.
    pub fn new(rules: RelayRules, now: Tick) -> Self {
        let mut exchange = Self::with(rules, now, Client::Present, Service::Unopened(Vec::new()));
        let ready = exchange.guard.rules().ready();
        exchange.tell(&ready);
        exchange
    }

    /// A conversation that is refused at once: the client is told why, and the socket closes.
    pub fn refused(code: CloseCode, fault: Fault, now: Tick) -> Self {
        let mut exchange = Self::with(RelayRules::new(""), now, Client::Present, Service::Ended);
        exchange.close(code, Some(fault));
        exchange
    }

    fn with(rules: RelayRules, now: Tick, client: Client, service: Service) -> Self {
        let RelayRules { guard, limits, keeps_transcript } = rules;
        let burst = byte_cost(&limits, u64::from(limits.byte_burst));
        Self {
            codec: ServerCodec::new(),
            guard: Guard::new(guard, now),
            bytes: Allowance::new(burst),
            limits,
            queue: VecDeque::new(),
            client,
            service,
            calls: VecDeque::new(),
            scribe: Scribe::new(keeps_transcript),
            record: ExchangeRecord::default(),
            now,
            heard_from: now,
            spoken: now,
            closing: None,
        }
    }

    /// Takes one message of the client. A `now` earlier than the latest seen counts as the latest. What comes after the
    /// client's goodbye, or its refusal, is passed over.
    pub fn handle_message(&mut self, now: Tick, frame: RelayFrame<'_>) {
        self.handle_timeout(now);
        let length = match frame {
            RelayFrame::Text(text) => text.len(),
            RelayFrame::Binary(bytes) => bytes.len(),
        };
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        self.record.received_bytes = self.record.received_bytes.saturating_add(length);
        if self.client != Client::Present {
            return;
        }
        self.heard_from = self.now;
        // before anything is read: reading is what a flood would cost
        if !self.bytes.spend(self.now, byte_cost(&self.limits, length)) {
            let overrun = Overrun::BytesTooFast { per_second: self.limits.bytes_per_second };
            return self.close(CloseCode::Limit, Some(overrun.into()));
        }
        let judged = match self.codec.decode(frame) {
            Ok(Relayed::Event(event)) => self.guard.handle_client(self.now, event).map_err(Refusal::from),
            Ok(Relayed::Control(_)) => self.guard.handle_control(self.now).map_err(Refusal::from),
            Err(error) => Err(error.into()),
        };
        // what was let through before goes out first
        self.settle();
        if let Err(Refusal { code, fault }) = judged {
            self.close(code, Some(fault));
        }
    }

    /// The client's socket is closed, by whomever: ends the service's stream in order.
    pub fn handle_gone(&mut self, now: Tick) {
        self.now = self.now.max(now);
        if self.client != Client::Away {
            let reason = if self.client == Client::Leaving { "ended" } else { "client_gone" };
            self.record.end = Some(ExchangeEnd::new(None, reason));
        }
        self.client = Client::Away;
        self.queue.retain(|output| !output.is_for_client());
        self.part();
    }

    /// Takes one event of the service.
    pub fn handle_service(&mut self, now: Tick, event: ServerEvent) {
        self.now = self.now.max(now);
        if self.scribe.hear_service(&event, &mut self.record) == Said::Something {
            self.spoken = self.now;
        }
        self.guard.handle_service(event);
        self.settle();
    }

    /// Takes an error that the service reports; unless it says that it goes on, the conversation is over.
    pub fn handle_exception(&mut self, now: Tick, error: ServiceError) {
        self.now = self.now.max(now);
        let goes_on = error.stream_continues();
        let fault = Fault::from(&Failure::from(error));
        if goes_on {
            self.tell(&Control::Error(fault));
        } else {
            self.close(CloseCode::UpstreamFailed, Some(fault));
        }
    }

    /// An event of the service could not be read: the client is told, and the conversation goes on.
    pub fn handle_unreadable(&mut self, now: Tick, error: EventError) {
        self.now = self.now.max(now);
        self.record.unreadable_events = self.record.unreadable_events.saturating_add(1);
        self.tell(&Control::Error(Fault::from(&Failure::from(error))));
    }

    /// The service has ended the stream in order.
    pub fn handle_service_end(&mut self, now: Tick) {
        self.now = self.now.max(now);
        self.service = Service::Ended;
        self.close(CloseCode::Ended, None);
    }

    /// The stream could not be opened, or broke.
    pub fn handle_failure(&mut self, now: Tick, failure: &Failure) {
        self.now = self.now.max(now);
        self.service = Service::Ended;
        self.close(CloseCode::UpstreamFailed, Some(Fault::from(failure)));
    }

    /// The server itself ends the conversation, in order: without a fault, the reason that the client gets is `ended`.
    pub fn end(&mut self, now: Tick, code: CloseCode, fault: Option<Fault>) {
        self.now = self.now.max(now);
        self.close(code, fault);
    }

    /// Takes the result of one of the server's own tools: any JSON; what is no object becomes `{"result": …}`.
    ///
    /// # Errors
    ///
    /// [`SessionError::UnknownCall`] for a call that does not wait, [`SessionError::ToolResultInvalid`] and
    /// [`SessionError::ToolResultTooLong`] for a result that the service would not take; the call then still waits.
    pub fn tool_result(&mut self, now: Tick, call: &ToolUseId, json: &str) -> Result<(), SessionError> {
        self.now = self.now.max(now);
        self.guard.tool_result(call, json)?;
        self.answered(call);
        Ok(())
    }

    /// Answers a call of one of the server's own tools with an error, which the model reads.
    ///
    /// # Errors
    ///
    /// [`SessionError::UnknownCall`] for a call that does not wait.
    pub fn tool_failed(&mut self, now: Tick, call: &ToolUseId, message: &str) -> Result<(), SessionError> {
        self.now = self.now.max(now);
        self.guard.tool_failed(call, message)?;
        self.answered(call);
        Ok(())
    }

    /// Tells the client how things stand, in the server's own fields; nothing after the end.
    pub fn send_status(&mut self, fields: Object) {
        self.tell(&Control::Status(fields));
    }

    /// The next thing to do; `None` once drained.
    pub fn poll_output(&mut self) -> Option<ExchangeOutput> {
        let output = self.queue.pop_front();
        if output.is_none() {
            // the opening, or a burst, has made it long
            self.queue.shrink_to(STEADY);
        }
        output
    }

    /// What is worth remembering of it, so far.
    pub fn record(&self) -> ExchangeRecord {
        ExchangeRecord { transcript: self.scribe.transcript(), ..self.record.clone() }
    }

    /// Whether both sides are done and nothing is left to do.
    pub fn is_over(&self) -> bool {
        self.client == Client::Away && matches!(self.service, Service::Ended) && self.queue.is_empty()
    }

    fn answered(&mut self, call: &ToolUseId) {
        self.calls.retain(|(waiting, _)| waiting != call);
        self.settle();
    }

    /// Carries out what the guard has let through.
    fn settle(&mut self) {
        while let Some(output) = self.guard.poll_output() {
            match output {
                GuardOutput::ToService(event) => self.pass(event),
                GuardOutput::EndInput => self.end_input(),
                GuardOutput::ToClient(event) => self.deliver(&event),
                GuardOutput::CallTool { id, name, input } => {
                    self.record.tool_calls = self.record.tool_calls.saturating_add(1);
                    // after the goodbye nobody could take its answer
                    if self.client == Client::Present {
                        self.calls.push_back((id.clone(), self.now.after(self.limits.tool)));
                        self.queue.push_back(ExchangeOutput::CallTool { id, name, input });
                    }
                }
            }
        }
    }

    fn pass(&mut self, event: ClientEvent) {
        if self.scribe.hear_client(&event) == Said::Something {
            self.spoken = self.now;
        }
        match &mut self.service {
            Service::Unopened(first) => {
                let opens = matches!(event, ClientEvent::PromptStart { .. });
                first.push(event);
                if opens {
                    let first = std::mem::take(first);
                    self.service = Service::Open;
                    self.queue.push_back(ExchangeOutput::Open(first));
                }
            }
            Service::Open => self.queue.push_back(ExchangeOutput::ToService(event)),
            Service::Ended => {}
        }
    }

    fn end_input(&mut self) {
        if self.client == Client::Present {
            self.client = Client::Leaving;
        }
        if matches!(self.service, Service::Open) {
            self.queue.push_back(ExchangeOutput::EndInput);
            self.closing = Some(self.now.after(self.limits.closing));
        } else {
            self.service = Service::Ended;
            self.close(CloseCode::Ended, None);
        }
    }

    fn deliver(&mut self, event: &ServerEvent) {
        if self.client == Client::Away {
            return;
        }
        let mut bytes = Vec::new();
        match self.codec.encode(event, &mut bytes) {
            Ok(kind) => self.queue.push_back(ExchangeOutput::Message { kind, bytes }),
            Err(error) => self.tell(&Control::Error(Fault::new(error.code(), error.to_string()))),
        }
    }

    fn tell(&mut self, control: &Control) {
        if self.client == Client::Away {
            return;
        }
        let mut bytes = Vec::new();
        control.write_json(&mut bytes);
        self.queue.push_back(ExchangeOutput::Message { kind: FrameKind::Text, bytes });
    }

    /// Ends both sides: the client is told why, unless it is away already.
    fn close(&mut self, code: CloseCode, fault: Option<Fault>) {
        if self.client != Client::Away {
            let reason = fault.as_ref().map_or_else(|| "ended".to_owned(), |fault| fault.code.clone());
            if let Some(fault) = fault {
                self.tell(&Control::Error(fault));
            }
            self.tell(&Control::Close { reason: reason.clone() });
            self.record.end = Some(ExchangeEnd::new(Some(code.number()), reason.as_str()));
            self.queue.push_back(ExchangeOutput::Close { code: code.number(), reason });
            self.client = Client::Away;
        }
        self.part();
    }

    /// Ends the service's side in order.
    fn part(&mut self) {
        self.calls.clear();
        if let Service::Unopened(_) = self.service {
            self.service = Service::Ended;
        }
        if matches!(self.service, Service::Ended) {
            self.closing = None;
            return;
        }
        if !self.guard.has_ended() {
            self.guard.hang_up();
            self.settle();
        }
    }
}

/// So much of the allowance do these bytes cost: a second for as many as may come in one.
fn byte_cost(limits: &RelayLimits, bytes: u64) -> Duration {
    let nanos = bytes.saturating_mul(1_000_000_000) / u64::from(limits.bytes_per_second.max(1));
    Duration::from_nanos(nanos)
}

/// Shows nothing of what is said.
impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("client", &self.client)
            .field("service", &self.service)
            .field("queued", &self.queue.len())
            .field("calls", &self.calls.len())
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}
