//! The last seconds of the microphone, for a successor.

use std::collections::VecDeque;

pub(super) struct RecentAudio {
    samples: VecDeque<i16>,
    capacity: usize,
}

impl RecentAudio {
    pub(super) fn new(capacity: usize) -> Self {
        Self { samples: VecDeque::with_capacity(capacity), capacity }
    }

    pub(super) fn push(&mut self, samples: &[i16]) {
        let kept = samples.get(samples.len().saturating_sub(self.capacity)..).unwrap_or_default();
        let over = (self.samples.len() + kept.len()).saturating_sub(self.capacity);
        self.samples.drain(..over);
        self.samples.extend(kept);
    }

    pub(super) fn to_vec(&self) -> Vec<i16> {
        self.samples.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::RecentAudio;

    #[test]
    fn only_the_last_samples_are_kept() {
        let mut recent = RecentAudio::new(4);
        recent.push(&[1, 2, 3]);
        recent.push(&[4, 5]);
        assert_eq!(recent.to_vec(), [2, 3, 4, 5]);
        recent.push(&[1, 2, 3, 4, 5, 6]);
        assert_eq!(recent.to_vec(), [3, 4, 5, 6]);
    }
}
