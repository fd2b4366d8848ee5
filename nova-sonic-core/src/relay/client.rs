//! The browser's half: its events to messages, and messages to the service's events.

use std::fmt;

use super::{
    FrameKind, RelayError, RelayFrame, Relayed, SOUND_LIMIT, TEXT_LIMIT, control,
    frame::{check_length, read_sound, write_sound, write_text},
};
use crate::{
    audio::PcmPool,
    event::{ClientContent, ClientEvent, EventReader, ServerContent, ServerEvent, ServerIds},
    id::{ContentId, ContentName, PromptName},
};

/// Writes the events of one session as messages of the relay, and reads its answers. A run of sound costs no
/// allocation in either direction.
#[derive(Default)]
pub struct ClientCodec {
    events: EventReader,
    pool: PcmPool,
    /// The audio block that binary messages of the client belong to.
    microphone: Option<(PromptName, ContentName)>,
    /// The audio block that binary messages of the server belong to.
    answer: Option<(ServerIds, ContentId)>,
}

impl ClientCodec {
    /// A codec for one socket.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts the message of one event in place of what was in `out`.
    ///
    /// # Errors
    ///
    /// [`RelayError::TooLong`] for an event that no message can hold; nothing is then to be sent.
    pub fn encode(&mut self, event: &ClientEvent, out: &mut Vec<u8>) -> Result<FrameKind, RelayError> {
        if let ClientEvent::AudioInput { prompt_name, content_name, pcm } = event
            && self
                .microphone
                .as_ref()
                .is_some_and(|(prompt, block)| prompt == prompt_name && block == content_name)
        {
            check_length(pcm.len() * 2, SOUND_LIMIT)?;
            write_sound(pcm, out);
            return Ok(FrameKind::Binary);
        }
        let kind = write_text(out, |out| event.write_json(out))?;
        follow(&mut self.microphone, event);
        Ok(kind)
    }

    /// Reads one message of the server.
    ///
    /// # Errors
    ///
    /// [`RelayError`]; the next message may still be read.
    pub fn decode(&mut self, frame: RelayFrame<'_>) -> Result<Relayed<ServerEvent>, RelayError> {
        match frame {
            RelayFrame::Binary(bytes) => {
                let pcm = read_sound(bytes, &self.pool)?;
                let (ids, content_id) = self.answer.clone().ok_or(RelayError::SoundUnplaced)?;
                let extra = crate::event::Extra::new();
                Ok(Relayed::Event(ServerEvent::AudioOutput { ids, content_id, pcm, extra }))
            }
            RelayFrame::Text(text) => {
                check_length(text.len(), TEXT_LIMIT)?;
                if let Some(control) = control::read(text)? {
                    return Ok(Relayed::Control(control));
                }
                let event = self.events.read_server(text.as_bytes())?;
                follow_answer(&mut self.answer, &event);
                Ok(Relayed::Event(event))
            }
        }
    }
}

/// Shows nothing of what is said.
impl fmt::Debug for ClientCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCodec")
            .field("microphone", &self.microphone)
            .field("answer", &self.answer.as_ref().map(|(_, block)| block))
            .finish_non_exhaustive()
    }
}

/// Keeps track of the client's audio block: the one that was opened last, until it is closed.
pub(super) fn follow(open: &mut Option<(PromptName, ContentName)>, event: &ClientEvent) {
    if let ClientEvent::ContentStart { prompt_name, content_name, content: ClientContent::Audio { .. } } =
        event
    {
        *open = Some((prompt_name.clone(), content_name.clone()));
    } else if let ClientEvent::ContentEnd { content_name, .. } = event
        && open.as_ref().is_some_and(|(_, block)| block == content_name)
    {
        *open = None;
    }
}

/// Keeps track of the service's audio block: the one that was opened last, until it is closed.
pub(super) fn follow_answer(open: &mut Option<(ServerIds, ContentId)>, event: &ServerEvent) {
    if let ServerEvent::ContentStart { ids, content_id, content: ServerContent::Audio { .. }, .. } = event {
        *open = Some((ids.clone(), content_id.clone()));
    } else if let ServerEvent::ContentEnd { content_id, .. } = event
        && open.as_ref().is_some_and(|(_, block)| block == content_id)
    {
        *open = None;
    }
}
