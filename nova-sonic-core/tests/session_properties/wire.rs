//! What a client may send, written from the public rules and from nothing of the session.
//!
//! Sources: Nova 2 user guide, `sonic-input-events`, `sonic-chat-history`, `sonic-cross-modal`, `sonic-async-tools`.

use std::collections::{HashMap, HashSet};

use nova_sonic_core::event::{ClientContent, ClientEvent, Role};
use serde_json::Value;

#[derive(Debug, PartialEq, Eq)]
enum Open {
    Text { payloads: usize },
    Audio,
    Tool { payloads: usize },
}

/// How far a stream has come; it never goes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Position {
    #[default]
    Nothing,
    Session,
    Prompt,
    SystemPrompt,
    Earlier,
    Sound,
    PromptOver,
    SessionOver,
    InputOver,
}

/// Judges the events of one stream, in the order sent.
#[derive(Default)]
pub(crate) struct WireJudge {
    position: Position,
    prompt: Option<String>,
    last_history: Option<Role>,
    open: HashMap<String, Open>,
    names: HashSet<String>,
    calls_made: HashSet<String>,
    results: HashMap<String, usize>,
    said_goodbye: bool,
    /// Samples sent.
    pub(crate) samples: u64,
}

impl WireJudge {
    /// The service has called a tool.
    pub(crate) fn call_made(&mut self, id: &str) {
        self.calls_made.insert(id.to_owned());
    }

    /// How many results went out for a call.
    pub(crate) fn results_for(&self, id: &str) -> usize {
        self.results.get(id).copied().unwrap_or(0)
    }

    pub(crate) fn session_ended(&self) -> bool {
        self.said_goodbye
    }

    pub(crate) fn input_ended(&mut self) -> Result<(), String> {
        check(self.position < Position::InputOver, "the input ended twice")?;
        self.position = Position::InputOver;
        Ok(())
    }

    pub(crate) fn sent(&mut self, event: &ClientEvent) -> Result<(), String> {
        check(self.position < Position::InputOver, "an event after the end of the input")?;
        check(self.position < Position::SessionOver, "an event after sessionEnd")?;
        let (prompt, block) = names(event);
        if let Some(prompt) = prompt {
            match &self.prompt {
                None => {
                    check(matches!(event, ClientEvent::PromptStart { .. }), "an event before promptStart")?;
                }
                Some(known) => check(known == prompt, "a second prompt name")?,
            }
            check(self.position < Position::PromptOver, "an event of the prompt after promptEnd")?;
        }
        match event {
            ClientEvent::SessionStart { .. } => {
                check(self.position == Position::Nothing, "a second sessionStart")?;
                self.position = Position::Session;
            }
            ClientEvent::PromptStart { prompt_name, .. } => {
                check(self.position == Position::Session, "promptStart in another place than the second")?;
                self.position = Position::Prompt;
                self.prompt = Some(prompt_name.to_string());
            }
            ClientEvent::ContentStart { content_name, content, .. } => self.starts(content_name, content)?,
            ClientEvent::TextInput { text, .. } => {
                check(!text.is_empty(), "an empty textInput")?;
                check(text.chars().count() <= 1_000, "a textInput over 1,000 characters")?;
                match self.block(block)? {
                    Open::Text { payloads } => *payloads += 1,
                    Open::Audio | Open::Tool { .. } => {
                        return Err("textInput in a block of another type".to_owned());
                    }
                }
            }
            ClientEvent::AudioInput { pcm, .. } => {
                check(!pcm.is_empty(), "audioInput without samples")?;
                self.samples += pcm.len() as u64;
                check(*self.block(block)? == Open::Audio, "audioInput in a block of another type")?;
                let text_open = self.open.values().any(|open| matches!(open, Open::Text { .. }));
                check(!text_open, "audioInput while a text block is open")?;
            }
            ClientEvent::ToolResult { json, .. } => {
                let value: Value = serde_json::from_str(json).map_err(|_| "a tool result that is no JSON")?;
                check(value.is_object(), "a tool result that is no object")?;
                match self.block(block)? {
                    Open::Tool { payloads } => *payloads += 1,
                    Open::Audio | Open::Text { .. } => {
                        return Err("toolResult in a block of another type".to_owned());
                    }
                }
            }
            ClientEvent::ContentEnd { content_name, .. } => match self.open.remove(content_name.as_str()) {
                None => return Err("contentEnd of a block that is not open".to_owned()),
                Some(Open::Text { payloads }) => check(payloads > 0, "a text block without text")?,
                Some(Open::Tool { payloads }) => {
                    check(payloads == 1, "a tool block without exactly one result")?;
                }
                Some(Open::Audio) => {}
            },
            ClientEvent::PromptEnd { .. } => {
                check(self.open.is_empty(), "promptEnd while a block is open")?;
                self.position = Position::PromptOver;
            }
            ClientEvent::SessionEnd => {
                check(self.position == Position::PromptOver, "sessionEnd before promptEnd")?;
                self.position = Position::SessionOver;
                self.said_goodbye = true;
            }
            other => return Err(format!("an event that no client sends: {}", other.name())),
        }
        Ok(())
    }

    fn block(&mut self, name: Option<&str>) -> Result<&mut Open, String> {
        name.and_then(|name| self.open.get_mut(name))
            .ok_or_else(|| "a payload outside of any open block".to_owned())
    }

    fn starts(&mut self, name: &str, content: &ClientContent) -> Result<(), String> {
        check(self.names.insert(name.to_owned()), "a block's name used twice")?;
        let text_open = self.open.values().any(|open| !matches!(open, Open::Audio));
        check(!text_open, "a block begins inside a text or tool block")?;
        let open = match content {
            ClientContent::Text { role: Role::System, interactive } => {
                check(
                    self.position == Position::Prompt && !interactive,
                    "a second system prompt, or an interactive one",
                )?;
                self.position = Position::SystemPrompt;
                Open::Text { payloads: 0 }
            }
            _ if self.position < Position::SystemPrompt => {
                return Err("a block before the system prompt".to_owned());
            }
            ClientContent::Text { role: Role::SystemSpeech, interactive } => {
                check(
                    self.position == Position::SystemPrompt && !interactive,
                    "a speech prompt that does not follow the system prompt",
                )?;
                self.position = Position::Earlier;
                Open::Text { payloads: 0 }
            }
            ClientContent::Text { role, interactive: false } => {
                check(self.position < Position::Sound, "history after audio")?;
                check(matches!(role, Role::User | Role::Assistant), "history of a strange role")?;
                check(
                    self.last_history.is_some() || *role == Role::User,
                    "history that begins with the model",
                )?;
                check(self.last_history.as_ref() != Some(role), "history whose roles do not alternate")?;
                self.last_history = Some(role.clone());
                self.position = Position::Earlier;
                Open::Text { payloads: 0 }
            }
            ClientContent::Text { role, interactive: true } => {
                check(*role == Role::User, "interactive text that is not the user's")?;
                check(
                    self.open.values().any(|open| *open == Open::Audio),
                    "interactive text without open audio",
                )?;
                Open::Text { payloads: 0 }
            }
            ClientContent::Audio { .. } => {
                check(!self.open.values().any(|open| *open == Open::Audio), "a second audio block")?;
                self.position = Position::Sound;
                Open::Audio
            }
            ClientContent::ToolResult { tool_use_id } => {
                check(self.calls_made.contains(tool_use_id.as_str()), "a result for no call")?;
                let results = self.results.entry(tool_use_id.to_string()).or_default();
                *results += 1;
                check(*results == 1, "a second result for one call")?;
                Open::Tool { payloads: 0 }
            }
            _ => return Err("a block that no client opens".to_owned()),
        };
        self.open.insert(name.to_owned(), open);
        Ok(())
    }
}

fn check(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

fn names(event: &ClientEvent) -> (Option<&str>, Option<&str>) {
    match event {
        ClientEvent::PromptStart { prompt_name, .. } | ClientEvent::PromptEnd { prompt_name } => {
            (Some(prompt_name), None)
        }
        ClientEvent::ContentStart { prompt_name, content_name, .. }
        | ClientEvent::TextInput { prompt_name, content_name, .. }
        | ClientEvent::AudioInput { prompt_name, content_name, .. }
        | ClientEvent::ToolResult { prompt_name, content_name, .. }
        | ClientEvent::ContentEnd { prompt_name, content_name } => (Some(prompt_name), Some(content_name)),
        _ => (None, None),
    }
}
