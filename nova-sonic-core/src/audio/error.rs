//! What can be wrong with sound, and with the files that hold it.

use std::{io, path::Path};

use thiserror::Error;

use crate::error::ErrorCode;

/// Why sound could not be read, converted, queued or written.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum AudioError {
    /// 16-bit samples need an even number of bytes.
    #[error("{bytes} bytes are not a whole number of 16-bit samples")]
    OddByteCount {
        /// Bytes given.
        bytes: usize,
    },
    /// Interleaved sound whose length does not fit its channel count, or no channel at all.
    #[error("{samples} samples cannot be shared out to {channels} channels")]
    ChannelsUneven {
        /// Samples given, of all channels together.
        samples: usize,
        /// Channels claimed.
        channels: usize,
    },
    /// A sample rate outside what the audio path takes.
    #[error("{hertz} Hz is outside {lowest} to {highest} Hz")]
    SampleRateUnsupported {
        /// Samples per second asked for.
        hertz: u32,
        /// The lowest rate taken, in Hz.
        lowest: u32,
        /// The highest rate taken, in Hz.
        highest: u32,
    },
    /// Frames of no sample, or longer than a second.
    #[error("frames of {micros} µs are outside one sample to one second")]
    FrameLengthUnsupported {
        /// Duration asked for, in microseconds.
        micros: u64,
    },
    /// The playback queue has no room for a block.
    #[error("{given} samples do not fit: {queued} of {limit} samples wait to be played, for {turns} tags")]
    PlaybackFull {
        /// Samples given.
        given: usize,
        /// Samples that wait to be played.
        queued: usize,
        /// Samples that may wait.
        limit: usize,
        /// Tags that wait to be played.
        turns: usize,
    },
    /// Bytes that are not a RIFF WAVE file.
    #[error("not a RIFF WAVE file: {reason}")]
    WavInvalid {
        /// The first thing found wrong.
        reason: &'static str,
    },
    /// A RIFF WAVE file in an encoding that is not read.
    #[error("WAVE format 0x{format:04x} with {bits} bits is not read")]
    WavUnsupported {
        /// Format tag, as registered in `mmreg.h`.
        format: u16,
        /// Bits per sample.
        bits: u16,
    },
    /// A file that ends before its header says.
    #[error("its header promises {promised} bytes, the file ends after {found}")]
    WavTruncated {
        /// Bytes of sound that the header promises; of the whole file, where that ends before the sound.
        promised: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// A recording without a sample.
    #[error("the recording has no samples")]
    Empty,
    /// A recording with nothing to hear.
    #[error("the loudest sample is at {peak_dbfs:.1} dBFS: the recording is silent")]
    Silent {
        /// Its loudest sample, in dBFS.
        peak_dbfs: f32,
    },
    /// More sound than the caller, or the file format, has room for.
    #[error("the sound is longer than {limit} samples")]
    TooLong {
        /// Samples that there is room for.
        limit: u64,
    },
    /// The operating system refused a file.
    #[error("cannot {operation} {}: {kind}", name(.path.as_deref()))]
    FileInaccessible {
        /// What was attempted: `open`, `read`, `create`, `write`, `rename`.
        operation: &'static str,
        /// The file, where it has a name.
        path: Option<Box<Path>>,
        /// What the operating system said.
        kind: io::ErrorKind,
    },
}

impl AudioError {
    /// The stable code.
    ///
    /// ```
    /// use nova_sonic_core::{audio::AudioError, error::ErrorCode};
    /// assert_eq!(AudioError::Empty.code(), ErrorCode::AudioEmpty);
    /// ```
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::OddByteCount { .. }
            | Self::ChannelsUneven { .. }
            | Self::SampleRateUnsupported { .. }
            | Self::FrameLengthUnsupported { .. } => ErrorCode::AudioUnsupported,
            Self::PlaybackFull { .. } => ErrorCode::AudioBackpressure,
            Self::WavInvalid { .. } | Self::WavUnsupported { .. } => ErrorCode::WavInvalid,
            Self::WavTruncated { .. } => ErrorCode::WavTruncated,
            Self::Empty => ErrorCode::AudioEmpty,
            Self::Silent { .. } => ErrorCode::AudioSilent,
            Self::TooLong { .. } => ErrorCode::AudioTooLong,
            Self::FileInaccessible { .. } => ErrorCode::FileInaccessible,
        }
    }

    #[cfg(feature = "native-audio")]
    pub(super) fn io(operation: &'static str, path: Option<&Path>, error: &io::Error) -> Self {
        Self::FileInaccessible { operation, path: path.map(Box::from), kind: error.kind() }
    }

    /// The same error, with the file that it is about.
    #[cfg(feature = "native-audio")]
    pub(super) fn at(self, file: &Path) -> Self {
        if let Self::FileInaccessible { operation, path: None, kind } = self {
            Self::FileInaccessible { operation, path: Some(file.into()), kind }
        } else {
            self
        }
    }
}

fn name(path: Option<&Path>) -> std::path::Display<'_> {
    path.unwrap_or_else(|| Path::new("the stream")).display()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_stays_small_enough_to_return_by_value() {
        assert!(size_of::<AudioError>() <= 48, "{} bytes", size_of::<AudioError>());
    }

    #[test]
    fn messages_name_numbers_and_files() {
        let missing = AudioError::FileInaccessible {
            operation: "open",
            path: Some(Path::new("question.wav").into()),
            kind: io::ErrorKind::NotFound,
        };
        assert_eq!(missing.to_string(), "cannot open question.wav: entity not found");
        let cut = AudioError::WavTruncated { promised: 64_000, found: 1_234 };
        assert_eq!(cut.to_string(), "its header promises 64000 bytes, the file ends after 1234");
        let silent = AudioError::Silent { peak_dbfs: -84.29 };
        assert_eq!(silent.to_string(), "the loudest sample is at -84.3 dBFS: the recording is silent");
    }
}
