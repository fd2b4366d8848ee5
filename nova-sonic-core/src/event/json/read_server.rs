//! Server events from JSON.

use std::{
    borrow::{Borrow, Cow},
    fmt,
    mem::take,
    sync::Arc,
};

use base64_simd::STANDARD;

use super::{
    body::{Body, Loose, Named, read_event},
    refused,
};
use crate::{
    audio::{Pcm, PcmPool},
    event::{
        ContentType, EventError, Extra, GenerationStage, Role, ServerContent, ServerEvent, ServerIds,
        StopReason, TokenCounts, Usage, UsageDetails,
    },
    id::{CompletionId, ContentId, PromptName, SessionId, ToolUseId},
    json::{self, Value},
    scratch::Scratch,
};

/// Reads the events of one stream. It remembers the stream's ids and uses buffers again, so that a frame of audio
/// costs no allocation.
///
/// ```
/// use nova_sonic_core::event::{EventReader, ServerEvent};
/// let json = br#"{"event":{"audioOutput":{"contentId":"a1","content":"AAECAw=="}}}"#;
/// let ServerEvent::AudioOutput { pcm, .. } = EventReader::default().read_server(json)? else { unreachable!() };
/// assert_eq!(pcm.samples(), [0x0100, 0x0302]);
/// # Ok::<(), nova_sonic_core::event::EventError>(())
/// ```
pub struct EventReader {
    ids: RecentIds,
    pool: PcmPool,
}

impl Default for EventReader {
    fn default() -> Self {
        Self { ids: RecentIds::default(), pool: PcmPool::of_thread() }
    }
}

impl fmt::Debug for EventReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventReader")
    }
}

impl EventReader {
    /// Reads one event of the service from the JSON of one chunk.
    ///
    /// # Errors
    /// [`EventError`] for text that is no JSON, has no event, or lacks a field that the event cannot do without. The
    /// stream goes on: the next chunk may be read.
    pub fn read_server(&mut self, json: &[u8]) -> Result<ServerEvent, EventError> {
        let mut found = read_event(json).map_err(|defect| refused(defect, json.len()))?;
        let Some(Named { name, body, unknown }) = &mut found else { return Err(EventError::Envelope) };
        if let Some(body) = unknown.take() {
            return Ok(ServerEvent::Unknown { name: take(name).into_owned(), body });
        }
        self.known(name, body)
    }

    /// All of them read from one body, which only the caller drops: whatever goes wrong on the way, nothing else is to do.
    fn known(&mut self, name: &str, body: &mut Body<'_>) -> Result<ServerEvent, EventError> {
        match name {
            "audioOutput" => self.audio(body),
            "textOutput" => self.text(body),
            "usageEvent" => Ok(self.usage(body)),
            "contentStart" => self.content_start(body),
            "contentEnd" => self.content_end(body),
            "toolUse" => self.tool_use(body),
            "completionStart" => {
                Ok(ServerEvent::CompletionStart { ids: self.ids_of(body), extra: take(&mut body.rest) })
            }
            _ => Ok(ServerEvent::CompletionEnd {
                ids: self.ids_of(body),
                stop_reason: stop_reason(body),
                extra: take(&mut body.rest),
            }),
        }
    }

    fn ids_of(&mut self, body: &Body<'_>) -> ServerIds {
        ServerIds {
            session_id: text_of(body.session_id.as_ref()).map(|id| SessionId::new(self.ids.shared(id))),
            prompt_name: text_of(body.prompt_name.as_ref()).map(|id| PromptName::new(self.ids.shared(id))),
            completion_id: text_of(body.completion_id.as_ref())
                .map(|id| CompletionId::new(self.ids.shared(id))),
        }
    }

    fn content_id(&mut self, event: &'static str, body: &Body<'_>) -> Result<ContentId, EventError> {
        let id = text_of(body.content_id.as_ref()).ok_or(EventError::Field { event, field: "contentId" })?;
        Ok(ContentId::new(self.ids.shared(id)))
    }

    fn audio(&mut self, body: &mut Body<'_>) -> Result<ServerEvent, EventError> {
        let content_id = self.content_id("audioOutput", body)?;
        let missing = EventError::Field { event: "audioOutput", field: "content" };
        let pcm = self.pcm(text_of(body.content.as_ref()).ok_or(missing)?)?;
        Ok(ServerEvent::AudioOutput { ids: self.ids_of(body), content_id, pcm, extra: take(&mut body.rest) })
    }

    pub(super) fn pcm(&mut self, base64: &str) -> Result<Pcm, EventError> {
        let refused = EventError::Audio { length: base64.len() };
        let mut bytes = Scratch::take();
        STANDARD.decode_append(base64.as_bytes(), &mut *bytes).map_err(|_| refused.clone())?;
        if !bytes.len().is_multiple_of(2) {
            return Err(refused);
        }
        let mut pcm = self.pool.empty();
        let samples = bytes.as_chunks::<2>().0;
        pcm.samples_mut().extend(samples.iter().map(|pair| i16::from_le_bytes(*pair)));
        Ok(pcm)
    }

    fn text(&mut self, body: &mut Body<'_>) -> Result<ServerEvent, EventError> {
        let content_id = self.content_id("textOutput", body)?;
        let missing = EventError::Field { event: "textOutput", field: "content" };
        let text = text_of(body.content.as_ref()).ok_or(missing)?.to_owned();
        let role = text_of(body.role.as_ref()).map(Role::parse);
        Ok(ServerEvent::TextOutput {
            ids: self.ids_of(body),
            content_id,
            role,
            text,
            extra: take(&mut body.rest),
        })
    }

    fn content_start(&mut self, body: &mut Body<'_>) -> Result<ServerEvent, EventError> {
        let event = "contentStart";
        let content_id = self.content_id(event, body)?;
        let content_type =
            text_of(body.content_type.as_ref()).ok_or(EventError::Field { event, field: "type" })?;
        let content = match ContentType::parse(content_type) {
            ContentType::Text => ServerContent::Text { stage: stage(body.additional_model_fields.as_ref()) },
            ContentType::Audio => ServerContent::Audio { sample_rate_hertz: sample_rate(&body.rest)? },
            ContentType::Tool => ServerContent::Tool,
            ContentType::Other(word) => ServerContent::Other(word),
        };
        let role = text_of(body.role.as_ref()).map_or(Role::Assistant, Role::parse);
        let is_sound = matches!(content, ServerContent::Audio { .. });
        let sound = if is_sound { "audioOutputConfiguration" } else { "" };
        body.rest =
            without(take(&mut body.rest), &["textOutputConfiguration", "toolUseOutputConfiguration", sound]);
        if let Some(fields) = body.additional_model_fields.take()
            && !(matches!(content, ServerContent::Text { .. }) && says_only_the_stage(&fields))
        {
            body.rest.insert("additionalModelFields".to_owned(), fields.into());
        }
        Ok(ServerEvent::ContentStart {
            ids: self.ids_of(body),
            content_id,
            role,
            content,
            extra: take(&mut body.rest),
        })
    }

    fn content_end(&mut self, body: &mut Body<'_>) -> Result<ServerEvent, EventError> {
        Ok(ServerEvent::ContentEnd {
            content_id: self.content_id("contentEnd", body)?,
            ids: self.ids_of(body),
            content_type: text_of(body.content_type.as_ref()).map(ContentType::parse),
            stop_reason: stop_reason(body),
            extra: take(&mut body.rest),
        })
    }

    fn tool_use(&mut self, body: &mut Body<'_>) -> Result<ServerEvent, EventError> {
        let event = "toolUse";
        let missing = |field| EventError::Field { event, field };
        let tool_use_id = text_of(body.tool_use_id.as_ref()).ok_or_else(|| missing("toolUseId"))?;
        let tool_name = text_of(body.tool_name.as_ref()).ok_or_else(|| missing("toolName"))?.to_owned();
        Ok(ServerEvent::ToolUse {
            content_id: self.content_id(event, body)?,
            tool_use_id: ToolUseId::new(self.ids.shared(tool_use_id)),
            tool_name,
            input: tool_input(body.content.as_ref()),
            ids: self.ids_of(body),
            extra: take(&mut body.rest),
        })
    }

    fn usage(&mut self, body: &mut Body<'_>) -> ServerEvent {
        let total = |field: &str| body.rest.get(field).and_then(Value::as_u64).unwrap_or(0);
        let (total_input_tokens, total_output_tokens) =
            (total("totalInputTokens"), total("totalOutputTokens"));
        let details = body.rest.get("details").filter(|details| details.is_object());
        let details = details.map(|details| UsageDetails {
            delta: usage_of(details.get("delta")),
            total: usage_of(details.get("total")),
        });
        ServerEvent::Usage {
            ids: self.ids_of(body),
            total_input_tokens,
            total_output_tokens,
            details,
            extra: without(
                take(&mut body.rest),
                &["totalInputTokens", "totalOutputTokens", "totalTokens", "details"],
            ),
        }
    }
}

/// What is left of the fields when those that were read are gone. A map could take them out one by one, at the price of
/// all that it takes to keep its balance.
fn without(fields: Extra, read: &[&str]) -> Extra {
    let mut rest = Extra::new();
    for (name, value) in fields {
        if !read.contains(&&*name) {
            rest.insert(name, value);
        }
    }
    rest
}

fn text_of<'body>(field: Option<&'body Loose<'_>>) -> Option<&'body str> {
    field.and_then(Loose::as_str)
}

fn stop_reason(body: &Body<'_>) -> Option<StopReason> {
    text_of(body.stop_reason.as_ref()).map(StopReason::parse)
}

/// `additionalModelFields` is a string that holds JSON; an object has been seen as well.
fn stage(fields: Option<&Loose<'_>>) -> Option<GenerationStage> {
    let fields = unwrapped(fields?)?;
    fields.get("generationStage").and_then(Value::as_str).map(GenerationStage::parse)
}

/// Whether the stage is all that these fields say; anything more is kept.
fn says_only_the_stage(fields: &Loose<'_>) -> bool {
    unwrapped(fields).is_some_and(|fields| {
        fields.as_object().is_some_and(|fields| {
            fields.len() == 1 && fields.get("generationStage").is_some_and(Value::is_string)
        })
    })
}

fn unwrapped<'field>(fields: &'field Loose<'_>) -> Option<Cow<'field, Value>> {
    match fields {
        Loose::Text(text) => json::read(text.as_bytes()).ok().map(Cow::Owned),
        Loose::Value(value) => Some(Cow::Borrowed(value)),
    }
}

fn sample_rate(rest: &Extra) -> Result<u32, EventError> {
    let missing =
        EventError::Field { event: "contentStart", field: "audioOutputConfiguration.sampleRateHertz" };
    let rate = rest
        .get("audioOutputConfiguration")
        .and_then(|fields| fields.get("sampleRateHertz"))
        .and_then(Value::as_u64);
    rate.and_then(|rate| u32::try_from(rate).ok()).ok_or(missing)
}

/// The arguments as text of a JSON object. They come as a string under `content`; the string may hold a string
/// that holds the object, in which case one layer comes off.
fn tool_input(content: Option<&Loose<'_>>) -> String {
    match content {
        None | Some(Loose::Value(Value::Null)) => "{}".to_owned(),
        Some(Loose::Value(value)) => json::text(value),
        Some(Loose::Text(text)) => match json::read(text.as_bytes()) {
            Ok(Value::String(inner)) if is_object(&inner) => inner,
            Ok(Value::Null) => "{}".to_owned(),
            _ if text.trim().is_empty() => "{}".to_owned(),
            _ => text.clone().into_owned(),
        },
    }
}

fn is_object(text: &str) -> bool {
    matches!(json::read(text.as_bytes()), Ok(Value::Object(_)))
}

fn usage_of(value: Option<&Value>) -> Usage {
    let counts = |direction: &str| {
        let counts = value.and_then(|value| value.get(direction));
        let count =
            |kind: &str| counts.and_then(|counts| counts.get(kind)).and_then(Value::as_u64).unwrap_or(0);
        TokenCounts { speech: count("speechTokens"), text: count("textTokens") }
    };
    Usage { input: counts("input"), output: counts("output") }
}

/// The ids of a stream repeat on every event: the last few are shared instead of copied.
#[derive(Default)]
struct RecentIds {
    ids: Vec<Arc<str>>,
    oldest: usize,
}

const REMEMBERED: usize = 8;

impl RecentIds {
    fn shared(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.ids.iter().find(|id| Borrow::<str>::borrow(&***id) == text) {
            return Arc::clone(known);
        }
        let fresh: Arc<str> = text.into();
        if self.ids.len() < REMEMBERED {
            self.ids.push(Arc::clone(&fresh));
        } else if let Some(place) = self.ids.get_mut(self.oldest) {
            *place = Arc::clone(&fresh);
            self.oldest = (self.oldest + 1) % REMEMBERED;
        }
        fresh
    }
}
