//! A stream of samples, cut into frames of one length.

use std::{fmt, time::Duration};

use super::{AudioError, SampleRate};

/// The customary frame of Nova Sonic's input: 512 samples at 16 kHz.
pub const FRAME_DURATION: Duration = Duration::from_millis(32);

const LONGEST_FRAME: Duration = Duration::from_secs(1);

/// Cuts blocks of any size into frames of one size.
///
/// A frame that lies whole in the block given is a part of that block; only what straddles two blocks is copied.
///
/// ```
/// use nova_sonic_core::audio::{Framer, SampleRate};
/// let mut framer = Framer::new(SampleRate::Hz16000);
/// let mut frames = 0;
/// for block in [[7_i16; 480]; 100] {
///     frames += framer.frames(&block).inspect(|frame| assert_eq!(frame.len(), 512)).count();
/// }
/// assert_eq!(frames, 48_000 / 512);
/// assert_eq!(framer.flush().len(), 48_000 % 512);
/// ```
pub struct Framer {
    length: usize,
    /// The beginning of a frame whose end has not come; always shorter than `length`.
    begun: Vec<i16>,
    /// The last frame that straddled two blocks.
    joined: Vec<i16>,
}

impl Framer {
    /// Frames of [`FRAME_DURATION`].
    pub fn new(rate: SampleRate) -> Self {
        Self::with_length(rate.samples_in(FRAME_DURATION))
    }

    /// Frames of another `duration`, rounded down to whole samples.
    ///
    /// # Errors
    ///
    /// [`AudioError::FrameLengthUnsupported`] when that is less than one sample or more than one second.
    ///
    /// ```
    /// use std::time::Duration;
    /// use nova_sonic_core::audio::{AudioError, Framer, SampleRate};
    /// assert_eq!(Framer::lasting(Duration::from_millis(20), SampleRate::Hz8000)?.length(), 160);
    /// assert!(Framer::lasting(Duration::ZERO, SampleRate::Hz8000).is_err());
    /// # Ok::<(), AudioError>(())
    /// ```
    pub fn lasting(duration: Duration, rate: SampleRate) -> Result<Self, AudioError> {
        let length = rate.samples_in(duration.min(LONGEST_FRAME));
        if length == 0 || duration > LONGEST_FRAME {
            let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
            return Err(AudioError::FrameLengthUnsupported { micros });
        }
        Ok(Self::with_length(length))
    }

    fn with_length(length: usize) -> Self {
        Self { length, begun: Vec::with_capacity(length), joined: Vec::with_capacity(length) }
    }

    /// Samples of one frame.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The frames that `block` completes, in order; its rest waits for the next block.
    #[must_use = "frames that are not taken from the iterator are lost"]
    pub fn frames<'a>(&'a mut self, block: &'a [i16]) -> Frames<'a> {
        let mut block = block;
        let mut joined = None;
        if !self.begun.is_empty() {
            let missing = self.length - self.begun.len();
            let (end, rest) = block.split_at_checked(missing).unwrap_or((block, &[]));
            self.begun.extend_from_slice(end);
            block = rest;
            if self.begun.len() == self.length {
                std::mem::swap(&mut self.begun, &mut self.joined);
                self.begun.clear();
                joined = Some(self.joined.as_slice());
            }
        }
        let whole = block.chunks_exact(self.length);
        self.begun.extend_from_slice(whole.remainder());
        Frames { joined, whole }
    }

    /// The samples that have not made a frame, shorter than one and not padded; the next block begins a new stream.
    pub fn flush(&mut self) -> &[i16] {
        std::mem::swap(&mut self.begun, &mut self.joined);
        self.begun.clear();
        &self.joined
    }
}

/// Prints only lengths: what people say does not belong in a log.
impl fmt::Debug for Framer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Framer({} of {} samples)", self.begun.len(), self.length)
    }
}

/// The frames that one block completes; made by [`Framer::frames`].
#[derive(Clone)]
pub struct Frames<'a> {
    joined: Option<&'a [i16]>,
    whole: std::slice::ChunksExact<'a, i16>,
}

impl<'a> Iterator for Frames<'a> {
    type Item = &'a [i16];

    fn next(&mut self) -> Option<&'a [i16]> {
        self.joined.take().or_else(|| self.whole.next())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::from(self.joined.is_some()) + self.whole.len();
        (left, Some(left))
    }
}

impl ExactSizeIterator for Frames<'_> {}

impl fmt::Debug for Frames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frames({} left)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn frames_and_rest_are_the_stream_whatever_the_blocks(
            sizes in prop::collection::vec(0_usize..1_500, 0..20), millis in 1_u64..50,
        ) {
            let total: usize = sizes.iter().sum();
            let stream: Vec<i16> = (0..total).map(|n| i16::try_from(n % 32_000).unwrap()).collect();
            let mut framer = Framer::lasting(Duration::from_millis(millis), SampleRate::Hz16000).unwrap();
            let (length, mut seen, mut rest) = (framer.length(), Vec::new(), stream.as_slice());
            for size in sizes {
                let (block, after) = rest.split_at(size);
                rest = after;
                let frames = framer.frames(block);
                let announced = frames.len();
                let mut count = 0;
                for frame in frames {
                    prop_assert_eq!(frame.len(), length);
                    seen.extend_from_slice(frame);
                    count += 1;
                }
                prop_assert_eq!(count, announced);
            }
            prop_assert_eq!(seen.len(), total / length * length);
            seen.extend_from_slice(framer.flush());
            prop_assert_eq!(seen, stream);
            prop_assert!(framer.flush().is_empty());
        }
    }

    #[test]
    fn a_frame_that_lies_whole_in_a_block_is_not_copied() {
        let block = vec![1_i16; 1_600];
        let mut framer = Framer::new(SampleRate::Hz16000);
        let places: Vec<_> = framer.frames(&block).map(<[i16]>::as_ptr).collect();
        assert_eq!(places, [block[..].as_ptr(), block[512..].as_ptr(), block[1_024..].as_ptr()]);
        let after_the_rest = framer.frames(&block).nth(1).unwrap().as_ptr();
        assert_eq!(after_the_rest, block[512 - 64..].as_ptr());
    }

    #[test]
    fn lengths_that_make_no_sense_are_refused() {
        for micros in [0, 62, 1_000_001, u64::MAX] {
            let refused = Framer::lasting(Duration::from_micros(micros), SampleRate::Hz16000);
            assert_eq!(refused.unwrap_err(), AudioError::FrameLengthUnsupported { micros });
        }
        assert_eq!(Framer::lasting(Duration::from_micros(63), SampleRate::Hz16000).unwrap().length(), 1);
    }
}
