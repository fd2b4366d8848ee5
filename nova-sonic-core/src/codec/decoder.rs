//! Frames to events and exceptions.

use std::fmt;

use super::{CodecError, payload};
use crate::{
    error::{ServiceError, ServiceException},
    event::{EventReader, ServerEvent},
    json::Fields,
    scratch::Scratch,
    wire::{Frame, FrameDecoder, Headers, WireError},
};

/// What the service sent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Received {
    /// An event.
    Event(ServerEvent),
    /// An exception; the stream ends soon, unless [`ServiceError::stream_continues`].
    Exception(ServiceError),
}

/// Reads the events of one stream from its bytes, however they are cut.
///
/// Event types that this version does not know are passed over, as AWS's SDKs do. A chunk that is no event is an
/// error and the next one may still be read; a defect of the framing ends the reading, as in [`FrameDecoder`].
#[derive(Default)]
pub struct Decoder {
    frames: FrameDecoder,
    chunks: ChunkReader,
}

impl Decoder {
    /// A decoder with the default limit for the length of a frame.
    pub fn new() -> Self {
        Self::default()
    }

    /// A decoder that takes frames of up to `frame_limit` bytes.
    pub fn with_frame_limit(frame_limit: usize) -> Self {
        Self { frames: FrameDecoder::with_frame_limit(frame_limit), chunks: ChunkReader::default() }
    }

    /// Takes the next bytes of the stream; [`Decoder::poll`] until `None` before pushing more.
    pub fn push(&mut self, bytes: &[u8]) {
        self.frames.push(bytes);
    }

    /// What came next; `None` until more bytes are pushed.
    ///
    /// # Errors
    ///
    /// The bytes are no frame, which is said once for each push, or the chunk is no event.
    #[must_use]
    pub fn poll(&mut self) -> Option<Result<Received, CodecError>> {
        loop {
            let received = match self.frames.next_frame()? {
                Ok(frame) => self.chunks.read(frame),
                Err(defect) => Err(defect.into()),
            };
            if let Some(received) = received.transpose() {
                return Some(received);
            }
        }
    }

    /// Says whether the stream may end here.
    ///
    /// # Errors
    ///
    /// The stream ends within a frame, or the defect that stopped the decoder.
    pub fn finish(&self) -> Result<(), CodecError> {
        self.frames.finish().map_err(|defect: WireError| defect.into())
    }
}

/// Shows lengths only: the buffers hold what people say.
impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").field("frames", &self.frames).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct ChunkReader {
    events: EventReader,
}

impl ChunkReader {
    /// What a frame says; `None` for one that may be passed over.
    fn read(&mut self, frame: Frame<'_>) -> Result<Option<Received>, CodecError> {
        let headers = Described::of(frame.headers);
        match headers.message_type {
            Some("event") => self.event(headers.event_type, frame.payload),
            Some("exception") => Ok(Some(exception(headers.exception_type, frame.payload))),
            Some("error") => Ok(Some(error(&headers))),
            _ => Err(CodecError::MessageType),
        }
    }

    fn event(&mut self, event_type: Option<&str>, payload: &[u8]) -> Result<Option<Received>, CodecError> {
        match event_type {
            Some("chunk") => {
                let mut json = Scratch::take();
                payload::read(payload, &mut json)?;
                Ok(Some(Received::Event(self.events.read_server(&json)?)))
            }
            // seen in streams of AWS: an exception that calls itself an event
            Some(name) if name.ends_with("Exception") => Ok(Some(exception(Some(name), payload))),
            _ => Ok(None),
        }
    }
}

/// The headers that say what a frame is, found in one pass.
#[derive(Default)]
struct Described<'a> {
    message_type: Option<&'a str>,
    event_type: Option<&'a str>,
    exception_type: Option<&'a str>,
    error_code: Option<&'a str>,
    error_message: Option<&'a str>,
}

impl<'a> Described<'a> {
    fn of(headers: Headers<'a>) -> Self {
        let mut described = Self::default();
        for header in headers {
            let place = match header.name {
                ":message-type" => &mut described.message_type,
                ":event-type" => &mut described.event_type,
                ":exception-type" => &mut described.exception_type,
                ":error-code" => &mut described.error_code,
                ":error-message" => &mut described.error_message,
                _ => continue,
            };
            *place = place.or(header.value.as_text());
        }
        described
    }
}

fn exception(name: Option<&str>, payload: &[u8]) -> Received {
    let exception = ServiceException::parse(name.unwrap_or("unknown"));
    let fields = Fields::read(payload).ok();
    let told = fields.as_ref().and_then(|fields| fields.text("message").or_else(|| fields.text("Message")));
    Received::Exception(ServiceError::new(exception, told.unwrap_or_else(|| readable(payload))))
}

/// As far as it is text.
fn readable(payload: &[u8]) -> &str {
    let length = std::str::from_utf8(payload).map_or_else(|error| error.valid_up_to(), str::len);
    payload.get(..length).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
}

fn error(headers: &Described<'_>) -> Received {
    let exception = ServiceException::parse(headers.error_code.unwrap_or("unknown"));
    Received::Exception(ServiceError::new(exception, headers.error_message.unwrap_or_default()))
}
