//! One pass over an event of the service, borrowing what it can.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer,
        value::SeqAccessDeserializer,
    },
};
use serde_json::{Map, Value};

/// A JSON string, borrowed where it has no escapes.
pub(super) struct Text<'de>(pub(super) Cow<'de, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
            fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text)))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// A string without a copy, or any other value as it is.
pub(super) enum Loose<'de> {
    Text(Cow<'de, str>),
    Value(Value),
}

impl Loose<'_> {
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Value(_) => None,
        }
    }
}

impl From<Loose<'_>> for Value {
    fn from(field: Loose<'_>) -> Self {
        match field {
            Loose::Text(text) => Self::String(text.into_owned()),
            Loose::Value(value) => value,
        }
    }
}

impl<'de> Deserialize<'de> for Loose<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LooseVisitor;
        impl<'de> Visitor<'de> for LooseVisitor {
            type Value = Loose<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Loose::Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Loose::Text(Cow::Owned(text.to_owned())))
            }
            fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
                Ok(Loose::Text(Cow::Owned(text)))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Loose::Value(value.into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
                Ok(Loose::Value(value.into()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Loose::Value(value.into()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
                Ok(Loose::Value(value.into()))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Loose::Value(Value::Null))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Value::deserialize(MapAccessDeserializer::new(map)).map(Loose::Value)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                Value::deserialize(SeqAccessDeserializer::new(seq)).map(Loose::Value)
            }
        }
        deserializer.deserialize_any(LooseVisitor)
    }
}

/// The fields of every event of the service in one place: whichever came.
#[derive(Default)]
pub(super) struct Body<'de> {
    pub(super) session_id: Option<Loose<'de>>,
    pub(super) prompt_name: Option<Loose<'de>>,
    pub(super) completion_id: Option<Loose<'de>>,
    pub(super) content_id: Option<Loose<'de>>,
    pub(super) content: Option<Loose<'de>>,
    pub(super) role: Option<Loose<'de>>,
    pub(super) content_type: Option<Loose<'de>>,
    pub(super) stop_reason: Option<Loose<'de>>,
    pub(super) tool_use_id: Option<Loose<'de>>,
    pub(super) tool_name: Option<Loose<'de>>,
    pub(super) additional_model_fields: Option<Loose<'de>>,
    pub(super) rest: Map<String, Value>,
}

impl<'de> Deserialize<'de> for Body<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BodyVisitor;
        impl<'de> Visitor<'de> for BodyVisitor {
            type Value = Body<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event's body")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut body = Body::default();
                while let Some(Text(key)) = map.next_key()? {
                    let place = match &*key {
                        "sessionId" => &mut body.session_id,
                        "promptName" => &mut body.prompt_name,
                        "completionId" => &mut body.completion_id,
                        "contentId" => &mut body.content_id,
                        "content" => &mut body.content,
                        "role" => &mut body.role,
                        "type" => &mut body.content_type,
                        "stopReason" => &mut body.stop_reason,
                        "toolUseId" => &mut body.tool_use_id,
                        "toolName" => &mut body.tool_name,
                        "additionalModelFields" => &mut body.additional_model_fields,
                        _ => {
                            body.rest.insert(key.into_owned(), map.next_value()?);
                            continue;
                        }
                    };
                    *place = Some(map.next_value()?);
                }
                Ok(body)
            }
        }
        deserializer.deserialize_map(BodyVisitor)
    }
}

/// One event: a known one's fields, or an unknown one's body as it came.
pub(super) struct Named<'de> {
    pub(super) name: Cow<'de, str>,
    pub(super) body: Body<'de>,
    pub(super) unknown: Option<Value>,
}

/// What `{"event":{…}}` held; `None` when it held nothing.
pub(super) struct Envelope<'de>(pub(super) Option<Named<'de>>);

const KNOWN: &[&str] = &[
    "audioOutput",
    "textOutput",
    "usageEvent",
    "contentStart",
    "contentEnd",
    "toolUse",
    "completionStart",
    "completionEnd",
];

struct Event;

impl<'de> DeserializeSeed<'de> for Event {
    type Value = Option<Named<'de>>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Event {
    type Value = Option<Named<'de>>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with one event")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(Text(name)) = map.next_key()? {
            if found.is_some() {
                map.next_value::<IgnoredAny>()?;
            } else if KNOWN.contains(&&*name) {
                found = Some(Named { name, body: map.next_value()?, unknown: None });
            } else {
                found = Some(Named { name, body: Body::default(), unknown: Some(map.next_value()?) });
            }
        }
        Ok(found)
    }
}

impl<'de> Deserialize<'de> for Envelope<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EnvelopeVisitor;
        impl<'de> Visitor<'de> for EnvelopeVisitor {
            type Value = Envelope<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with an event")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut found = None;
                while let Some(Text(key)) = map.next_key()? {
                    if key == "event" && found.is_none() {
                        found = map.next_value_seed(Event)?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Envelope(found))
            }
        }
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}
