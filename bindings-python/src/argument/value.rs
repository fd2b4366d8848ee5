//! The types that arguments have: Python's on the outside, the core's within.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use nova_sonic_core::{
    broker::{Limits, Subject},
    grant::GrantMode,
    scope::{AccountId, Cidr, InferenceProfile, ModelId, Partition, Region, ScopePolicy},
    secret::SecretText,
    time::Timestamp,
};
use pyo3::{
    Borrowed, PyTypeInfo,
    inspect::PyStaticExpr,
    prelude::*,
    type_hint_identifier, type_hint_subscript, type_hint_union,
    types::{PyBool, PyBytes, PyDateTime, PyFloat, PyInt, PyMapping, PySequence, PyString},
};

use super::{Argument, wrong_type};
use crate::{error, limits::PyLimits, model::PyInferenceProfile, moment, scope::PyScopePolicy, word};

impl Argument for String {
    const HINT: PyStaticExpr = <Self as FromPyObject>::INPUT_TYPE;

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let text = value.cast::<PyString>().map_err(|_| wrong_type(name, "a str", value))?;
        // A lone surrogate has no UTF-8, and no place in anything that AWS takes.
        text.extract().map_err(|_| {
            error::configuration(value.py(), name, "holds half of a surrogate pair, which no text has")
        })
    }
}

impl Argument for bool {
    const HINT: PyStaticExpr = <Self as FromPyObject>::INPUT_TYPE;

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        Ok(value.cast::<PyBool>().map_err(|_| wrong_type(name, "a bool", value))?.is_true())
    }
}

/// A count, which `True` is not.
impl Argument for u32 {
    const HINT: PyStaticExpr = type_hint_identifier!("builtins", "int");

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if value.is_instance_of::<PyBool>() || !value.is_instance_of::<PyInt>() {
            return Err(wrong_type(name, "an int", value));
        }
        value
            .extract()
            .map_err(|_| error::configuration(value.py(), name, &format!("must be from 0 to {}", Self::MAX)))
    }
}

/// A length of time in seconds, whole or not.
impl Argument for Duration {
    const HINT: PyStaticExpr = type_hint_identifier!("builtins", "float");

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let is_number = value.is_instance_of::<PyFloat>() || value.is_instance_of::<PyInt>();
        if value.is_instance_of::<PyBool>() || !is_number {
            return Err(wrong_type(name, "a number of seconds", value));
        }
        let wrong = || {
            error::configuration(value.py(), name, "must be a finite number of seconds, not less than zero")
        };
        let seconds: f64 = value.extract().map_err(|_| wrong())?;
        Self::try_from_secs_f64(seconds).map_err(|_| wrong())
    }
}

impl Argument for Timestamp {
    const HINT: PyStaticExpr = <Bound<'static, PyDateTime> as FromPyObject>::INPUT_TYPE;

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let given = value.cast::<PyDateTime>().map_err(|_| wrong_type(name, "a datetime", value))?;
        moment::from_python(&given)?.ok_or_else(|| {
            error::configuration(value.py(), name, "needs a time zone: datetime.now(timezone.utc) has one")
        })
    }
}

impl Argument for PathBuf {
    const HINT: PyStaticExpr = <Self as FromPyObject>::INPUT_TYPE;

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        value.extract().map_err(|_| wrong_type(name, "a path", value))
    }
}

impl Argument for SecretText {
    const HINT: PyStaticExpr = type_hint_union!(
        type_hint_identifier!("builtins", "str"),
        type_hint_identifier!("builtins", "bytes")
    );

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if value.is_instance_of::<PyString>() {
            return String::read(name, value).map(Self::new);
        }
        let bytes = value.cast::<PyBytes>().map_err(|_| wrong_type(name, "a str or bytes", value))?;
        match std::str::from_utf8(bytes.as_bytes()) {
            Ok(text) => Ok(Self::new(text.to_owned())),
            Err(_) => Err(error::configuration(
                value.py(),
                name,
                "is not UTF-8: give random bytes in hex or base64",
            )),
        }
    }
}

impl Argument for Region {
    const HINT: PyStaticExpr = <String as Argument>::HINT;

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        Self::parse(&String::read(name, value)?).map_err(|why| error::scope(value.py(), name, &why))
    }
}

impl Argument for ModelId {
    const HINT: PyStaticExpr = <String as Argument>::HINT;

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        Self::parse(&String::read(name, value)?).map_err(|why| error::scope(value.py(), name, &why))
    }
}

impl Argument for Cidr {
    const HINT: PyStaticExpr = <String as Argument>::HINT;

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        Self::parse(&String::read(name, value)?).map_err(|why| error::scope(value.py(), name, &why))
    }
}

impl Argument for AccountId {
    const HINT: PyStaticExpr = <String as Argument>::HINT;

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        Self::parse(&String::read(name, value)?).map_err(|why| error::scope(value.py(), name, &why))
    }
}

impl Argument for Subject {
    const HINT: PyStaticExpr = <String as Argument>::HINT;

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        Self::new(String::read(name, value)?).map_err(|why| error::broker(value.py(), &why))
    }
}

impl Argument for ScopePolicy {
    const HINT: PyStaticExpr = <PyScopePolicy as PyTypeInfo>::TYPE_HINT;

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let given = value.cast::<PyScopePolicy>().map_err(|_| wrong_type(name, "a ScopePolicy", value))?;
        Ok(given.get().policy.clone())
    }
}

impl Argument for InferenceProfile {
    const HINT: PyStaticExpr = <PyInferenceProfile as PyTypeInfo>::TYPE_HINT;

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let given =
            value.cast::<PyInferenceProfile>().map_err(|_| wrong_type(name, "an InferenceProfile", value))?;
        Ok(given.get().profile.clone())
    }
}

impl Argument for Limits {
    const HINT: PyStaticExpr = <PyLimits as PyTypeInfo>::TYPE_HINT;

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        Ok(value.cast::<PyLimits>().map_err(|_| wrong_type(name, "Limits or None", value))?.get().limits)
    }
}

impl Argument for Partition {
    const HINT: PyStaticExpr = word::PARTITIONS;

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let given = String::read(name, value)?;
        Self::ALL
            .into_iter()
            .find(|partition| partition.name() == given)
            .ok_or_else(|| error::configuration(value.py(), name, "is no partition of AWS, such as 'aws'"))
    }
}

impl Argument for GrantMode {
    const HINT: PyStaticExpr = word::MODES;

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        match String::read(name, value)?.as_str() {
            "signing-keys" => Ok(Self::SigningKeys),
            "plain" => Ok(Self::Plain),
            _ => Err(error::configuration(value.py(), name, "must be 'signing-keys' or 'plain'")),
        }
    }
}

/// A list or a tuple; a text, which Python takes for a sequence of letters, is none.
impl<T: Argument> Argument for Vec<T> {
    const HINT: PyStaticExpr =
        type_hint_subscript!(type_hint_identifier!("collections.abc", "Sequence"), T::HINT);

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let wrong = || wrong_type(name, "a list or a tuple", value);
        if value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>() {
            return Err(wrong());
        }
        let items = value.cast::<PySequence>().map_err(|_| wrong())?.to_list()?;
        items
            .iter()
            .enumerate()
            .map(|(at, item)| T::read(&format!("{name}[{at}]"), item.as_borrowed()))
            .collect()
    }
}

impl Argument for BTreeMap<String, String> {
    const HINT: PyStaticExpr = type_hint_subscript!(
        type_hint_identifier!("collections.abc", "Mapping"),
        type_hint_identifier!("builtins", "str"),
        type_hint_identifier!("builtins", "str")
    );

    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let items = value.cast::<PyMapping>().map_err(|_| wrong_type(name, "a mapping", value))?.items()?;
        let mut read = Self::new();
        for item in items.iter() {
            let (key, text): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
            let key = String::read(&format!("a key of {name}"), key.as_borrowed())?;
            let text = String::read(&format!("{name}['{key}']"), text.as_borrowed())?;
            read.insert(key, text);
        }
        Ok(read)
    }
}
