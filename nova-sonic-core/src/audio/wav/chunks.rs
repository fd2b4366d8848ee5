//! Where a RIFF WAVE file keeps its format and its sound.
//!
//! hound knows the formats, but not that a chunk of odd length is padded, nor that a program which writes into a pipe
//! cannot know the length of its sound. So the chunks are found here, and hound is given a header with nothing in it
//! but format and length.

use std::io::{self, Read};

use crate::audio::AudioError;

/// Bytes that may precede the sound: titles, pictures, cue lists.
const LONGEST_PREAMBLE: u64 = 16 << 20;
/// Lengths from here on mean "until the end of the file": into a pipe sox writes `0x7ffff000`, arecord `0x80000000`,
/// ffmpeg `0xffffffff`. A file that really holds 2 GiB of sound reads the same.
const OPEN_END: u32 = 0x7fff_0000;

const FORMAT_PCM: u16 = 1;
const FORMAT_FLOAT: u16 = 3;
const FORMAT_EXTENSIBLE: u16 = 0xfffe;

/// A file read as far as its sound.
pub(super) struct Preamble {
    /// A RIFF header that consists of format and data length only.
    pub(super) header: Vec<u8>,
    /// Bytes of sound; `None` when it goes on to the end of the file.
    pub(super) promised: Option<u32>,
    /// Format tag; that of the subformat where the tag is `WAVE_FORMAT_EXTENSIBLE`.
    pub(super) format: u16,
    /// Bits of one sample.
    pub(super) bits: u16,
    /// Bytes that one channel's sample takes.
    pub(super) sample_bytes: u16,
}

/// The fields of a `fmt ` chunk that matter here.
struct Format {
    chunk: Vec<u8>,
    tag: u16,
    bits: u16,
    sample_bytes: u16,
    /// Bytes of one moment, all channels together.
    block: u16,
}

/// Reads as far as the sound.
pub(super) fn locate(reader: &mut impl Read) -> Result<Preamble, AudioError> {
    let mut counted = Counted { reader, read: 0 };
    let riff: [u8; 12] = counted.array(None)?;
    if !riff.starts_with(b"RIFF") || !riff.ends_with(b"WAVE") {
        return Err(invalid("it does not begin with RIFF and WAVE"));
    }
    let length = u32::from_le_bytes(part(&riff, 4));
    let mut format = None;
    while counted.read < LONGEST_PREAMBLE {
        let chunk: [u8; 8] = counted.array(Some(length))?;
        let length_of_chunk = u32::from_le_bytes(part(&chunk, 4));
        match (&part(&chunk, 0), format) {
            (b"data", None) => return Err(invalid("its sound comes before its format")),
            (b"data", Some(format)) => return Ok(preamble(&format, length, length_of_chunk)),
            (b"fmt ", _) => {
                let (kept, rest) = (length_of_chunk.min(40), length_of_chunk.saturating_sub(40));
                let bytes = counted.bytes(kept.into(), Some(length))?;
                counted.skip(u64::from(rest) + u64::from(length_of_chunk % 2))?;
                format = Some(parse_format(bytes)?);
            }
            (_, kept) => {
                counted.skip(u64::from(length_of_chunk) + u64::from(length_of_chunk % 2))?;
                format = kept;
            }
        }
    }
    Err(invalid("it has no sound in its first 16 MiB"))
}

fn parse_format(mut chunk: Vec<u8>) -> Result<Format, AudioError> {
    if chunk.len() < 16 {
        return Err(invalid("its format is shorter than 16 bytes"));
    }
    let mut tag = word(&chunk, 0);
    let (channels, block, bits) = (word(&chunk, 2), word(&chunk, 12), word(&chunk, 14));
    if channels == 0 || block % channels != 0 || chunk.get(4..8) == Some(&[0; 4]) {
        return Err(invalid("its channels, rate and block length contradict each other"));
    }
    if tag == FORMAT_EXTENSIBLE && chunk.len() == 40 {
        tag = word(&chunk, 24);
        // Fewer valid bits than the container has are its upper ones, so the container is what has to be read.
        chunk.splice(16..20, [22, 0, 0, 0]);
    } else {
        // What follows is of no meaning in these formats, and of many lengths.
        chunk.truncate(16);
    }
    let sample_bytes = block / channels;
    if bits == 0 || bits.div_ceil(8) > sample_bytes {
        return Err(invalid("its samples do not fit their bytes"));
    }
    let known = matches!(
        (tag, bits, sample_bytes),
        (FORMAT_PCM, 8, 1)
            | (FORMAT_PCM, 16, 2)
            | (FORMAT_PCM, 24, 3 | 4)
            | (FORMAT_PCM | FORMAT_FLOAT, 32, 4)
    );
    if !known {
        return Err(AudioError::WavUnsupported { format: tag, bits });
    }
    Ok(Format { chunk, tag, bits, sample_bytes, block })
}

fn preamble(format: &Format, riff_length: u32, length: u32) -> Preamble {
    // A recorder that was killed has left both lengths at 0.
    let open = length >= OPEN_END || (length, riff_length) == (0, 0);
    let promised = (!open).then_some(length);
    let whole_blocks = u32::MAX - u32::MAX % u32::from(format.block.max(1));
    let mut header = Vec::with_capacity(68);
    header.extend_from_slice(b"RIFF\0\0\0\0WAVEfmt ");
    header.extend_from_slice(&u32::try_from(format.chunk.len()).unwrap_or(0).to_le_bytes());
    header.extend_from_slice(&format.chunk);
    header.extend_from_slice(b"data");
    header.extend_from_slice(&promised.unwrap_or(whole_blocks).to_le_bytes());
    Preamble { header, promised, format: format.tag, bits: format.bits, sample_bytes: format.sample_bytes }
}

/// A reader that knows how far it is.
struct Counted<'r, R> {
    reader: &'r mut R,
    read: u64,
}

impl<R: Read> Counted<'_, R> {
    fn array<const N: usize>(&mut self, riff_length: Option<u32>) -> Result<[u8; N], AudioError> {
        self.bytes(N as u64, riff_length).map(|bytes| part(&bytes, 0))
    }

    /// The next `count` bytes; where the file ends before that, an error that says what the RIFF header had promised.
    fn bytes(&mut self, count: u64, riff_length: Option<u32>) -> Result<Vec<u8>, AudioError> {
        let mut bytes = Vec::new();
        let read = self.reader.take(count).read_to_end(&mut bytes);
        self.read += read.map_err(|error| AudioError::io("read", None, &error))? as u64;
        if bytes.len() as u64 == count {
            return Ok(bytes);
        }
        Err(match riff_length.map(|length| u64::from(length) + 8) {
            Some(promised) if promised > self.read => AudioError::WavTruncated { promised, found: self.read },
            Some(_) => invalid("it has no sound"),
            None => invalid("it is shorter than a header"),
        })
    }

    fn skip(&mut self, bytes: u64) -> Result<(), AudioError> {
        let room = LONGEST_PREAMBLE.saturating_sub(self.read) + 1;
        let skipped = io::copy(&mut self.reader.take(bytes.min(room)), &mut io::sink())
            .map_err(|error| AudioError::io("read", None, &error))?;
        self.read += skipped;
        Ok(())
    }
}

fn word(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(part(bytes, at))
}

/// `N` bytes from `at`; the caller has seen to it that they are there.
fn part<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or([0; N])
}

pub(super) fn invalid(reason: &'static str) -> AudioError {
    AudioError::WavInvalid { reason }
}
