//! The answer's sound on its way into a file.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use nova_sonic_core::{
    audio::{AudioError, SampleRate, WavFile},
    session::TurnId,
};

use crate::error::TalkError;

/// The sound of all answers, without what an interruption cut off.
pub(crate) struct Answer {
    path: PathBuf,
    rate: SampleRate,
    file: WavFile,
    /// The turn being heard, which may still be cut.
    turn: Option<(TurnId, Vec<i16>)>,
}

impl Answer {
    /// Begins the file for `path`; it appears there when it is [finished](Self::finish).
    pub(crate) fn create(path: &Path, rate: SampleRate) -> Result<Self, TalkError> {
        let file = WavFile::create(path, rate.hertz()).map_err(TalkError::SoundFile)?;
        Ok(Self { path: path.to_owned(), rate, file, turn: None })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds sound; how many samples of its turn there are now.
    pub(crate) fn add(&mut self, turn: TurnId, samples: &[i16]) -> Result<usize, TalkError> {
        match &mut self.turn {
            Some((current, sound)) if *current == turn => {
                sound.extend_from_slice(samples);
                Ok(sound.len())
            }
            _ => {
                self.write_turn().map_err(TalkError::SoundFile)?;
                self.turn = Some((turn, samples.to_vec()));
                Ok(samples.len())
            }
        }
    }

    /// Drops what of `turn` was not heard.
    pub(crate) fn cut(&mut self, turn: TurnId, heard: Duration) {
        if let Some((current, sound)) = &mut self.turn
            && *current == turn
        {
            sound.truncate(self.rate.samples_in(heard));
        }
    }

    /// How long the sound of the latest turn is.
    pub(crate) fn turn_duration(&self) -> Duration {
        self.rate.duration_of(self.turn.as_ref().map_or(0, |(_, sound)| sound.len()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.file.written() == 0 && self.turn.as_ref().is_none_or(|(_, sound)| sound.is_empty())
    }

    /// Puts the file in its place; how long its sound is.
    pub(crate) fn finish(mut self) -> Result<Duration, TalkError> {
        self.write_turn().map_err(TalkError::SoundFile)?;
        let samples = usize::try_from(self.file.written()).unwrap_or(usize::MAX);
        self.file.finish().map_err(TalkError::SoundFile)?;
        Ok(self.rate.duration_of(samples))
    }

    fn write_turn(&mut self) -> Result<(), AudioError> {
        self.turn.take().map_or(Ok(()), |(_, sound)| self.file.write(&sound))
    }
}
