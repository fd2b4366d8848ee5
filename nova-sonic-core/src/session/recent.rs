//! The last seconds of the microphone, for a successor.

/// Holds up to twice what it is to keep, so that the oldest are dropped in one go and not for each block.
pub(super) struct RecentAudio {
    samples: Vec<i16>,
    capacity: usize,
}

impl RecentAudio {
    pub(super) fn new(capacity: usize) -> Self {
        Self { samples: Vec::with_capacity(2 * capacity), capacity }
    }

    pub(super) fn push(&mut self, samples: &[i16]) {
        let kept = last(samples, self.capacity);
        if self.samples.len() + kept.len() > 2 * self.capacity {
            let oldest = self.samples.len().saturating_sub(self.capacity);
            self.samples.copy_within(oldest.., 0);
            self.samples.truncate(self.capacity.min(self.samples.len()));
        }
        self.samples.extend_from_slice(kept);
    }

    pub(super) fn to_vec(&self) -> Vec<i16> {
        last(&self.samples, self.capacity).to_vec()
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
        assert_eq!(recent.to_vec(), [2, 3, 4, 5]);
        recent.push(&[1, 2, 3, 4, 5, 6]);
        assert_eq!(recent.to_vec(), [3, 4, 5, 6]);
    }
}
