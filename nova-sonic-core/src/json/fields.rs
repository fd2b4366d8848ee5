//! An object as its members came, so that one that comes twice can be told.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;

/// The members of an object, in their order.
#[derive(Debug)]
pub(crate) struct Fields(Vec<(String, Value)>);

impl Fields {
    /// The member of that name, `null` being none; `Err` where there are two.
    pub(crate) fn single(&self, name: &str) -> Result<Option<&Value>, Twice> {
        let mut named = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value);
        let value = named.next();
        if named.next().is_some() { Err(Twice) } else { Ok(value.filter(|value| !value.is_null())) }
    }

    /// The text of that name, where there is one and nothing but a text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.single(name).ok()??.as_str()
    }
}

/// A member came twice: whoever reads the first and who reads the last would not agree.
#[derive(Debug)]
pub(crate) struct Twice;

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(name) = map.next_key()? {
                    fields.push((name, map.next_value()?));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}
