//! A WAV file's sound, mono and block by block.

use std::{
    fmt,
    io::{self, Chain, Cursor, Read},
};

use hound::{SampleFormat, WavSpec};

use super::chunks::{self, Preamble, invalid};
use crate::audio::{AudioError, Sample};

/// Reads the sound of a WAV file of any channel count as mono.
///
/// Takes 8-bit unsigned, 16-, 24- and 32-bit integer and 32-bit float samples. Holds no more than one block in memory;
/// give it a [`std::io::BufReader`]. A length that no file has, as programs write into pipes, means "until the end".
///
/// ```
/// # use nova_sonic_core::audio::{AudioError, WavReader, WavWriter};
/// # let mut file = std::io::Cursor::new(Vec::new());
/// # let mut writer = WavWriter::new(&mut file, 16_000)?;
/// # writer.write(&[100; 1_000])?;
/// # writer.finish()?;
/// # file.set_position(0);
/// let mut reader = WavReader::new(file)?;
/// let mut block = [0.0_f32; 512];
/// let mut samples = 0;
/// loop {
///     match reader.read(&mut block)? {
///         0 => break,
///         read => samples += read,
///     }
/// }
/// assert_eq!((reader.hertz(), samples), (16_000, 1_000));
/// # Ok::<(), AudioError>(())
/// ```
pub struct WavReader<R> {
    hound: hound::WavReader<Chain<Cursor<Vec<u8>>, Sound<R>>>,
    promised: Option<u32>,
    spec: WavSpec,
    /// Bytes of one channel's sample.
    sample_bytes: u16,
    /// Samples decoded, of all channels together.
    decoded: u64,
    /// What the next read has to say, after this one has returned what there was.
    failed: Option<AudioError>,
    read: u64,
}

impl<R: Read> WavReader<R> {
    /// Reads a file as far as its sound.
    ///
    /// # Errors
    ///
    /// [`AudioError::WavInvalid`], [`AudioError::WavUnsupported`], [`AudioError::WavTruncated`] where the file ends within
    /// its header, [`AudioError::FileInaccessible`].
    pub fn new(mut reader: R) -> Result<Self, AudioError> {
        let Preamble { header, promised, format, bits, sample_bytes } = chunks::locate(&mut reader)?;
        let hound =
            hound::WavReader::new(Cursor::new(header).chain(Sound(reader))).map_err(|error| match error {
                hound::Error::FormatError(reason) => invalid(reason),
                hound::Error::IoError(error) => AudioError::io("read", None, &error),
                hound::Error::TooWide
                | hound::Error::UnfinishedSample
                | hound::Error::Unsupported
                | hound::Error::InvalidSampleFormat => AudioError::WavUnsupported { format, bits },
            })?;
        let spec = hound.spec();
        Ok(Self { hound, promised, spec, sample_bytes, decoded: 0, failed: None, read: 0 })
    }

    /// Samples per second of each channel.
    pub fn hertz(&self) -> u32 {
        self.spec.sample_rate
    }

    /// Channels in the file; they are mixed to one.
    pub fn channels(&self) -> u16 {
        self.spec.channels
    }

    /// Mono samples that the header promises; `None` when it leaves the length open.
    pub fn promised(&self) -> Option<u64> {
        self.promised.map(|_| self.hound.duration().into())
    }

    /// Mono samples read.
    pub fn samples_read(&self) -> u64 {
        self.read
    }

    /// Fills `block` from its beginning and returns how many samples were read, 0 at the end.
    ///
    /// Sound that precedes an error is returned first, the error by the next call.
    ///
    /// # Errors
    ///
    /// [`AudioError::WavTruncated`] where the file ends before its header says, [`AudioError::FileInaccessible`].
    pub fn read<S: Sample>(&mut self, block: &mut [S]) -> Result<usize, AudioError> {
        if let Some(error) = self.failed.clone() {
            return Err(error);
        }
        let mut read = 0;
        for place in block {
            match self.next_moment() {
                Ok(Some(mean)) => *place = S::from_unit(mean),
                Ok(None) => break,
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
            read += 1;
        }
        self.read += read as u64;
        match &self.failed {
            Some(error) if read == 0 => Err(error.clone()),
            _ => Ok(read),
        }
    }

    /// The mean of the channels at the next moment.
    fn next_moment(&mut self) -> Result<Option<f32>, AudioError> {
        let mut sum = 0.0;
        for _ in 0..self.spec.channels {
            let sample = match self.spec.sample_format {
                SampleFormat::Float => self.hound.samples::<f32>().next(),
                SampleFormat::Int => {
                    let sample = self.hound.samples::<i32>().next();
                    sample.map(|sample| sample.map(|value| to_unit(value, self.spec.bits_per_sample)))
                }
            };
            match sample {
                Some(Ok(sample)) => sum += sample.to_unit(),
                Some(Err(error)) => return self.ended(&error),
                None => return Ok(None),
            }
            self.decoded += 1;
        }
        Ok(Some(sum / f32::from(self.spec.channels)))
    }

    /// What it means that a sample could not be read: a file that ends early, as an open-ended one may, or a failing disk.
    fn ended(&self, error: &hound::Error) -> Result<Option<f32>, AudioError> {
        match (error, self.promised) {
            (hound::Error::IoError(error), promised) if error.kind() == io::ErrorKind::UnexpectedEof => {
                promised.map_or(Ok(None), |promised| {
                    let found = self.decoded * u64::from(self.sample_bytes);
                    Err(AudioError::WavTruncated { promised: promised.into(), found })
                })
            }
            (hound::Error::IoError(error), _) => Err(AudioError::io("read", None, error)),
            _ => Err(invalid("its samples are not what its format says")),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "24 of 32 bits are more than 16-bit sound needs")]
fn to_unit(value: i32, bits: u16) -> f32 {
    value as f32 / (1_u64 << (bits - 1)) as f32
}

/// Sound that ends with an error, because hound's own says only that something failed.
struct Sound<R>(R);

impl<R: Read> Read for Sound<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Ok(0) if !buffer.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }
}

impl<R> fmt::Debug for WavReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WavReader")
            .field("spec", &self.spec)
            .field("promised", &self.promised)
            .field("read", &self.read)
            .finish_non_exhaustive()
    }
}
