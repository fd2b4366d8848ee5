//! From one sample rate to another, a sample at a time: little code, little delay, no dependency.

use std::fmt;

use super::{AudioError, Sample};

/// The lowest sample rate taken, in Hz.
pub const LOWEST_HERTZ: u32 = 4_000;
/// The highest sample rate taken, in Hz.
pub const HIGHEST_HERTZ: u32 = 192_000;

/// Half the filter's length in samples of the lower rate. With the window below it is flat up to 0.9 of that rate's half
/// and has fallen to the rejection at the half itself.
const HALF_LENGTH: usize = 62;
/// Shape of the Kaiser window: what it lets through where it should not is 90 dB down.
const KAISER_BETA: f64 = 9.0;
/// Where the filter has fallen by half, as a part of the lower rate: the middle between 0.9 of its half and the half.
const CUTOFF: f64 = 0.475;
/// Rates with hardly a common divisor would need weights for thousands of places between two samples of the lower rate;
/// when there are so many, what lies between two of them is as good as their mean.
const MOST_PHASES: usize = 512;
/// Input samples that are kept besides those that the filter still needs, so that they are not moved for each new one.
const BLOCK: usize = 512;

/// Changes the sample rate of one mono stream by a windowed-sinc filter.
///
/// The result does not depend on how the stream is cut into blocks, has exactly `round(n * to / from)` samples for `n`
/// given, and lies in time where the input does: [`flush`](Self::flush) makes up for the filter's delay of 4 ms at 16 kHz.
/// Up to 0.9 of the lower rate's half nothing is lost; what the lower rate cannot carry, and what the change would add, is
/// more than 80 dB down. Processing allocates nothing but what `output` grows by.
///
/// The `Resampler` of the feature `native-audio` is 20 dB cleaner and answers later; this one is for where code has to
/// be downloaded.
///
/// ```
/// use nova_sonic_core::audio::SincResampler;
/// let mut resampler = SincResampler::new(48_000, 16_000)?;
/// let mut speech: Vec<i16> = Vec::new();
/// for quantum in [[0.25_f32; 128]; 375] {
///     resampler.process(&quantum, &mut speech);
/// }
/// resampler.flush(&mut speech);
/// assert_eq!(speech.len(), 16_000);
/// assert_eq!(speech[8_000], 8_192);
/// # Ok::<(), nova_sonic_core::audio::AudioError>(())
/// ```
pub struct SincResampler {
    from: u32,
    to: u32,
    /// `None` where the rates are equal.
    filter: Option<Filter>,
    /// Samples given since the stream began.
    given: u64,
    /// Samples returned since the stream began.
    returned: u64,
}

impl SincResampler {
    /// A resampler from one rate to another, both in Hz.
    ///
    /// # Errors
    ///
    /// [`AudioError::SampleRateUnsupported`] unless both are from [`LOWEST_HERTZ`] to [`HIGHEST_HERTZ`].
    pub fn new(from: u32, to: u32) -> Result<Self, AudioError> {
        for hertz in [from, to] {
            if !(LOWEST_HERTZ..=HIGHEST_HERTZ).contains(&hertz) {
                let (lowest, highest) = (LOWEST_HERTZ, HIGHEST_HERTZ);
                return Err(AudioError::SampleRateUnsupported { hertz, lowest, highest });
            }
        }
        let filter = (from != to).then(|| Filter::new(from as usize, to as usize));
        Ok(Self { from, to, filter, given: 0, returned: 0 })
    }

    /// Appends what `input` completes to `output`.
    pub fn process<In: Sample, Out: Sample>(&mut self, input: &[In], output: &mut Vec<Out>) {
        let before = output.len();
        self.given += input.len() as u64;
        match &mut self.filter {
            Some(filter) => {
                for sample in input {
                    filter.push(sample.to_unit());
                    while let Some(sample) = filter.next() {
                        output.push(Out::from_unit(sample));
                    }
                }
            }
            None => super::convert::append(input, output),
        }
        self.returned += (output.len() - before) as u64;
    }

    /// Appends what is left of the stream to `output`; the next block begins a new stream.
    pub fn flush<Out: Sample>(&mut self, output: &mut Vec<Out>) {
        let mut missing = self.length_of(self.given).saturating_sub(self.returned);
        if let Some(filter) = &mut self.filter {
            while missing > 0 {
                filter.push(0.0);
                while missing > 0
                    && let Some(sample) = filter.next()
                {
                    output.push(Out::from_unit(sample));
                    missing -= 1;
                }
            }
            filter.reset();
        }
        self.given = 0;
        self.returned = 0;
    }

    /// How many samples a stream of `given` samples becomes.
    ///
    /// ```
    /// use nova_sonic_core::audio::SincResampler;
    /// assert_eq!(SincResampler::new(44_100, 16_000)?.length_of(44_101), 16_000);
    /// # Ok::<(), nova_sonic_core::audio::AudioError>(())
    /// ```
    pub fn length_of(&self, given: u64) -> u64 {
        let (from, to) = (u64::from(self.from), u64::from(self.to));
        (given / from).saturating_mul(to).saturating_add((given % from * to * 2 + from) / (from * 2))
    }

    /// By how many input samples the output is behind, at most: half the filter.
    pub fn latency(&self) -> usize {
        self.filter.as_ref().map_or(0, |filter| filter.taps / 2 + 1)
    }
}

/// Prints only rates and counts: what people say does not belong in a log.
impl fmt::Debug for SincResampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SincResampler")
            .field("from", &self.from)
            .field("to", &self.to)
            .field("given", &self.given)
            .field("returned", &self.returned)
            .finish_non_exhaustive()
    }
}

/// The polyphase filter: for each place between two input samples where an output sample may lie, the weights of the
/// input samples around it.
struct Filter {
    /// Both rates without their common divisor: each output sample lies `step` of `steps` parts of an input sample
    /// after the one before.
    step: usize,
    steps: usize,
    /// Parts of an input sample for which there are weights: `steps`, or fewer.
    phases: usize,
    /// Weights of one place, a multiple of four.
    taps: usize,
    /// `phases + 1` rows of `taps`; the last row is the first, an input sample later.
    weights: Vec<f32>,
    /// What the filter still needs, and what it has not seen yet.
    waiting: Vec<f32>,
    /// Where the next output sample's window begins in `waiting`.
    at: usize,
    /// And how many of `steps` parts after that.
    part: usize,
}

impl Filter {
    fn new(from: usize, to: usize) -> Self {
        let divisor = greatest_common_divisor(from, to);
        let (step, steps) = (from / divisor, to / divisor);
        let lower = from.min(to);
        let phases = steps.min((MOST_PHASES * lower).div_ceil(from));
        let taps = (2 * HALF_LENGTH * from).div_ceil(lower).next_multiple_of(4);
        let mut filter = Self {
            step,
            steps,
            phases,
            taps,
            weights: weights(phases, taps, quotient(lower, from)),
            waiting: Vec::with_capacity(taps + BLOCK),
            at: 0,
            part: 0,
        };
        filter.reset();
        filter
    }

    /// Silence before the stream, so that its first sample lies in the middle of the first window.
    fn reset(&mut self) {
        self.waiting.clear();
        self.waiting.resize(self.taps / 2 - 1, 0.0);
        self.at = 0;
        self.part = 0;
    }

    fn push(&mut self, sample: f32) {
        if self.waiting.len() == self.taps + BLOCK {
            let done = self.at.min(self.waiting.len());
            self.waiting.copy_within(done.., 0);
            self.waiting.truncate(self.waiting.len() - done);
            self.at -= done;
        }
        self.waiting.push(sample);
    }

    /// The next sample, if its window is full.
    fn next(&mut self) -> Option<f32> {
        let sample = self.weighed(self.waiting.get(self.at..self.at + self.taps)?);
        self.part += self.step;
        self.at += self.part / self.steps;
        self.part %= self.steps;
        Some(sample)
    }

    /// The sample that lies `part` after the middle of the window.
    fn weighed(&self, window: &[f32]) -> f32 {
        let place = self.part * self.phases;
        let rest = place % self.steps;
        let mut rows = self.weights.chunks_exact(self.taps).skip(place / self.steps);
        let mut next = || product(window, rows.next().unwrap_or_default());
        let here = next();
        if rest == 0 { here } else { here + (next() - here) * narrowed(quotient(rest, self.steps)) }
    }
}

/// The sum of the products, in four parts that do not wait for each other: written out, because a compiler that is told
/// to make little code would go round a loop for each of them, and this is most of what a conversation costs a browser.
fn product(window: &[f32], weights: &[f32]) -> f32 {
    let (samples, last_samples) = window.as_chunks::<4>();
    let (weights, last_weights) = weights.as_chunks::<4>();
    let (mut one, mut two, mut three, mut four) = (0.0, 0.0, 0.0, 0.0);
    for (samples, weights) in samples.iter().zip(weights) {
        one += samples[0] * weights[0];
        two += samples[1] * weights[1];
        three += samples[2] * weights[2];
        four += samples[3] * weights[3];
    }
    let rest = last_samples.iter().zip(last_weights).map(|(sample, weight)| sample * weight);
    rest.fold(one + two + three + four, |total, product| total + product)
}

/// The rows of a filter whose window covers `taps` input samples; a lower rate is `ratio` of the input's.
fn weights(phases: usize, taps: usize, ratio: f64) -> Vec<f32> {
    let middle = quotient(taps, 2);
    let mut weights = Vec::with_capacity((phases + 1) * taps);
    let mut row = Vec::with_capacity(taps);
    for phase in 0..=phases {
        let middle_of_row = middle - 1.0 + quotient(phase, phases);
        let mut sum = 0.0;
        row.clear();
        for tap in 0..taps {
            let distance = quotient(tap, 1) - middle_of_row;
            let weight = sinc(2.0 * CUTOFF * ratio * distance) * kaiser(distance / middle);
            sum += weight;
            row.push(weight);
        }
        // silence and steady sound come through as they are, whatever the place
        for weight in &row {
            weights.push(narrowed(weight / sum));
        }
    }
    weights
}

/// `sin(πx) / πx`.
fn sinc(x: f64) -> f64 {
    let turns = (x + 0.5).floor();
    let angle = std::f64::consts::PI * (x - turns);
    let square = angle * angle;
    // Taylor's series, exact to 1e-13 up to a quarter turn: the standard library's sine is kilobytes in a browser
    let (mut sine, mut term) = (0.0, angle);
    for divisor in [6.0, 20.0, 42.0, 72.0, 110.0, 156.0, 210.0, 272.0, 342.0] {
        sine += term;
        term *= -square / divisor;
    }
    let sine = if is_odd(turns) { -sine } else { sine };
    if x.abs() < 1e-9 { 1.0 } else { sine / (std::f64::consts::PI * x) }
}

#[expect(clippy::cast_possible_truncation, reason = "a filter has a few hundred turns")]
const fn is_odd(turns: f64) -> bool {
    turns as i64 & 1 == 1
}

/// The Kaiser window from -1 to 1, not scaled: the rows are, afterwards.
fn kaiser(x: f64) -> f64 {
    let inside = 1.0 - x * x;
    if inside < 0.0 {
        return 0.0;
    }
    // the series of the modified Bessel function of order 0
    let quarter = KAISER_BETA * KAISER_BETA * inside / 4.0;
    let (mut sum, mut term, mut order) = (0.0, 1.0, 1.0);
    while term > 1e-12 * sum {
        sum += term;
        term *= quarter / (order * order);
        order += 1.0;
    }
    sum
}

#[expect(clippy::cast_possible_truncation, reason = "samples have no more digits")]
const fn narrowed(value: f64) -> f32 {
    value as f32
}

#[expect(clippy::cast_precision_loss, reason = "rates and lengths are far below 2^52")]
const fn quotient(one: usize, other: usize) -> f64 {
    one as f64 / other as f64
}

const fn greatest_common_divisor(one: usize, other: usize) -> usize {
    if other == 0 { one } else { greatest_common_divisor(other, one % other) }
}
