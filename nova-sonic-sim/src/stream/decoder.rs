//! Event-stream messages out of a client's bytes, however they are cut.

use aws_smithy_eventstream::frame::read_message_from;
use aws_smithy_types::event_stream::Message;
use bytes::{Buf, Bytes, BytesMut};

/// Length and header length, each with four bytes, and their checksum.
const PRELUDE_BYTES: usize = 12;
/// Prelude and message checksum: the shortest message.
const SHORTEST_MESSAGE: u32 = 16;

/// Why a client's bytes are no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DecodeError {
    #[error("The request event is {length} bytes long; at most {limit} are accepted.")]
    TooLong { length: u32, limit: u32 },
    #[error("The request event claims a length of {length} bytes; the shortest message has 16.")]
    TooShort { length: u32 },
    #[error("The request event could not be read: {0}")]
    Malformed(String),
}

/// Collects bytes until a message is whole; never more than one message's limit plus the last chunk.
#[derive(Debug)]
pub(crate) struct MessageDecoder {
    buffer: BytesMut,
    limit: u32,
}

impl MessageDecoder {
    pub(crate) fn new(limit: u32) -> Self {
        Self { buffer: BytesMut::new(), limit }
    }

    /// Takes what has come in.
    pub(crate) fn push(&mut self, bytes: &Bytes) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message; its claimed length is judged before any more of it is waited for.
    pub(crate) fn next_message(&mut self) -> Result<Option<Message>, DecodeError> {
        let Some(prefix) = self.buffer.first_chunk::<4>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*prefix);
        if length > self.limit {
            return Err(DecodeError::TooLong { length, limit: self.limit });
        }
        if length < SHORTEST_MESSAGE {
            return Err(DecodeError::TooShort { length });
        }
        let whole = usize::try_from(length).unwrap_or(usize::MAX);
        if self.buffer.len() < whole {
            return Ok(None);
        }
        decode(self.buffer.split_to(whole).freeze()).map(Some)
    }

    /// Whether a message has begun and not ended.
    pub(crate) fn is_inside_message(&self) -> bool {
        !self.buffer.is_empty()
    }
}

/// Reads bytes that are exactly one message.
pub(crate) fn decode(mut bytes: Bytes) -> Result<Message, DecodeError> {
    if bytes.len() < PRELUDE_BYTES {
        return Err(DecodeError::Malformed("it ends inside its prelude".to_owned()));
    }
    let message = read_message_from(&mut bytes).map_err(|error| DecodeError::Malformed(error.to_string()))?;
    if bytes.has_remaining() {
        return Err(DecodeError::Malformed(format!("{} bytes follow it", bytes.remaining())));
    }
    Ok(message)
}

#[cfg(test)]
mod tests {
    use aws_smithy_eventstream::frame::write_message_to;
    use proptest::prelude::*;

    use super::*;

    fn encoded(payload: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_message_to(&Message::new(payload.to_owned()), &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn messages_come_out_whole_at_every_chunk_size() {
        let bytes: Vec<u8> = ["one", "", "three"].iter().flat_map(|payload| encoded(payload)).collect();
        for size in 1..=bytes.len() {
            let mut decoder = MessageDecoder::new(64);
            let mut payloads = Vec::new();
            for chunk in bytes.chunks(size) {
                decoder.push(&Bytes::copy_from_slice(chunk));
                while let Some(message) = decoder.next_message().unwrap() {
                    payloads.push(message.payload().clone());
                }
            }
            assert_eq!(payloads, ["one", "", "three"]);
            assert!(!decoder.is_inside_message());
        }
    }

    #[test]
    fn a_length_is_judged_before_it_is_waited_for() {
        for (length, error) in [
            (u32::MAX, DecodeError::TooLong { length: u32::MAX, limit: 1024 }),
            (1025, DecodeError::TooLong { length: 1025, limit: 1024 }),
            (15, DecodeError::TooShort { length: 15 }),
            (0, DecodeError::TooShort { length: 0 }),
        ] {
            let mut decoder = MessageDecoder::new(1024);
            decoder.push(&Bytes::copy_from_slice(&length.to_be_bytes()));
            assert_eq!(decoder.next_message().unwrap_err(), error);
        }
    }

    proptest! {
        #[test]
        fn garbage_is_refused_and_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut decoder = MessageDecoder::new(150);
            decoder.push(&Bytes::from(bytes.clone()));
            while let Ok(Some(_)) = decoder.next_message() {}
            let _ = decode(Bytes::from(bytes));
        }

        #[test]
        fn a_flipped_bit_never_passes(position in 0..19_usize, bit in 0..8_u8) {
            let mut bytes = encoded("abc");
            bytes[position] ^= 1 << bit;
            prop_assert!(decode(Bytes::from(bytes)).is_err());
        }
    }
}
