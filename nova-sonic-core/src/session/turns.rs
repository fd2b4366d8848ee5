//! Whose turn it is, from content blocks alone: completions span whole sessions and mark nothing.

use super::TurnId;

#[derive(Debug, Default)]
pub(super) struct Turns {
    last: u64,
    speaker: Option<Speaker>,
    last_answer: Option<TurnId>,
    sounding: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
    User(TurnId),
    Assistant(TurnId),
}

impl Turns {
    /// The user's turn; a new one unless the user was speaking already.
    pub(super) fn user_speaks(&mut self) -> TurnId {
        match self.speaker {
            Some(Speaker::User(turn)) => turn,
            Some(Speaker::Assistant(_)) | None => self.user_typed(),
        }
    }

    /// What is typed is a turn of its own.
    pub(super) fn user_typed(&mut self) -> TurnId {
        let turn = self.next();
        self.speaker = Some(Speaker::User(turn));
        turn
    }

    /// The model's turn and whether it begins here.
    pub(super) fn assistant_speaks(&mut self) -> (TurnId, bool) {
        match self.speaker {
            Some(Speaker::Assistant(turn)) => (turn, false),
            Some(Speaker::User(_)) | None => {
                let turn = self.next();
                self.speaker = Some(Speaker::Assistant(turn));
                self.last_answer = Some(turn);
                (turn, true)
            }
        }
    }

    /// The model's turn, unless the user has the word.
    pub(super) fn assistant_turn(&self) -> Option<TurnId> {
        match self.speaker {
            Some(Speaker::Assistant(turn)) => Some(turn),
            Some(Speaker::User(_)) | None => None,
        }
    }

    /// The model's last turn, whoever has the word now.
    pub(super) const fn last_answer(&self) -> Option<TurnId> {
        self.last_answer
    }

    /// The service has ended that turn: whatever the model says next is another.
    pub(super) fn end(&mut self, turn: TurnId) {
        if self.speaker == Some(Speaker::Assistant(turn)) {
            self.speaker = None;
            self.sounding = false;
        }
    }

    pub(super) fn sounds(&mut self) {
        self.sounding = true;
    }

    pub(super) fn playback_over(&mut self) {
        self.sounding = false;
    }

    pub(super) const fn speaking(&self) -> bool {
        self.sounding
    }

    fn next(&mut self) -> TurnId {
        self.last += 1;
        TurnId::new(self.last)
    }
}
