//! JSON whose texts are wiped.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::secret::SecretText;

/// A JSON value. Every text is taken for a secret, because at this point nobody knows which one is.
pub(super) enum Value {
    Null,
    Text(SecretText),
    Number(u64),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
    /// A value that no grant has.
    Other,
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(SecretText::new(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object: Vec<(String, Value)> = Vec::new();
        while let Some(name) = entries.next_key::<String>()? {
            if name.len() > NAME_LIMIT || object.len() >= FIELD_LIMIT {
                entries.next_value::<IgnoredAny>()?;
                continue;
            }
            object.push((name, entries.next_value()?));
        }
        Ok(Value::Object(object))
    }
}

/// Longest name of a field that a grant could have, bytes.
const NAME_LIMIT: usize = 32;
/// The most fields that are looked at.
const FIELD_LIMIT: usize = 64;

impl Value {
    /// Takes a field out of an object; `null` is as good as none, and twice the same field as good as none that fits.
    pub(super) fn take(&mut self, field: &str) -> Option<Self> {
        let Self::Object(fields) = self else { return None };
        let mut named = fields.iter_mut().filter(|(name, _)| name == field).map(|(_, value)| value);
        let value = std::mem::replace(named.next()?, Self::Null);
        let value = if named.next().is_some() { Self::Other } else { value };
        (!matches!(value, Self::Null)).then_some(value)
    }
}
