//! The service's open content blocks: a block's end names neither role nor stage, so its start is remembered.

use super::TurnId;
use crate::{
    event::GenerationStage,
    id::{ContentId, ToolUseId},
};

pub(super) enum Kind {
    UserText {
        /// Whether it held any.
        words: bool,
    },
    AssistantText {
        stage: Option<GenerationStage>,
    },
    Audio,
    Tool {
        call: Option<Call>,
    },
    Other,
}

pub(super) struct Call {
    pub(super) id: ToolUseId,
    pub(super) name: String,
    pub(super) input: String,
}

pub(super) struct Block {
    pub(super) id: ContentId,
    pub(super) kind: Kind,
    pub(super) turn: TurnId,
}

/// Blocks that may be open at once. One is the rule, with usage between; more is a service gone wrong.
const OPEN_LIMIT: usize = 32;

#[derive(Default)]
pub(super) struct Blocks {
    open: Vec<Block>,
}

impl Blocks {
    pub(super) fn open(&mut self, block: Block) {
        self.open.retain(|known| known.id != block.id);
        if self.open.len() >= OPEN_LIMIT {
            self.open.remove(0);
        }
        self.open.push(block);
    }

    pub(super) fn find_mut(&mut self, id: &ContentId) -> Option<&mut Block> {
        self.open.iter_mut().rev().find(|block| block.id == *id)
    }

    /// The calls in blocks that have not ended: nobody has been told of them.
    pub(super) fn untold_calls(&self) -> impl Iterator<Item = &ToolUseId> {
        self.open.iter().filter_map(|block| match &block.kind {
            Kind::Tool { call } => call.as_ref().map(|call| &call.id),
            Kind::UserText { .. } | Kind::AssistantText { .. } | Kind::Audio | Kind::Other => None,
        })
    }

    pub(super) fn close(&mut self, id: &ContentId) -> Option<Block> {
        let place = self.open.iter().rposition(|block| block.id == *id)?;
        Some(self.open.remove(place))
    }
}
