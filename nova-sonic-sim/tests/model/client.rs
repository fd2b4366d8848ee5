//! A client of the pretended model, in virtual time.

use std::{sync::Arc, time::Duration};

use nova_sonic_core::{
    audio::{Pcm, SampleRate},
    event::{
        ClientContent, ClientEvent, ContentType, EndpointingSensitivity, EventReader, InferenceConfiguration,
        PromptAudio, Role, ServerContent, ServerEvent, StopReason, ToolChoice, ToolSpec,
    },
    time::Tick,
};
use nova_sonic_sim::model::{Conversation, ConversationConfig, Exception, Output, Scenario};
use serde_json::Value;

pub(crate) const PROMPT: &str = "p";
pub(crate) const AUDIO: &str = "a";

/// What came out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Came {
    Event(ServerEvent, Value),
    Exception(Exception),
    Other(Output),
}

pub(crate) struct Client {
    pub(crate) conversation: Conversation,
    pub(crate) now: Tick,
    pub(crate) came: Vec<Came>,
    pub(crate) rate: SampleRate,
    /// How many tool calls this client has answered, for those who count.
    pub(crate) answered: usize,
    reader: EventReader,
}

pub(crate) fn scenario(json: &str) -> ConversationConfig {
    let mut config = ConversationConfig::default();
    config.scenario = Arc::new(Scenario::from_json(json).expect("a good scenario"));
    config
}

impl Client {
    pub(crate) fn new(config: ConversationConfig) -> Self {
        Self {
            conversation: Conversation::new(config, Tick::ZERO),
            now: Tick::ZERO,
            came: Vec::new(),
            rate: SampleRate::Hz16000,
            answered: 0,
            reader: EventReader::default(),
        }
    }

    /// A client that has opened everything up to its audio block.
    pub(crate) fn talking(config: ConversationConfig, tools: &[&str]) -> Self {
        let mut client = Self::new(config);
        client.open(tools);
        client.audio_block(AUDIO);
        client
    }

    pub(crate) fn open(&mut self, tools: &[&str]) {
        self.session_start(None);
        self.prompt_start("tiffany", SampleRate::Hz24000, tools);
        self.block("s", Role::System, false, "You are friendly.");
    }

    pub(crate) fn session_start(&mut self, endpointing: Option<EndpointingSensitivity>) {
        self.send(&ClientEvent::SessionStart { inference: InferenceConfiguration::default(), endpointing });
    }

    pub(crate) fn prompt_start(&mut self, voice: &str, rate: SampleRate, tools: &[&str]) {
        let tool = |name: &&str| ToolSpec::new(*name, "", r#"{"type":"object"}"#).expect("a tool");
        self.send(&ClientEvent::PromptStart {
            prompt_name: PROMPT.into(),
            audio: PromptAudio { rate, voice_id: voice.to_owned() },
            tools: tools.iter().map(tool).collect(),
            tool_choice: ToolChoice::Auto,
        });
    }

    pub(crate) fn send(&mut self, event: &ClientEvent) {
        let mut json = Vec::new();
        event.write_json(&mut json);
        self.send_json(&json);
    }

    pub(crate) fn send_json(&mut self, json: &[u8]) {
        self.conversation.handle_event(self.now, json);
        self.drain();
    }

    pub(crate) fn start_block(&mut self, name: &str, content: ClientContent) {
        self.send(&ClientEvent::ContentStart {
            prompt_name: PROMPT.into(),
            content_name: name.into(),
            content,
        });
    }

    pub(crate) fn start_text(&mut self, name: &str, role: Role, interactive: bool) {
        self.start_block(name, ClientContent::Text { role, interactive });
    }

    pub(crate) fn text(&mut self, name: &str, text: &str) {
        let (prompt_name, content_name) = (PROMPT.into(), name.into());
        self.send(&ClientEvent::TextInput { prompt_name, content_name, text: text.to_owned() });
    }

    pub(crate) fn end_block(&mut self, name: &str) {
        self.send(&ClientEvent::ContentEnd { prompt_name: PROMPT.into(), content_name: name.into() });
    }

    pub(crate) fn block(&mut self, name: &str, role: Role, interactive: bool, text: &str) {
        self.start_text(name, role, interactive);
        self.text(name, text);
        self.end_block(name);
    }

    pub(crate) fn audio_block(&mut self, name: &str) {
        self.start_block(name, ClientContent::Audio { rate: self.rate });
    }

    pub(crate) fn audio(&mut self, name: &str, samples: &[i16]) {
        let (prompt_name, content_name) = (PROMPT.into(), name.into());
        self.send(&ClientEvent::AudioInput { prompt_name, content_name, pcm: Pcm::from(samples.to_vec()) });
    }

    /// Sends samples at the pace of a microphone, 32 ms at a time, and keeps the conversation's deadlines.
    pub(crate) fn microphone(&mut self, samples: &[i16]) {
        for frame in samples.chunks(self.rate.samples_in(Duration::from_millis(32))) {
            self.pass(self.rate.duration_of(frame.len()));
            self.audio(AUDIO, frame);
        }
    }

    pub(crate) fn speech(&mut self, millis: u64) {
        let samples = speech(self.rate, millis);
        self.microphone(&samples);
    }

    pub(crate) fn silence(&mut self, millis: u64) {
        self.microphone(&vec![0; self.rate.samples_in(Duration::from_millis(millis))]);
    }

    /// Lets time pass, calling back when the conversation asks for it.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now.after(time);
        while let Some(due) = self.conversation.poll_timeout().filter(|due| *due <= end) {
            assert!(due >= self.now, "a deadline in the past");
            let stuck = due == self.now;
            self.now = due;
            self.conversation.handle_timeout(due);
            let before = self.came.len();
            self.drain();
            let next = self.conversation.poll_timeout();
            assert!(!stuck || next != Some(due) || self.came.len() > before, "no progress at {due:?}");
        }
        self.now = end;
    }

    pub(crate) fn tool_result(&mut self, block: &str, call: &str, json: &str) {
        self.start_block(block, ClientContent::ToolResult { tool_use_id: call.into() });
        let (prompt_name, content_name) = (PROMPT.into(), block.into());
        self.send(&ClientEvent::ToolResult { prompt_name, content_name, json: json.to_owned() });
        self.end_block(block);
    }

    pub(crate) fn close(&mut self) {
        self.end_block(AUDIO);
        self.send(&ClientEvent::PromptEnd { prompt_name: PROMPT.into() });
        self.send(&ClientEvent::SessionEnd);
    }

    pub(crate) fn end_input(&mut self) {
        self.conversation.handle_end_of_input(self.now);
        self.drain();
    }

    pub(crate) fn drain(&mut self) {
        while let Some(output) = self.conversation.poll_output() {
            self.came.push(match output {
                Output::Event(json) => Came::Event(
                    self.reader.read_server(&json).expect("an event"),
                    serde_json::from_slice(&json).expect("JSON"),
                ),
                Output::Exception(exception) => Came::Exception(exception),
                other => Came::Other(other),
            });
        }
    }

    /// What has come since the last call, one line each.
    pub(crate) fn lines(&mut self) -> Vec<String> {
        lines(&std::mem::take(&mut self.came))
    }

    /// The exception's text behind its request id, when exactly one exception and nothing else has come.
    pub(crate) fn refusal(&mut self) -> String {
        match self.came.as_slice() {
            [Came::Exception(exception)] => {
                let (id, text) = exception.message.split_once(" : ").expect("a request id");
                assert!(id.starts_with("RequestId=") && id.len() == 46, "{id}");
                let name = exception.exception.name();
                let text = text.to_owned();
                let text = if name == "ValidationException" { text } else { format!("{name}: {text}") };
                self.came.clear();
                text
            }
            other => panic!("not one exception: {:?}", lines(other)),
        }
    }

    pub(crate) fn calls(&self) -> Vec<(String, String, String)> {
        self.came
            .iter()
            .filter_map(|came| match came {
                Came::Event(ServerEvent::ToolUse { tool_use_id, tool_name, input, .. }, _) => {
                    Some((tool_use_id.to_string(), tool_name.clone(), input.clone()))
                }
                _ => None,
            })
            .collect()
    }

    pub(crate) fn heard_audio(&self) -> Vec<i16> {
        let mut samples = Vec::new();
        for came in &self.came {
            if let Came::Event(ServerEvent::AudioOutput { pcm, .. }, _) = came {
                samples.extend_from_slice(pcm);
            }
        }
        samples
    }
}

/// One line for each thing that came: no ids, and the length of audio instead of its samples.
pub(crate) fn lines(came: &[Came]) -> Vec<String> {
    came.iter().map(line).collect()
}

fn line(came: &Came) -> String {
    match came {
        Came::Event(ServerEvent::ContentStart { role, content, .. }, _) => match content {
            ServerContent::Text { stage: Some(stage) } => format!("contentStart TEXT {role} {stage}"),
            ServerContent::Audio { sample_rate_hertz } => {
                format!("contentStart AUDIO {role} {sample_rate_hertz}")
            }
            ServerContent::Tool => format!("contentStart TOOL {role}"),
            other => format!("contentStart {other:?}"),
        },
        Came::Event(ServerEvent::TextOutput { text, .. }, _) => format!("textOutput {text:?}"),
        Came::Event(ServerEvent::AudioOutput { pcm, .. }, _) => {
            format!("audioOutput {} bytes", pcm.len() * 2)
        }
        Came::Event(ServerEvent::ToolUse { tool_name, input, .. }, _) => {
            format!("toolUse {tool_name} {input}")
        }
        Came::Event(ServerEvent::ContentEnd { content_type, stop_reason, .. }, _) => {
            let word = |word: Option<&str>| word.unwrap_or("?").to_owned();
            format!(
                "contentEnd {} {}",
                word(content_type.as_ref().map(ContentType::as_str)),
                word(stop_reason.as_ref().map(StopReason::as_str))
            )
        }
        Came::Event(ServerEvent::CompletionEnd { stop_reason, .. }, _) => {
            format!("completionEnd {}", stop_reason.as_ref().map_or("?", |word| word.as_str()))
        }
        Came::Event(ServerEvent::Usage { details, .. }, _) => {
            format!("usageEvent{}", if details.is_some() { "" } else { " without details" })
        }
        Came::Event(event, _) => event.name().to_owned(),
        Came::Exception(exception) => {
            let text = exception.message.split_once(" : ").map_or("", |(_, text)| text);
            format!("{}: {text}", exception.exception.name())
        }
        Came::Other(other) => format!("{other:?}"),
    }
}

/// A hum that anything which listens for energy takes for speech.
pub(crate) fn speech(rate: SampleRate, millis: u64) -> Vec<i16> {
    let period = rate.hertz() as usize / 200;
    let wave = |index: usize| {
        let ramp = i16::try_from(index % period * 12_000 / period).expect("small");
        ramp - 6_000
    };
    (0..rate.samples_in(Duration::from_millis(millis))).map(wave).collect()
}
