//! The last seconds of the microphone, for a successor.

/// Holds up to twice what it is to keep, so that the oldest are dropped in one go and not for each block.
pub(super) struct RecentAudio {
    samples: Vec<i16>,
    capacity: usize,
    /// Samples that have come in all.
    position: u64,
}

impl RecentAudio {
    pub(super) fn new(capacity: usize) -> Self {
        Self { samples: Vec::with_capacity(2 * capacity), capacity, position: 0 }
    }

    pub(super) fn push(&mut self, samples: &[i16]) {
        let kept = last(samples, self.capacity);
        if self.samples.len() + kept.len() > 2 * self.capacity {
            let oldest = self.samples.len().saturating_sub(self.capacity);
            self.samples.copy_within(oldest.., 0);
            self.samples.truncate(self.capacity.min(self.samples.len()));
        }
        self.samples.extend_from_slice(kept);
        self.position += samples.len() as u64;
    }

    /// Samples that have come in all.
    pub(super) const fn position(&self) -> u64 {
        self.position
    }

    /// Counts on from where another has come to.
    pub(super) const fn count_on_from(&mut self, other: &Self) {
        self.position = other.position;
    }

    /// What is kept of the samples after that many.
    pub(super) fn since(&self, position: u64) -> Vec<i16> {
        let newer = usize::try_from(self.position.saturating_sub(position)).unwrap_or(usize::MAX);
        last(&self.samples, self.capacity.min(newer)).to_vec()
    }
}

fn last(samples: &[i16], most: usize) -> &[i16] {
    samples.get(samples.len().saturating_sub(most)..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::RecentAudio;

    #[test]
    fn only_the_last_samples_are_kept() {
        let mut recent = RecentAudio::new(4);
        recent.push(&[1, 2, 3]);
        recent.push(&[4, 5]);
        assert_eq!(recent.since(0), [2, 3, 4, 5]);
        recent.push(&[1, 2, 3, 4, 5, 6]);
        assert_eq!(recent.since(0), [3, 4, 5, 6]);
    }

    #[test]
    fn what_was_understood_already_is_left_out() {
        let mut recent = RecentAudio::new(4);
        recent.push(&[1, 2, 3]);
        let understood = recent.position();
        recent.push(&[4, 5]);
        assert_eq!(recent.since(understood), [4, 5]);
        assert_eq!(recent.since(recent.position()), [0_i16; 0]);
    }
}
