//! The server's half: messages to a client's events, and the service's events to messages.

use std::fmt;

use super::{
    FrameKind, RelayError, RelayFrame, Relayed, SOUND_LIMIT, TEXT_LIMIT,
    client::{follow, follow_answer},
    control,
    frame::{check_length, read_sound, write_sound, write_text},
};
use crate::{
    audio::PcmPool,
    event::{ClientEvent, EventReader, ServerEvent, ServerIds},
    id::{ContentId, ContentName, PromptName},
};

/// Reads the messages of one client, and writes the service's events for it. A run of sound costs no allocation in
/// either direction.
///
/// It says what came, not whether it may: that is for [`Guard`](super::Guard).
#[derive(Default)]
pub struct ServerCodec {
    events: EventReader,
    pool: PcmPool,
    /// The audio block that binary messages of the client belong to.
    microphone: Option<(PromptName, ContentName)>,
    /// The audio block that binary messages of the server belong to.
    answer: Option<(ServerIds, ContentId)>,
}

impl ServerCodec {
    /// A codec for one socket.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads one message of the client.
    ///
    /// # Errors
    ///
    /// [`RelayError`]; the next message could still be read, but no well-made client sends such a one.
    pub fn decode(&mut self, frame: RelayFrame<'_>) -> Result<Relayed<ClientEvent>, RelayError> {
        match frame {
            RelayFrame::Binary(bytes) => {
                let pcm = read_sound(bytes, &self.pool)?;
                let (prompt_name, content_name) = self.microphone.clone().ok_or(RelayError::SoundUnplaced)?;
                Ok(Relayed::Event(ClientEvent::AudioInput { prompt_name, content_name, pcm }))
            }
            RelayFrame::Text(text) => {
                check_length(text.len(), TEXT_LIMIT)?;
                if let Some(control) = control::read(text)? {
                    return Ok(Relayed::Control(control));
                }
                let event = self.events.read_client(text.as_bytes())?;
                follow(&mut self.microphone, &event);
                Ok(Relayed::Event(event))
            }
        }
    }

    /// Puts the message of one event in place of what was in `out`.
    ///
    /// Sound that is not of the audio block opened last, or carries fields that this version does not know, goes as
    /// text: nothing is lost.
    ///
    /// # Errors
    ///
    /// [`RelayError::TooLong`] for an event that no message can hold; nothing is then to be sent.
    pub fn encode(&mut self, event: &ServerEvent, out: &mut Vec<u8>) -> Result<FrameKind, RelayError> {
        if let ServerEvent::AudioOutput { ids, content_id, pcm, extra } = event
            && extra.is_empty()
            && pcm.len() * 2 <= SOUND_LIMIT
            && self.answer.as_ref().is_some_and(|(of, block)| of == ids && block == content_id)
        {
            write_sound(pcm, out);
            return Ok(FrameKind::Binary);
        }
        let kind = write_text(out, |out| event.write_json(out))?;
        follow_answer(&mut self.answer, event);
        Ok(kind)
    }
}

/// Shows nothing of what is said.
impl fmt::Debug for ServerCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerCodec")
            .field("microphone", &self.microphone)
            .field("answer", &self.answer.as_ref().map(|(_, block)| block))
            .finish_non_exhaustive()
    }
}
