//! RIFF WAVE files: any of them in, mono and block by block; PCM16 mono out, whole or not at all.
//!
//! Source: Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0" (1991), and
//! `WAVEFORMATEXTENSIBLE` in Microsoft's Windows driver documentation.
//!
//! ```
//! use std::{io::Cursor, time::Duration};
//! use nova_sonic_core::audio::{Recording, WavWriter};
//!
//! let mut file = Cursor::new(Vec::new());
//! let mut writer = WavWriter::new(&mut file, 16_000)?;
//! writer.write(&[100; 16_000])?;
//! writer.finish()?;
//!
//! file.set_position(0);
//! let recording = Recording::read(file, Duration::from_secs(60))?;
//! assert_eq!((recording.hertz(), recording.samples().len()), (16_000, 16_000));
//! # Ok::<(), nova_sonic_core::audio::AudioError>(())
//! ```

mod chunks;
mod file;
mod read;
mod recording;
mod write;

#[cfg(test)]
mod tests;

pub use file::WavFile;
pub use read::WavReader;
pub use recording::Recording;
pub use write::WavWriter;
