//! A driver in virtual time, and a service that says what a test tells it to.

use std::collections::BTreeMap;

use crate::{
    event::{ClientEvent, EventReader},
    id::ToolUseId,
    session::{CloseReason, Conversation, Directive, Event, Failure, Input, SessionConfig, StreamId},
    time::Tick,
};

/// Samples of a frame of 32 ms.
pub(super) const FRAME: usize = 512;

pub(super) struct World {
    pub(super) conversation: Conversation,
    pub(super) now: u64,
    pub(super) told: Vec<Event>,
    /// What was sent on each stream.
    pub(super) sent: BTreeMap<StreamId, Vec<ClientEvent>>,
    /// Streams that are to be opened.
    pub(super) opening: Vec<StreamId>,
    pub(super) released: Vec<StreamId>,
    /// Samples that the microphone has given.
    pub(super) spoken: usize,
    pub(super) loud: bool,
}

impl World {
    /// A conversation whose first stream is open, and whose renewal is due after 10 s.
    pub(super) fn new(change: impl FnOnce(&mut SessionConfig)) -> Self {
        let mut config = SessionConfig::default();
        config.timing.renew = std::time::Duration::from_secs(10);
        change(&mut config);
        let conversation = Conversation::new(config, [7; 32], Tick::ZERO).unwrap();
        let mut world = Self {
            conversation,
            now: 0,
            told: Vec::new(),
            sent: BTreeMap::new(),
            opening: Vec::new(),
            released: Vec::new(),
            spoken: 0,
            loud: false,
        };
        world.drain();
        world.connect();
        world
    }

    fn drain(&mut self) {
        while let Some(directive) = self.conversation.poll_output() {
            match directive {
                Directive::Open(stream) => self.opening.push(stream),
                Directive::Send(stream, event) => self.sent.entry(stream).or_default().push(event),
                Directive::EndInput(_) => {}
                Directive::Release(stream) => {
                    self.opening.retain(|opening| *opening != stream);
                    self.released.push(stream);
                }
                Directive::Emit(event) => self.told.push(event),
            }
        }
    }

    pub(super) fn give(&mut self, input: Input<'_>) -> Result<(), crate::session::SessionError> {
        let outcome = self.conversation.handle_input(Tick::from_millis(self.now), input);
        self.drain();
        outcome
    }

    pub(super) fn bring(&mut self, stream: StreamId, input: Input<'_>) {
        self.conversation.handle_stream(Tick::from_millis(self.now), stream, input).unwrap();
        self.drain();
    }

    /// The service accepts the stream that is being opened.
    pub(super) fn connect(&mut self) -> StreamId {
        let stream = self.opening.pop().expect("a stream is to be opened");
        self.bring(stream, Input::Connected);
        stream
    }

    /// It refuses it.
    pub(super) fn refuse(&mut self, code: crate::error::ErrorCode) {
        let stream = self.opening.pop().expect("a stream is to be opened");
        self.bring(stream, Input::Failed(Failure::new(code, "refused")));
    }

    /// The microphone goes on for so long, and deadlines are kept.
    pub(super) fn pass(&mut self, millis: u64) {
        for _ in 0..millis / 32 {
            self.now += 32;
            let sound = self.sound();
            let _ = self.give(Input::Audio(&sound));
            self.keep_deadlines();
        }
    }

    /// Time goes on without a sound.
    pub(super) fn wait(&mut self, millis: u64) {
        let end = self.now + millis;
        while let Some(at) = self.conversation.poll_timeout().filter(|at| at.as_millis() <= end) {
            self.now = self.now.max(at.as_millis());
            self.give(Input::Timeout).unwrap();
        }
        self.now = end;
    }

    fn keep_deadlines(&mut self) {
        if self.conversation.poll_timeout().is_some_and(|at| at <= Tick::from_millis(self.now)) {
            self.give(Input::Timeout).unwrap();
        }
    }

    /// Until a stream is to be opened; how long that took, ms.
    pub(super) fn until_opening(&mut self) -> u64 {
        let started = self.now;
        while self.opening.is_empty() {
            assert!(self.now < started + 600_000, "no stream was opened");
            self.pass(32);
        }
        self.now - started
    }

    /// Each sample is one more than the one before, so that none can be missing unnoticed.
    fn sound(&mut self) -> Vec<i16> {
        let loudness = if self.loud { 10_000 } else { 0 };
        let sound = (self.spoken..self.spoken + FRAME).map(|index| loudness + numbered(index)).collect();
        self.spoken += FRAME;
        sound
    }

    /// The numbers of the samples that were sent on a stream, without silence that filled gaps.
    pub(super) fn heard_by(&self, stream: StreamId) -> Vec<i16> {
        let events = self.sent.get(&stream).into_iter().flatten();
        events
            .filter_map(
                |event| if let ClientEvent::AudioInput { pcm, .. } = event { Some(pcm) } else { None },
            )
            .flat_map(|pcm| pcm.samples().iter().map(|sample| sample % 10_000))
            .collect()
    }

    pub(super) fn texts(&self, stream: StreamId) -> Vec<&str> {
        let events = self.sent.get(&stream).into_iter().flatten();
        events
            .filter_map(|event| {
                if let ClientEvent::TextInput { text, .. } = event { Some(text.as_str()) } else { None }
            })
            .collect()
    }

    pub(super) fn names(&self, stream: StreamId) -> Vec<&str> {
        self.sent.get(&stream).into_iter().flatten().map(ClientEvent::name).collect()
    }

    /// What the service says on a stream.
    pub(super) fn hear(&mut self, stream: StreamId, json: &str) {
        let event = EventReader::default().read_server(json.as_bytes()).expect("a legal event");
        self.bring(stream, Input::Received(event));
    }

    pub(super) fn user_says(&mut self, stream: StreamId, id: &str, text: &str) {
        self.text_block(stream, id, "USER", "FINAL", text);
    }

    pub(super) fn text_block(&mut self, stream: StreamId, id: &str, role: &str, stage: &str, text: &str) {
        self.hear(stream, &format!(
            r#"{{"event":{{"contentStart":{{"contentId":"{id}","type":"TEXT","role":"{role}","additionalModelFields":"{{\"generationStage\":\"{stage}\"}}"}}}}}}"#
        ));
        self.hear(
            stream,
            &format!(
                r#"{{"event":{{"textOutput":{{"contentId":"{id}","content":{text:?},"role":"{role}"}}}}}}"#
            ),
        );
        self.hear(stream, &format!(
            r#"{{"event":{{"contentEnd":{{"contentId":"{id}","type":"TEXT","stopReason":"PARTIAL_TURN"}}}}}}"#
        ));
    }

    /// A whole answer of so many seconds, which come at once.
    pub(super) fn answer(&mut self, stream: StreamId, id: &str, text: &str, seconds: usize) {
        self.text_block(stream, &format!("{id}-plan"), "ASSISTANT", "SPECULATIVE", text);
        self.hear(stream, &format!(
            r#"{{"event":{{"contentStart":{{"contentId":"{id}","type":"AUDIO","role":"ASSISTANT","audioOutputConfiguration":{{"sampleRateHertz":24000}}}}}}}}"#
        ));
        let second = base64_simd::STANDARD.encode_to_string(vec![0; 48_000]);
        for _ in 0..seconds {
            self.hear(
                stream,
                &format!(r#"{{"event":{{"audioOutput":{{"contentId":"{id}","content":"{second}"}}}}}}"#),
            );
        }
        self.hear(stream, &format!(
            r#"{{"event":{{"contentEnd":{{"contentId":"{id}","type":"AUDIO","stopReason":"END_TURN"}}}}}}"#
        ));
        self.text_block(stream, &format!("{id}-final"), "ASSISTANT", "FINAL", text);
    }

    /// The beginning of an answer: a sentence, and sound of so many milliseconds that breaks off.
    pub(super) fn begin_answer(&mut self, stream: StreamId, id: &str, text: &str, millis: usize) {
        self.text_block(stream, &format!("{id}-plan"), "ASSISTANT", "SPECULATIVE", text);
        self.hear(stream, &format!(
            r#"{{"event":{{"contentStart":{{"contentId":"{id}","type":"AUDIO","role":"ASSISTANT","audioOutputConfiguration":{{"sampleRateHertz":24000}}}}}}}}"#
        ));
        let sound = base64_simd::STANDARD.encode_to_string(vec![0; millis * 48]);
        self.hear(
            stream,
            &format!(r#"{{"event":{{"audioOutput":{{"contentId":"{id}","content":"{sound}"}}}}}}"#),
        );
    }

    pub(super) fn calls_tool(&mut self, stream: StreamId, id: &str) -> ToolUseId {
        self.hear(
            stream,
            &format!(
                r#"{{"event":{{"contentStart":{{"contentId":"c-{id}","type":"TOOL","role":"TOOL"}}}}}}"#
            ),
        );
        self.hear(stream, &format!(
            r#"{{"event":{{"toolUse":{{"contentId":"c-{id}","toolUseId":"{id}","toolName":"weather","content":"{{}}"}}}}}}"#
        ));
        self.hear(stream, &format!(
            r#"{{"event":{{"contentEnd":{{"contentId":"c-{id}","type":"TOOL","stopReason":"TOOL_USE"}}}}}}"#
        ));
        ToolUseId::from(id)
    }

    /// What was told of words: whose, and which.
    pub(super) fn transcripts(&self) -> Vec<(String, &str)> {
        let words = self.told.iter().filter_map(|event| {
            if let Event::Transcript { role, text, .. } = event {
                Some((role.to_string(), text.as_str()))
            } else {
                None
            }
        });
        words.collect()
    }

    /// What was told of interruptions: milliseconds and words that were heard.
    pub(super) fn interruptions(&self) -> Vec<(u128, &str)> {
        let interruptions = self.told.iter().filter_map(|event| {
            if let Event::Interrupted { heard, text, .. } = event {
                Some((heard.as_millis(), text.as_str()))
            } else {
                None
            }
        });
        interruptions.collect()
    }

    /// What was said, as the conversation remembers it.
    pub(super) fn history(&self) -> Vec<String> {
        self.conversation.history().into_iter().map(|message| message.text).collect()
    }

    pub(super) fn renewals(&self) -> Vec<u128> {
        let gaps = self.told.iter().filter_map(|event| {
            if let Event::Renewed { gap, .. } = event { Some(gap.as_millis()) } else { None }
        });
        gaps.collect()
    }

    pub(super) fn errors(&self) -> Vec<&'static str> {
        let codes = self.told.iter().filter_map(|event| {
            if let Event::Error(failure) = event { Some(failure.code().as_str()) } else { None }
        });
        codes.collect()
    }

    pub(super) fn closed(&self) -> Option<&CloseReason> {
        if let Some(Event::Closed { reason }) = self.told.last() { Some(reason) } else { None }
    }

    pub(super) fn samples_of_answers(&self) -> usize {
        self.told.iter().map(|event| if let Event::Audio { pcm, .. } = event { pcm.len() } else { 0 }).sum()
    }
}

/// Softer than any voice.
pub(super) fn numbered(index: usize) -> i16 {
    i16::try_from(index % 149).expect("a small number")
}
