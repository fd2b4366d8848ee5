//! Bytes to frames, however the bytes are cut.

use std::fmt;

use super::{
    Headers, WireError,
    checksum::crc32,
    prelude::{PRELUDE_BYTES, Prelude, TRAILER_BYTES},
};
use crate::scratch::Scratch;

/// Longest frame that a [`FrameDecoder`] takes unless told otherwise, 1 MiB.
///
/// What Nova Sonic sends is a few kilobytes long. The largest thing that it handles at all, a whole history of 200 KB,
/// would be 267 KB as base64; the rest is reserve.
pub const DEFAULT_FRAME_LIMIT: usize = 1 << 20;

/// How many frames of the longest kind may wait to be read.
const BACKLOG_FRAMES: usize = 4;

/// A frame that borrows from its decoder: both checksums hold and every header is readable.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame<'a> {
    /// The headers.
    pub headers: Headers<'a>,
    /// What the frame carries.
    pub payload: &'a [u8],
}

/// The payload shows its length only: it is what people say.
impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("headers", &self.headers)
            .field("payload", &format_args!("[{} bytes]", self.payload.len()))
            .finish()
    }
}

/// Takes bytes in any split, gives frames in order, and never waits for a length that it does not believe.
///
/// A prelude is checked when its twelve bytes are there, before anything beyond them is kept. After a defect nothing
/// more is read, because nothing says where the next frame begins; the frames before it are still given.
///
/// ```
/// use nova_sonic_core::wire::{FrameDecoder, HeaderValue, write_frame};
///
/// let mut bytes = Vec::new();
/// write_frame(&[(":event-type", HeaderValue::Text("chunk"))], b"hello", &mut bytes)?;
///
/// let mut decoder = FrameDecoder::new();
/// let (first, second) = bytes.split_at(7);
/// decoder.push(first);
/// assert!(decoder.next_frame().is_none());
/// decoder.push(second);
/// let frame = decoder.next_frame().expect("the frame is complete")?;
/// assert_eq!((frame.headers.text(":event-type"), frame.payload), (Some("chunk"), b"hello".as_slice()));
/// decoder.finish()?;
/// # Ok::<(), nova_sonic_core::wire::WireError>(())
/// ```
pub struct FrameDecoder {
    /// Frames not yet given out, then the beginning of the one that is arriving.
    buffer: Scratch,
    /// Where the next frame to be given out begins.
    unread: usize,
    /// Where the arriving frame begins; everything before it is complete.
    arriving: usize,
    /// The arriving frame's lengths, once they are believed.
    prelude: Option<Prelude>,
    frame_limit: usize,
    defect: Option<WireError>,
    defect_given: bool,
}

impl FrameDecoder {
    /// A decoder that takes frames of up to [`DEFAULT_FRAME_LIMIT`] bytes.
    pub fn new() -> Self {
        Self::with_frame_limit(DEFAULT_FRAME_LIMIT)
    }

    /// A decoder that takes frames of up to `frame_limit` bytes, and holds up to four times as much.
    pub fn with_frame_limit(frame_limit: usize) -> Self {
        Self {
            buffer: Scratch::default(),
            unread: 0,
            arriving: 0,
            prelude: None,
            frame_limit,
            defect: None,
            defect_given: false,
        }
    }

    /// Takes the next bytes of the stream; read the frames in them before pushing more.
    ///
    /// What is wrong with them is said by [`FrameDecoder::next_frame`], in its place after the frames before it.
    pub fn push(&mut self, bytes: &[u8]) {
        self.defect_given = false;
        self.reclaim();
        if self.buffer.capacity() == 0 {
            self.buffer = Scratch::take();
        }
        let limit = self.frame_limit.saturating_mul(BACKLOG_FRAMES);
        if self.buffer.len() - self.unread + bytes.len() > limit {
            self.fail(WireError::BacklogFull { limit });
        }
        let mut bytes = bytes;
        while self.defect.is_none() && !bytes.is_empty() {
            let wanted = self.prelude.map_or(PRELUDE_BYTES, |prelude| prelude.total);
            let missing = wanted.saturating_sub(self.buffer.len() - self.arriving);
            let (taken, rest) = bytes.split_at_checked(missing).unwrap_or((bytes, &[]));
            self.buffer.extend_from_slice(taken);
            bytes = rest;
            if taken.len() == missing {
                self.advance();
            }
        }
    }

    /// The next frame; `None` until more bytes are pushed.
    ///
    /// # Errors
    ///
    /// What is wrong with the bytes after the last frame, once for each push, so that neither a caller who stops at
    /// `None` misses it nor one who goes on after errors loops for ever.
    pub fn next_frame(&mut self) -> Option<Result<Frame<'_>, WireError>> {
        if self.unread < self.arriving {
            match self.inspect() {
                Ok(prelude) => {
                    let from = self.unread;
                    self.unread += prelude.total;
                    return Some(Ok(self.view(from, prelude)));
                }
                Err(defect) => {
                    self.arriving = self.unread;
                    self.defect = None;
                    self.fail(defect);
                }
            }
        }
        if self.unread == self.buffer.len() {
            self.rest();
        }
        if self.defect_given {
            return None;
        }
        let defect = self.defect.clone()?;
        self.defect_given = true;
        Some(Err(defect))
    }

    /// Says whether the stream may end here.
    ///
    /// # Errors
    ///
    /// [`WireError::FrameTruncated`] within a frame, or the defect that stopped the decoder.
    pub fn finish(&self) -> Result<(), WireError> {
        if let Some(defect) = &self.defect {
            return Err(defect.clone());
        }
        let received = self.buffer.len() - self.arriving;
        match self.prelude {
            None if received == 0 => Ok(()),
            prelude => {
                let expected = prelude.map_or(PRELUDE_BYTES, |prelude| prelude.total);
                Err(WireError::FrameTruncated { missing: expected.saturating_sub(received) })
            }
        }
    }

    /// How many bytes are held at the moment.
    pub fn buffered(&self) -> usize {
        self.buffer.len() - self.unread
    }

    /// The arriving frame has what it was waiting for: its prelude, or its end.
    fn advance(&mut self) {
        if self.prelude.is_some() {
            self.prelude = None;
            self.arriving = self.buffer.len();
            return;
        }
        let Some(bytes) = self.buffer.get(self.arriving..).and_then(<[u8]>::first_chunk) else {
            return;
        };
        match Prelude::read(bytes, self.frame_limit) {
            Ok(prelude) => self.prelude = Some(prelude),
            Err(defect) => self.fail(defect),
        }
    }

    fn fail(&mut self, defect: WireError) {
        self.buffer.truncate(self.arriving);
        self.prelude = None;
        self.defect.get_or_insert(defect);
    }

    /// Nothing is half there: until more comes, the buffer can serve others.
    fn rest(&mut self) {
        self.buffer = Scratch::default();
        (self.unread, self.arriving) = (0, 0);
    }

    /// Gives the room of frames that were read back to those to come, moving each byte at most once on average.
    fn reclaim(&mut self) {
        if self.unread * 2 < self.buffer.len() || self.unread == 0 {
            return;
        }
        self.buffer.drain(..self.unread);
        self.arriving -= self.unread;
        self.unread = 0;
    }

    /// Checks the complete frame at `unread`.
    fn inspect(&self) -> Result<Prelude, WireError> {
        let truncated = || WireError::FrameTruncated { missing: 1 };
        let complete = self.buffer.get(self.unread..self.arriving).unwrap_or_default();
        let prelude = Prelude::read(complete.first_chunk().ok_or_else(truncated)?, self.frame_limit)?;
        let (frame, _) = complete.split_at_checked(prelude.total).ok_or_else(truncated)?;
        let (checked, trailer) = frame.split_last_chunk::<TRAILER_BYTES>().ok_or_else(truncated)?;
        let (stated, computed) = (u32::from_be_bytes(*trailer), crc32(checked));
        if stated != computed {
            return Err(WireError::FrameCorrupt { stated, computed });
        }
        Headers::check(frame.get(PRELUDE_BYTES..PRELUDE_BYTES + prelude.headers).unwrap_or_default())?;
        Ok(prelude)
    }

    fn view(&self, from: usize, prelude: Prelude) -> Frame<'_> {
        let payload = from + PRELUDE_BYTES + prelude.headers;
        let end = from + prelude.total - TRAILER_BYTES;
        Frame {
            headers: Headers::of_checked(self.buffer.get(from + PRELUDE_BYTES..payload).unwrap_or_default()),
            payload: self.buffer.get(payload..end).unwrap_or_default(),
        }
    }
}

impl Default for FrameDecoder {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows lengths only: the buffer holds what people say.
impl fmt::Debug for FrameDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameDecoder")
            .field("buffered", &self.buffered())
            .field("prelude", &self.prelude)
            .field("defect", &self.defect)
            .finish_non_exhaustive()
    }
}
