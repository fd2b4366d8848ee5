//! `_Voice`: one conversation, which never waits and rings a bell when there is something to take.
//!
//! Event loops, threads and other worlds differ in how they wait, so waiting is Python's. Here everything returns at
//! once; whoever has nothing to do is told that looking again is worth it: by a socket that the loop watches, or else by a
//! call that the messenger's thread makes.

mod argument;
mod bell;
mod bells;
mod client;
mod config;
mod credentials;
mod event;
mod gathering;

use std::{
    future::Future,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use nova_sonic_core::{
    client::{ClientError, VoiceEvents, VoiceSession},
    error::ErrorCode,
    id::ToolUseId,
    session::{Microphone, SessionError, TurnId},
};
use pyo3::{exceptions::PyTypeError, prelude::*, types::PyBytes};
use tokio::task::AbortHandle;

use self::argument::microphone;
pub(crate) use self::{
    bell::bell,
    bells::{PyBell, PyBells},
    client::PyVoiceClient,
    config::PyVoiceConfig,
    gathering::PyGathering,
};
use crate::{
    error,
    rest::{Rest, Talking},
    runtime::{self, Generation},
    word::StateWord,
};

/// Samples given to the core at once: 100 ms at 16 kHz.
const PIECE: usize = 1600;

/// How far a conversation has come.
enum Call {
    Opening(Option<AbortHandle>),
    Refused(ClientError),
    Open {
        voice: VoiceSession,
        events: VoiceEvents,
        /// Until the last event has been taken.
        talking: Option<Talking>,
    },
    /// Given up before it was open.
    Dropped,
}

/// One conversation. Private to this package: ``nova_sonic.VoiceSession`` is what waits for it.
#[pyclass(frozen, module = "nova_sonic._native", name = "_Voice")]
pub(crate) struct PyVoice {
    generation: Generation,
    bell: Waker,
    rest: Arc<Rest>,
    /// Locked by the process that made it alone, and never across a call into Python.
    call: Option<Arc<Mutex<Call>>>,
}

impl PyVoice {
    /// The conversation, unless this is a child of the process that holds it.
    fn call(&self, py: Python<'_>) -> PyResult<MutexGuard<'_, Call>> {
        match &self.call {
            Some(call) if self.generation == runtime::generation() => Ok(lock(call)),
            _ => {
                let message = "the conversation belongs to the process that this one was forked from";
                Err(error::coded(py, ErrorCode::SessionClosed, message))
            }
        }
    }

    /// The open conversation.
    fn voice(&self, py: Python<'_>) -> PyResult<VoiceSession> {
        match &*self.call(py)? {
            Call::Open { voice, .. } => Ok(voice.clone()),
            Call::Opening(_) | Call::Refused(_) | Call::Dropped => {
                Err(error::coded(py, ErrorCode::SessionClosed, "the conversation is not open"))
            }
        }
    }
}

#[pymethods]
impl PyVoice {
    /// Begins to open a conversation. When there is something new to see, ``ring`` is called by another thread, or rings if
    /// it is a bell.
    #[new]
    fn new(
        py: Python<'_>,
        client: PyRef<'_, PyVoiceClient>,
        config: PyRef<'_, PyVoiceConfig>,
        ring: Py<PyAny>,
    ) -> PyResult<Self> {
        let current = runtime::current(py)?;
        let workshop = client.workshop(current.generation);
        let config = config.config.clone();
        let bell = bell(py, ring, &current);
        let call = Arc::new(Mutex::new(Call::Opening(None)));
        let (outcome, told) = (Arc::clone(&call), bell.clone());
        let opening = current.spawn(async move {
            let opened = match workshop.client().await {
                Ok(client) => client.open(config).await,
                Err(why) => Err(why),
            };
            let mut call = lock(&outcome);
            if matches!(*call, Call::Opening(_)) {
                *call = match opened {
                    Ok((voice, events)) => Call::Open { voice, events, talking: Some(Talking::begin()) },
                    Err(why) => Call::Refused(why),
                };
            }
            drop(call);
            told.wake();
        });
        if let Call::Opening(abort) = &mut *lock(&call) {
            *abort = Some(opening);
        }
        Ok(Self { generation: current.generation, bell, rest: current.rest(), call: Some(call) })
    }

    /// Whether it is open. Raises what stands in the way.
    fn opened(&self, py: Python<'_>) -> PyResult<bool> {
        let why = match &*self.call(py)? {
            Call::Opening(_) => return Ok(false),
            Call::Open { .. } => return Ok(true),
            Call::Refused(why) => Some(why.clone()),
            Call::Dropped => None,
        };
        Err(why.map_or_else(
            || error::coded(py, ErrorCode::SessionClosed, "the conversation was given up"),
            |why| error::client(py, &why),
        ))
    }

    /// Up to ``limit`` events, and whether these were the last. If fewer came, the bell rings for the next.
    fn take<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<(Vec<Bound<'py, PyAny>>, bool)> {
        let mut taken = Vec::new();
        let mut over = false;
        if let Call::Open { events, talking, .. } = &mut *self.call(py)? {
            let mut context = Context::from_waker(&self.bell);
            while taken.len() < limit {
                match pin!(events.next()).poll(&mut context) {
                    Poll::Ready(Some(event)) => taken.push(event),
                    Poll::Ready(None) => {
                        over = true;
                        *talking = None;
                        break;
                    }
                    Poll::Pending => break,
                }
            }
        }
        let taken: PyResult<Vec<_>> = taken.into_iter().map(|event| event::to_python(py, event)).collect();
        Ok((taken?, over))
    }

    /// Sends sound from the byte ``start`` on; returns up to where it was taken. If that is not the end, the bell rings
    /// when there is room.
    fn send_audio(&self, py: Python<'_>, data: &Bound<'_, PyBytes>, start: usize) -> PyResult<usize> {
        let voice = self.voice(py)?;
        let data = data.as_bytes();
        let mut context = Context::from_waker(&self.bell);
        let mut sent = start;
        let mut samples = Vec::with_capacity(PIECE.min(data.len() / 2));
        for piece in data.get(start..).unwrap_or_default().chunks(PIECE * 2) {
            samples.clear();
            samples.extend(piece.as_chunks().0.iter().map(|sample| i16::from_le_bytes(*sample)));
            match pin!(voice.send_audio(&samples)).poll(&mut context) {
                Poll::Ready(outcome) => outcome.map_err(|why| error::session(py, &why))?,
                Poll::Pending => break,
            }
            sent += piece.len();
        }
        self.rest.may_end();
        Ok(sent)
    }

    /// Sends something the user typed.
    fn send_text(&self, py: Python<'_>, text: &str) -> PyResult<()> {
        self.voice(py)?.send_text(text).map_err(|why| error::session(py, &why))
    }

    /// Drops the rest of the answer.
    fn interrupt(&self, py: Python<'_>) -> PyResult<()> {
        self.voice(py)?.interrupt();
        Ok(())
    }

    /// Opens, mutes or closes the microphone.
    fn set_microphone(&self, py: Python<'_>, position: &str) -> PyResult<()> {
        let position: Microphone = microphone(py, "position", position)?;
        self.voice(py)?.set_microphone(position);
        Ok(())
    }

    /// Reports how many samples of a turn have been played.
    fn report_played(&self, py: Python<'_>, turn: u64, samples: u64) -> PyResult<()> {
        self.voice(py)?.report_played(TurnId::new(turn), samples);
        Ok(())
    }

    /// Answers a call with the text of a JSON value.
    fn send_tool_result(&self, py: Python<'_>, id: &str, json: &str) -> PyResult<()> {
        let answered = self.voice(py)?.send_tool_result(&ToolUseId::new(id), json);
        answered.map_err(|why| error::session(py, &why))
    }

    /// Tells the model that a tool failed.
    fn fail_tool(&self, py: Python<'_>, id: &str, message: &str) -> PyResult<()> {
        let told = self.voice(py)?.fail_tool(&ToolUseId::new(id), message);
        told.map_err(|why: SessionError| error::session(py, &why))
    }

    /// Hangs up in order, or gives up opening.
    fn hang_up(&self, py: Python<'_>) -> PyResult<()> {
        let mut call = self.call(py)?;
        match &*call {
            Call::Open { voice, .. } => voice.hang_up(),
            Call::Opening(abort) => {
                if let Some(abort) = abort {
                    abort.abort();
                }
                *call = Call::Dropped;
            }
            Call::Refused(_) | Call::Dropped => {}
        }
        Ok(())
    }

    /// Where the conversation stands.
    fn state(&self, py: Python<'_>) -> PyResult<StateWord> {
        Ok(StateWord(match &*self.call(py)? {
            Call::Open { voice, .. } => voice.state().as_str(),
            Call::Opening(_) => "initializing",
            Call::Refused(_) | Call::Dropped => "closed",
        }))
    }

    /// Tokens: speech and text in, speech and text out.
    fn usage(&self, py: Python<'_>) -> PyResult<(u64, u64, u64, u64)> {
        let usage = self.voice(py)?.usage();
        Ok((usage.input.speech, usage.input.text, usage.output.speech, usage.output.text))
    }

    /// What was said and heard: roles and words.
    fn history(&self, py: Python<'_>) -> PyResult<Vec<(String, String)>> {
        let messages = self.voice(py)?.history();
        Ok(messages.into_iter().map(|message| (event::role(&message.role), message.text)).collect())
    }

    /// Refused: a conversation is one connection of one process.
    #[expect(clippy::unused_self, reason = "a method, to Python")]
    fn __reduce__(&self) -> PyResult<String> {
        Err(PyTypeError::new_err("a conversation cannot be pickled or copied"))
    }
}

impl Drop for PyVoice {
    /// What a fork has left of another process's conversation is not safe to take apart. Otherwise it is hung up.
    fn drop(&mut self) {
        let Some(call) = self.call.take() else { return };
        if self.generation != runtime::generation() {
            return runtime::abandon(call);
        }
        if let Call::Opening(Some(abort)) = &*lock(&call) {
            abort.abort();
        }
    }
}

fn lock(call: &Mutex<Call>) -> MutexGuard<'_, Call> {
    call.lock().unwrap_or_else(PoisonError::into_inner)
}
