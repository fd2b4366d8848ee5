//! What the engine does, without a word of JavaScript: a session, its link, and what is found when it is polled.

use std::collections::VecDeque;

use nova_sonic_core::{
    audio::Pcm,
    error::ErrorCode,
    event::ClientEvent,
    grant::Grant,
    id::ToolUseId,
    javascript::{self, Settings},
    relay::{FrameKind, RelayFrame},
    session::{Event, Failure, Input, Microphone, Output, Playback, Session, SessionConfig, TurnId},
    sigv4::PresignedUrl,
    time::{Tick, Timestamp},
};

use crate::{
    capture::Capture,
    direct::{Direct, Opened},
    fault::Fault,
    link::{FromRelay, Link},
    told,
};

/// What a poll has found, and what is then to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Found {
    /// Nothing: wait.
    Nothing = 0,
    /// A binary message to send.
    Binary = 1,
    /// A text message to send.
    Text = 2,
    /// The end of the input.
    EndInput = 3,
    /// An event for the application.
    Event = 4,
    /// Sound to play.
    Sound = 5,
}

/// One session over one connection.
pub(crate) struct Conversation {
    session: Session,
    link: Link,
    capture: Capture,
    position: Microphone,
    model: Option<String>,
    now: Tick,
    /// What the link has to say to the application.
    notes: VecDeque<String>,
    /// The input has ended, and the message that says so has not been sent.
    is_ending: bool,
    message: Vec<u8>,
    text: String,
    sound: Option<(TurnId, Pcm)>,
}

impl Conversation {
    pub(crate) fn new(config: &str, seed: &[u8], now: Tick) -> Result<Self, Fault> {
        let Settings { session, model, .. } = settings_of(config)?;
        Ok(Self::of(Session::new(session, seed_of(seed)?, now)?, model, now))
    }

    /// The conversation that goes on with this one over another connection.
    pub(crate) fn successor(&self, config: &str, seed: &[u8], now: Tick) -> Result<Self, Fault> {
        let Settings { session, model, .. } = settings_of(config)?;
        let mut successor = Self::of(self.session.successor(session, seed_of(seed)?, now)?, model, now);
        successor.position = self.position;
        Ok(successor)
    }

    fn of(session: Session, model: Option<String>, now: Tick) -> Self {
        Self {
            link: Link::new(),
            capture: Capture::new(session.config().input_rate),
            position: session.config().microphone,
            session,
            model,
            now,
            notes: VecDeque::new(),
            is_ending: false,
            message: Vec::new(),
            text: String::new(),
            sound: None,
        }
    }

    pub(crate) fn open_direct(
        &mut self,
        grant: &[u8],
        received: Timestamp,
        wall: Timestamp,
        endpoint: Option<&str>,
    ) -> Result<PresignedUrl, Fault> {
        self.check_unopened()?;
        let grant = Grant::read_json(grant, received)?;
        let Opened { direct, url, credentials_last } =
            Direct::open(grant, wall, self.model.as_deref(), endpoint)?;
        self.link.choose_direct(direct);
        self.give(self.now, Input::CredentialsUntil(self.now.after(credentials_last)))?;
        Ok(url)
    }

    pub(crate) fn open_relay(&mut self) -> Result<(), Fault> {
        self.check_unopened()?;
        self.link.choose_relay();
        Ok(())
    }

    fn check_unopened(&self) -> Result<(), Fault> {
        if self.link.is_chosen() {
            return Err(Fault::new(ErrorCode::Internal, "one engine opens one connection"));
        }
        Ok(())
    }

    pub(crate) fn give(&mut self, now: Tick, input: Input<'_>) -> Result<(), Fault> {
        self.now = self.now.max(now);
        Ok(self.session.handle_input(now, input)?)
    }

    pub(crate) fn connected(&mut self, now: Tick) -> Result<(), Fault> {
        self.link.opened();
        self.give(now, Input::Connected)
    }

    pub(crate) fn closed(&mut self, now: Tick, code: u16, reason: &str) -> Result<(), Fault> {
        let input = self.link.closed(code, reason);
        self.give(now, input)
    }

    pub(crate) fn failed(&mut self, now: Tick, code: &str, message: &str) -> Result<(), Fault> {
        let code = ErrorCode::parse(code).unwrap_or(ErrorCode::Internal);
        self.link.ended();
        self.give(now, Input::Failed(Failure::new(code, message)))
    }

    /// The session has ended, and the conversation goes on elsewhere: whether what has come of an answer is followed here.
    pub(crate) fn break_off(&mut self) -> bool {
        if let Some(interrupted) = self.session.break_off() {
            self.notes.push_back(javascript::event(&interrupted));
        }
        self.session.plays_out()
    }

    /// The conversation is over, and nothing more of it is played: what is to be told, if anything; then the next.
    pub(crate) fn fall_silent(&mut self) -> String {
        self.session.fall_silent().map_or_else(String::new, |event| javascript::event(&event))
    }

    pub(crate) fn received_binary(&mut self, now: Tick, bytes: &[u8]) -> Result<(), Fault> {
        self.link.opened();
        if let Some(direct) = self.link.direct() {
            direct.push(bytes);
            while let Some(input) = self.link.direct().and_then(Direct::received) {
                self.give(now, input)?;
            }
            return Ok(());
        }
        self.received_relayed(now, RelayFrame::Binary(bytes))
    }

    pub(crate) fn received_text(&mut self, now: Tick, text: &str) -> Result<(), Fault> {
        self.link.opened();
        self.received_relayed(now, RelayFrame::Text(text))
    }

    fn received_relayed(&mut self, now: Tick, frame: RelayFrame<'_>) -> Result<(), Fault> {
        match self.link.relayed(frame) {
            Some(FromRelay::Input(input)) => self.give(now, input)?,
            Some(FromRelay::Control(message)) => self.notes.push_back(told::relayed(message)),
            Some(FromRelay::Defect(defect)) => {
                self.notes.push_back(javascript::error(defect.code(), &defect.to_string()));
            }
            None => {
                let message = "a text message came, and the service sends none";
                self.notes.push_back(javascript::error(ErrorCode::FrameMalformed, message));
            }
        }
        Ok(())
    }

    pub(crate) fn audio(&mut self, now: Tick, samples: &[i16]) -> Result<(), Fault> {
        self.capture.measure(samples);
        self.give(now, Input::Audio(samples))
    }

    pub(crate) fn capture(&mut self, now: Tick, samples: &[f32], rate: u32) -> Result<(), Fault> {
        self.capture.measure(samples);
        if self.position == Microphone::Open {
            let session = &mut self.session;
            self.capture.add(samples, rate, |frame| session.handle_input(now, Input::Audio(frame)))?;
        }
        self.now = self.now.max(now);
        Ok(())
    }

    /// What was said before the microphone is moved still belongs to its turn.
    pub(crate) fn move_microphone(&mut self, now: Tick, word: &str) -> Result<(), Fault> {
        let position = javascript::microphone(word)?;
        if position == self.position {
            return Ok(());
        }
        if self.position == Microphone::Open {
            let session = &mut self.session;
            // the last 30 ms are no reason to leave the microphone open
            let _ = self.capture.finish(|rest| session.handle_input(now, Input::Audio(rest)));
        }
        self.position = position;
        self.give(now, Input::Microphone(position))
    }

    pub(crate) fn answer_tool(&mut self, now: Tick, call: &str, json: &str) -> Result<(), Fault> {
        self.give(now, Input::ToolResult { call: &ToolUseId::from(call), json })
    }

    pub(crate) fn fail_tool(&mut self, now: Tick, call: &str, message: &str) -> Result<(), Fault> {
        self.give(now, Input::ToolFailed { call: &ToolUseId::from(call), message })
    }

    pub(crate) fn next_timeout(&self) -> Option<Tick> {
        self.session.poll_timeout()
    }

    pub(crate) const fn level_dbfs(&self) -> f32 {
        self.capture.level_dbfs()
    }

    /// The next thing to do; what belongs to it lies in [`message`](Self::message), [`text`](Self::text) or
    /// [`sound`](Self::sound) until the next call.
    pub(crate) fn poll(&mut self, wall: Timestamp) -> Found {
        self.sound = None;
        if let Some(note) = self.notes.pop_front() {
            self.text = note;
            return Found::Event;
        }
        if std::mem::take(&mut self.is_ending) && self.link.finish(wall, &mut self.message) {
            return Found::Binary;
        }
        while let Some(output) = self.next_output() {
            match output {
                Output::Emit(Event::Audio { pcm, turn, .. }) => {
                    self.sound = Some((turn, pcm));
                    return Found::Sound;
                }
                Output::Emit(event) => {
                    self.text = javascript::event(&event);
                    return Found::Event;
                }
                Output::Send(event) => return self.send(&event, wall),
                Output::EndInput => {
                    self.is_ending = self.link.is_open();
                    if !self.is_ending {
                        self.link.ended();
                    }
                    return Found::EndInput;
                }
                _ => {}
            }
        }
        Found::Nothing
    }

    /// What is to be sent waits in the session until there is a connection: there the history takes the room of its words,
    /// and as events ten times as much.
    fn next_output(&mut self) -> Option<Output> {
        if self.link.is_open() { self.session.poll_output() } else { self.session.poll_told() }
    }

    fn send(&mut self, event: &ClientEvent, wall: Timestamp) -> Found {
        match self.link.encode(event, wall, &mut self.message) {
            Ok(FrameKind::Binary) => Found::Binary,
            Ok(FrameKind::Text) => Found::Text,
            Err(failure) => {
                self.link.ended();
                // a failure is never the caller's mistake
                let _ = self.session.handle_input(self.now, Input::Failed(failure));
                self.poll(wall)
            }
        }
    }

    /// The bytes of the message that was found.
    pub(crate) fn message(&self) -> &[u8] {
        &self.message
    }

    /// The sound that was found, and its turn.
    pub(crate) const fn sound(&self) -> Option<&(TurnId, Pcm)> {
        self.sound.as_ref()
    }

    /// The event that was found.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// In a page, the player reports what it has played.
fn settings_of(config: &str) -> Result<Settings, Fault> {
    Ok(javascript::read_settings(config, SessionConfig::default().playback(Playback::Reported))?)
}

fn seed_of(bytes: &[u8]) -> Result<[u8; 32], Fault> {
    bytes.try_into().map_err(|_| javascript::Fault::setting("seed", "is not 32 random bytes").into())
}
