//! A recording as a whole, in memory.

use std::{
    fmt,
    fs::File,
    io::{BufReader, Read},
    path::Path,
    time::Duration,
};

use super::WavReader;
use crate::audio::{AudioError, Level, Meter};

const BLOCK: usize = 4_096;

/// A mono recording, read whole.
///
/// Prints only rate and length: what people say does not belong in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Recording {
    hertz: u32,
    samples: Vec<i16>,
}

impl Recording {
    /// Reads a WAV file of at most `longest`. Memory grows with the sound that is there, not with what a header claims.
    ///
    /// # Errors
    ///
    /// [`AudioError::Empty`] without a sample, [`AudioError::TooLong`], and those of [`WavReader`].
    pub fn read(reader: impl Read, longest: Duration) -> Result<Self, AudioError> {
        let mut reader = WavReader::new(reader)?;
        let hertz = reader.hertz();
        let limit = longest.as_micros().saturating_mul(hertz.into()) / 1_000_000;
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let mut samples = Vec::new();
        let mut block = [0; BLOCK];
        loop {
            let read = reader.read(&mut block)?;
            if reader.samples_read() > limit {
                return Err(AudioError::TooLong { limit });
            }
            match block.get(..read) {
                None | Some([]) => break,
                Some(sound) => samples.extend_from_slice(sound),
            }
        }
        if samples.is_empty() { Err(AudioError::Empty) } else { Ok(Self { hertz, samples }) }
    }

    /// Opens and reads the WAV file at `path`.
    ///
    /// # Errors
    ///
    /// [`AudioError::FileInaccessible`], and those of [`read`](Self::read).
    pub fn open(path: impl AsRef<Path>, longest: Duration) -> Result<Self, AudioError> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|error| AudioError::io("open", Some(path), &error))?;
        Self::read(BufReader::new(file), longest).map_err(|error| error.at(path))
    }

    /// Samples per second.
    pub fn hertz(&self) -> u32 {
        self.hertz
    }

    /// The samples.
    pub fn samples(&self) -> &[i16] {
        &self.samples
    }

    /// How long it lasts.
    pub fn duration(&self) -> Duration {
        let micros = self.samples.len() as u128 * 1_000_000 / u128::from(self.hertz.max(1));
        Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }

    /// Its loudness, if somebody could be heard in it.
    ///
    /// # Errors
    ///
    /// [`AudioError::Silent`], as [`Meter::audible`] has it.
    pub fn audible(&self) -> Result<Level, AudioError> {
        let mut meter = Meter::default();
        meter.add(&self.samples);
        meter.audible()
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recording({} samples at {} Hz)", self.samples.len(), self.hertz)
    }
}
