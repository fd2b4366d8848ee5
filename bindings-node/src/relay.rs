//! `NativeRelay` and `NativeRelayConnection`: the relay behind any WebSocket library, as JavaScript drives it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use napi::{
    Env, Result,
    bindgen_prelude::{BufferSlice, Either, PromiseRaw, spawn},
};
use napi_derive::napi;
use nova_sonic_core::{
    event::ToolSpec,
    id::ToolUseId,
    javascript, json,
    relay::{CloseCode, GuardedTool, PromptRule, RelayRules, ToolRule, VoiceRule},
    relay_handler::{RelayConnection, RelayHandler, RelayLedger, RelayMessage},
};
use serde_json::{Map, Value};
use tokio::sync::mpsc;

use crate::{
    bell::{self, Ring},
    connection::NativeConnection,
    fault::NativeFault,
};

/// Messages that wait for JavaScript before nothing more is read from the service.
const WAITING: usize = 64;
/// Messages handed over in one go.
const AT_ONCE: usize = 32;
/// What the keys in Redis begin with: relays in other languages count under the same.
const PREFIX: &str = "nova-sonic.relay";

/// What the server decides about a conversation.
#[napi(object, object_to_js = false)]
pub struct NativeRelayRules {
    pub system_prompt: Option<String>,
    pub prompt_prefix: Option<String>,
    pub voice: Option<String>,
    pub voices: Option<Vec<String>>,
    pub tools: Vec<NativeTool>,
    /// Whether tools that the client declares are dropped.
    pub locks_tools: bool,
    pub answer_tokens: Option<u32>,
    pub idle_ms: Option<f64>,
    pub life_ms: Option<f64>,
    pub keeps_transcript: bool,
}

/// A tool of the server's.
#[napi(object, object_to_js = false)]
pub struct NativeTool {
    pub name: String,
    pub description: String,
    pub schema: String,
    /// Whether calls are answered here, and not by the client.
    pub on_server: bool,
}

/// One thing to do for a socket.
#[napi(object, object_from_js = false)]
pub struct NativeRelayStep<'env> {
    /// Send this as text.
    pub text: Option<String>,
    /// Send this as bytes.
    pub bytes: Option<BufferSlice<'env>>,
    /// Answer this call.
    pub call: Option<NativeCall>,
    /// Close the socket.
    pub close: Option<NativeClose>,
    /// Both sides are done, and the record is complete.
    pub over: bool,
}

/// A call of a tool that the server answers.
#[napi(object, object_from_js = false)]
pub struct NativeCall {
    pub id: String,
    pub name: String,
    /// Text of the arguments, normally JSON.
    pub input: String,
}

/// How a socket is to be closed.
#[napi(object, object_from_js = false)]
pub struct NativeClose {
    pub code: u16,
    pub reason: String,
}

#[napi]
impl NativeConnection {
    /// A relay over this connection, which counts a subject's conversations in the Redis of that URL if there is one. Reads
    /// the configuration; nothing is sent.
    #[napi]
    pub fn open_relay<'env>(
        &self,
        env: &'env Env,
        per_subject: Option<u32>,
        total: Option<u32>,
        redis_url: Option<String>,
    ) -> Result<PromiseRaw<'env, Either<NativeRelay, NativeFault>>> {
        let way = self.way();
        env.spawn_future(async move {
            let client = match way.client().await {
                Ok(client) => client.clone(),
                Err(error) => return Ok(Either::B(error.into())),
            };
            let mut handler = RelayHandler::new(client);
            handler = per_subject.into_iter().fold(handler, RelayHandler::per_subject);
            let total = total.and_then(|total| usize::try_from(total).ok());
            handler = total.into_iter().fold(handler, RelayHandler::total);
            handler = match redis_url.map(ledger).transpose() {
                Ok(ledger) => ledger.into_iter().fold(handler, RelayHandler::ledger),
                Err(fault) => return Ok(Either::B(fault)),
            };
            Ok(Either::A(NativeRelay { handler }))
        })
    }
}

/// What is wrong with the address of a relay's Redis, if anything is; nothing is connected.
#[napi]
pub fn check_relay_redis(url: String) -> Option<NativeFault> {
    ledger(url).err()
}

#[expect(clippy::needless_pass_by_value, reason = "as it comes from JavaScript")]
fn ledger(url: String) -> core::result::Result<RelayLedger, NativeFault> {
    RelayLedger::new(&url, PREFIX).map_err(|_| NativeFault::address_of_redis("redisUrl"))
}

/// Lets clients in.
#[napi]
pub struct NativeRelay {
    handler: RelayHandler,
}

#[napi]
impl NativeRelay {
    /// Lets a client in whom the application knows as `subject`, or says why not.
    #[napi]
    pub fn connect(
        &self,
        subject: String,
        rules: NativeRelayRules,
        #[napi(ts_arg_type = "() => void")] ring: Ring,
    ) -> Either<NativeRelayConnection, NativeFault> {
        match rules.read() {
            Ok(rules) => {
                Either::A(NativeRelayConnection::start(self.handler.connect_with(&subject, rules), ring))
            }
            Err(fault) => Either::B(fault),
        }
    }

    /// A connection that only says why it closes, with one of the relay's own close codes.
    #[napi]
    pub fn refuse(
        &self,
        code: u16,
        message: String,
        #[napi(ts_arg_type = "() => void")] ring: Ring,
    ) -> NativeRelayConnection {
        let code = CloseCode::from_number(code).unwrap_or(CloseCode::NotAllowed);
        NativeRelayConnection::start(self.handler.refuse(code, &message), ring)
    }

    /// Conversations that go on.
    #[napi(getter)]
    pub fn running(&self) -> u32 {
        u32::try_from(self.handler.running()).unwrap_or(u32::MAX)
    }

    /// Tells every page of one subject something: the text of a JSON object. Returns how many pages there are.
    #[napi]
    pub fn send_status(&self, subject: String, fields: String) -> u32 {
        u32::try_from(self.handler.send_status(&subject, &object(&fields))).unwrap_or(u32::MAX)
    }

    /// Lets nobody else in, and sends those who talk elsewhere.
    #[napi]
    pub fn shut_down(&self) {
        self.handler.shut_down();
    }

    /// Settles when the last conversation is over.
    #[napi]
    pub fn emptied<'env>(&self, env: &'env Env) -> Result<PromiseRaw<'env, ()>> {
        let handler = self.handler.clone();
        env.spawn_future(async move {
            handler.emptied().await;
            Ok(())
        })
    }
}

/// One socket of one client.
#[napi]
pub struct NativeRelayConnection {
    connection: Arc<RelayConnection>,
    /// What comes, and the bell for it. Gone when it is over: the bell holds what JavaScript has hung on it.
    messages: Mutex<Option<(mpsc::Receiver<RelayMessage>, Waker)>>,
}

impl NativeRelayConnection {
    /// The connection lives on the runtime, which reads and judges; what waits here is bounded.
    fn start(connection: RelayConnection, ring: Ring) -> Self {
        let connection = Arc::new(connection);
        let (out, messages) = mpsc::channel(WAITING);
        let driven = Arc::clone(&connection);
        drop(spawn(async move {
            while let Some(message) = driven.next().await {
                // nobody takes any more: what is left is a goodbye to the service
                if out.send(message).await.is_err() {
                    driven.gone();
                }
            }
        }));
        Self { connection, messages: Mutex::new(Some((messages, bell::waker(ring)))) }
    }
}

#[napi]
impl NativeRelayConnection {
    /// Takes what there is to do. Empty: nothing for now, and the bell will ring.
    #[napi]
    pub fn take<'env>(&self, env: &'env Env) -> Result<Vec<NativeRelayStep<'env>>> {
        let mut steps = Vec::new();
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((waiting, waker)) = messages.as_mut().filter(|_| steps.len() < AT_ONCE) {
            match waiting.poll_recv(&mut Context::from_waker(waker)) {
                Poll::Ready(Some(message)) => steps.extend(NativeRelayStep::of(env, message)?),
                Poll::Ready(None) => {
                    steps.push(NativeRelayStep { over: true, ..NativeRelayStep::nothing() });
                    *messages = None;
                }
                Poll::Pending => break,
            }
        }
        Ok(steps)
    }

    /// A text message of the client came.
    #[napi]
    pub fn receive_text(&self, text: String) {
        self.connection.receive_text(&text);
    }

    /// A binary message of the client came.
    #[napi]
    pub fn receive_binary(&self, bytes: &[u8]) {
        self.connection.receive_binary(bytes);
    }

    /// The client's socket is closed.
    #[napi]
    pub fn gone(&self) {
        self.connection.gone();
    }

    /// Answers a call with the text of a JSON value.
    #[napi]
    pub fn send_tool_result(&self, call: String, json: String) -> Option<NativeFault> {
        self.connection.tool_result(&ToolUseId::from(call.as_str()), &json).err().map(NativeFault::from)
    }

    /// Tells the model that a tool failed.
    #[napi]
    pub fn fail_tool(&self, call: String, message: String) -> Option<NativeFault> {
        self.connection.tool_failed(&ToolUseId::from(call.as_str()), &message).err().map(NativeFault::from)
    }

    /// Tells the client something: the text of a JSON object.
    #[napi]
    pub fn send_status(&self, fields: String) {
        self.connection.send_status(object(&fields));
    }

    /// Ends the conversation in order.
    #[napi]
    pub fn end(&self) {
        self.connection.end(CloseCode::Ended, None);
    }

    /// What is worth keeping of it so far, as JSON.
    #[napi]
    pub fn record(&self) -> String {
        json::text(&self.connection.record().to_json())
    }
}

impl<'env> NativeRelayStep<'env> {
    const fn nothing() -> Self {
        Self { text: None, bytes: None, call: None, close: None, over: false }
    }

    fn of(env: &'env Env, message: RelayMessage) -> Result<Option<Self>> {
        let nothing = Self::nothing();
        Ok(Some(match message {
            RelayMessage::Text(text) => Self { text: Some(text), ..nothing },
            RelayMessage::Binary(bytes) => {
                Self { bytes: Some(BufferSlice::copy_from(env, bytes)?), ..nothing }
            }
            RelayMessage::ToolCall { id, name, input } => {
                Self { call: Some(NativeCall { id: id.to_string(), name, input }), ..nothing }
            }
            RelayMessage::Close { code, reason } => {
                Self { close: Some(NativeClose { code, reason }), ..nothing }
            }
            _ => return Ok(None),
        }))
    }
}

impl NativeRelayRules {
    fn read(self) -> core::result::Result<RelayRules, NativeFault> {
        // the handler puts its own model in
        let mut rules = RelayRules::new(String::new());
        rules.guard.system_prompt = match (self.system_prompt, self.prompt_prefix) {
            (Some(prompt), _) => PromptRule::Locked(prompt),
            (None, Some(prefix)) => PromptRule::Prefixed(prefix),
            (None, None) => PromptRule::Free,
        };
        rules.guard.voice = match (self.voice, self.voices) {
            (Some(voice), _) => VoiceRule::Locked(voice),
            (None, Some(voices)) => VoiceRule::OneOf(voices),
            (None, None) => VoiceRule::Free,
        };
        let tools: core::result::Result<Vec<GuardedTool>, NativeFault> =
            self.tools.into_iter().map(NativeTool::read).collect();
        rules.guard.tools = match (tools?, self.locks_tools) {
            (tools, true) => ToolRule::Locked(tools),
            (tools, false) => ToolRule::Merged(tools),
        };
        rules.guard.limits.answer_tokens = self.answer_tokens;
        rules.guard.limits.life = self.life_ms.map(duration);
        if let Some(idle) = self.idle_ms {
            rules.limits.idle = Some(duration(idle));
        }
        rules.keeps_transcript = self.keeps_transcript;
        Ok(rules)
    }
}

impl NativeTool {
    fn read(self) -> core::result::Result<GuardedTool, NativeFault> {
        let spec =
            ToolSpec::new(self.name, self.description, &self.schema).map_err(javascript::Fault::from)?;
        Ok(if self.on_server { GuardedTool::on_server(spec) } else { GuardedTool::in_client(spec) })
    }
}

fn duration(millis: f64) -> Duration {
    Duration::try_from_secs_f64(millis / 1000.0).unwrap_or(Duration::ZERO)
}

/// The members of a text that is an object; none of one that is not.
fn object(text: &str) -> Map<String, Value> {
    match json::read(text.as_bytes()) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}
