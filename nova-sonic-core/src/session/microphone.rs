//! The microphone's way into the stream: one open block, no gaps, and what was typed between.

use std::{collections::VecDeque, time::Duration};

use super::{Event, Message, Microphone, Phase, Session, SessionError, Stage, TurnId, history, timer::Timer};
use crate::{
    audio::Pcm,
    event::{ClientContent, ClientEvent, Role},
    id::ContentName,
    time::Tick,
};

/// Silent frames sent at once after the program was held up: a stall is not made up for minute by minute.
const CATCH_UP_FRAMES: u32 = 16;

/// How far sound may be ahead of the clock, unless a single block is longer.
const AHEAD: Duration = Duration::from_millis(500);

/// Where the microphone stands and up to when sound was supplied.
pub(super) struct Feed {
    position: Microphone,
    block: Option<ContentName>,
    supplied_until: Tick,
    filling: bool,
    held: VecDeque<Pcm>,
    /// Of what is held the oldest gives way: the stream before has heard it.
    sheds: bool,
}

impl Feed {
    pub(super) fn new(position: Microphone) -> Self {
        Self {
            position,
            block: None,
            supplied_until: Tick::ZERO,
            filling: false,
            held: VecDeque::new(),
            sheds: false,
        }
    }

    /// Somebody else hears what is said until the stream is open.
    pub(super) const fn shed(&mut self) {
        self.sheds = true;
    }

    pub(super) const fn position(&self) -> Microphone {
        self.position
    }
}

impl Session {
    pub(super) fn on_audio(&mut self, now: Tick, samples: &[i16]) -> Result<(), SessionError> {
        if self.left.broken {
            if self.feed.position == Microphone::Open {
                self.recent.push(samples);
            }
            return Ok(());
        }
        if !self.phase.takes_speech() {
            return Err(SessionError::Closed);
        }
        let rate = self.config.input_rate;
        let limit = rate.hertz() as usize;
        if samples.len() > limit {
            return Err(SessionError::AudioTooLong { samples: samples.len(), limit });
        }
        if samples.is_empty() || self.feed.position != Microphone::Open {
            return Ok(());
        }
        let allowed = self.config.timing.queued_audio;
        if self.feed.sheds {
            self.shed_held(rate.samples_in(allowed).saturating_sub(samples.len()));
        }
        if rate.duration_of(self.queued_samples + samples.len()) > allowed {
            let milliseconds = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
            return Err(SessionError::Backpressure {
                queued_ms: milliseconds(rate.duration_of(self.queued_samples)),
                limit_ms: milliseconds(allowed),
            });
        }
        self.recent.push(samples);
        let pcm = self.pool.filled(samples);
        if self.phase == Phase::Opening {
            self.queued_samples += pcm.len();
            self.feed.held.push_back(pcm);
            return Ok(());
        }
        let earliest = now.before(self.config.timing.frame);
        let supplied = self.feed.supplied_until.max(earliest).after(rate.duration_of(pcm.len()));
        // a caller that is faster than real time does not earn a longer silence
        self.feed.supplied_until = supplied.min(now.after(rate.duration_of(pcm.len()).max(AHEAD)));
        self.feed.filling = false;
        self.send_audio(pcm);
        self.watch_for_gap();
        Ok(())
    }

    /// Lets the oldest go until no more is held than that.
    fn shed_held(&mut self, most: usize) {
        while self.queued_samples > most
            && let Some(oldest) = self.feed.held.pop_front()
        {
            self.queued_samples -= oldest.len();
        }
    }

    pub(super) fn on_microphone(&mut self, now: Tick, position: Microphone) {
        if self.left.broken {
            self.feed.position = position;
        }
        if !self.phase.takes_speech() || position == self.feed.position {
            return;
        }
        self.feed.position = position;
        if position == Microphone::Closed {
            self.close_audio_block();
            if self.phase == Phase::Live {
                self.timers.set(Timer::KeepAlive, now.after(self.config.timing.keep_alive));
            }
        } else {
            self.ensure_audio_block(now);
        }
    }

    /// Something typed. The block stays closed to sound while it is open; sound, silence if nothing else, has to
    /// flow after it, or the model does not answer.
    pub(super) fn on_text(&mut self, now: Tick, text: &str) -> Result<(), SessionError> {
        if !self.phase.takes_speech() {
            return Err(SessionError::Closed);
        }
        check_text(text)?;
        self.ensure_audio_block(now);
        self.send_text(Role::User, true, text);
        let turn = self.user_writes(Message::user(text));
        self.emit(Event::Transcript { role: Role::User, text: text.to_owned(), stage: Stage::Final, turn });
        self.expect_answer();
        self.stir(now);
        Ok(())
    }

    /// The turn of something that reaches the model in writing.
    pub(super) fn user_writes(&mut self, message: Message) -> TurnId {
        let answer = self.turns.assistant_turn().and_then(|turn| self.history.answer_mut(turn));
        let unfinished = answer.is_some_and(|answer| !answer.complete);
        self.history.write(message);
        self.turns.user_typed(unfinished)
    }

    /// Connected: what was said before goes out at once, and from now on every gap is filled.
    pub(super) fn start_feed(&mut self, now: Tick) {
        self.feed.supplied_until = now;
        while let Some(pcm) = self.feed.held.pop_front() {
            self.queued_samples -= pcm.len();
            self.send_audio(pcm);
        }
        if self.feed.block.is_some() {
            self.watch_for_gap();
        } else {
            self.timers.set(Timer::KeepAlive, now.after(self.config.timing.keep_alive));
        }
    }

    pub(super) fn ensure_audio_block(&mut self, now: Tick) {
        if self.feed.block.is_none() {
            self.open_audio_block(now);
        }
    }

    pub(super) fn open_audio_block(&mut self, now: Tick) {
        let content_name = self.next_content_name();
        self.feed.block = Some(content_name.clone());
        self.feed.supplied_until = now;
        self.feed.filling = false;
        self.send(ClientEvent::ContentStart {
            prompt_name: self.prompt_name.clone(),
            content_name,
            content: ClientContent::Audio { rate: self.config.input_rate },
        });
        self.timers.clear(Timer::KeepAlive);
        if self.phase == Phase::Live {
            self.watch_for_gap();
        }
    }

    pub(super) fn close_audio_block(&mut self) {
        self.timers.clear(Timer::Silence);
        while let Some(pcm) = self.feed.held.pop_front() {
            self.queued_samples -= pcm.len();
            self.send_audio(pcm);
        }
        if let Some(content_name) = self.feed.block.take() {
            self.send(ClientEvent::ContentEnd { prompt_name: self.prompt_name.clone(), content_name });
        }
    }

    /// The closed microphone must not let the stream run idle. One packet of silence now and then is disputed, a
    /// stream of it is not.
    pub(super) fn keep_alive(&mut self, now: Tick) {
        if self.phase == Phase::Live {
            self.ensure_audio_block(now);
        }
    }

    /// Nobody supplied sound in time: silence does, on the grid of frames, until sound comes again.
    pub(super) fn fill_gap(&mut self, now: Tick) {
        if self.phase != Phase::Live || self.feed.block.is_none() {
            return;
        }
        let frame = self.config.timing.frame;
        let samples = self.config.input_rate.samples_in(frame);
        self.feed.filling = true;
        let longest = now.before(frame * CATCH_UP_FRAMES);
        self.feed.supplied_until = self.feed.supplied_until.max(longest);
        let most = self.config.input_rate.samples_in(self.config.timing.queued_audio);
        while self.feed.supplied_until < now {
            self.feed.supplied_until = self.feed.supplied_until.after(frame);
            if self.queued_samples + samples > most {
                // the transport takes nothing: silence would only stand in the way of speech
                continue;
            }
            let mut silence = self.pool.empty();
            silence.samples_mut().resize(samples, 0);
            self.recent.push(&silence);
            self.send_audio(silence);
        }
        self.watch_for_gap();
    }

    fn watch_for_gap(&mut self) {
        let patience = if self.feed.filling || self.feed.position != Microphone::Open {
            self.config.timing.frame
        } else {
            self.config.timing.gap
        };
        self.timers.set(Timer::Silence, self.feed.supplied_until.after(patience));
    }

    fn send_audio(&mut self, pcm: Pcm) {
        if let Some(content_name) = self.feed.block.clone() {
            let prompt_name = self.prompt_name.clone();
            self.send(ClientEvent::AudioInput { prompt_name, content_name, pcm });
        }
    }
}

/// Whether that can be said to the model in one message.
pub(super) fn check_text(text: &str) -> Result<(), SessionError> {
    if text.trim().is_empty() {
        return Err(SessionError::TextEmpty);
    }
    if text.len() > history::MESSAGE_LIMIT {
        return Err(SessionError::TextTooLong { length: text.len(), limit: history::MESSAGE_LIMIT });
    }
    Ok(())
}
