//! `RelayHandler`: who may talk, and how many at once.

use std::sync::{Mutex, MutexGuard, PoisonError};

use nova_sonic_core::{
    client::Client,
    event::ToolSpec,
    relay::Fault,
    relay_handler::{RelayHandler, RelayLedger},
};
use pyo3::{exceptions::PyTypeError, prelude::*, types::PyNone};

use super::{
    connection::{PyRelayConnection, close_code},
    rules::{self, PyRelayRules},
};
use crate::{
    argument::{Given, given, name},
    awaited::{self, Coroutine},
    error,
    runtime::{self, Current, Generation},
    voice::PyVoiceClient,
};

/// Conversations of one subject at once, unless told otherwise: two tabs, each while it changes its connection.
const PER_SUBJECT: u32 = 4;
/// Conversations at once, unless told otherwise.
const TOTAL: u32 = 10_000;
/// Under which names the ledger is kept.
const PREFIX: &str = "nova-sonic.relay";

/// Lets browsers in that talk through this server, and counts them. Make one, keep it.
///
/// >>> from nova_sonic import VoiceClient
/// >>> from nova_sonic.relay import RelayHandler
/// >>> handler = RelayHandler(VoiceClient(region_name="us-east-1"), per_subject=2)
/// >>> handler.running
/// 0
///
/// ``per_subject`` (4, since a conversation that changes its connection has two for a moment) bounds how many
/// conversations one user has at once, and ``total`` (10,000) how many this process has. With ``redis_url`` the first
/// holds for all processes that name the same Redis; where it does not answer, nobody is let in.
///
/// It is made anew after a fork, with nobody in it.
#[pyclass(frozen, module = "nova_sonic.relay", name = "RelayHandler")]
pub(crate) struct PyRelayHandler {
    client: Py<PyVoiceClient>,
    per_subject: u32,
    total: u32,
    redis_url: Option<String>,
    /// Locked only while attached to the interpreter and never across a call into it, as a fork demands.
    made: Mutex<Option<(Generation, RelayHandler)>>,
}

impl PyRelayHandler {
    /// The handler of this process.
    fn handler(&self, py: Python<'_>, current: &Current) -> PyResult<RelayHandler> {
        if let Some((generation, handler)) = &*self.made()
            && *generation == current.generation
        {
            return Ok(handler.clone());
        }
        let workshop = self.client.get().workshop(current.generation);
        let client = runtime::once(py, async move { workshop.client().await.cloned() })?;
        let handler = self.build(py, client.map_err(|why| error::client(py, &why))?)?;
        let mut made = self.made();
        // another thread may have been sooner
        if let Some((generation, sooner)) = &*made
            && *generation == current.generation
        {
            return Ok(sooner.clone());
        }
        if let Some(dead) = made.replace((current.generation, handler.clone())) {
            runtime::abandon(dead);
        }
        Ok(handler)
    }

    fn build(&self, py: Python<'_>, client: Client) -> PyResult<RelayHandler> {
        let total = usize::try_from(self.total).unwrap_or(usize::MAX);
        let handler = RelayHandler::new(client).per_subject(self.per_subject).total(total);
        Ok(match ledger(py, self.redis_url.as_deref())? {
            Some(ledger) => handler.ledger(ledger),
            None => handler,
        })
    }

    fn made(&self) -> MutexGuard<'_, Option<(Generation, RelayHandler)>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl PyRelayHandler {
    #[new]
    #[pyo3(signature = (client, *, per_subject = Given::of(PER_SUBJECT), total = Given::of(TOTAL), redis_url = None))]
    fn new(
        py: Python<'_>,
        client: Py<PyVoiceClient>,
        per_subject: Given<name::PerSubject, u32>,
        total: Given<name::Total, u32>,
        redis_url: Option<Given<name::RedisUrl, String>>,
    ) -> PyResult<Self> {
        let redis_url = given(redis_url);
        ledger(py, redis_url.as_deref())?;
        for (argument, most) in [("per_subject", per_subject.value), ("total", total.value)] {
            if most == 0 {
                return Err(error::configuration(py, argument, "must be at least 1"));
            }
        }
        Ok(Self {
            client,
            per_subject: per_subject.value,
            total: total.value,
            redis_url,
            made: Mutex::new(None),
        })
    }

    /// Lets a client in whom the application has authenticated as ``subject``, under ``rules`` and with ``tools`` (name,
    /// description and JSON Schema of each) whose calls the server answers. One that has to be refused gets a connection,
    /// too: it says why, and closes.
    #[pyo3(signature = (subject, rules = None, tools = None))]
    fn connect(
        &self,
        py: Python<'_>,
        subject: Given<name::Subject, String>,
        rules: Option<PyRef<'_, PyRelayRules>>,
        tools: Option<Given<name::Tools, Vec<ToolSpec>>>,
    ) -> PyResult<PyRelayConnection> {
        if subject.value.is_empty() {
            return Err(error::configuration(py, "subject", "is empty"));
        }
        let current = runtime::current(py)?;
        let handler = self.handler(py, &current)?;
        let rules = PyRelayRules::with_tools(rules.as_deref(), given(tools).unwrap_or_default());
        let connection = {
            let _runtime = current.enter();
            handler.connect_with(&subject.value, rules)
        };
        Ok(PyRelayConnection::new(current, connection))
    }

    /// A connection that only says why it closes, for a client whom the application does not let in: a browser sees
    /// nothing of a refused handshake. ``code`` is 4001 (nobody is signed in), 4003 (who is may not), 4004 or 4008.
    fn refuse(&self, py: Python<'_>, code: u16, message: &str) -> PyResult<PyRelayConnection> {
        let current = runtime::current(py)?;
        let handler = self.handler(py, &current)?;
        let connection = handler.refuse(close_code(py, code)?, message);
        Ok(PyRelayConnection::new(current, connection))
    }

    /// Conversations that this process has now.
    #[getter]
    fn running(&self) -> usize {
        let generation = runtime::generation();
        match &*self.made() {
            Some((of, handler)) if *of == generation => handler.running(),
            _ => 0,
        }
    }

    /// Tells every page of a subject that talks through this process how things stand: the text of a JSON object.
    /// Returns how many there are.
    fn send_status(&self, py: Python<'_>, subject: &str, json: &str) -> PyResult<usize> {
        let fields = rules::fields(py, json)?;
        let current = runtime::current(py)?;
        let handler = self.handler(py, &current)?;
        let _runtime = current.enter();
        Ok(handler.send_status(subject, &fields))
    }

    /// Ends every conversation of a subject in this process, in order; returns how many there were.
    #[pyo3(signature = (subject, code = 1000, message = None))]
    fn end(&self, py: Python<'_>, subject: &str, code: u16, message: Option<String>) -> PyResult<usize> {
        let code = close_code(py, code)?;
        let fault = message.and_then(|message| Some(Fault::new(code.code()?, message)));
        let current = runtime::current(py)?;
        let handler = self.handler(py, &current)?;
        let _runtime = current.enter();
        Ok(handler.end(subject, code, fault.as_ref()))
    }

    /// Lets nobody else in, and tells those who talk to go on elsewhere: a page opens its conversation anew, with what
    /// was said.
    fn shut_down(&self, py: Python<'_>) -> PyResult<()> {
        let current = runtime::current(py)?;
        let handler = self.handler(py, &current)?;
        let _runtime = current.enter();
        handler.shut_down();
        Ok(())
    }

    /// Waits until the last conversation is over.
    fn emptied(slf: Bound<'_, Self>) -> PyResult<Coroutine<Py<PyNone>>> {
        let py = slf.py();
        let owner = slf.unbind();
        let begin = move |py: Python<'_>| {
            let current = runtime::current(py)?;
            let handler = owner.get().handler(py, &current)?;
            Ok((current, async move { handler.emptied().await }))
        };
        awaited::coroutine(py, "emptied", begin, |py, ()| Ok(awaited::none(py)))
    }

    fn __repr__(&self) -> String {
        format!("<RelayHandler running={}>", self.running())
    }

    /// Refused: it counts the conversations of this process.
    #[expect(clippy::unused_self, reason = "a method, to Python")]
    fn __reduce__(&self) -> PyResult<String> {
        Err(PyTypeError::new_err("a RelayHandler cannot be pickled or copied: make one in each process"))
    }
}

impl Drop for PyRelayHandler {
    /// What a fork has left of another process's connections is not safe to take apart.
    fn drop(&mut self) {
        let made = self.made().take();
        if let Some((generation, _)) = &made
            && *generation != runtime::generation()
        {
            runtime::abandon(made);
        }
    }
}

fn ledger(py: Python<'_>, redis_url: Option<&str>) -> PyResult<Option<RelayLedger>> {
    let made = redis_url.map(|url| RelayLedger::new(url, PREFIX)).transpose();
    made.map_err(|why| error::configuration(py, "redis_url", &format!("cannot be used: {why}")))
}
