//! From the first event to the first sound.

use std::time::Duration;

use super::{CloseReason, Failure, Message, Microphone, Phase, Session, history, timer::Timer};
use crate::{
    error::ErrorCode,
    event::{ClientContent, ClientEvent, PromptAudio, Role},
    time::Tick,
};

/// Text goes in runs of at most so many characters: older editions of the guide told clients to split at 1 KB.
const TEXT_RUN: usize = 1000;
/// The service ends a stream with the credentials that opened it; a successor needs some time before.
const BEFORE_EXPIRY: Duration = Duration::from_mins(3);

impl Session {
    /// Queues the events up to the open microphone, in the order that the guide prescribes: session, prompt,
    /// system prompt, speech prompt, history, sound.
    pub(super) fn open(&mut self, now: Tick) {
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
        let earlier = history::shaped(config.history.iter().cloned());

        self.send(start);
        self.send(prompt);
        self.send_text(Role::System, false, &system);
        if let Some(speech) = speech {
            self.send_text(Role::SystemSpeech, false, &speech);
        }
        for message in earlier {
            // interactive history would be answered again, message by message
            self.send_text(message.role, false, &message.text);
        }
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
        let prompt_name = self.prompt_name.clone();
        let content_name = self.next_content_name();
        self.send(ClientEvent::ContentStart {
            prompt_name: prompt_name.clone(),
            content_name: content_name.clone(),
            content: ClientContent::Text { role, interactive },
        });
        for run in runs(text) {
            self.send(ClientEvent::TextInput {
                prompt_name: prompt_name.clone(),
                content_name: content_name.clone(),
                text: run.to_owned(),
            });
        }
        self.send(ClientEvent::ContentEnd { prompt_name, content_name });
    }
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
