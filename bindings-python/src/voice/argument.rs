//! Arguments of a conversation.

use nova_sonic_core::{
    audio::SampleRate,
    event::{EndpointingSensitivity, ToolChoice, ToolSpec},
    session::{Message, Microphone, Playback},
};
use pyo3::{
    Borrowed,
    inspect::PyStaticExpr,
    prelude::*,
    type_hint_identifier, type_hint_subscript,
    types::{PyBool, PyFloat, PyInt, PyTuple},
};

use crate::{
    argument::{Argument, wrong_type},
    error,
};

const TEXT: PyStaticExpr = <String as Argument>::HINT;

/// Whether the model may or must call a tool.
pub(super) struct Choice(pub(super) ToolChoice);

impl Argument for f64 {
    const HINT: PyStaticExpr = type_hint_identifier!("builtins", "float");

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let is_number = value.is_instance_of::<PyFloat>() || value.is_instance_of::<PyInt>();
        if value.is_instance_of::<PyBool>() || !is_number {
            return Err(wrong_type(name, "a number", value));
        }
        value.extract().map_err(|_| error::configuration(value.py(), name, "is too large"))
    }
}

impl Argument for SampleRate {
    const HINT: PyStaticExpr = <u32 as Argument>::HINT;

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        Self::from_hertz(u32::read(name, value)?)
            .ok_or_else(|| error::configuration(value.py(), name, "must be 8000, 16000 or 24000"))
    }
}

impl Argument for EndpointingSensitivity {
    const HINT: PyStaticExpr = <String as Argument>::HINT;

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        match String::read(name, value)?.as_str() {
            "high" => Ok(Self::High),
            "medium" => Ok(Self::Medium),
            "low" => Ok(Self::Low),
            _ => Err(error::configuration(value.py(), name, "must be 'high', 'medium' or 'low'")),
        }
    }
}

impl Argument for Microphone {
    const HINT: PyStaticExpr = <String as Argument>::HINT;

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        microphone(value.py(), name, &String::read(name, value)?)
    }
}

/// The position of a microphone by its word.
pub(super) fn microphone(py: Python<'_>, name: &str, position: &str) -> PyResult<Microphone> {
    match position {
        "open" => Ok(Microphone::Open),
        "muted" => Ok(Microphone::Muted),
        "closed" => Ok(Microphone::Closed),
        _ => Err(error::configuration(py, name, "must be 'open', 'muted' or 'closed'")),
    }
}

impl Argument for Playback {
    const HINT: PyStaticExpr = <String as Argument>::HINT;

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        match String::read(name, value)?.as_str() {
            "assumed" => Ok(Self::Assumed),
            "reported" => Ok(Self::Reported),
            _ => Err(error::configuration(value.py(), name, "must be 'assumed' or 'reported'")),
        }
    }
}

impl Argument for Choice {
    const HINT: PyStaticExpr = <String as Argument>::HINT;

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let word = String::read(name, value)?;
        Ok(Self(match word.as_str() {
            "auto" => ToolChoice::Auto,
            "any" => ToolChoice::Any,
            _ => ToolChoice::Tool(word),
        }))
    }
}

/// A role and words.
impl Argument for Message {
    const HINT: PyStaticExpr = type_hint_subscript!(type_hint_identifier!("builtins", "tuple"), TEXT, TEXT);

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let [role, text] = texts(name, value)?;
        match role.as_str() {
            "user" => Ok(Self::user(text)),
            "assistant" => Ok(Self::assistant(text)),
            _ => Err(error::configuration(value.py(), name, "is neither the user's nor the assistant's")),
        }
    }
}

/// A name, a description and the JSON of a schema.
impl Argument for ToolSpec {
    const HINT: PyStaticExpr =
        type_hint_subscript!(type_hint_identifier!("builtins", "tuple"), TEXT, TEXT, TEXT);

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let [tool, description, schema] = texts(name, value)?;
        Self::new(tool, description, &schema).map_err(|why| error::event(value.py(), name, &why))
    }
}

fn texts<const COUNT: usize>(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<[String; COUNT]> {
    let wrong = || wrong_type(name, "a tuple of texts", value);
    let fields = value.cast::<PyTuple>().map_err(|_| wrong())?;
    let fields: Vec<String> =
        fields.iter().map(|field| String::read(name, field.as_borrowed())).collect::<PyResult<_>>()?;
    fields.try_into().map_err(|_| wrong())
}
