//! Tool calls on their way to whoever answers them.

use std::collections::VecDeque;

use super::{GuardOutput, GuardRules};
use crate::{
    event::{ServerContent, ServerEvent, StopReason},
    id::{ContentId, ToolUseId},
};

/// Calls that may wait at once, of either side; blocks that may be held back.
const WAITING_LIMIT: usize = 128;

/// Which calls wait for an answer, and which blocks the client does not see.
#[derive(Default)]
pub(super) struct Calls {
    /// Tool blocks whose call has not come yet, so that nobody knows whose they are.
    held: Vec<(ContentId, ServerEvent)>,
    /// Blocks of the server's own calls, each with its call until the block ends.
    own_blocks: Vec<(ContentId, GuardOutput)>,
    /// Calls that the client has to answer.
    client: VecDeque<ToolUseId>,
    /// Calls that the server has to answer.
    server: VecDeque<ToolUseId>,
}

impl Calls {
    /// Takes one event of the service and says what becomes of it: of a call that the server answers, the client
    /// sees nothing. Returns a call of the server's that the user has interrupted.
    pub(super) fn sort(
        &mut self,
        rules: &GuardRules,
        event: ServerEvent,
        out: &mut VecDeque<GuardOutput>,
    ) -> Option<ToolUseId> {
        match &event {
            ServerEvent::ContentStart { content_id, content: ServerContent::Tool, .. } => {
                if rules.answers_some() && self.held.len() < WAITING_LIMIT {
                    self.held.push((content_id.clone(), event));
                    return None;
                }
            }
            ServerEvent::ToolUse { content_id, tool_use_id, tool_name, input, .. } => {
                let start = take(&mut self.held, content_id);
                if rules.answers(tool_name) && self.server.len() < WAITING_LIMIT {
                    self.server.push_back(tool_use_id.clone());
                    let (id, name, input) = (tool_use_id.clone(), tool_name.clone(), input.clone());
                    let call = GuardOutput::CallTool { id, name, input };
                    match start {
                        // a tool is run when its block has ended
                        Some(_) => self.own_blocks.push((content_id.clone(), call)),
                        None => out.push_back(call),
                    }
                    return None;
                }
                out.extend(start.map(GuardOutput::ToClient));
                if self.client.len() >= WAITING_LIMIT {
                    self.client.pop_front();
                }
                self.client.push_back(tool_use_id.clone());
            }
            ServerEvent::ContentEnd { content_id, stop_reason, .. } => {
                if let Some(call) = take(&mut self.own_blocks, content_id) {
                    if *stop_reason == Some(StopReason::Interrupted)
                        && let GuardOutput::CallTool { id, .. } = call
                    {
                        return Some(id);
                    }
                    out.push_back(call);
                    return None;
                }
                out.extend(take(&mut self.held, content_id).map(GuardOutput::ToClient));
            }
            ServerEvent::Usage { .. }
            | ServerEvent::CompletionStart { .. }
            | ServerEvent::ContentStart { .. }
            | ServerEvent::TextOutput { .. }
            | ServerEvent::AudioOutput { .. }
            | ServerEvent::CompletionEnd { .. }
            | ServerEvent::Unknown { .. } => {}
        }
        out.push_back(GuardOutput::ToClient(event));
        None
    }

    /// Takes a call that the client has to answer off the list; `false` when it is not on it.
    pub(super) fn answered_by_client(&mut self, call: &ToolUseId) -> bool {
        strike(&mut self.client, call)
    }

    /// Takes a call that the server has to answer off the list; `false` when it is not on it.
    pub(super) fn answered_by_server(&mut self, call: &ToolUseId) -> bool {
        strike(&mut self.server, call)
    }

    /// Whether the server has to answer this call.
    pub(super) fn waits_for_server(&self, call: &ToolUseId) -> bool {
        self.server.contains(call)
    }
}

fn take<T>(blocks: &mut Vec<(ContentId, T)>, wanted: &ContentId) -> Option<T> {
    let place = blocks.iter().position(|(block, _)| block == wanted)?;
    Some(blocks.remove(place).1)
}

fn strike(calls: &mut VecDeque<ToolUseId>, wanted: &ToolUseId) -> bool {
    let place = calls.iter().position(|call| call == wanted);
    place.and_then(|place| calls.remove(place)).is_some()
}
