//! What one session leaves to the next.

use std::fmt;

use super::{Message, Session};
use crate::id::ToolUseId;

/// What a successor needs so that nobody hears the change. Prints only the length of what is in it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Handover {
    /// What was said and heard. What the user said last is left out when its sound is in `recent_audio`, for
    /// otherwise it would be answered twice; what was typed stays.
    pub history: Vec<Message>,
    /// The last seconds of the microphone, without those whose words are in `history`, at the session's input rate.
    pub recent_audio: Vec<i16>,
    /// Tool calls that still wait for their answer. They do not survive as calls: the history has no place for
    /// them, so a successor learns their result as text.
    pub pending_calls: Vec<ToolUseId>,
}

impl Session {
    /// What a successor needs, for those who do not let [`Session::successor`] make it; may be asked for at any time, also
    /// after the end.
    pub fn handover(&self) -> Handover {
        let (now, config) = (self.timers.now(), &self.config);
        let replayed = config.timing.recent_audio;
        let (history, understood) =
            self.history.messages_without(replayed, now, config.playback, config.output_rate);
        Handover {
            history,
            recent_audio: self.recent.since(understood),
            pending_calls: self.calls.ids().cloned().collect(),
        }
    }
}

impl fmt::Debug for Handover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handover")
            .field("history", &self.history)
            .field("recent_audio", &self.recent_audio.len())
            .field("pending_calls", &self.pending_calls)
            .finish()
    }
}
