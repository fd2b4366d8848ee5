//! PCM16 mono into anything that can be written and rewound.

use std::{
    fmt,
    io::{self, Seek, Write},
};

use hound::{SampleFormat, WavSpec};

use crate::audio::{AudioError, resample::HIGHEST_HERTZ};

/// Samples that a WAV file has room for: its lengths are 32-bit numbers of bytes, the header's 36 among them.
const ROOM: u64 = (u32::MAX as u64 - 36) / 2;

/// Writes mono 16-bit samples as a WAV file into `W`, from its beginning.
///
/// Give it a [`std::io::BufWriter`], and [`finish`](Self::finish) it: the header's lengths are written then.
pub struct WavWriter<W: Write + Seek> {
    hound: hound::WavWriter<W>,
    hertz: u32,
    written: u64,
}

impl<W: Write + Seek> WavWriter<W> {
    /// Writes the header of a file with `hertz` samples per second.
    ///
    /// # Errors
    ///
    /// [`AudioError::SampleRateUnsupported`] for 0 Hz or more than 192 kHz, [`AudioError::FileInaccessible`].
    pub fn new(writer: W, hertz: u32) -> Result<Self, AudioError> {
        if !(1..=HIGHEST_HERTZ).contains(&hertz) {
            return Err(AudioError::SampleRateUnsupported { hertz, lowest: 1, highest: HIGHEST_HERTZ });
        }
        let spec = WavSpec {
            channels: 1,
            sample_rate: hertz,
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        let hound = hound::WavWriter::new(writer, spec).map_err(|error| refused(&error))?;
        Ok(Self { hound, hertz, written: 0 })
    }

    /// Writes `samples` after those written before.
    ///
    /// # Errors
    ///
    /// [`AudioError::TooLong`] beyond 4 GiB, nothing of `samples` is then written; [`AudioError::FileInaccessible`].
    pub fn write(&mut self, samples: &[i16]) -> Result<(), AudioError> {
        let written = self.written + samples.len() as u64;
        if written > ROOM {
            return Err(AudioError::TooLong { limit: ROOM });
        }
        for sample in samples {
            self.hound.write_sample(*sample).map_err(|error| refused(&error))?;
        }
        self.written = written;
        Ok(())
    }

    /// Samples written.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Writes the lengths into the header and flushes.
    ///
    /// # Errors
    ///
    /// [`AudioError::FileInaccessible`].
    pub fn finish(self) -> Result<(), AudioError> {
        self.hound.finalize().map_err(|error| refused(&error))
    }
}

fn refused(error: &hound::Error) -> AudioError {
    let fallback = io::Error::from(io::ErrorKind::InvalidData);
    let error = if let hound::Error::IoError(error) = error { error } else { &fallback };
    AudioError::io("write", None, error)
}

impl<W: Write + Seek> fmt::Debug for WavWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WavWriter")
            .field("hertz", &self.hertz)
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}
