//! Sound as it travels: 16-bit samples in buffers that are used again.

use std::{
    fmt,
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// The sample rates that Nova Sonic takes and gives.
///
/// Source: Nova 2 user guide, `sonic-input-events`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "the service's list; a fourth rate is a new model's news")]
pub enum SampleRate {
    /// 8,000 Hz, telephony.
    Hz8000,
    /// 16,000 Hz, the customary input.
    Hz16000,
    /// 24,000 Hz, the customary output.
    Hz24000,
}

impl SampleRate {
    /// Samples per second.
    pub const fn hertz(self) -> u32 {
        match self {
            Self::Hz8000 => 8_000,
            Self::Hz16000 => 16_000,
            Self::Hz24000 => 24_000,
        }
    }

    /// The rate of that many samples per second, where Nova Sonic has it.
    ///
    /// ```
    /// use nova_sonic_core::audio::SampleRate;
    /// assert_eq!(SampleRate::from_hertz(16_000), Some(SampleRate::Hz16000));
    /// assert_eq!(SampleRate::from_hertz(44_100), None);
    /// ```
    pub const fn from_hertz(hertz: u32) -> Option<Self> {
        match hertz {
            8_000 => Some(Self::Hz8000),
            16_000 => Some(Self::Hz16000),
            24_000 => Some(Self::Hz24000),
            _ => None,
        }
    }

    /// How many samples last for `duration`, rounded down.
    pub fn samples_in(self, duration: Duration) -> usize {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let samples = micros.saturating_mul(self.hertz().into()) / 1_000_000;
        usize::try_from(samples).unwrap_or(usize::MAX)
    }

    /// How long `samples` last.
    pub fn duration_of(self, samples: usize) -> Duration {
        Duration::from_micros((samples as u64).saturating_mul(1_000_000) / u64::from(self.hertz()))
    }
}

/// A run of mono 16-bit samples. Dropped, its memory goes back to the [`PcmPool`] that it came from.
///
/// Prints only its length: what people say does not belong in a log.
///
/// ```
/// use nova_sonic_core::audio::Pcm;
/// let pcm = Pcm::from(vec![0, 1, -1]);
/// assert_eq!(pcm.len(), 3);
/// assert_eq!(format!("{pcm:?}"), "Pcm(3 samples)");
/// ```
pub struct Pcm {
    samples: Vec<i16>,
    home: Option<PcmPool>,
}

impl Pcm {
    /// The samples.
    pub fn samples(&self) -> &[i16] {
        &self.samples
    }

    /// The samples' buffer, to be filled in place.
    pub fn samples_mut(&mut self) -> &mut Vec<i16> {
        &mut self.samples
    }
}

impl From<Vec<i16>> for Pcm {
    fn from(samples: Vec<i16>) -> Self {
        Self { samples, home: None }
    }
}

impl Deref for Pcm {
    type Target = [i16];
    fn deref(&self) -> &[i16] {
        &self.samples
    }
}

impl Clone for Pcm {
    fn clone(&self) -> Self {
        match &self.home {
            Some(pool) => pool.filled(&self.samples),
            None => Self::from(self.samples.clone()),
        }
    }
}

impl PartialEq for Pcm {
    fn eq(&self, other: &Self) -> bool {
        self.samples == other.samples
    }
}

impl Eq for Pcm {}

impl fmt::Debug for Pcm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pcm({} samples)", self.samples.len())
    }
}

impl Drop for Pcm {
    fn drop(&mut self) {
        if let Some(home) = self.home.take() {
            home.take_back(std::mem::take(&mut self.samples));
        }
    }
}

/// Buffers for [`Pcm`], lent and taken back, so that a running conversation allocates nothing per frame.
///
/// ```
/// use nova_sonic_core::audio::PcmPool;
/// let pool = PcmPool::default();
/// let address = pool.filled(&[1, 2, 3]).as_ptr();
/// assert_eq!(pool.filled(&[4]).as_ptr(), address);
/// ```
#[derive(Clone, Default)]
pub struct PcmPool(Arc<Mutex<Vec<Vec<i16>>>>);

thread_local! {
    static OF_THREAD: PcmPool = PcmPool::default();
}

/// Buffers kept for reuse: more than a conversation has in flight, little enough to forget about.
const KEPT_BUFFERS: usize = 16;
/// A buffer that one long answer has blown up is given back to the allocator instead.
const KEPT_CAPACITY: usize = 48_000;

impl PcmPool {
    /// The pool of this thread: its conversations have sound in flight one after the other, and share what it takes.
    /// Each buffer comes back to it, whichever thread drops the sound.
    ///
    /// ```
    /// use nova_sonic_core::audio::PcmPool;
    /// let address = PcmPool::of_thread().filled(&[1, 2, 3]).as_ptr();
    /// assert_eq!(PcmPool::of_thread().filled(&[4]).as_ptr(), address);
    /// ```
    pub fn of_thread() -> Self {
        // a thread that is ending shares nothing any more
        OF_THREAD.try_with(Self::clone).unwrap_or_default()
    }

    /// A buffer with nothing in it.
    pub fn empty(&self) -> Pcm {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Pcm { samples: kept.unwrap_or_default(), home: Some(self.clone()) }
    }

    /// A buffer that holds a copy of `samples`.
    pub fn filled(&self, samples: &[i16]) -> Pcm {
        let mut pcm = self.empty();
        pcm.samples.extend_from_slice(samples);
        pcm
    }

    fn take_back(&self, mut samples: Vec<i16>) {
        if samples.capacity() == 0 || samples.capacity() > KEPT_CAPACITY {
            return;
        }
        samples.clear();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT_BUFFERS {
            kept.push(samples);
        }
    }
}

impl fmt::Debug for PcmPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PcmPool")
    }
}
