//! One pass over an event of the service, borrowing what it can.

use std::borrow::Cow;

use crate::json::{Defect, Object, Read, Reader, Token, Value, read_by};

/// A string without a copy, or any other value as it is.
pub(super) enum Loose<'json> {
    Text(Cow<'json, str>),
    Value(Value),
}

impl<'json> Loose<'json> {
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Value(_) => None,
        }
    }

    fn read(reader: &mut Reader<'json>) -> Read<Self> {
        Ok(match reader.token()? {
            Token::Text(text) => Self::Text(text),
            other @ (Token::Null | Token::Bool(_) | Token::Number(_) | Token::List | Token::Object) => {
                Self::Value(reader.value_of(other)?)
            }
        })
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

/// The fields of every event of the service in one place: whichever came.
#[derive(Default)]
pub(super) struct Body<'json> {
    pub(super) session_id: Option<Loose<'json>>,
    pub(super) prompt_name: Option<Loose<'json>>,
    pub(super) completion_id: Option<Loose<'json>>,
    pub(super) content_id: Option<Loose<'json>>,
    pub(super) content: Option<Loose<'json>>,
    pub(super) role: Option<Loose<'json>>,
    pub(super) content_type: Option<Loose<'json>>,
    pub(super) stop_reason: Option<Loose<'json>>,
    pub(super) tool_use_id: Option<Loose<'json>>,
    pub(super) tool_name: Option<Loose<'json>>,
    pub(super) additional_model_fields: Option<Loose<'json>>,
    pub(super) rest: Object,
}

impl<'json> Body<'json> {
    fn read(&mut self, reader: &mut Reader<'json>) -> Read<()> {
        reader.object(&mut |reader, name| {
            let place = match &*name {
                "sessionId" => &mut self.session_id,
                "promptName" => &mut self.prompt_name,
                "completionId" => &mut self.completion_id,
                "contentId" => &mut self.content_id,
                "content" => &mut self.content,
                "role" => &mut self.role,
                "type" => &mut self.content_type,
                "stopReason" => &mut self.stop_reason,
                "toolUseId" => &mut self.tool_use_id,
                "toolName" => &mut self.tool_name,
                "additionalModelFields" => &mut self.additional_model_fields,
                _ => {
                    self.rest.insert(name.into_owned(), reader.value()?);
                    return Ok(());
                }
            };
            *place = Some(Loose::read(reader)?);
            Ok(())
        })
    }
}

/// One event: a known one's fields, or an unknown one's body as it came.
pub(super) struct Named<'json> {
    pub(super) name: Cow<'json, str>,
    pub(super) body: Body<'json>,
    pub(super) unknown: Option<Value>,
}

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

/// What `{"event":{…}}` held; `None` when it held nothing.
pub(super) fn read_event(json: &[u8]) -> Result<Option<Named<'_>>, Defect> {
    let mut found = None;
    read_by(json, &mut |reader| {
        reader.object(&mut |reader, name| {
            if name == "event" && found.is_none() { first_event(reader, &mut found) } else { reader.skip() }
        })
    })?;
    Ok(found)
}

fn first_event<'json>(reader: &mut Reader<'json>, found: &mut Option<Named<'json>>) -> Read<()> {
    reader.object(&mut |reader, name| {
        if found.is_some() {
            return reader.skip();
        }
        let is_known = KNOWN.contains(&&*name);
        // filled where it is: it is large
        let named = found.insert(Named { name, body: Body::default(), unknown: None });
        if is_known {
            return named.body.read(reader);
        }
        named.unknown = Some(reader.value()?);
        Ok(())
    })
}
