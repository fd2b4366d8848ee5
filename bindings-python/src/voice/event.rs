//! The core's events as the dataclasses of `nova_sonic.events`.

use std::time::Duration;

use nova_sonic_core::{
    audio::SampleRate,
    event::{Role, Usage},
    session::{CloseReason, Event, Stage, State, TurnId},
};
use pyo3::{
    intern,
    prelude::*,
    sync::PyOnceLock,
    types::{PyBytes, PyString, PyTuple},
};

use crate::error;

/// One event.
pub(super) fn to_python(py: Python<'_>, event: Event) -> PyResult<Bound<'_, PyAny>> {
    match event {
        Event::StateChanged { from, to } => {
            make(py, intern!(py, "StateChanged"), (word(py, from.as_str()), word(py, to.as_str())))
        }
        Event::Transcript { role: speaker, text, stage, turn } => {
            let speaker = role(&speaker);
            let fields = (word(py, &speaker), text, word(py, stage.as_str()), turn.number());
            make(py, intern!(py, "Transcript"), fields)
        }
        Event::Audio { pcm, rate, turn } => {
            make(py, intern!(py, "Audio"), (bytes(py, pcm.samples())?, rate.hertz(), turn.number()))
        }
        Event::Interrupted { turn, heard, text } => {
            let heard_ms = u64::try_from(heard.as_millis()).unwrap_or(u64::MAX);
            make(py, intern!(py, "Interrupted"), (turn.number(), heard_ms, text))
        }
        Event::ToolCall { id, name, input } => {
            let input = json(py, &input);
            make(py, intern!(py, "ToolCall"), (id.as_str(), name, input))
        }
        Event::Usage { delta, total } => {
            make(py, intern!(py, "Usage"), (tokens(py, delta)?, tokens(py, total)?))
        }
        Event::RenewalDue { reason } => make(py, intern!(py, "RenewalDue"), (word(py, reason.as_str()),)),
        Event::Renewing { reason } => make(py, intern!(py, "Renewing"), (word(py, reason.as_str()),)),
        Event::Renewed { reason, gap } => {
            let gap_ms = u64::try_from(gap.as_millis()).unwrap_or(u64::MAX);
            make(py, intern!(py, "Renewed"), (word(py, reason.as_str()), gap_ms))
        }
        Event::Error(failure) => {
            make(py, intern!(py, "Error"), (error::failure(py, &failure).into_value(py),))
        }
        Event::Unknown { name, body } => {
            let body = json(py, &body.to_string());
            make(py, intern!(py, "Unknown"), (name, body))
        }
        Event::Closed { reason } => {
            let why = if let CloseReason::Failed(failure) = &reason {
                Some(error::failure(py, failure).into_value(py))
            } else {
                None
            };
            make(py, intern!(py, "Closed"), (word(py, reason.as_str()), why))
        }
        _ => make(py, intern!(py, "Unknown"), ("newer", py.None())),
    }
}

/// What an answer may be made of; nothing, if it is another event.
pub(super) fn of_an_answer(event: &Bound<'_, PyAny>) -> PyResult<Option<Event>> {
    let py = event.py();
    let text = |name| event.getattr(name)?.extract::<String>();
    // an answer does not ask to which turn it belongs
    let turn = TurnId::new(0);
    Ok(Some(match event.get_type().name()?.to_str()? {
        "StateChanged" => {
            let state = |name| Ok::<_, PyErr>(State::from_word(&text(name)?));
            let (Some(from), Some(to)) = (state(intern!(py, "from_state"))?, state(intern!(py, "to_state"))?)
            else {
                return Ok(None);
            };
            Event::StateChanged { from, to }
        }
        "Transcript" => Event::Transcript {
            role: if text(intern!(py, "role"))? == role(&Role::Assistant) {
                Role::Assistant
            } else {
                Role::User
            },
            stage: if text(intern!(py, "stage"))? == Stage::Partial.as_str() {
                Stage::Partial
            } else {
                Stage::Final
            },
            text: text(intern!(py, "text"))?,
            turn,
        },
        "Audio" => {
            let Some(rate) = SampleRate::from_hertz(event.getattr(intern!(py, "sample_rate"))?.extract()?)
            else {
                return Ok(None);
            };
            let pcm = event.getattr(intern!(py, "pcm"))?;
            let pcm = pcm.cast::<PyBytes>()?.as_bytes().as_chunks().0;
            let pcm: Vec<i16> = pcm.iter().map(|sample| i16::from_le_bytes(*sample)).collect();
            Event::Audio { pcm: pcm.into(), rate, turn }
        }
        "Interrupted" => {
            let heard = Duration::from_millis(event.getattr(intern!(py, "heard_ms"))?.extract()?);
            Event::Interrupted { turn, heard, text: text(intern!(py, "text"))? }
        }
        _ => return Ok(None),
    }))
}

/// Who speaks, in the word of every language.
pub(super) fn role(role: &Role) -> String {
    role.as_str().to_ascii_lowercase()
}

fn make<'py>(
    py: Python<'py>,
    class: &Bound<'py, PyString>,
    fields: impl IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>, Error: Into<PyErr>>,
) -> PyResult<Bound<'py, PyAny>> {
    static CLASSES: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let classes = CLASSES.get_or_try_init(py, || py.import("nova_sonic.events").map(Bound::unbind))?;
    classes.bind(py).getattr(class)?.call1(fields.into_pyobject(py).map_err(Into::into)?)
}

fn word<'py>(py: Python<'py>, word: &str) -> Bound<'py, PyString> {
    PyString::intern(py, word)
}

/// Samples as little-endian bytes, the way that sound cards, files and numpy have them.
pub(super) fn bytes<'py>(py: Python<'py>, samples: &[i16]) -> PyResult<Bound<'py, PyBytes>> {
    PyBytes::new_with(py, samples.len() * 2, |room| {
        for (place, sample) in room.as_chunks_mut().0.iter_mut().zip(samples) {
            *place = sample.to_le_bytes();
        }
        Ok(())
    })
}

fn tokens(py: Python<'_>, usage: Usage) -> PyResult<Bound<'_, PyAny>> {
    let Usage { input, output } = usage;
    make(py, intern!(py, "Tokens"), (input.speech, input.text, output.speech, output.text))
}

/// What a JSON text says; a text that is none stays what it is.
fn json<'py>(py: Python<'py>, text: &str) -> Bound<'py, PyAny> {
    let read = py.import("json").and_then(|json| json.call_method1(intern!(py, "loads"), (text,)));
    read.unwrap_or_else(|_| PyString::new(py, text).into_any())
}
