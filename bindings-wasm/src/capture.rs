//! The microphone's way to the session: any rate, blocks of any size, and how loud they are.

use nova_sonic_core::{
    audio::{Framer, Level, Sample, SampleRate, SincResampler, level::FLOOR_DBFS},
    error::ErrorCode,
    session::SessionError,
};

use crate::fault::Fault;

/// Turns what a device gives into frames of the session's rate. Its buffers are used again.
///
/// Blocks and frames seldom have the same length: what misses a frame's end by a few samples would wait for another whole
/// block, and be that much later for the rest of the conversation. So a frame ends with the block that brings it nearest
/// to its length.
pub(crate) struct Capture {
    rate: SampleRate,
    framer: Framer,
    /// Samples in the framer.
    waiting: usize,
    /// And the device's rate that it is made for.
    resampler: Option<(u32, SincResampler)>,
    samples: Vec<i16>,
    level_dbfs: f32,
}

impl Capture {
    pub(crate) fn new(rate: SampleRate) -> Self {
        Self {
            rate,
            framer: Framer::new(rate),
            waiting: 0,
            resampler: None,
            samples: Vec::new(),
            level_dbfs: FLOOR_DBFS,
        }
    }

    /// Loudness of the last block, dBFS.
    pub(crate) const fn level_dbfs(&self) -> f32 {
        self.level_dbfs
    }

    pub(crate) fn measure<S: Sample>(&mut self, block: &[S]) {
        self.level_dbfs = Level::of(block).rms_dbfs;
    }

    /// Gives every frame that a block at the device's `rate` completes, or nearly so; another rate than before begins
    /// another stream of sound.
    pub(crate) fn add(
        &mut self,
        block: &[f32],
        rate: u32,
        mut give: impl FnMut(&[i16]) -> Result<(), SessionError>,
    ) -> Result<(), Fault> {
        self.samples.clear();
        if self.resampler.as_ref().is_some_and(|(known, _)| *known != rate) {
            self.flush_resampler();
        }
        if self.resampler.is_none() {
            let resampler = SincResampler::new(rate, self.rate.hertz()).map_err(|_| unsupported(rate))?;
            self.resampler = Some((rate, resampler));
        }
        if let Some((_, resampler)) = &mut self.resampler {
            resampler.process(block, &mut self.samples);
        }
        let (length, came) = (self.framer.length(), self.samples.len());
        self.waiting = (self.waiting + came) % length;
        self.framer.frames(&self.samples).try_for_each(&mut give)?;
        if self.waiting > 0 && self.waiting + came / 2 >= length {
            self.waiting = 0;
            give(self.framer.flush())?;
        }
        Ok(())
    }

    /// Gives what has not made a frame; the next block begins a new stream of sound.
    pub(crate) fn finish(
        &mut self,
        mut give: impl FnMut(&[i16]) -> Result<(), SessionError>,
    ) -> Result<(), SessionError> {
        self.samples.clear();
        self.flush_resampler();
        self.framer.frames(&self.samples).try_for_each(&mut give)?;
        self.waiting = 0;
        let rest = self.framer.flush();
        if rest.is_empty() { Ok(()) } else { give(rest) }
    }

    fn flush_resampler(&mut self) {
        if let Some((_, mut resampler)) = self.resampler.take() {
            resampler.flush(&mut self.samples);
        }
    }
}

fn unsupported(rate: u32) -> Fault {
    Fault::new(ErrorCode::AudioUnsupported, format!("a microphone of {rate} Hz cannot be resampled"))
}
