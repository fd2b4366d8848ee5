//! One block after the other: what may stand in it, and how much.

use super::{Block, Desk, Fate, Order, Stage, broken, check_name};
use crate::{
    event::{ClientContent, ClientEvent, Role},
    id::ContentName,
    json::{Reader, read_by},
    relay::guard::{GuardError, GuardRules, PromptRule, rules::within},
    session,
};

/// Blocks open at once: one of text, one of audio, and results of parallel tools.
const OPEN_BLOCKS: usize = 64;

impl Order {
    pub(super) fn content_start(
        &mut self,
        content_name: ContentName,
        content: ClientContent,
        desk: &mut Desk<'_>,
    ) -> Result<(), GuardError> {
        check_name(&content_name)?;
        if self.names.contains(&content_name) {
            return Err(broken("a block's name is used once"));
        }
        within("blocks", self.names.len() + 1, desk.rules.limits.blocks)?;
        within("open blocks", self.open.len() + 1, OPEN_BLOCKS)?;
        let block = match &content {
            ClientContent::Text { role, interactive } => self.text_block(role, *interactive, desk.rules)?,
            ClientContent::Audio { rate } => {
                self.expect_system()?;
                if self.sound_rate().is_some() {
                    return Err(broken("one audio block is open at a time"));
                }
                self.stage = Stage::Audio;
                Block::Audio { rate: *rate }
            }
            ClientContent::ToolResult { tool_use_id } => {
                // taken off the list while its block is open, so that a second block cannot answer it too
                if !desk.calls.answered_by_client(tool_use_id) {
                    return Err(broken("a tool result answers a call that still waits for it"));
                }
                Block::ToolResult { given: false }
            }
        };
        self.names.insert(content_name.clone());
        if !block.is_withheld() {
            let (prompt_name, content_name) = (self.prompt_name.clone(), content_name.clone());
            desk.pass(ClientEvent::ContentStart { prompt_name, content_name, content });
        }
        if matches!(block, Block::Prompt { .. }) && self.stage == Stage::System {
            self.add_own_words(&content_name, desk);
        }
        self.open.push((content_name, block));
        Ok(())
    }

    /// The server's own system prompt, in the block that the client has opened for its.
    fn add_own_words(&self, content_name: &ContentName, desk: &mut Desk<'_>) {
        let (words, gap) = match &desk.rules.system_prompt {
            PromptRule::Free => return,
            PromptRule::Locked(words) => (words, None),
            PromptRule::Prefixed(words) => (words, Some("\n\n")),
        };
        for run in session::runs(words).chain(gap) {
            desk.pass(ClientEvent::TextInput {
                prompt_name: self.prompt_name.clone(),
                content_name: content_name.clone(),
                text: run.to_owned(),
            });
        }
    }

    fn text_block(
        &mut self,
        role: &Role,
        interactive: bool,
        rules: &GuardRules,
    ) -> Result<Block, GuardError> {
        if self.open.iter().any(|(_, block)| block.is_text()) {
            return Err(broken("one text block is open at a time"));
        }
        let locked = matches!(rules.system_prompt, PromptRule::Locked(_));
        match role {
            Role::System if self.stage == Stage::Nothing => {
                self.stage = Stage::System;
                Ok(Block::Prompt { bytes: 0, fate: if locked { Fate::Replaced } else { Fate::Forwarded } })
            }
            Role::System => Err(broken("the system prompt comes once, and first")),
            Role::SystemSpeech if self.stage == Stage::System => {
                self.stage = Stage::SpeechPrompt;
                Ok(Block::Prompt { bytes: 0, fate: if locked { Fate::Withheld } else { Fate::Forwarded } })
            }
            Role::SystemSpeech => Err(broken("the speech prompt comes once, after the system prompt")),
            Role::User if interactive => {
                self.expect_system()?;
                Ok(Block::Typed { bytes: 0 })
            }
            Role::User | Role::Assistant => {
                self.expect_system()?;
                if self.stage == Stage::Audio {
                    return Err(broken("the history is complete before sound begins"));
                }
                if self.stage < Stage::History && *role == Role::Assistant {
                    return Err(broken("the history begins with the user"));
                }
                self.history_messages += 1;
                within("history messages", self.history_messages, rules.limits.history_messages)?;
                self.stage = Stage::History;
                Ok(Block::History { bytes: 0 })
            }
            Role::Tool | Role::Other(_) => Err(GuardError::Refused { what: "the role of a text block" }),
        }
    }

    pub(super) fn text_input(
        &mut self,
        content_name: ContentName,
        text: String,
        desk: &mut Desk<'_>,
    ) -> Result<(), GuardError> {
        let limits = &desk.rules.limits;
        let mut fate = Fate::Forwarded;
        match self.block(&content_name)? {
            Block::Prompt { bytes, fate: prompts } => {
                *bytes = bytes.saturating_add(text.len());
                within("prompt bytes", *bytes, limits.prompt_bytes)?;
                fate = *prompts;
            }
            Block::Typed { bytes } => {
                *bytes = bytes.saturating_add(text.len());
                within("typed bytes", *bytes, limits.message_bytes)?;
            }
            Block::History { bytes } => {
                *bytes = bytes.saturating_add(text.len());
                within("history message bytes", *bytes, limits.message_bytes)?;
                self.history_bytes = self.history_bytes.saturating_add(text.len());
                within("history bytes", self.history_bytes, limits.history_bytes)?;
            }
            Block::Audio { .. } | Block::ToolResult { .. } => {
                return Err(broken("words for a block that is not of text"));
            }
        }
        if fate == Fate::Forwarded {
            desk.pass(ClientEvent::TextInput { prompt_name: self.prompt_name.clone(), content_name, text });
        }
        Ok(())
    }

    pub(super) fn tool_result(
        &mut self,
        content_name: ContentName,
        json: String,
        desk: &mut Desk<'_>,
    ) -> Result<(), GuardError> {
        let Block::ToolResult { given } = self.block(&content_name)? else {
            return Err(broken("a tool's result for a block that is not of a tool"));
        };
        if std::mem::replace(given, true) {
            return Err(broken("one result in one block"));
        }
        within("tool result bytes", json.len(), desk.rules.limits.tool_result_bytes)?;
        let is_object =
            json.trim_start().starts_with('{') && read_by(json.as_bytes(), &mut Reader::skip).is_ok();
        if !is_object {
            return Err(broken("a tool's result is a JSON object"));
        }
        desk.pass(ClientEvent::ToolResult { prompt_name: self.prompt_name.clone(), content_name, json });
        Ok(())
    }

    pub(super) fn content_end(
        &mut self,
        content_name: ContentName,
        desk: &mut Desk<'_>,
    ) -> Result<(), GuardError> {
        let place = self.open.iter().position(|(open, _)| *open == content_name);
        let (_, block) = self.open.swap_remove(place.ok_or(broken("no open block of this name"))?);
        if matches!(block, Block::ToolResult { given: false }) {
            return Err(broken("a tool's block without its result"));
        }
        if !block.is_withheld() {
            desk.pass(ClientEvent::ContentEnd { prompt_name: self.prompt_name.clone(), content_name });
        }
        Ok(())
    }
}
