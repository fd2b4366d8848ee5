//! From one sample rate to another, block by block.

use std::fmt;

use rubato::{Fft, FixedSync, Resampler as _, WindowFunction, audioadapter_buffers::direct::SequentialSlice};

use super::{AudioError, Sample};

/// The lowest sample rate taken, in Hz.
pub const LOWEST_HERTZ: u32 = 4_000;
/// The highest sample rate taken, in Hz.
pub const HIGHEST_HERTZ: u32 = 192_000;

/// Samples of a transformed block at the lower of the two rates, at least: 10 ms at 16 kHz. A longer block cuts
/// nearer to half the rate, a shorter one answers sooner.
const BLOCK: usize = 160;

/// Changes the sample rate of one mono stream.
///
/// The result does not depend on how the stream is cut into blocks, has exactly `round(n * to / from)` samples for `n`
/// given, and lies in time where the input does: the filter's delay is cut off at the beginning and made up for by
/// [`flush`](Self::flush). Up to 0.9 of the lower rate's half nothing is lost; what the lower rate cannot carry, and
/// what the change would add, is more than 100 dB down.
///
/// ```
/// use nova_sonic_core::audio::Resampler;
/// let mut resampler = Resampler::new(44_100, 16_000)?;
/// let mut speech: Vec<i16> = Vec::new();
/// for block in [[0.25_f32; 441]; 100] {
///     resampler.process(&block, &mut speech);
/// }
/// resampler.flush(&mut speech);
/// assert_eq!(speech.len(), 16_000);
/// assert_eq!(speech[8_000], 8_192);
/// # Ok::<(), nova_sonic_core::audio::AudioError>(())
/// ```
pub struct Resampler {
    from: u32,
    to: u32,
    /// `None` where the rates are equal.
    engine: Option<Engine>,
    /// Samples given since the stream began.
    given: u64,
    /// Samples returned since the stream began.
    returned: u64,
}

struct Engine {
    fft: Fft<f32>,
    /// What waits until a block is full; its capacity is a block.
    waiting: Vec<f32>,
    block: usize,
    resampled: Vec<f32>,
    /// Samples to be cut off at the beginning of a stream.
    delay: usize,
    /// How many of those are still to come.
    early: usize,
}

impl Resampler {
    /// A resampler from one rate to another, both in Hz.
    ///
    /// # Errors
    ///
    /// [`AudioError::SampleRateUnsupported`] unless both are from [`LOWEST_HERTZ`] to [`HIGHEST_HERTZ`].
    pub fn new(from: u32, to: u32) -> Result<Self, AudioError> {
        for hertz in [from, to] {
            if !(LOWEST_HERTZ..=HIGHEST_HERTZ).contains(&hertz) {
                return Err(unsupported(hertz));
            }
        }
        let engine = if from == to { None } else { Some(Engine::new(from, to)?) };
        Ok(Self { from, to, engine, given: 0, returned: 0 })
    }

    /// Appends what `input` completes to `output`: nothing for a while, then a block at a time.
    pub fn process<In: Sample, Out: Sample>(&mut self, input: &[In], output: &mut Vec<Out>) {
        let before = output.len();
        self.given += input.len() as u64;
        match &mut self.engine {
            Some(engine) => engine.process(input, output),
            None => super::convert::append(input, output),
        }
        self.returned += (output.len() - before) as u64;
    }

    /// Appends what is left of the stream to `output`; the next block begins a new stream.
    pub fn flush<Out: Sample>(&mut self, output: &mut Vec<Out>) {
        let missing = self.length_of(self.given).saturating_sub(self.returned);
        if let Some(engine) = &mut self.engine {
            engine.flush(usize::try_from(missing).unwrap_or(usize::MAX), output);
        }
        self.given = 0;
        self.returned = 0;
    }

    /// How many samples a stream of `given` samples becomes.
    ///
    /// ```
    /// use nova_sonic_core::audio::Resampler;
    /// assert_eq!(Resampler::new(44_100, 16_000)?.length_of(44_101), 16_000);
    /// # Ok::<(), nova_sonic_core::audio::AudioError>(())
    /// ```
    pub fn length_of(&self, given: u64) -> u64 {
        let (from, to) = (u128::from(self.from), u128::from(self.to));
        u64::try_from((u128::from(given) * to * 2 + from) / (from * 2)).unwrap_or(u64::MAX)
    }

    /// By how many input samples the output is behind, at most: a block and half a filter.
    ///
    /// 15 ms between 16 and 48 kHz, 30 ms where one of the rates is 8 kHz; rates with hardly a common divisor need blocks
    /// of up to two seconds.
    pub fn latency(&self) -> usize {
        self.engine.as_ref().map_or(0, |engine| engine.block + engine.block / 2)
    }
}

impl Engine {
    fn new(from: u32, to: u32) -> Result<Self, AudioError> {
        let (input, output) = (from as usize, to as usize);
        let (lower, divisor) = (input.min(output), greatest_common_divisor(input, output));
        // Even on both sides, or half a filter would not be a whole number of samples and the delay not exact.
        let repeats = BLOCK.div_ceil(lower / divisor).next_multiple_of(2);
        let block = repeats * (input / divisor);
        let fft = Fft::new_custom(input, output, block, 1, 1, WindowFunction::Blackman2, FixedSync::Both)
            .map_err(|_| unsupported(from))?;
        let delay = fft.output_delay();
        let resampled = vec![0.0; fft.output_frames_next()];
        Ok(Self { fft, waiting: Vec::with_capacity(block), block, resampled, delay, early: delay })
    }

    fn process<In: Sample, Out: Sample>(&mut self, input: &[In], output: &mut Vec<Out>) {
        let mut rest = input;
        while !rest.is_empty() {
            let room = self.block - self.waiting.len();
            let (taken, after) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            rest = after;
            self.waiting.extend(taken.iter().map(|sample| sample.to_unit()));
            if self.waiting.len() == self.block {
                super::convert::append(self.transform(), output);
            }
        }
    }

    fn flush<Out: Sample>(&mut self, missing: usize, output: &mut Vec<Out>) {
        let mut left = missing;
        while left > 0 {
            self.waiting.resize(self.block, 0.0);
            let ready = self.transform();
            let taken = ready.get(..left).unwrap_or(ready);
            left -= taken.len();
            super::convert::append(taken, output);
        }
        self.waiting.clear();
        self.early = self.delay;
        self.fft.reset();
    }

    /// The full block that waits, at the other rate.
    fn transform(&mut self) -> &[f32] {
        let frames = self.resampled.len();
        let done = SequentialSlice::new(&self.waiting, 1, self.block)
            .ok()
            .zip(SequentialSlice::new_mut(&mut self.resampled, 1, frames).ok());
        if let Some((input, mut output)) = done {
            // Cannot fail: both buffers have the lengths that the transform has asked for.
            let _ = self.fft.process_into_buffer(&input, &mut output, None);
        }
        self.waiting.clear();
        let cut = self.early.min(frames);
        self.early -= cut;
        self.resampled.get(cut..).unwrap_or_default()
    }
}

fn unsupported(hertz: u32) -> AudioError {
    AudioError::SampleRateUnsupported { hertz, lowest: LOWEST_HERTZ, highest: HIGHEST_HERTZ }
}

fn greatest_common_divisor(one: usize, other: usize) -> usize {
    if other == 0 { one } else { greatest_common_divisor(other, one % other) }
}

/// Prints only rates and counts: what people say does not belong in a log.
impl fmt::Debug for Resampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resampler")
            .field("from", &self.from)
            .field("to", &self.to)
            .field("given", &self.given)
            .field("returned", &self.returned)
            .finish_non_exhaustive()
    }
}
