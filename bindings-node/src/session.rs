//! `NativeSession`: one conversation, from whose events JavaScript takes what there is.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    task::{Context, Poll, Waker},
};

use futures_core::Stream;
use napi::{
    Env, Result,
    bindgen_prelude::{BufferSlice, Either, PromiseRaw},
};
use napi_derive::napi;
use nova_sonic_core::{
    client::{VoiceEvents, VoiceSession},
    error::ErrorCode,
    event::Usage,
    id::ToolUseId,
    javascript,
    session::{Event, SessionConfig, SessionError, TurnId},
};
use tokio::sync::Notify;

use crate::{
    bell::{self, Ring},
    connection::{NativeConnection, Way},
    fault::NativeFault,
    keys::{AskedFor, NativeKeys},
};

/// Events handed over in one go; more wait for the next one, so that a flood leaves room for others.
const AT_ONCE: usize = 32;

/// One thing that happened: an event, or sound of the answer.
#[napi(object, object_from_js = false)]
pub struct NativeTaken<'env> {
    /// The event as JSON.
    pub event: Option<String>,
    /// Samples of the answer, 16 bits each, the lower byte first.
    pub sound: Option<BufferSlice<'env>>,
    /// Their rate, Hz.
    pub rate: Option<u32>,
    /// The turn that they belong to.
    pub turn: Option<f64>,
}

/// One conversation.
#[napi]
pub struct NativeSession {
    /// Shared with the work that promises stand for: JavaScript's thread may end before that, and take this away.
    line: Arc<Line>,
    waker: Waker,
}

struct Line {
    way: Arc<Way>,
    config: Mutex<Option<SessionConfig>>,
    voice: OnceLock<VoiceSession>,
    events: Mutex<Option<VoiceEvents>>,
    given_up: Notify,
    keys: AskedFor,
}

#[napi]
impl NativeSession {
    /// A conversation as `settings`, the text of a JSON object, wants it. `ring` is called when something can be taken
    /// after nothing could, `ask` when credentials are wanted.
    #[napi]
    pub fn prepare(
        connection: &NativeConnection,
        settings: String,
        #[napi(ts_arg_type = "() => void")] ring: Ring,
        #[napi(ts_arg_type = "() => void")] ask: Ring,
    ) -> Either<NativeSession, NativeFault> {
        match javascript::read_settings(&settings, SessionConfig::default()) {
            Ok(settings) => {
                let line = Line {
                    way: connection.way(),
                    config: Mutex::new(Some(settings.session)),
                    voice: OnceLock::new(),
                    events: Mutex::new(None),
                    given_up: Notify::new(),
                    keys: AskedFor::new(ask),
                };
                Either::A(Self { line: Arc::new(line), waker: bell::waker(ring) })
            }
            Err(fault) => Either::B(fault.into()),
        }
    }

    /// Opens it: settles when the service has accepted it, or with what stands in the way.
    #[napi]
    pub fn open<'env>(&self, env: &'env Env) -> Result<PromiseRaw<'env, Option<NativeFault>>> {
        let line = Arc::clone(&self.line);
        env.spawn_future(async move { Ok(line.open().await.err()) })
    }

    /// The credentials that were asked for, or that will be; nothing where there are none.
    #[napi]
    pub fn give_keys(&self, keys: Option<NativeKeys>) {
        self.line.keys.give(keys);
    }

    /// Takes what has happened, oldest first. Empty: nothing more for now, and the bell will ring.
    #[napi]
    pub fn take<'env>(&self, env: &'env Env) -> Result<Vec<NativeTaken<'env>>> {
        let mut taken = Vec::new();
        let mut bytes = Vec::new();
        let mut events = lock(&self.line.events);
        let mut context = Context::from_waker(&self.waker);
        while let Some(listening) = events.as_mut().filter(|_| taken.len() < AT_ONCE) {
            match Pin::new(listening).poll_next(&mut context) {
                Poll::Ready(Some(Event::Audio { pcm, rate, turn })) => {
                    bytes.clear();
                    bytes.extend(pcm.samples().iter().flat_map(|sample| sample.to_le_bytes()));
                    taken.push(NativeTaken {
                        event: None,
                        sound: Some(BufferSlice::copy_from(env, &bytes)?),
                        rate: Some(rate.hertz()),
                        turn: Some(exactly(turn.number())),
                    });
                }
                Poll::Ready(Some(event)) => {
                    let event = Some(javascript::event(&event));
                    taken.push(NativeTaken { event, sound: None, rate: None, turn: None });
                }
                Poll::Ready(None) => *events = None,
                Poll::Pending => break,
            }
        }
        Ok(taken)
    }

    /// Sends sound, at most a second of it, without waiting.
    #[napi]
    pub fn try_send_audio(&self, pcm: &[u8]) -> Option<NativeFault> {
        let voice = self.line.voice.get()?;
        SAMPLES.with_borrow_mut(|samples| {
            samples.clear();
            samples.extend(samples_of(pcm));
            failed(voice.try_send_audio(samples))
        })
    }

    /// Sends sound of any length, waiting for room.
    #[napi]
    pub fn send_audio<'env>(
        &self,
        env: &'env Env,
        pcm: &[u8],
    ) -> Result<PromiseRaw<'env, Option<NativeFault>>> {
        let line = Arc::clone(&self.line);
        let samples: Vec<i16> = samples_of(pcm).collect();
        env.spawn_future(async move {
            let Some(voice) = line.voice.get() else { return Ok(None) };
            Ok(failed(voice.send_audio(&samples).await))
        })
    }

    /// Sends something that was typed.
    #[napi]
    pub fn send_text(&self, text: String) -> Option<NativeFault> {
        failed(self.line.voice.get()?.send_text(&text))
    }

    /// Opens, mutes or closes the microphone.
    #[napi]
    pub fn set_microphone(&self, position: String) -> Option<NativeFault> {
        match javascript::microphone(&position) {
            Ok(position) => self.line.voice.get()?.set_microphone(position),
            Err(fault) => return Some(fault.into()),
        }
        None
    }

    /// Drops the rest of the answer.
    #[napi]
    pub fn interrupt(&self) {
        if let Some(voice) = self.line.voice.get() {
            voice.interrupt();
        }
    }

    /// Of this turn's sound so many samples have been heard.
    #[napi]
    pub fn report_played(&self, turn: f64, samples: f64) {
        if let Some(voice) = self.line.voice.get() {
            voice.report_played(TurnId::new(whole(turn)), whole(samples));
        }
    }

    /// Answers a tool call with the text of a JSON value.
    #[napi]
    pub fn send_tool_result(&self, call: String, json: String) -> Option<NativeFault> {
        failed(self.line.voice.get()?.send_tool_result(&ToolUseId::from(call.as_str()), &json))
    }

    /// Tells the model that a tool failed.
    #[napi]
    pub fn fail_tool(&self, call: String, message: String) -> Option<NativeFault> {
        failed(self.line.voice.get()?.fail_tool(&ToolUseId::from(call.as_str()), &message))
    }

    /// Hangs up in order, or gives the opening up.
    #[napi]
    pub fn hang_up(&self) {
        match self.line.voice.get() {
            Some(voice) => voice.hang_up(),
            None => self.line.given_up.notify_one(),
        }
    }

    /// Tokens used so far, as JSON.
    #[napi]
    pub fn usage(&self) -> String {
        javascript::usage(self.line.voice.get().map_or_else(Usage::default, VoiceSession::usage))
    }

    /// What was said and heard so far, as JSON.
    #[napi]
    pub fn history(&self) -> String {
        javascript::history(&self.line.voice.get().map_or_else(Vec::new, VoiceSession::history))
    }
}

impl Line {
    async fn open(&self) -> core::result::Result<(), NativeFault> {
        let Some(config) = lock(&self.config).take() else {
            return Err(NativeFault::new(ErrorCode::SessionClosed, "the session was opened before"));
        };
        let (voice, events) = tokio::select! {
            biased;
            () = self.given_up.notified() => return Err(SessionError::Closed.into()),
            opened = self.way.open(config, &self.keys) => opened?,
        };
        *lock(&self.events) = Some(events);
        let _ = self.voice.set(voice);
        Ok(())
    }
}

thread_local! {
    /// Samples on their way from JavaScript: the buffer is kept, its content is not needed again.
    static SAMPLES: std::cell::RefCell<Vec<i16>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// Samples of bytes, the lower one first.
pub(crate) fn samples_of(bytes: &[u8]) -> impl Iterator<Item = i16> {
    bytes.chunks_exact(2).map(|pair| pair.try_into().map_or(0, i16::from_le_bytes))
}

fn failed(done: core::result::Result<(), SessionError>) -> Option<NativeFault> {
    done.err().map(NativeFault::from)
}

#[expect(clippy::cast_precision_loss, reason = "turns are counted from 1 and never come near 2^53")]
const fn exactly(number: u64) -> f64 {
    number as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and NaN becomes 0")]
const fn whole(number: f64) -> u64 {
    number as u64
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
