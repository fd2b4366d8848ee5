//! Samples in their three shapes: PCM16 bytes as they travel, `i16` as they are kept, `f32` as devices speak.

use super::AudioError;

/// A number that stands for the position of a loudspeaker: `i16`, or `f32` between -1.0 and 1.0.
///
/// One scale for both directions, 32,768 steps to 1.0, so that `i16` → `f32` → `i16` changes nothing.
pub trait Sample: Copy + sealed::Sealed {
    /// Silence.
    const ZERO: Self;

    /// The nearest sample to `value`; beyond ±1.0 it is cut off, not-a-number is silence.
    fn from_unit(value: f32) -> Self;

    /// The sample between -1.0 and 1.0.
    fn to_unit(self) -> f32;
}

#[expect(unnameable_types, reason = "a sealed trait is one that nobody else can name")]
mod sealed {
    pub trait Sealed {}
    impl Sealed for i16 {}
    impl Sealed for f32 {}
}

const STEPS: f32 = 32_768.0;

impl Sample for i16 {
    const ZERO: Self = 0;

    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and takes not-a-number to 0")]
    fn from_unit(value: f32) -> Self {
        (value * STEPS).round() as Self
    }

    fn to_unit(self) -> f32 {
        f32::from(self) / STEPS
    }
}

impl Sample for f32 {
    const ZERO: Self = 0.0;

    fn from_unit(value: f32) -> Self {
        value.to_unit()
    }

    fn to_unit(self) -> f32 {
        if self.is_nan() { 0.0 } else { self.clamp(-1.0, 1.0) }
    }
}

/// Appends `from` to `into`, in the shape that `into` has.
///
/// ```
/// use nova_sonic_core::audio::convert;
/// let mut pcm: Vec<i16> = Vec::new();
/// convert::append(&[0.0, -1.0, 0.5, 7.0, f32::NAN], &mut pcm);
/// assert_eq!(pcm, [0, -32_768, 16_384, 32_767, 0]);
/// ```
pub fn append<In: Sample, Out: Sample>(from: &[In], into: &mut Vec<Out>) {
    into.extend(from.iter().map(|sample| Out::from_unit(sample.to_unit())));
}

/// Appends the little-endian samples in `bytes` to `into`.
///
/// # Errors
///
/// [`AudioError::OddByteCount`]; `into` is then as before.
///
/// ```
/// use nova_sonic_core::audio::{AudioError, convert};
/// let mut pcm: Vec<i16> = Vec::new();
/// convert::append_bytes(&[0x01, 0x00, 0xff, 0x7f], &mut pcm)?;
/// assert_eq!(pcm, [1, 32_767]);
/// assert_eq!(convert::append_bytes(&[0, 0, 0], &mut pcm), Err(AudioError::OddByteCount { bytes: 3 }));
/// # Ok::<(), AudioError>(())
/// ```
pub fn append_bytes<Out: Sample>(bytes: &[u8], into: &mut Vec<Out>) -> Result<(), AudioError> {
    let (pairs, []) = bytes.as_chunks::<2>() else {
        return Err(AudioError::OddByteCount { bytes: bytes.len() });
    };
    into.extend(pairs.iter().map(|pair| Out::from_unit(i16::from_le_bytes(*pair).to_unit())));
    Ok(())
}

/// Appends `samples` to `into` as little-endian bytes, two each.
///
/// ```
/// use nova_sonic_core::audio::convert;
/// let mut bytes = Vec::new();
/// convert::append_le_bytes(&[1_i16, -2], &mut bytes);
/// assert_eq!(bytes, [0x01, 0x00, 0xfe, 0xff]);
/// ```
pub fn append_le_bytes<In: Sample>(samples: &[In], into: &mut Vec<u8>) {
    into.reserve(samples.len() * 2);
    for sample in samples {
        into.extend_from_slice(&i16::from_unit(sample.to_unit()).to_le_bytes());
    }
}

/// Appends the mean of `channels` interleaved channels to `into`.
///
/// # Errors
///
/// [`AudioError::ChannelsUneven`] unless `interleaved` holds equally many samples of each of one or more channels;
/// `into` is then as before.
///
/// ```
/// use nova_sonic_core::audio::{AudioError, convert};
/// let mut mono: Vec<i16> = Vec::new();
/// convert::append_mono(&[100_i16, 300, -8, 8], 2, &mut mono)?;
/// assert_eq!(mono, [200, 0]);
/// # Ok::<(), AudioError>(())
/// ```
pub fn append_mono<In: Sample, Out: Sample>(
    interleaved: &[In],
    channels: usize,
    into: &mut Vec<Out>,
) -> Result<(), AudioError> {
    if channels == 0 || !interleaved.len().is_multiple_of(channels) {
        return Err(AudioError::ChannelsUneven { samples: interleaved.len(), channels });
    }
    into.extend(interleaved.chunks_exact(channels).map(|moment| Out::from_unit(mean(moment))));
    Ok(())
}

/// The mean of one moment's samples, between -1.0 and 1.0.
#[expect(clippy::cast_precision_loss, reason = "channels are counted in ones")]
pub(super) fn mean<S: Sample>(moment: &[S]) -> f32 {
    moment.iter().map(|sample| sample.to_unit()).sum::<f32>() / moment.len() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_16_bit_sample_survives_every_shape() {
        let all: Vec<i16> = (i16::MIN..=i16::MAX).collect();
        let (mut floats, mut bytes) = (Vec::<f32>::new(), Vec::new());
        let (mut back, mut read) = (Vec::<i16>::new(), Vec::<i16>::new());
        append(&all, &mut floats);
        append(&floats, &mut back);
        assert_eq!(back, all);
        append_le_bytes(&floats, &mut bytes);
        append_bytes(&bytes, &mut read).unwrap();
        assert_eq!(read, all);
    }

    #[test]
    fn what_no_loudspeaker_can_do_is_cut_off() {
        let wild =
            [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -f32::NAN, 1.0, -1.0, 1e30, f32::MIN_POSITIVE];
        let (mut pcm, mut floats) = (Vec::<i16>::new(), Vec::<f32>::new());
        append(&wild, &mut pcm);
        assert_eq!(pcm, [32_767, -32_768, 0, 0, 32_767, -32_768, 32_767, 0]);
        append(&wild, &mut floats);
        assert_eq!(floats, [1.0, -1.0, 0.0, 0.0, 1.0, -1.0, 1.0, f32::MIN_POSITIVE]);
    }

    #[test]
    fn halves_are_rounded_away_from_silence() {
        let mut pcm = Vec::<i16>::new();
        append(&[0.5 / STEPS, -0.5 / STEPS, 0.49 / STEPS, 2.5 / STEPS], &mut pcm);
        assert_eq!(pcm, [1, -1, 0, 3]);
    }

    #[test]
    fn uneven_sound_is_refused_and_leaves_the_buffer_alone() {
        let mut kept = vec![9_i16];
        assert_eq!(append_bytes(&[1], &mut kept), Err(AudioError::OddByteCount { bytes: 1 }));
        for (samples, channels) in [(3, 2), (4, 0), (0, 0), (1, 6)] {
            let refused = append_mono(&vec![0_i16; samples], channels, &mut kept);
            assert_eq!(refused, Err(AudioError::ChannelsUneven { samples, channels }));
        }
        assert_eq!(kept, [9]);
    }

    #[test]
    fn loud_channels_do_not_overflow_when_mixed() {
        let mut mono = Vec::<i16>::new();
        append_mono(&[i16::MAX; 12], 6, &mut mono).unwrap();
        append_mono(&[i16::MIN; 2], 2, &mut mono).unwrap();
        append_mono(&[0.9_f32, -0.9], 2, &mut mono).unwrap();
        assert_eq!(mono, [i16::MAX, i16::MAX, i16::MIN, 0]);
    }
}
