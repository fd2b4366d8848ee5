//! One conversation over more than one stream: what is carried across, so that nobody hears the change.

use super::{
    CloseReason, Event, Message, Microphone, Output, Session, SessionConfig, SessionError, history,
    timer::Timer,
};
use crate::{event::Role, id::ToolUseId, time::Tick};

/// What the answer of a tool begins with where its call was made in an earlier stream: there it can only be told.
const TOLD: &str = "The tool that you called before has answered: ";

impl Session {
    /// The session that goes on with this conversation over a new stream.
    ///
    /// It knows what was said and where the microphone stands, has heard the last seconds, counts the turns on, and takes
    /// the answers of tools that were called before; the model gets those as text. `config` is like that of this session:
    /// its history and the words that make the model speak first are passed over. This session goes on until the new one
    /// is connected.
    ///
    /// # Errors
    ///
    /// Those of [`Session::new`].
    ///
    /// ```
    /// use nova_sonic_core::{session::{Input, Session, SessionConfig}, time::Tick};
    /// let mut session = Session::new(SessionConfig::default(), [1; 32], Tick::ZERO)?;
    /// session.handle_input(Tick::from_millis(100), Input::Connected)?;
    /// session.handle_input(Tick::from_millis(200), Input::Text("Tell me a story."))?;
    /// let six_minutes_later = Tick::from_millis(360_000);
    /// let successor = session.successor(SessionConfig::default(), [2; 32], six_minutes_later)?;
    /// assert_eq!(successor.history(), session.history());
    /// # Ok::<(), nova_sonic_core::session::SessionError>(())
    /// ```
    pub fn successor(
        &self,
        mut config: SessionConfig,
        seed: [u8; 32],
        now: Tick,
    ) -> Result<Self, SessionError> {
        let rate = config.input_rate;
        config.microphone = self.feed.position();
        config.speak_first = None;
        // what was said last is heard again or told: never both, never neither
        let replays = config.microphone == Microphone::Open && rate == self.config.input_rate;
        let (history, recent_audio) = if replays {
            let handover = self.handover();
            (handover.history, handover.recent_audio)
        } else {
            (self.history(), Vec::new())
        };
        config.history = history;
        let mut successor = Self::new(config, seed, now)?;
        successor.take_up(now, self, &recent_audio)?;
        Ok(successor)
    }

    /// Goes on with the turns and calls of `before`, and hears what it has heard last.
    pub(super) fn take_up(&mut self, now: Tick, before: &Self, sound: &[i16]) -> Result<(), SessionError> {
        let rate = self.config.input_rate;
        self.turns.count_on_from(&before.turns);
        self.inherited = before.unanswered();
        self.feed.shed();
        let most = rate.samples_in(self.config.timing.queued_audio);
        let skipped = sound.len().saturating_sub(most);
        for second in sound.get(skipped..).unwrap_or_default().chunks(rate.hertz() as usize) {
            self.on_audio(now, second)?;
        }
        Ok(())
    }

    /// Takes note of what has happened in `before` since this successor was made from it.
    pub(super) fn catch_up(&mut self, before: &Self) {
        self.inherited = before.unanswered();
        self.heed_broken_answer(before);
        match before.left.idle_ends {
            Some(deadline) => self.timers.set(Timer::Idle, deadline),
            None => self.timers.follow(Timer::Idle, &before.timers),
        }
    }

    /// Calls whose answer has not come, of this stream and of those before.
    pub(super) fn unanswered(&self) -> Vec<ToolUseId> {
        self.calls.ids().chain(&self.inherited).cloned().collect()
    }

    /// Whether an answer to that call is waited for, also after the stream's end.
    pub(super) fn waits_for(&self, call: &ToolUseId) -> bool {
        self.calls.contains(call) || self.inherited.contains(call)
    }

    /// Why it is over, until that has been told.
    pub(super) fn closed_for(&self) -> Option<&CloseReason> {
        if let Some(Output::Emit(Event::Closed { reason })) = self.queue.back() { Some(reason) } else { None }
    }

    /// Tells the model what a call of an earlier stream has come to.
    pub(super) fn tell_result(
        &mut self,
        now: Tick,
        call: &ToolUseId,
        json: &str,
    ) -> Result<(), SessionError> {
        let limit = history::MESSAGE_LIMIT - TOLD.len();
        if json.len() > limit {
            return Err(SessionError::ToolResultTooLong { length: json.len(), limit });
        }
        let text = format!("{TOLD}{json}");
        self.inherited.retain(|known| known != call);
        self.ensure_audio_block(now);
        self.send_text(Role::User, true, &text);
        self.user_writes(Message::user(text));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audio::SampleRate,
        event::{ClientContent, ClientEvent, ServerContent, ServerEvent, ServerIds, StopReason},
        id::ContentId,
        session::Input,
    };

    fn at(millis: u64) -> Tick {
        Tick::from_millis(millis)
    }

    fn connected(config: SessionConfig) -> Session {
        let mut session = Session::new(config, [1; 32], Tick::ZERO).unwrap();
        session.handle_input(at(100), Input::Connected).unwrap();
        session
    }

    fn drained(session: &mut Session) -> Vec<Output> {
        std::iter::from_fn(|| session.poll_output()).collect()
    }

    fn texts(outputs: &[Output]) -> Vec<&str> {
        let texts = outputs.iter().filter_map(|output| match output {
            Output::Send(ClientEvent::TextInput { text, .. }) => Some(text.as_str()),
            Output::Send(_) | Output::EndInput | Output::Emit(_) => None,
        });
        texts.collect()
    }

    fn samples_sent(outputs: &[Output]) -> usize {
        let lengths = outputs.iter().map(|output| match output {
            Output::Send(ClientEvent::AudioInput { pcm, .. }) => pcm.len(),
            Output::Send(_) | Output::EndInput | Output::Emit(_) => 0,
        });
        lengths.sum()
    }

    fn calls_a_tool(session: &mut Session, now: Tick, id: &str) {
        let content_id = ContentId::from(id);
        let (ids, role) = (ServerIds::default(), Role::Tool);
        for event in [
            ServerEvent::ContentStart {
                ids: ids.clone(),
                content_id: content_id.clone(),
                role,
                content: ServerContent::Tool,
                extra: <_>::default(),
            },
            ServerEvent::ToolUse {
                ids: ids.clone(),
                content_id: content_id.clone(),
                tool_use_id: ToolUseId::from(id),
                tool_name: "get_weather".to_owned(),
                input: "{}".to_owned(),
                extra: <_>::default(),
            },
            ServerEvent::ContentEnd {
                ids,
                content_id,
                content_type: None,
                stop_reason: Some(StopReason::ToolUse),
                extra: <_>::default(),
            },
        ] {
            session.handle_input(now, Input::Received(event)).unwrap();
        }
    }

    #[test]
    fn the_last_seconds_are_heard_again_as_soon_as_the_new_stream_is_open() {
        let mut session = connected(SessionConfig::default());
        for second in 1..=5 {
            session.handle_input(at(second * 1_000), Input::Audio(&vec![7; 16_000])).unwrap();
        }
        let mut successor = session.successor(SessionConfig::default(), [2; 32], at(5_000)).unwrap();
        assert_eq!(samples_sent(&drained(&mut successor)), 0);
        successor.handle_input(at(5_300), Input::Connected).unwrap();
        assert_eq!(samples_sent(&drained(&mut successor)), 3 * 16_000);
    }

    #[test]
    fn with_the_microphone_closed_nothing_is_heard_again_and_it_stays_closed() {
        let mut session = connected(SessionConfig::default());
        session.handle_input(at(1_000), Input::Audio(&vec![7; 16_000])).unwrap();
        session.handle_input(at(2_000), Input::Microphone(Microphone::Closed)).unwrap();
        let mut successor = session.successor(SessionConfig::default(), [2; 32], at(3_000)).unwrap();
        successor.handle_input(at(3_300), Input::Connected).unwrap();
        let outputs = drained(&mut successor);
        assert_eq!(samples_sent(&outputs), 0);
        let is_sound = |output: &Output| {
            let Output::Send(ClientEvent::ContentStart { content, .. }) = output else { return false };
            matches!(content, ClientContent::Audio { .. })
        };
        assert!(!outputs.iter().any(is_sound));
    }

    #[test]
    fn another_input_rate_takes_no_sound_along() {
        let mut session = connected(SessionConfig::default());
        session.handle_input(at(1_000), Input::Audio(&vec![7; 16_000])).unwrap();
        let config = SessionConfig::default().input_rate(SampleRate::Hz8000);
        let mut successor = session.successor(config, [2; 32], at(2_000)).unwrap();
        successor.handle_input(at(2_100), Input::Connected).unwrap();
        assert_eq!(samples_sent(&drained(&mut successor)), 0);
    }

    #[test]
    fn nobody_is_greeted_twice_and_turns_are_counted_on() {
        let config = SessionConfig::default().speak_first("Greet the child.".to_owned());
        let mut session = connected(config.clone());
        session.handle_input(at(1_000), Input::Text("Tell me a story.")).unwrap();
        let first = turns(&drained(&mut session));
        let mut successor = session.successor(config, [2; 32], at(2_000)).unwrap();
        assert_eq!(texts(&drained(&mut successor)).last(), Some(&"Greet the child. Tell me a story."));
        successor.handle_input(at(2_100), Input::Text("A short one.")).unwrap();
        let second = turns(&drained(&mut successor));
        assert!(first.iter().max() < second.iter().min(), "{first:?} {second:?}");
    }

    fn turns(outputs: &[Output]) -> Vec<u64> {
        let turns = outputs.iter().filter_map(|output| match output {
            Output::Emit(Event::Transcript { turn, .. }) => Some(turn.number()),
            Output::Send(_) | Output::EndInput | Output::Emit(_) => None,
        });
        turns.collect()
    }

    #[test]
    fn a_tool_that_was_called_before_is_answered_once_in_words() {
        let mut session = connected(SessionConfig::default());
        calls_a_tool(&mut session, at(1_000), "call-1");
        let between = session.successor(SessionConfig::default(), [2; 32], at(2_000)).unwrap();
        let mut successor = between.successor(SessionConfig::default(), [3; 32], at(3_000)).unwrap();
        successor.handle_input(at(3_100), Input::Connected).unwrap();
        drained(&mut successor);

        let call = ToolUseId::from("call-1");
        let result = Input::ToolResult { call: &call, json: "21" };
        successor.handle_input(at(3_200), result).unwrap();
        let outputs = drained(&mut successor);
        assert_eq!(texts(&outputs), ["The tool that you called before has answered: {\"result\":21}"]);
        assert!(!outputs.iter().any(|output| matches!(output, Output::Emit(Event::Transcript { .. }))));
        let again = Input::ToolResult { call: &call, json: "21" };
        assert_eq!(successor.handle_input(at(3_300), again), Err(SessionError::UnknownCall));
    }

    #[test]
    fn a_result_too_long_to_be_told_is_refused_and_may_be_given_shorter() {
        let mut session = connected(SessionConfig::default());
        calls_a_tool(&mut session, at(1_000), "call-1");
        let mut successor = session.successor(SessionConfig::default(), [2; 32], at(2_000)).unwrap();
        let call = ToolUseId::from("call-1");
        let long = format!("{{\"text\":\"{}\"}}", "x".repeat(history::MESSAGE_LIMIT));
        let refused = successor.handle_input(at(2_100), Input::ToolResult { call: &call, json: &long });
        assert!(matches!(refused, Err(SessionError::ToolResultTooLong { .. })), "{refused:?}");
        successor.handle_input(at(2_200), Input::ToolFailed { call: &call, message: "too long" }).unwrap();
    }
}
