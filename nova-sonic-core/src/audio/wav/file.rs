//! A WAV file that appears under its name when it is complete.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, BufWriter},
    path::{Path, PathBuf},
    process,
};

use super::WavWriter;
use crate::audio::AudioError;

/// Names tried for the file beside, before giving up: as many as processes of one number may have left behind.
const ATTEMPTS: u32 = 100;

/// A WAV file being written beside its place, and moved there by [`finish`](Self::finish).
///
/// Until then whatever has stood in that place stays; dropped unfinished, nothing remains.
///
/// ```
/// # use nova_sonic_core::audio::{Recording, WavFile};
/// # let folder = tempfile::tempdir().expect("a folder");
/// let path = folder.path().join("answer.wav");
/// let mut file = WavFile::create(&path, 24_000)?;
/// file.write(&[1, 2, 3])?;
/// assert!(!path.exists());
/// file.finish()?;
/// assert_eq!(Recording::open(&path, std::time::Duration::from_secs(1))?.samples(), [1, 2, 3]);
/// # Ok::<(), nova_sonic_core::audio::AudioError>(())
/// ```
#[derive(Debug)]
pub struct WavFile {
    // First, because fields are dropped in this order and an open file cannot be removed everywhere.
    writer: WavWriter<BufWriter<File>>,
    file: File,
    beside: Beside,
    path: PathBuf,
}

impl WavFile {
    /// Begins a file for `path` with `hertz` samples per second.
    ///
    /// # Errors
    ///
    /// [`AudioError::FileInaccessible`] when the folder takes no new file, and those of [`WavWriter::new`].
    pub fn create(path: impl Into<PathBuf>, hertz: u32) -> Result<Self, AudioError> {
        let path = path.into();
        let refused = |error| AudioError::io("create", Some(&path), &error);
        let (beside, file) = Beside::create(&path).map_err(refused)?;
        let buffered = BufWriter::new(file.try_clone().map_err(refused)?);
        let writer = WavWriter::new(buffered, hertz).map_err(|error| error.at(&path))?;
        Ok(Self { writer, file, beside, path })
    }

    /// Writes `samples` after those written before.
    ///
    /// # Errors
    ///
    /// As [`WavWriter::write`].
    pub fn write(&mut self, samples: &[i16]) -> Result<(), AudioError> {
        self.writer.write(samples).map_err(|error| error.at(&self.path))
    }

    /// Samples written.
    pub fn written(&self) -> u64 {
        self.writer.written()
    }

    /// Completes the file and puts it in its place, over what stood there.
    ///
    /// # Errors
    ///
    /// [`AudioError::FileInaccessible`]; what stood in the file's place is then still there.
    pub fn finish(self) -> Result<(), AudioError> {
        let Self { writer, file, beside, path } = self;
        writer.finish().map_err(|error| error.at(&path))?;
        // Or a power cut could leave the new name on an old disk's nothing.
        file.sync_all().map_err(|error| AudioError::io("write", Some(&path), &error))?;
        drop(file);
        beside.replace(&path).map_err(|error| AudioError::io("rename", Some(&path), &error))
    }
}

/// A file of a name of its own, removed when dropped.
#[derive(Debug)]
struct Beside(Option<PathBuf>);

impl Beside {
    /// In the folder of `path`, because only there a rename is one step.
    fn create(path: &Path) -> io::Result<(Self, File)> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
        for attempt in 0..ATTEMPTS {
            let mut hidden = OsString::from(".");
            hidden.push(name);
            hidden.push(format!(".{}-{attempt}.part", process::id()));
            let beside = path.with_file_name(hidden);
            match OpenOptions::new().write(true).create_new(true).open(&beside) {
                Ok(file) => return Ok((Self(Some(beside)), file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn replace(mut self, path: &Path) -> io::Result<()> {
        if let Some(beside) = &self.0 {
            fs::rename(beside, path)?;
            self.0 = None;
        }
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if let Some(beside) = self.0.take() {
            // Nobody is left to be told.
            let _ = fs::remove_file(beside);
        }
    }
}
