//! Whose turn it is, from content blocks alone: completions span whole sessions and mark nothing.

use std::time::Duration;

use super::TurnId;
use crate::time::Tick;

/// Pause after which an answer counts as finished though the service has not said so. Blocks of one answer follow each
/// other faster than they play.
const ABANDONED: Duration = Duration::from_secs(3);

#[derive(Debug, Default)]
pub(super) struct Turns {
    last: u64,
    speaker: Option<Speaker>,
    last_answer: Option<TurnId>,
    /// The answer that was still coming in when the user typed or wanted silence, of which the service does not know.
    unfinished: Option<TurnId>,
    last_block: Tick,
    sounding: Option<TurnId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
    User(TurnId),
    /// The user, in writing.
    Writer(TurnId),
    Assistant(TurnId),
}

impl Turns {
    /// The user's turn; a new one unless the user was speaking already.
    pub(super) fn user_speaks(&mut self) -> TurnId {
        self.unfinished = None;
        match self.speaker {
            Some(Speaker::User(turn)) => turn,
            Some(Speaker::Writer(_) | Speaker::Assistant(_)) | None => {
                let turn = self.next();
                self.speaker = Some(Speaker::User(turn));
                turn
            }
        }
    }

    /// What is typed is a turn of its own. An answer that is `unfinished` by then goes on in its own turn, for typing is
    /// not part of the service's order of events.
    pub(super) fn user_typed(&mut self, unfinished: bool) -> TurnId {
        if let Some(Speaker::Assistant(turn)) = self.speaker
            && unfinished
        {
            self.unfinished = Some(turn);
        }
        let turn = self.next();
        self.speaker = Some(Speaker::Writer(turn));
        turn
    }

    /// The model's turn and whether it begins here.
    pub(super) fn assistant_speaks(&mut self) -> (TurnId, bool) {
        if let Some(turn) = self.assistant_turn() {
            return (turn, false);
        }
        let turn = self.next();
        self.speaker = Some(Speaker::Assistant(turn));
        self.last_answer = Some(turn);
        (turn, true)
    }

    /// The model's turn, unless the user has the word.
    pub(super) fn assistant_turn(&self) -> Option<TurnId> {
        match self.speaker {
            Some(Speaker::Assistant(turn)) => Some(turn),
            Some(Speaker::User(_) | Speaker::Writer(_)) | None => self.unfinished,
        }
    }

    /// The user has silenced that turn; what still comes of it is not `complete` yet and belongs to nobody else.
    pub(super) fn hush(&mut self, turn: TurnId, complete: bool) {
        self.end(turn);
        if !complete {
            self.unfinished = Some(turn);
        }
    }

    /// A block of the model begins or goes on.
    pub(super) fn block_at(&mut self, now: Tick) {
        if now.since(self.last_block) > ABANDONED {
            self.unfinished = None;
        }
        self.last_block = now;
    }

    /// All of that turn has come.
    pub(super) fn finish(&mut self, turn: TurnId) {
        if self.unfinished == Some(turn) {
            self.unfinished = None;
        }
    }

    pub(super) fn is_unfinished(&self, turn: TurnId) -> bool {
        self.unfinished == Some(turn)
    }

    /// The model's last turn, whoever has the word now.
    pub(super) const fn last_answer(&self) -> Option<TurnId> {
        self.last_answer
    }

    /// The service has ended that turn: whatever the model says next is another.
    pub(super) fn end(&mut self, turn: TurnId) {
        self.finish(turn);
        if self.speaker == Some(Speaker::Assistant(turn)) {
            self.speaker = None;
        }
    }

    /// Whether the user has said something that nobody has answered yet.
    pub(super) fn user_waits(&self) -> bool {
        matches!(self.speaker, Some(Speaker::User(_) | Speaker::Writer(_)))
    }

    pub(super) fn sounds(&mut self, turn: TurnId) {
        self.sounding = Some(turn);
    }

    pub(super) fn playback_over(&mut self) {
        self.sounding = None;
    }

    /// The turn that is being heard; the user may have the word already.
    pub(super) const fn sounding(&self) -> Option<TurnId> {
        self.sounding
    }

    pub(super) const fn speaking(&self) -> bool {
        self.sounding.is_some()
    }

    /// Goes on with the numbers of another session.
    pub(super) fn count_on_from(&mut self, other: &Self) {
        self.last = other.last;
    }

    fn next(&mut self) -> TurnId {
        self.last += 1;
        TurnId::new(self.last)
    }
}
