//! What is worth remembering of a conversation when it is over.

use std::{collections::VecDeque, fmt};

use crate::{
    event::{
        ClientContent, ClientEvent, GenerationStage, Role, ServerContent, ServerEvent, Usage, UsageDetails,
    },
    id::{ContentId, ContentName, SessionId},
    secret::Withheld,
    session::{Message, TOTAL_LIMIT, is_barge_in_signal},
};

/// Open blocks that are kept in mind: more than any service has open at once.
const OPEN_BLOCKS: usize = 64;

/// What is worth remembering of one conversation over a relay. Prints only how much was said.
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ExchangeRecord {
    /// The service's own name for the stream; `None` until it has said something.
    pub session_id: Option<SessionId>,
    /// Tokens used.
    pub usage: Usage,
    /// What was recognised, typed and spoken in full, in the order in which the service said so; of a long conversation
    /// the last 200 KiB. An answer that was cut off is in it up to its last whole sentence.
    pub transcript: Vec<Message>,
    /// Calls of the server's own tools.
    pub tool_calls: u32,
    /// Bytes that the client has sent.
    pub received_bytes: u64,
    /// Events of the service that could not be read.
    pub unreadable_events: u32,
    /// How it ended; `None` while it goes on.
    pub end: Option<ExchangeEnd>,
}

/// How a conversation over a relay has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExchangeEnd {
    /// The close code of the WebSocket; `None` when the client was gone first.
    pub close_code: Option<u16>,
    /// `ended`, `client_gone`, or the stable code of what went wrong.
    pub reason: String,
}

impl ExchangeEnd {
    pub(super) fn new(close_code: Option<u16>, reason: impl Into<String>) -> Self {
        Self { close_code, reason: reason.into() }
    }
}

impl fmt::Debug for ExchangeRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangeRecord")
            .field("session_id", &self.session_id)
            .field("usage", &self.usage)
            .field("transcript", &self.transcript.len())
            .field("tool_calls", &self.tool_calls)
            .field("received_bytes", &self.received_bytes)
            .field("unreadable_events", &self.unreadable_events)
            .field("end", &self.end)
            .finish()
    }
}

/// Writes down what is said.
#[derive(Default)]
pub(super) struct Scribe {
    wanted: bool,
    transcript: VecDeque<Message>,
    bytes: usize,
    /// Blocks of the service whose words are facts.
    heard: VecDeque<(ContentId, Role)>,
    /// The block that something is being typed into.
    typed: Option<(ContentName, String)>,
}

/// Whether something was said, so that nobody takes the conversation for forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Nothing,
    Something,
}

impl Scribe {
    pub(super) fn new(wanted: bool) -> Self {
        Self { wanted, ..Self::default() }
    }

    pub(super) fn transcript(&self) -> Vec<Message> {
        self.transcript.iter().cloned().collect()
    }

    /// Looks at an event that goes to the service.
    pub(super) fn hear_client(&mut self, event: &ClientEvent) -> Said {
        match event {
            ClientEvent::ContentStart {
                content_name,
                content: ClientContent::Text { role: Role::User, interactive: true },
                ..
            } => self.typed = Some((content_name.clone(), String::new())),
            ClientEvent::TextInput { content_name, text, .. } => {
                if let Some((open, words)) = &mut self.typed
                    && open == content_name
                {
                    words.push_str(text);
                    return Said::Something;
                }
            }
            ClientEvent::ContentEnd { content_name, .. } => {
                if self.typed.as_ref().is_some_and(|(open, _)| open == content_name)
                    && let Some((_, words)) = self.typed.take()
                {
                    self.write(Message::user(words));
                    return Said::Something;
                }
            }
            ClientEvent::SessionStart { .. }
            | ClientEvent::PromptStart { .. }
            | ClientEvent::ContentStart { .. }
            | ClientEvent::AudioInput { .. }
            | ClientEvent::ToolResult { .. }
            | ClientEvent::PromptEnd { .. }
            | ClientEvent::SessionEnd
            | ClientEvent::Unknown { .. } => {}
        }
        Said::Nothing
    }

    /// Looks at an event of the service, and notes in `record` what it tells.
    pub(super) fn hear_service(&mut self, event: &ServerEvent, record: &mut ExchangeRecord) -> Said {
        match event {
            ServerEvent::Usage { ids, details, .. } => {
                if let Some(UsageDetails { delta, .. }) = details {
                    record.usage.add(*delta);
                }
                if record.session_id.is_none() {
                    record.session_id.clone_from(&ids.session_id);
                }
                Said::Nothing
            }
            ServerEvent::CompletionStart { ids, .. } => {
                if record.session_id.is_none() {
                    record.session_id.clone_from(&ids.session_id);
                }
                Said::Nothing
            }
            ServerEvent::ContentStart {
                content_id, role, content: ServerContent::Text { stage }, ..
            } => {
                // a plan is not what was said
                if *role == Role::User || *stage == Some(GenerationStage::Final) {
                    if self.heard.len() >= OPEN_BLOCKS {
                        self.heard.pop_front();
                    }
                    self.heard.push_back((content_id.clone(), role.clone()));
                }
                Said::Nothing
            }
            ServerEvent::TextOutput { content_id, text, .. } => {
                if text.trim().is_empty() || is_barge_in_signal(text) {
                    return Said::Nothing;
                }
                if let Some((_, role)) = self.heard.iter().find(|(block, _)| block == content_id) {
                    let message = match role {
                        Role::User => Message::user(text.as_str()),
                        Role::Assistant | Role::System | Role::SystemSpeech | Role::Tool | Role::Other(_) => {
                            Message::assistant(text.as_str())
                        }
                    };
                    self.write(message);
                }
                Said::Something
            }
            ServerEvent::ContentEnd { content_id, .. } => {
                self.heard.retain(|(block, _)| block != content_id);
                Said::Nothing
            }
            ServerEvent::AudioOutput { .. } | ServerEvent::ToolUse { .. } => Said::Something,
            ServerEvent::ContentStart { .. }
            | ServerEvent::CompletionEnd { .. }
            | ServerEvent::Unknown { .. } => Said::Nothing,
        }
    }

    fn write(&mut self, message: Message) {
        if !self.wanted || message.text.trim().is_empty() {
            return;
        }
        self.bytes = self.bytes.saturating_add(message.text.len());
        self.transcript.push_back(message);
        while self.bytes > TOTAL_LIMIT
            && let Some(oldest) = self.transcript.pop_front()
        {
            self.bytes = self.bytes.saturating_sub(oldest.text.len());
        }
    }
}

impl fmt::Debug for Scribe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scribe").field("written", &Withheld(self.bytes)).finish_non_exhaustive()
    }
}
