//! The audio path: samples, rates, frames, and the queue that knows what was heard.

mod pcm;

pub use pcm::{Pcm, PcmPool, SampleRate};
