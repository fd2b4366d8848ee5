//! One message of the WebSocket, and the sound in it.

use std::fmt;

use super::{Control, RelayError};
use crate::{
    audio::{Pcm, PcmPool},
    secret::Withheld,
};

/// Longest text message, bytes: as long as the JSON of one of Nova's events may be.
///
/// Source: the service model of `bedrock-runtime` (`PartBody`).
pub const TEXT_LIMIT: usize = 1_000_000;
/// Longest binary message, bytes: more than five seconds at 24 kHz, and still one event as JSON.
pub const SOUND_LIMIT: usize = 256 * 1024;

/// One message as the WebSocket delivers it. Prints only its length.
#[derive(Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "WebSocket has no third kind of message")]
pub enum RelayFrame<'a> {
    /// An event or a control message, as JSON.
    Text(&'a str),
    /// Sound.
    Binary(&'a [u8]),
}

impl fmt::Debug for RelayFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.debug_tuple("Text").field(&Withheld::text(text)).finish(),
            Self::Binary(bytes) => f.debug_tuple("Binary").field(&Withheld(bytes.len())).finish(),
        }
    }
}

/// As what kind of message the written bytes are to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "WebSocket has no third kind of message")]
pub enum FrameKind {
    /// UTF-8.
    Text,
    /// Bytes.
    Binary,
}

/// What a message said.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the sub-protocol knows these two")]
pub enum Relayed<E> {
    /// An event: [`ClientEvent`](crate::event::ClientEvent) or [`ServerEvent`](crate::event::ServerEvent).
    Event(E),
    /// A word of the relay itself.
    Control(Control),
}

/// Refuses a message that is too long, before anything in it is looked at.
pub(super) const fn check_length(length: usize, limit: usize) -> Result<(), RelayError> {
    if length > limit {
        return Err(RelayError::TooLong { length, limit });
    }
    Ok(())
}

/// Puts the samples' bytes in place of what was in `out`.
pub(super) fn write_sound(samples: &[i16], out: &mut Vec<u8>) {
    out.clear();
    out.resize(samples.len() * 2, 0);
    for (pair, sample) in out.as_chunks_mut::<2>().0.iter_mut().zip(samples) {
        *pair = sample.to_le_bytes();
    }
}

/// The samples of a binary message.
pub(super) fn read_sound(bytes: &[u8], pool: &PcmPool) -> Result<Pcm, RelayError> {
    check_length(bytes.len(), SOUND_LIMIT)?;
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(RelayError::SoundCut { length: bytes.len() });
    }
    let mut pcm = pool.empty();
    pcm.samples_mut().extend(pairs.iter().map(|pair| i16::from_le_bytes(*pair)));
    Ok(pcm)
}

/// Lets `write` put JSON in place of what was in `out`; nothing is left there when it is too long to send.
pub(super) fn write_text(
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>),
) -> Result<FrameKind, RelayError> {
    out.clear();
    write(out);
    check_length(out.len(), TEXT_LIMIT).inspect_err(|_| out.clear())?;
    Ok(FrameKind::Text)
}
