//! What the guard itself says to the service.

use std::collections::VecDeque;

use super::{Block, Order, Phase};
use crate::{
    event::{ClientContent, ClientEvent},
    id::{ContentName, ToolUseId},
    relay::guard::GuardOutput,
    session,
};

impl Order {
    /// The block of a result that the server itself gives; nothing once the prompt is over.
    pub(in crate::relay::guard) fn add_result(
        &mut self,
        call: ToolUseId,
        json: String,
        out: &mut VecDeque<GuardOutput>,
    ) {
        if self.phase != Phase::Open {
            return;
        }
        let content_name = self.own_name();
        let prompt_name = self.prompt_name.clone();
        let events = [
            ClientEvent::ContentStart {
                prompt_name: prompt_name.clone(),
                content_name: content_name.clone(),
                content: ClientContent::ToolResult { tool_use_id: call },
            },
            ClientEvent::ToolResult {
                prompt_name: prompt_name.clone(),
                content_name: content_name.clone(),
                json,
            },
            ClientEvent::ContentEnd { prompt_name, content_name },
        ];
        out.extend(events.map(GuardOutput::ToService));
    }

    /// A name that no block of the client has had or can still have.
    fn own_name(&mut self) -> ContentName {
        loop {
            self.added += 1;
            let name = ContentName::from(format!("relay-{}", self.added).as_str());
            if self.names.insert(name.clone()) {
                return name;
            }
        }
    }

    /// What is missing for an orderly end.
    pub(in crate::relay::guard) fn hang_up(&mut self, out: &mut VecDeque<GuardOutput>) {
        if self.phase == Phase::Ended {
            return;
        }
        let prompt_name = self.prompt_name.clone();
        for (content_name, block) in self.open.drain(..).filter(|(_, block)| !block.is_withheld()) {
            if matches!(block, Block::ToolResult { given: false }) {
                let json = session::error_object("the conversation is ending");
                let (prompt_name, content_name) = (prompt_name.clone(), content_name.clone());
                out.push_back(GuardOutput::ToService(ClientEvent::ToolResult {
                    prompt_name,
                    content_name,
                    json,
                }));
            }
            let prompt_name = prompt_name.clone();
            out.push_back(GuardOutput::ToService(ClientEvent::ContentEnd { prompt_name, content_name }));
        }
        if self.phase == Phase::Open {
            out.push_back(GuardOutput::ToService(ClientEvent::PromptEnd { prompt_name }));
        }
        if self.phase != Phase::AwaitingSession {
            out.push_back(GuardOutput::ToService(ClientEvent::SessionEnd));
        }
        out.push_back(GuardOutput::EndInput);
        self.phase = Phase::Ended;
    }
}
