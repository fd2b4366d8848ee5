//! What waits to be heard, and an exact account of what was.

use std::{collections::VecDeque, fmt};

use super::AudioError;

/// Tags that may wait at once: no conversation has so many, so whoever sends more is not having one.
const WAITING_TAGS: usize = 1_024;
/// Tags whose account is kept after their last sample has left the queue.
const SETTLED_TAGS: usize = 64;

/// Sound between the network, which brings it in bursts, and the loudspeaker, which takes it evenly.
///
/// Each block bears a tag, a turn's or a content's number, so that an interrupted answer can be cut where its
/// listener stopped hearing it. *Played* means given to [`read`](Self::read): what a device buffers after that is
/// for the caller to subtract.
///
/// Memory is bounded by the limit given: samples wait in one ring, and accounts of tags long settled are forgotten.
///
/// ```
/// use nova_sonic_core::audio::{Filled, PlaybackQueue};
/// let mut queue = PlaybackQueue::with_limit(24_000 * 300);
/// queue.push(1, &[5; 300])?;
/// queue.push(2, &[6; 300])?;
///
/// let mut loudspeaker = [0; 400];
/// assert_eq!(queue.read(&mut loudspeaker), Filled { played: 400, silence: 0 });
/// assert_eq!(queue.tally(2).map(|tally| tally.played), Some(100));
///
/// let cut = queue.flush();
/// assert_eq!((cut.len(), cut[0].tag, cut[0].played, cut[0].dropped), (1, 2, 100, 200));
/// assert_eq!(queue.read(&mut loudspeaker), Filled { played: 0, silence: 400 });
/// assert_eq!(queue.played(), 400);
/// # Ok::<(), nova_sonic_core::audio::AudioError>(())
/// ```
pub struct PlaybackQueue {
    samples: VecDeque<i16>,
    limit: usize,
    /// Accounts in the order in which their tags first came; the waiting ones are where `samples` come from.
    tallies: VecDeque<Tally>,
    /// Runs of samples of one tag each, in the order of `samples`.
    runs: VecDeque<Run>,
    played: u64,
}

/// The account of one tag, in samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// The caller's number for a turn or a content.
    pub tag: u64,
    /// Samples pushed.
    pub pushed: u64,
    /// Samples given to the loudspeaker.
    pub played: u64,
    /// Samples dropped by [`PlaybackQueue::flush`].
    pub dropped: u64,
}

impl Tally {
    /// Samples that still wait.
    pub const fn waiting(&self) -> u64 {
        self.pushed - self.played - self.dropped
    }
}

/// What one [`PlaybackQueue::read`] put into the buffer, in samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Filled {
    /// Samples of sound, at the beginning of the buffer.
    pub played: usize,
    /// Samples of silence after them, because nothing more was there.
    pub silence: usize,
}

#[derive(Clone, Copy)]
struct Run {
    tag: u64,
    length: usize,
}

impl PlaybackQueue {
    /// A queue in which up to `limit` samples may wait.
    pub fn with_limit(limit: usize) -> Self {
        Self {
            samples: VecDeque::new(),
            limit,
            tallies: VecDeque::with_capacity(2 * SETTLED_TAGS),
            runs: VecDeque::new(),
            played: 0,
        }
    }

    /// Puts `samples` at the end of the queue.
    ///
    /// # Errors
    ///
    /// [`AudioError::PlaybackFull`] when they do not all fit, or more than 1,024 tags wait; none is then taken.
    pub fn push(&mut self, tag: u64, samples: &[i16]) -> Result<(), AudioError> {
        let continues = self.runs.back().is_some_and(|run| run.tag == tag);
        if samples.len() > self.room() || (!continues && self.runs.len() >= WAITING_TAGS) {
            return Err(AudioError::PlaybackFull {
                given: samples.len(),
                queued: self.samples.len(),
                limit: self.limit,
                turns: self.runs.len(),
            });
        }
        if samples.is_empty() {
            return Ok(());
        }
        self.samples.extend(samples);
        match self.runs.back_mut() {
            Some(run) if run.tag == tag => run.length += samples.len(),
            _ => self.runs.push_back(Run { tag, length: samples.len() }),
        }
        self.account(tag, |tally| tally.pushed += samples.len() as u64);
        Ok(())
    }

    /// Fills `buffer` with what comes next, and with silence when that is not enough.
    pub fn read(&mut self, buffer: &mut [i16]) -> Filled {
        let played = buffer.len().min(self.samples.len());
        let (sound, silence) = buffer.split_at_mut_checked(played).unwrap_or_default();
        for (place, sample) in sound.iter_mut().zip(self.samples.drain(..played)) {
            *place = sample;
        }
        silence.fill(0);
        self.settle(played);
        Filled { played, silence: silence.len() }
    }

    /// Drops everything that waits, and returns the accounts of the tags that lost samples, oldest first.
    pub fn flush(&mut self) -> Vec<Tally> {
        self.samples.clear();
        self.runs.clear();
        let mut cut = Vec::new();
        for tally in self.tallies.iter_mut().filter(|tally| tally.waiting() > 0) {
            tally.dropped += tally.waiting();
            cut.push(*tally);
        }
        self.forget_settled();
        cut
    }

    /// The account of `tag`: `None` before its first sample, and some 64 tags after its last.
    pub fn tally(&self, tag: u64) -> Option<Tally> {
        self.tallies.iter().rev().find(|tally| tally.tag == tag).copied()
    }

    /// Samples given to the loudspeaker since the queue was made, silence not counted.
    pub fn played(&self) -> u64 {
        self.played
    }

    /// Samples that wait.
    pub fn waiting(&self) -> usize {
        self.samples.len()
    }

    /// Samples that still fit.
    pub fn room(&self) -> usize {
        self.limit.saturating_sub(self.samples.len())
    }

    /// The tag of the sample that comes next.
    pub fn next_tag(&self) -> Option<u64> {
        self.runs.front().map(|run| run.tag)
    }

    /// Enters `played` samples, which have left the ring, into the accounts of their tags.
    fn settle(&mut self, played: usize) {
        self.played += played as u64;
        let mut left = played;
        while left > 0
            && let Some(run) = self.runs.front_mut()
        {
            let (tag, taken) = (run.tag, run.length.min(left));
            run.length -= taken;
            left -= taken;
            if run.length == 0 {
                self.runs.pop_front();
            }
            self.account(tag, |tally| tally.played += taken as u64);
        }
        self.forget_settled();
    }

    fn account(&mut self, tag: u64, enter: impl FnOnce(&mut Tally)) {
        if let Some(tally) = self.tallies.iter_mut().rev().find(|tally| tally.tag == tag) {
            enter(tally);
        } else {
            let mut tally = Tally { tag, pushed: 0, played: 0, dropped: 0 };
            enter(&mut tally);
            self.tallies.push_back(tally);
        }
    }

    fn forget_settled(&mut self) {
        while self.tallies.len() > SETTLED_TAGS + self.runs.len()
            && self.tallies.front().is_some_and(|tally| tally.waiting() == 0)
        {
            self.tallies.pop_front();
        }
    }
}

/// Prints only counts: what people say does not belong in a log.
impl fmt::Debug for PlaybackQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlaybackQueue")
            .field("waiting", &self.samples.len())
            .field("limit", &self.limit)
            .field("played", &self.played)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Push(u64, usize),
        Read(usize),
        Flush,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            5 => (0_u64..6, 0_usize..700).prop_map(|(tag, samples)| Step::Push(tag, samples)),
            5 => (0_usize..900).prop_map(Step::Read),
            1 => Just(Step::Flush),
        ]
    }

    proptest! {
        /// The model: a plain list of (tag, sample).
        #[test]
        fn every_sample_is_played_once_in_order_or_dropped(steps in prop::collection::vec(step(), 0..60)) {
            const LIMIT: usize = 2_000;
            let mut queue = PlaybackQueue::with_limit(LIMIT);
            let (mut model, mut next) = (VecDeque::new(), 0_i16);
            let (mut played, mut dropped) = ([0_u64; 6], [0_u64; 6]);
            for step in steps {
                match step {
                    Step::Push(tag, length) => {
                        let block: Vec<i16> = (0..length).map(|_| { next = next.wrapping_add(1); next }).collect();
                        let fits = model.len() + length <= LIMIT;
                        prop_assert_eq!(queue.push(tag, &block).is_ok(), fits);
                        if fits {
                            model.extend(block.iter().map(|sample| (tag, *sample)));
                        }
                    }
                    Step::Read(length) => {
                        let mut buffer = vec![-1; length];
                        let filled = queue.read(&mut buffer);
                        prop_assert_eq!(filled.played, length.min(model.len()));
                        prop_assert_eq!(filled.played + filled.silence, length);
                        for sample in &buffer[..filled.played] {
                            let (tag, expected) = model.pop_front().unwrap();
                            prop_assert_eq!(*sample, expected);
                            played[usize::try_from(tag).unwrap()] += 1;
                        }
                        prop_assert!(buffer[filled.played..].iter().all(|sample| *sample == 0));
                    }
                    Step::Flush => {
                        let cut = queue.flush();
                        for (tag, _) in model.drain(..) {
                            dropped[usize::try_from(tag).unwrap()] += 1;
                            prop_assert!(cut.iter().any(|tally| tally.tag == tag));
                        }
                    }
                }
                prop_assert_eq!(queue.waiting(), model.len());
                prop_assert_eq!(queue.played(), played.iter().sum::<u64>());
                prop_assert_eq!(queue.next_tag(), model.front().map(|(tag, _)| *tag));
                for (tag, (played, dropped)) in (0_u64..).zip(played.iter().zip(&dropped)) {
                    let tally = queue.tally(tag).map(|tally| (tally.played, tally.dropped));
                    prop_assert_eq!(tally.unwrap_or((0, 0)), (*played, *dropped));
                }
            }
        }
    }

    #[test]
    fn a_full_queue_takes_nothing_and_says_how_full_it_is() {
        let mut queue = PlaybackQueue::with_limit(100);
        queue.push(1, &[1; 90]).unwrap();
        let refused = queue.push(2, &[2; 11]);
        assert_eq!(refused, Err(AudioError::PlaybackFull { given: 11, queued: 90, limit: 100, turns: 1 }));
        assert_eq!((queue.waiting(), queue.tally(2)), (90, None));
        assert_eq!(queue.push(2, &[2; 10]), Ok(()));
    }

    #[test]
    fn accounts_of_a_long_conversation_do_not_pile_up() {
        let mut queue = PlaybackQueue::with_limit(100_000);
        for tag in 0..10_000 {
            queue.push(tag, &[1; 10]).unwrap();
            assert_eq!(queue.read(&mut [0; 10]).played, 10);
        }
        assert!(queue.tallies.len() <= SETTLED_TAGS + 1, "{}", queue.tallies.len());
        assert_eq!(queue.tally(9_990).map(|tally| tally.played), Some(10));
        assert_eq!(queue.tally(1), None);
        assert_eq!(queue.played(), 100_000);
    }

    #[test]
    fn tags_without_end_are_refused() {
        let mut queue = PlaybackQueue::with_limit(usize::MAX);
        let taken = (0..10_000).take_while(|tag| queue.push(*tag, &[1]).is_ok()).count();
        assert_eq!(taken, WAITING_TAGS);
        assert_eq!(queue.flush().len(), WAITING_TAGS);
        assert!(queue.tallies.len() <= SETTLED_TAGS);
    }
}
