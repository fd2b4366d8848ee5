//! The order that the service insists on, so that a client cannot break a stream that the server pays for.
//!
//! Source: Nova 2 user guide, `sonic-input-events`, `sonic-chat-history`, `sonic-cross-modal`, `sonic-async-tools`.

mod blocks;
mod own;

use std::collections::{HashSet, VecDeque};

use super::{GuardError, GuardOutput, GuardRules, calls::Calls, rules::within};
use crate::{
    audio::SampleRate,
    event::{ClientEvent, EndpointingSensitivity, InferenceConfiguration, PromptAudio},
    id::{ContentName, PromptName},
};

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

/// What becomes of a prompt that the client sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It goes on to the service.
    Forwarded,
    /// The server's own words stand in its block.
    Replaced,
    /// Nothing of its block goes on.
    Withheld,
}

enum Block {
    Prompt { bytes: usize, fate: Fate },
    History { bytes: usize },
    Typed { bytes: usize },
    Audio { rate: SampleRate },
    ToolResult { given: bool },
}

impl Block {
    const fn is_text(&self) -> bool {
        matches!(self, Self::Prompt { .. } | Self::History { .. } | Self::Typed { .. })
    }

    const fn is_withheld(&self) -> bool {
        matches!(self, Self::Prompt { fate: Fate::Withheld, .. })
    }
}

/// Longest name of a prompt or a block, bytes; the guide names no limit, every client sends a UUID.
const NAME_BYTES: usize = 256;

const fn broken(rule: &'static str) -> GuardError {
    GuardError::Order { rule }
}

/// What the client has said so far, as far as later events depend on it.
pub(in crate::relay::guard) struct Order {
    phase: Phase,
    stage: Stage,
    prompt_name: PromptName,
    names: HashSet<ContentName>,
    open: Vec<(ContentName, Block)>,
    history_bytes: usize,
    history_messages: usize,
    /// Blocks that the server has added.
    added: usize,
}

/// What an event is judged by, and where it goes.
pub(in crate::relay::guard) struct Desk<'a> {
    pub(in crate::relay::guard) rules: &'a GuardRules,
    pub(in crate::relay::guard) calls: &'a mut Calls,
    pub(in crate::relay::guard) out: &'a mut VecDeque<GuardOutput>,
}

impl Desk<'_> {
    fn pass(&mut self, event: ClientEvent) {
        self.out.push_back(GuardOutput::ToService(event));
    }
}

impl Order {
    pub(in crate::relay::guard) fn new() -> Self {
        Self {
            phase: Phase::AwaitingSession,
            stage: Stage::Nothing,
            prompt_name: PromptName::from(""),
            names: HashSet::new(),
            open: Vec::new(),
            history_bytes: 0,
            history_messages: 0,
            added: 0,
        }
    }

    /// Whether the client has opened its prompt.
    pub(in crate::relay::guard) fn has_prompt(&self) -> bool {
        !matches!(self.phase, Phase::AwaitingSession | Phase::AwaitingPrompt)
    }

    /// Whether the client has said its last word.
    pub(in crate::relay::guard) fn has_ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// Rate of the open audio block.
    pub(in crate::relay::guard) fn sound_rate(&self) -> Option<SampleRate> {
        self.open.iter().find_map(|(_, block)| match block {
            Block::Audio { rate } => Some(*rate),
            Block::Prompt { .. } | Block::History { .. } | Block::Typed { .. } | Block::ToolResult { .. } => {
                None
            }
        })
    }

    pub(in crate::relay::guard) fn accept(
        &mut self,
        event: ClientEvent,
        desk: &mut Desk<'_>,
    ) -> Result<(), GuardError> {
        match event {
            ClientEvent::SessionStart { inference, endpointing } => {
                self.session_start(inference, endpointing, desk)
            }
            ClientEvent::PromptStart { prompt_name, audio, tools, tool_choice } => {
                self.expect(Phase::AwaitingPrompt, "promptStart comes once, after sessionStart")?;
                check_name(&prompt_name)?;
                let voice_id = desk.rules.voice(audio.voice_id)?;
                let (tools, tool_choice) = desk.rules.tools(tools, tool_choice)?;
                self.phase = Phase::Open;
                self.prompt_name = prompt_name.clone();
                let audio = PromptAudio { rate: audio.rate, voice_id };
                desk.pass(ClientEvent::PromptStart { prompt_name, audio, tools, tool_choice });
                Ok(())
            }
            ClientEvent::ContentStart { prompt_name, content_name, content } => {
                self.expect_prompt(&prompt_name)?;
                self.content_start(content_name, content, desk)
            }
            ClientEvent::TextInput { prompt_name, content_name, text } => {
                self.expect_prompt(&prompt_name)?;
                self.text_input(content_name, text, desk)
            }
            ClientEvent::AudioInput { ref prompt_name, ref content_name, .. } => {
                self.expect_prompt(prompt_name)?;
                if self.open.iter().any(|(_, block)| block.is_text()) {
                    return Err(broken("no sound while a text block is open"));
                }
                let Block::Audio { .. } = self.block(content_name)? else {
                    return Err(broken("sound for a block that is not of audio"));
                };
                desk.pass(event);
                Ok(())
            }
            ClientEvent::ToolResult { prompt_name, content_name, json } => {
                self.expect_prompt(&prompt_name)?;
                self.tool_result(content_name, json, desk)
            }
            ClientEvent::ContentEnd { prompt_name, content_name } => {
                self.expect_prompt(&prompt_name)?;
                self.content_end(content_name, desk)
            }
            ClientEvent::PromptEnd { prompt_name } => {
                self.expect_prompt(&prompt_name)?;
                if !self.open.is_empty() {
                    return Err(broken("every block is closed before the prompt"));
                }
                self.phase = Phase::PromptEnded;
                desk.pass(ClientEvent::PromptEnd { prompt_name });
                Ok(())
            }
            ClientEvent::SessionEnd => {
                if !matches!(self.phase, Phase::AwaitingPrompt | Phase::PromptEnded) {
                    return Err(broken("sessionEnd comes once, after promptEnd"));
                }
                self.phase = Phase::Ended;
                desk.pass(ClientEvent::SessionEnd);
                desk.out.push_back(GuardOutput::EndInput);
                Ok(())
            }
            // the service would end the stream for it
            ClientEvent::Unknown { .. } => Err(GuardError::Refused { what: "an unknown event" }),
        }
    }

    fn session_start(
        &mut self,
        mut inference: InferenceConfiguration,
        endpointing: Option<EndpointingSensitivity>,
        desk: &mut Desk<'_>,
    ) -> Result<(), GuardError> {
        self.expect(Phase::AwaitingSession, "sessionStart comes once, and first")?;
        if matches!(endpointing, Some(EndpointingSensitivity::Other(_))) {
            return Err(GuardError::Refused { what: "the endpointing sensitivity" });
        }
        if let Some(limit) = desk.rules.limits.answer_tokens {
            inference.max_tokens = Some(inference.max_tokens.map_or(limit, |wish| wish.min(limit)));
        }
        self.phase = Phase::AwaitingPrompt;
        desk.pass(ClientEvent::SessionStart { inference, endpointing });
        Ok(())
    }

    fn expect(&self, phase: Phase, rule: &'static str) -> Result<(), GuardError> {
        if self.phase == phase { Ok(()) } else { Err(broken(rule)) }
    }

    fn expect_prompt(&self, prompt_name: &PromptName) -> Result<(), GuardError> {
        self.expect(Phase::Open, "blocks come between promptStart and promptEnd")?;
        if *prompt_name == self.prompt_name { Ok(()) } else { Err(broken("one prompt, by one name")) }
    }

    fn expect_system(&self) -> Result<(), GuardError> {
        if self.stage == Stage::Nothing { Err(broken("the system prompt comes first")) } else { Ok(()) }
    }

    fn block(&mut self, name: &ContentName) -> Result<&mut Block, GuardError> {
        let found = self.open.iter_mut().find(|(open, _)| open == name);
        found.map(|(_, block)| block).ok_or(broken("no open block of this name"))
    }
}

fn check_name(name: &str) -> Result<(), GuardError> {
    if name.is_empty() {
        return Err(broken("prompts and blocks have names"));
    }
    within("bytes of a name", name.len(), NAME_BYTES)
}
