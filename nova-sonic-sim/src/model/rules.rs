//! The order that the service insists on. Source: Nova 2 user guide, `sonic-input-events`, `sonic-chat-history`,
//! `sonic-cross-modal`, `sonic-async-tools`; what it says when the order is broken is in `refusal`.
//!
//! Not enforced, because nobody has seen the live service do so: that roles alternate in the history, and a number of
//! messages in it.

use std::collections::{BTreeSet, HashSet};

use nova_sonic_core::{
    audio::{Pcm, SampleRate},
    event::{ClientContent, ClientEvent, EndpointingSensitivity, Role},
    id::{ContentName, PromptName, ToolUseId},
};
use serde_json::{Map, Value};

use super::{Limits, VOICES, refusal::Refusal};

/// What an accepted event means for the model.
pub(super) enum Accepted {
    SessionStarted {
        endpointing: EndpointingSensitivity,
    },
    PromptStarted {
        prompt_name: PromptName,
        rate: SampleRate,
    },
    /// Text that is only read, of this many bytes: prompts and history.
    Read(usize),
    AudioOpened(SampleRate),
    Audio(Pcm),
    AudioClosed,
    /// Words that are to be answered.
    Typed(String),
    ToolResult(ToolUseId, Map<String, Value>),
    SessionEnded,
    /// Nothing that the model acts on.
    Noted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    AwaitingSession,
    AwaitingPrompt,
    Open,
    PromptEnded,
    Ended,
}

/// How far the conversation has come; each step is taken once and in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Nothing,
    System,
    SpeechPrompt,
    History,
    Audio,
}

enum Block {
    Instructions,
    History { bytes: usize },
    Interactive { text: String },
    Audio,
    ToolResult { call: ToolUseId, given: bool },
}

impl Block {
    const fn is_text(&self) -> bool {
        matches!(self, Self::Instructions | Self::History { .. } | Self::Interactive { .. })
    }
}

/// Longest name of a block, bytes; the guide names no limit, every client sends a UUID.
const NAME_BYTES: usize = 512;
/// Blocks in one stream: no conversation of eight minutes comes near, and names must be remembered.
const BLOCKS: usize = 10_000;
/// Blocks open at once: one of audio, one of text, and results of parallel tools.
const OPEN_BLOCKS: usize = 64;
/// As much of the system prompt as a scenario can quote, bytes.
const INSTRUCTION_BYTES: usize = 64 * 1024;
/// As much of a typed text as the model reads, bytes.
const TYPED_BYTES: usize = 2_000;

/// What the client has said so far, as far as later events depend on it.
pub(super) struct Rules {
    limits: Limits,
    phase: Phase,
    prompt_name: PromptName,
    tools: BTreeSet<String>,
    names: HashSet<ContentName>,
    open: Vec<(ContentName, Block)>,
    stage: Stage,
    instructions: String,
    history_bytes: usize,
    /// Calls that still want a result.
    calls: BTreeSet<ToolUseId>,
}

impl Rules {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            phase: Phase::AwaitingSession,
            prompt_name: PromptName::from(""),
            tools: BTreeSet::new(),
            names: HashSet::new(),
            open: Vec::new(),
            stage: Stage::Nothing,
            instructions: String::new(),
            history_bytes: 0,
            calls: BTreeSet::new(),
        }
    }

    /// Whether the client said that it has this tool.
    pub(super) fn has_tool(&self, name: &str) -> bool {
        self.tools.contains(name)
    }

    /// The system prompt, as far as it is kept.
    pub(super) fn instructions(&self) -> &str {
        &self.instructions
    }

    /// A call has gone out: exactly one result may come.
    pub(super) fn expect_result(&mut self, call: ToolUseId) {
        self.calls.insert(call);
    }

    pub(super) fn accept(&mut self, event: ClientEvent) -> Result<Accepted, Refusal> {
        match event {
            ClientEvent::SessionStart { endpointing, .. } => self.session_start(endpointing),
            ClientEvent::PromptStart { prompt_name, audio, tools, .. } => {
                self.expect(Phase::AwaitingPrompt, "promptStart comes once, after sessionStart")?;
                if !VOICES.contains(&audio.voice_id.as_str()) {
                    return Err(Refusal::VoiceUnknown);
                }
                for tool in &tools {
                    if !self.tools.insert(tool.name().to_owned()) {
                        return Err(Refusal::Broken("two tools of one name"));
                    }
                }
                check_name(&prompt_name)?;
                self.phase = Phase::Open;
                self.prompt_name = prompt_name.clone();
                Ok(Accepted::PromptStarted { prompt_name, rate: audio.rate })
            }
            ClientEvent::ContentStart { prompt_name, content_name, content } => {
                self.expect_prompt(&prompt_name)?;
                self.content_start(content_name, &content)
            }
            ClientEvent::TextInput { prompt_name, content_name, text } => {
                self.expect_prompt(&prompt_name)?;
                self.text_input(&content_name, &text)
            }
            ClientEvent::AudioInput { prompt_name, content_name, pcm } => {
                self.expect_prompt(&prompt_name)?;
                if self.open.iter().any(|(_, block)| block.is_text()) {
                    return Err(Refusal::HistoryIncomplete);
                }
                match self.block(&content_name)? {
                    Block::Audio => Ok(Accepted::Audio(pcm)),
                    Block::Instructions
                    | Block::History { .. }
                    | Block::Interactive { .. }
                    | Block::ToolResult { .. } => {
                        Err(Refusal::Broken("audioInput for a block that is not of audio"))
                    }
                }
            }
            ClientEvent::ToolResult { prompt_name, content_name, json } => {
                self.expect_prompt(&prompt_name)?;
                self.tool_result(&content_name, &json)
            }
            ClientEvent::ContentEnd { prompt_name, content_name } => {
                self.expect_prompt(&prompt_name)?;
                self.content_end(&content_name)
            }
            ClientEvent::PromptEnd { prompt_name } => {
                self.expect_prompt(&prompt_name)?;
                if !self.open.is_empty() {
                    return Err(Refusal::ContentsOpen);
                }
                self.phase = Phase::PromptEnded;
                Ok(Accepted::Noted)
            }
            ClientEvent::SessionEnd => {
                self.end()?;
                Ok(Accepted::SessionEnded)
            }
            ClientEvent::Unknown { .. } => Err(Refusal::Broken("no such event")),
            _ => Err(Refusal::Broken("an event that this service does not take")),
        }
    }

    /// The client wants no more: by `sessionEnd`, or by ending its half of the stream.
    pub(super) fn end(&mut self) -> Result<(), Refusal> {
        match self.phase {
            Phase::AwaitingSession => Err(Refusal::Broken("nothing came before the end")),
            Phase::Open => Err(Refusal::PromptOpen(self.prompt_name.clone())),
            Phase::AwaitingPrompt | Phase::PromptEnded | Phase::Ended => {
                self.phase = Phase::Ended;
                Ok(())
            }
        }
    }

    fn session_start(&mut self, endpointing: Option<EndpointingSensitivity>) -> Result<Accepted, Refusal> {
        self.expect(Phase::AwaitingSession, "sessionStart comes once")?;
        let endpointing = match endpointing {
            Some(EndpointingSensitivity::Other(_)) => {
                return Err(Refusal::Broken("endpointingSensitivity is HIGH, MEDIUM or LOW"));
            }
            Some(known) => known,
            None => EndpointingSensitivity::Medium,
        };
        self.phase = Phase::AwaitingPrompt;
        Ok(Accepted::SessionStarted { endpointing })
    }

    fn content_start(&mut self, name: ContentName, content: &ClientContent) -> Result<Accepted, Refusal> {
        check_name(&name)?;
        if self.names.contains(&name) {
            return Err(Refusal::Broken("a contentName is used once"));
        }
        if self.names.len() >= BLOCKS || self.open.len() >= OPEN_BLOCKS {
            return Err(Refusal::Broken("too many blocks"));
        }
        let (block, accepted) = match content {
            ClientContent::Text { role, interactive } => {
                (self.text_block(role, *interactive)?, Accepted::Noted)
            }
            ClientContent::Audio { rate } => {
                self.expect_system()?;
                if self.open.iter().any(|(_, block)| matches!(block, Block::Audio)) {
                    return Err(Refusal::Broken("one audio block is open already"));
                }
                self.stage = Stage::Audio;
                (Block::Audio, Accepted::AudioOpened(*rate))
            }
            ClientContent::ToolResult { tool_use_id } => {
                // taken out while its block is open, so that a second block cannot answer it too
                let Some(call) = self.calls.take(tool_use_id) else {
                    return Err(Refusal::Broken("a tool result answers one call that is still open"));
                };
                (Block::ToolResult { call, given: false }, Accepted::Noted)
            }
            _ => return Err(Refusal::Broken("a block that this service does not take")),
        };
        self.names.insert(name.clone());
        self.open.push((name, block));
        Ok(accepted)
    }

    fn text_block(&mut self, role: &Role, interactive: bool) -> Result<Block, Refusal> {
        if self.open.iter().any(|(_, block)| block.is_text()) {
            return Err(Refusal::Broken("one text block is open already"));
        }
        match role {
            Role::System if self.stage >= Stage::System => Err(Refusal::Broken("a second SYSTEM block")),
            Role::System => {
                self.stage = Stage::System;
                Ok(Block::Instructions)
            }
            Role::SystemSpeech if self.stage != Stage::System => {
                Err(Refusal::Broken("SYSTEM_SPEECH comes once, right after SYSTEM"))
            }
            Role::SystemSpeech => {
                self.stage = Stage::SpeechPrompt;
                Ok(Block::Instructions)
            }
            Role::User if interactive => {
                self.expect_system()?;
                Ok(Block::Interactive { text: String::new() })
            }
            Role::User | Role::Assistant => {
                self.expect_system()?;
                if self.stage == Stage::Audio {
                    return Err(Refusal::HistoryIncomplete);
                }
                if self.stage < Stage::History && *role == Role::Assistant {
                    return Err(Refusal::Broken("history begins with USER"));
                }
                self.stage = Stage::History;
                Ok(Block::History { bytes: 0 })
            }
            Role::Tool | Role::Other(_) => Err(Refusal::Broken("no such role for text")),
            _ => Err(Refusal::Broken("a role that this service does not take")),
        }
    }

    fn text_input(&mut self, name: &ContentName, text: &str) -> Result<Accepted, Refusal> {
        let limits = self.limits;
        match self.block(name)? {
            Block::Instructions => {
                append(&mut self.instructions, text, INSTRUCTION_BYTES);
                Ok(Accepted::Read(text.len()))
            }
            Block::History { bytes } => {
                *bytes = bytes.saturating_add(text.len());
                if *bytes > limits.history_message_bytes {
                    return Err(Refusal::HistoryTooLong);
                }
                self.history_bytes = self.history_bytes.saturating_add(text.len());
                if self.history_bytes > limits.history_total_bytes {
                    return Err(Refusal::HistoryTooLong);
                }
                Ok(Accepted::Read(text.len()))
            }
            Block::Interactive { text: typed } => {
                append(typed, text, TYPED_BYTES);
                Ok(Accepted::Read(text.len()))
            }
            Block::Audio | Block::ToolResult { .. } => {
                Err(Refusal::Broken("textInput for a block that is not of text"))
            }
        }
    }

    fn tool_result(&mut self, name: &ContentName, json: &str) -> Result<Accepted, Refusal> {
        let Block::ToolResult { call, given } = self.block(name)? else {
            return Err(Refusal::Broken("toolResult for a block that is not of a tool"));
        };
        if *given {
            return Err(Refusal::Broken("a second toolResult in one block"));
        }
        *given = true;
        let call = call.clone();
        if let Ok(Value::Object(result)) = serde_json::from_str(json) {
            return Ok(Accepted::ToolResult(call, result));
        }
        // the call stays open: the client may answer it again in a new block
        self.calls.insert(call);
        Err(Refusal::ToolResult)
    }

    fn content_end(&mut self, name: &ContentName) -> Result<Accepted, Refusal> {
        let place = self.open.iter().position(|(open, _)| open == name);
        let Some(place) = place else {
            return Err(Refusal::Broken("no open block of this contentName"));
        };
        match self.open.swap_remove(place).1 {
            Block::Instructions | Block::History { .. } | Block::ToolResult { given: true, .. } => {
                Ok(Accepted::Noted)
            }
            Block::Interactive { text } => Ok(Accepted::Typed(text)),
            Block::Audio => Ok(Accepted::AudioClosed),
            Block::ToolResult { given: false, .. } => Err(Refusal::Broken("a tool block without its result")),
        }
    }

    fn block(&mut self, name: &ContentName) -> Result<&mut Block, Refusal> {
        let block = self.open.iter_mut().find(|(open, _)| open == name);
        block.map(|(_, block)| block).ok_or(Refusal::Broken("no open block of this contentName"))
    }

    fn expect(&self, phase: Phase, otherwise: &'static str) -> Result<(), Refusal> {
        if self.phase == phase { Ok(()) } else { Err(Refusal::Broken(otherwise)) }
    }

    fn expect_prompt(&self, name: &PromptName) -> Result<(), Refusal> {
        self.expect(Phase::Open, "no prompt is open")?;
        if *name == self.prompt_name { Ok(()) } else { Err(Refusal::Broken("no prompt of this promptName")) }
    }

    fn expect_system(&self) -> Result<(), Refusal> {
        if self.stage >= Stage::System {
            Ok(())
        } else {
            Err(Refusal::Broken("the SYSTEM block comes first"))
        }
    }
}

/// Appends as much of `more` as fits into `most` bytes.
fn append(text: &mut String, more: &str, most: usize) {
    let room = most.saturating_sub(text.len());
    text.push_str(more.get(..more.floor_char_boundary(room)).unwrap_or_default());
}

fn check_name(name: &str) -> Result<(), Refusal> {
    if name.is_empty() || name.len() > NAME_BYTES {
        return Err(Refusal::Broken("a name is empty or very long"));
    }
    Ok(())
}
