//! Nanoseconds of CPU time per frame, of several subjects whose rounds take turns.

use std::time::Instant;

use crate::{Failure, process::cpu_of_thread};

/// What one round of a subject costs: takes a number of frames, gives nanoseconds per frame.
pub type Round<'a> = Box<dyn FnMut(u32) -> Result<f64, Failure> + 'a>;

/// One thing measured.
pub struct Subject<'a> {
    name: &'static str,
    frames: u32,
    round: Round<'a>,
    rounds: Vec<f64>,
}

impl std::fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subject")
            .field("name", &self.name)
            .field("rounds", &self.rounds)
            .finish_non_exhaustive()
    }
}

impl<'a> Subject<'a> {
    /// A subject that is called once for each frame, in rounds of `frames`.
    pub fn each(
        name: &'static str,
        frames: u32,
        mut frame: impl FnMut() -> Result<(), Failure> + 'a,
    ) -> Self {
        let round = move |frames| {
            let start = cpu_of_thread();
            for _ in 0..frames {
                frame()?;
            }
            Ok(cpu_of_thread().saturating_sub(start).as_secs_f64() * 1e9 / f64::from(frames))
        };
        Self::timed(name, frames, Box::new(round))
    }

    /// A subject that takes its own time, such as one in another process.
    pub const fn timed(name: &'static str, frames: u32, round: Round<'a>) -> Self {
        Self { name, frames, round, rounds: Vec::new() }
    }

    /// Its name in the table.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Median over the rounds, ns per frame.
    pub fn median(&self) -> f64 {
        median(self.rounds.clone())
    }

    /// The least disturbed round, ns per frame.
    pub fn minimum(&self) -> f64 {
        self.rounds.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// How many times as long as `other` it takes: the median over the rounds, each beside the other's round of the
    /// same moment, so that whatever disturbs the machine disturbs both.
    pub fn ratio_to(&self, other: &Self) -> f64 {
        median(self.rounds.iter().zip(&other.rounds).map(|(mine, theirs)| mine / theirs).collect())
    }
}

/// Measures all subjects: one round of each for warmth, then `rounds` times one of each in turn.
///
/// # Errors
///
/// What a subject failed with.
pub fn interleave(subjects: &mut [Subject<'_>], rounds: u32) -> Result<(), Failure> {
    for subject in &mut *subjects {
        (subject.round)(subject.frames)?;
    }
    for _ in 0..rounds {
        for subject in &mut *subjects {
            let cost = (subject.round)(subject.frames)?;
            subject.rounds.push(cost);
        }
    }
    Ok(())
}

/// The middle value; of an even number of them, the upper one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The clock of all benches.
#[expect(clippy::disallowed_methods, reason = "measuring time is what a bench is for")]
pub fn now() -> Instant {
    Instant::now()
}
