//! The model's mouth: events in the shapes and the order of recorded sessions.

use std::{collections::VecDeque, time::Duration};

use nova_sonic_core::{
    audio::{Pcm, PcmPool, SampleRate},
    event::{
        ContentType, Extra, GenerationStage, Role, ServerContent, ServerEvent, ServerIds, StopReason, Usage,
    },
    id::{CompletionId, ContentId, IdMint, PromptName, SessionId, ToolUseId},
};
use serde_json::json;

use super::{Exception, Output, refusal::Refusal, usage::Meter};

/// The text that announces a barge-in, spaces as the service writes them.
const INTERRUPTED: &str = r#"{ "interrupted" : true }"#;

#[derive(Debug)]
pub(super) struct Speaker {
    outputs: VecDeque<Output>,
    mint: IdMint,
    ids: ServerIds,
    completion_started: bool,
    rate: SampleRate,
    pool: PcmPool,
    pub(super) meter: Meter,
}

impl Speaker {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        let mut mint = IdMint::new(seed);
        let ids = ServerIds {
            session_id: Some(SessionId::new(mint.next_uuid())),
            prompt_name: None,
            completion_id: Some(CompletionId::new(mint.next_uuid())),
        };
        Self {
            outputs: VecDeque::new(),
            mint,
            ids,
            completion_started: false,
            rate: SampleRate::Hz24000,
            pool: PcmPool::default(),
            meter: Meter::default(),
        }
    }

    pub(super) fn prompt(&mut self, name: PromptName, rate: SampleRate) {
        self.ids.prompt_name = Some(name);
        self.rate = rate;
    }

    pub(super) const fn rate(&self) -> SampleRate {
        self.rate
    }

    pub(super) fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub(super) fn push(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub(super) fn refuse(&mut self, refusal: &Refusal) {
        self.except(Exception {
            exception: refusal.exception(),
            message: refusal.text(),
            stream_continues: refusal.stream_continues(),
        });
    }

    /// Sends an exception, with a request id before its text as the service puts it.
    pub(super) fn except(&mut self, mut exception: Exception) {
        exception.message = format!("RequestId={} : {}", self.mint.next_uuid(), exception.message);
        self.push(Output::Exception(exception));
    }

    /// One completion spans the whole session; usage comes before it, with its id already.
    pub(super) fn begin_turn(&mut self) {
        self.usage(true);
        if !self.completion_started {
            self.completion_started = true;
            let ids = self.ids.clone();
            self.send(&ServerEvent::CompletionStart { ids, extra: Extra::new() });
        }
    }

    pub(super) fn end(&mut self) {
        if self.completion_started {
            self.usage(true);
            let (ids, stop_reason) = (self.ids.clone(), Some(StopReason::EndTurn));
            self.send(&ServerEvent::CompletionEnd { ids, stop_reason, extra: Extra::new() });
        }
        self.push(Output::End);
    }

    /// Usage; without details it repeats the last total, so that metering by delta loses nothing.
    pub(super) fn usage(&mut self, detailed: bool) {
        let details = detailed.then(|| self.meter.report());
        let sum = |usage: Usage| {
            (
                usage.input.speech.saturating_add(usage.input.text),
                usage.output.speech.saturating_add(usage.output.text),
            )
        };
        let (total_input_tokens, total_output_tokens) = sum(self.meter.reported());
        let ids = self.ids.clone();
        self.send(&ServerEvent::Usage {
            ids,
            total_input_tokens,
            total_output_tokens,
            details,
            extra: Extra::new(),
        });
    }

    /// A whole text block.
    pub(super) fn text(&mut self, role: Role, stage: GenerationStage, text: &str, stop: StopReason) {
        if role == Role::Assistant && stage == GenerationStage::Speculative {
            self.meter.write(text.len());
        }
        let id = self.open(role.clone(), ServerContent::Text { stage: Some(stage) });
        let ids = self.ids.clone();
        self.send(&ServerEvent::TextOutput {
            ids,
            content_id: id.clone(),
            role: Some(role),
            text: text.to_owned(),
            extra: Extra::new(),
        });
        self.close(id, ContentType::Text, stop);
    }

    pub(super) fn interrupted(&mut self) {
        self.text(Role::Assistant, GenerationStage::Final, INTERRUPTED, StopReason::Interrupted);
    }

    pub(super) fn open_audio(&mut self) -> ContentId {
        let sample_rate_hertz = self.rate.hertz();
        self.open(Role::Assistant, ServerContent::Audio { sample_rate_hertz })
    }

    pub(super) fn audio(&mut self, content_id: ContentId, samples: &[i16]) {
        self.meter.say(self.rate.duration_of(samples.len()));
        let (ids, pcm): (_, Pcm) = (self.ids.clone(), self.pool.filled(samples));
        self.send(&ServerEvent::AudioOutput { ids, content_id, pcm, extra: Extra::new() });
    }

    pub(super) fn close_audio(&mut self, content_id: ContentId, stop: StopReason) {
        self.close(content_id, ContentType::Audio, stop);
    }

    /// A whole tool block; the call's id.
    pub(super) fn tool_use(&mut self, tool_name: &str, input: &str) -> ToolUseId {
        self.meter.write(input.len());
        let id = self.open(Role::Tool, ServerContent::Tool);
        let tool_use_id = ToolUseId::new(self.mint.next_uuid());
        let ids = self.ids.clone();
        self.send(&ServerEvent::ToolUse {
            ids,
            content_id: id.clone(),
            tool_use_id: tool_use_id.clone(),
            tool_name: tool_name.to_owned(),
            input: input.to_owned(),
            extra: Extra::new(),
        });
        self.close(id, ContentType::Tool, StopReason::ToolUse);
        tool_use_id
    }

    /// An event that no client knows, and that every client is to pass over.
    pub(super) fn unknown_event(&mut self) {
        let body = json!({ "sessionId": self.ids.session_id.as_deref(), "novelty": { "level": 3 } });
        self.send(&ServerEvent::Unknown { name: "moodEvent".to_owned(), body });
    }

    fn open(&mut self, role: Role, content: ServerContent) -> ContentId {
        let content_id = ContentId::new(self.mint.next_uuid());
        let ids = self.ids.clone();
        self.send(&ServerEvent::ContentStart {
            ids,
            content_id: content_id.clone(),
            role,
            content,
            extra: Extra::new(),
        });
        content_id
    }

    fn close(&mut self, content_id: ContentId, content_type: ContentType, stop: StopReason) {
        let ids = self.ids.clone();
        self.send(&ServerEvent::ContentEnd {
            ids,
            content_id,
            content_type: Some(content_type),
            stop_reason: Some(stop),
            extra: Extra::new(),
        });
    }

    fn send(&mut self, event: &ServerEvent) {
        let mut json = Vec::new();
        event.write_json(&mut json);
        self.push(Output::Event(json));
    }
}

/// The smallest step of sound, 40 ms: 1,920 bytes at 24 kHz.
pub(super) const SOUND_STEP: Duration = Duration::from_millis(40);
