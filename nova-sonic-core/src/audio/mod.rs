//! The audio path: samples, rates, frames, and the queue that knows what was heard.
//!
//! Sound goes to Nova Sonic as mono 16-bit samples, customarily at 16 kHz and in frames of 32 ms, and comes back at
//! 24 kHz in bursts faster than it is heard.
//!
//! ```
//! use nova_sonic_core::audio::{Framer, Level, PlaybackQueue, SampleRate, convert};
//!
//! // The way out: what a microphone gives becomes frames.
//! let microphone = [0.5_f32, -0.5].repeat(800); // 100 ms at 16 kHz
//! let mut pcm: Vec<i16> = Vec::new();
//! convert::append(&microphone, &mut pcm);
//! assert!((Level::of(&pcm).rms_dbfs + 6.0).abs() < 0.1);
//!
//! let mut framer = Framer::new(SampleRate::Hz16000);
//! let mut base64_next = Vec::new();
//! for frame in framer.frames(&pcm) {
//!     base64_next.clear();
//!     convert::append_le_bytes(frame, &mut base64_next);
//!     assert_eq!(base64_next.len(), 1_024);
//! }
//!
//! // The way back: a burst waits, the loudspeaker takes its time, the listener interrupts.
//! let mut queue = PlaybackQueue::with_limit(24_000 * 60);
//! let turn = 1;
//! queue.push(turn, &[100; 48_000])?;
//! let mut loudspeaker = [0; 960];
//! assert_eq!(queue.read(&mut loudspeaker).played, 960);
//! let cut = queue.flush();
//! assert_eq!((cut[0].tag, cut[0].played, cut[0].dropped), (turn, 960, 47_040));
//! # Ok::<(), nova_sonic_core::audio::AudioError>(())
//! ```
//!
//! With feature `native-audio` there are also a cleaner `Resampler` than [`SincResampler`], and WAV files: `Recording`,
//! `WavReader` and `WavFile`.

pub mod convert;
mod error;
pub mod frame;
pub mod g711;
pub mod level;
mod pcm;
mod playback;
#[cfg(feature = "native-audio")]
pub mod resample;
pub mod sinc;
#[cfg(feature = "native-audio")]
pub mod wav;

pub use convert::Sample;
pub use error::AudioError;
pub use frame::{Framer, Frames};
pub use level::{Level, Meter};
pub use pcm::{Pcm, PcmPool, SampleRate};
pub use playback::{Filled, PlaybackQueue, Tally};
#[cfg(feature = "native-audio")]
pub use resample::Resampler;
pub use sinc::SincResampler;
#[cfg(feature = "native-audio")]
pub use wav::{Recording, WavFile, WavReader, WavWriter};
