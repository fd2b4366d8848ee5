//! From the first event to the first sound.

use std::{time::Duration, vec::IntoIter};

use super::{CloseReason, Failure, Message, Microphone, Output, Phase, Session, timer::Timer};
use crate::{
    error::ErrorCode,
    event::{ClientContent, ClientEvent, PromptAudio, Role},
    id::{ContentName, PromptName},
    time::Tick,
};

/// Text goes in runs of at most so many characters: older editions of the guide told clients to split at 1 KB.
const TEXT_RUN: usize = 1000;
/// The service ends a stream with the credentials that opened it; a successor needs some time before.
const BEFORE_EXPIRY: Duration = Duration::from_mins(3);

/// The history, told message by message as the queue is drained: all of its events at once would take ten times the memory
/// of its words.
#[derive(Default)]
pub(super) struct Earlier {
    messages: IntoIter<(ContentName, Message)>,
    /// Outputs in the queue that come before the next message.
    before: usize,
}

impl Earlier {
    /// Nobody is told any more.
    pub(super) fn clear(&mut self) {
        self.messages = IntoIter::default();
    }
}

impl Session {
    /// Puts the next message of the history at the head of the queue if it is its turn.
    pub(super) fn tell_earlier(&mut self) {
        if self.earlier.messages.as_slice().is_empty() {
            return;
        }
        if self.earlier.before > 0 {
            self.earlier.before -= 1;
            return;
        }
        if let Some((content_name, message)) = self.earlier.messages.next() {
            // interactive history would be answered again, message by message
            let block = text_block(&self.prompt_name, &content_name, message.role, false, &message.text);
            self.earlier.before = block.len() - 1;
            for event in block.into_iter().rev() {
                self.queue.push_front(Output::Send(event));
            }
        }
    }

    /// Queues the events up to the open microphone, in the order that the guide prescribes: session, prompt,
    /// system prompt, speech prompt, history, sound.
    pub(super) fn open(&mut self, now: Tick, earlier: Vec<Message>) {
        let config = &self.config;
        let timing = config.timing.clone();
        let start = ClientEvent::SessionStart {
            inference: config.inference,
            endpointing: config.endpointing.clone(),
        };
        let prompt = ClientEvent::PromptStart {
            prompt_name: self.prompt_name.clone(),
            audio: PromptAudio { rate: config.output_rate, voice_id: config.voice_id.clone() },
            tools: config.tools.clone(),
            tool_choice: config.tool_choice.clone(),
        };
        let (system, speech) = (config.system_prompt.clone(), config.speech_prompt.clone());
        let speak_first = config.speak_first.clone();

        self.send(start);
        self.send(prompt);
        self.send_text(Role::System, false, &system);
        if let Some(speech) = speech {
            self.send_text(Role::SystemSpeech, false, &speech);
        }
        self.earlier.before = self.queue.len();
        let mut messages = Vec::with_capacity(earlier.len());
        for message in earlier {
            messages.push((self.next_content_name(), message));
        }
        self.earlier.messages = messages.into_iter();
        if self.feed.position() != Microphone::Closed {
            self.open_audio_block(now);
        }
        if let Some(words) = speak_first {
            self.ensure_audio_block(now);
            self.send_text(Role::User, true, &words);
            self.history.write(Message::user(words));
            self.thinking = true;
        }

        self.timers.set(Timer::Open, now.after(timing.open));
        self.timers.set(Timer::Renew, now.after(timing.renew));
        if let Some(expiry) = timing.credentials_expire {
            self.on_credentials_until(expiry);
        }
        if let Some(life) = timing.life {
            self.timers.set(Timer::Life, now.after(life));
        }
        self.stir(now);
    }

    pub(super) fn on_connected(&mut self, now: Tick) {
        if self.phase != Phase::Opening {
            return;
        }
        self.phase = Phase::Live;
        self.timers.clear(Timer::Open);
        self.start_feed(now);
    }

    pub(super) fn on_credentials_until(&mut self, expiry: Tick) {
        if self.phase.takes_speech() {
            self.timers.set(Timer::Credentials, expiry.before(BEFORE_EXPIRY));
        }
    }

    pub(super) fn on_open_timeout(&mut self) {
        let waited = Tick::new(self.config.timing.open).as_millis();
        let failure =
            Failure::new(ErrorCode::OpenTimeout, format!("the service did not answer within {waited} ms"));
        self.abandon(CloseReason::Failed(failure));
    }

    /// Somebody says something until then: the idle deadline starts anew.
    pub(super) fn stir(&mut self, until: Tick) {
        if let Some(idle) = self.config.timing.idle
            && self.phase.takes_speech()
        {
            self.timers.postpone(Timer::Idle, until.after(idle));
        }
    }

    /// One whole text block. Queued in one go, so no sound can come between its events.
    pub(super) fn send_text(&mut self, role: Role, interactive: bool, text: &str) {
        let content_name = self.next_content_name();
        for event in text_block(&self.prompt_name, &content_name, role, interactive, text) {
            self.send(event);
        }
    }
}

fn text_block(
    prompt_name: &PromptName,
    content_name: &ContentName,
    role: Role,
    interactive: bool,
    text: &str,
) -> Vec<ClientEvent> {
    let (prompt_name, content_name) = (|| prompt_name.clone(), || content_name.clone());
    let start = ClientEvent::ContentStart {
        prompt_name: prompt_name(),
        content_name: content_name(),
        content: ClientContent::Text { role, interactive },
    };
    let mut block = vec![start];
    for run in runs(text) {
        block.push(ClientEvent::TextInput {
            prompt_name: prompt_name(),
            content_name: content_name(),
            text: run.to_owned(),
        });
    }
    block.push(ClientEvent::ContentEnd { prompt_name: prompt_name(), content_name: content_name() });
    block
}

/// The text in runs of at most [`TEXT_RUN`] characters.
pub(crate) fn runs(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.char_indices().nth(TEXT_RUN).map_or(rest.len(), |(index, _)| index);
        let (run, tail) = rest.split_at(end);
        rest = tail;
        Some(run)
    })
}
