//! How loud sound is, in decibels below the loudest that it could be.

use super::{AudioError, Sample};

/// What digital silence measures, in dBFS; a single 16-bit step is at -90.3 dBFS.
pub const FLOOR_DBFS: f32 = -100.0;

/// A recording whose loudest sample stays below this, in dBFS, has nobody speaking in it.
///
/// Some 33 steps of 32,768: above the noise of a muted input, far below a whisper.
pub const SILENCE_DBFS: f32 = -60.0;

/// Loudness of a run of samples, between [`FLOOR_DBFS`] and 0 dBFS.
///
/// 0 dBFS is a sample at full deflection; a sine at full deflection has its peak there and an RMS of -3.01 dBFS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Root of the mean of the squares, in dBFS.
    pub rms_dbfs: f32,
    /// The loudest sample, in dBFS.
    pub peak_dbfs: f32,
}

impl Level {
    /// The loudness of one block.
    ///
    /// ```
    /// use nova_sonic_core::audio::{Level, level::FLOOR_DBFS};
    /// let level = Level::of(&[16_384_i16, -16_384, 16_384, -16_384]);
    /// assert!((level.rms_dbfs + 6.02).abs() < 0.01 && (level.peak_dbfs + 6.02).abs() < 0.01);
    /// assert_eq!(Level::of(&[0_i16; 512]).rms_dbfs, FLOOR_DBFS);
    /// ```
    pub fn of<S: Sample>(samples: &[S]) -> Self {
        let mut meter = Meter::default();
        meter.add(samples);
        meter.level()
    }
}

/// A [`Level`] measured over any number of blocks.
///
/// ```
/// use nova_sonic_core::audio::{Level, Meter};
/// let mut meter = Meter::default();
/// meter.add(&[1.0_f32, -1.0]);
/// meter.add(&[0.0_f32, 0.0]);
/// assert!((meter.level().rms_dbfs + 3.01).abs() < 0.01);
/// assert_eq!(meter.level().peak_dbfs, 0.0);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Meter {
    samples: u64,
    squares: f64,
    peak: f32,
}

impl Meter {
    /// Adds one block.
    pub fn add<S: Sample>(&mut self, samples: &[S]) {
        self.samples += samples.len() as u64;
        for sample in samples {
            let deflection = sample.to_unit().abs();
            self.squares += f64::from(deflection * deflection);
            self.peak = self.peak.max(deflection);
        }
    }

    /// The loudness of everything added; the floor when nothing was.
    #[expect(clippy::cast_precision_loss, reason = "2^52 samples are nine thousand years")]
    #[expect(clippy::cast_possible_truncation, reason = "a mean square between 0 and 1")]
    pub fn level(&self) -> Level {
        let mean_square = self.squares / self.samples.max(1) as f64;
        Level { rms_dbfs: dbfs(mean_square.sqrt() as f32), peak_dbfs: dbfs(self.peak) }
    }

    /// The loudness of everything added, if somebody could have been heard in it.
    ///
    /// # Errors
    ///
    /// [`AudioError::Empty`] when nothing was added; [`AudioError::Silent`] when no sample reached [`SILENCE_DBFS`].
    ///
    /// ```
    /// use nova_sonic_core::audio::{AudioError, Meter};
    /// let mut meter = Meter::default();
    /// assert_eq!(meter.audible(), Err(AudioError::Empty));
    /// meter.add(&[3_i16, -2, 0, 1]);
    /// assert!(matches!(meter.audible(), Err(AudioError::Silent { .. })));
    /// meter.add(&[900_i16]);
    /// assert!(meter.audible().is_ok());
    /// ```
    pub fn audible(&self) -> Result<Level, AudioError> {
        let level = self.level();
        if self.samples == 0 {
            Err(AudioError::Empty)
        } else if level.peak_dbfs < SILENCE_DBFS {
            Err(AudioError::Silent { peak_dbfs: level.peak_dbfs })
        } else {
            Ok(level)
        }
    }
}

fn dbfs(deflection: f32) -> f32 {
    (20.0 * deflection.log10()).max(FLOOR_DBFS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_sine_is_three_decibels_below_its_peak() {
        let sine: Vec<f32> = (0..16_000_u16).map(|n| (f32::from(n) * 0.1).sin()).collect();
        let level = Level::of(&sine);
        assert!((level.rms_dbfs + 3.01).abs() < 0.01, "{level:?}");
        assert!((level.peak_dbfs).abs() < 0.01, "{level:?}");
    }

    #[test]
    fn blocks_add_up_to_the_whole() {
        let sound: Vec<i16> = (0..5_000_i16).map(|n| n.wrapping_mul(7_919)).collect();
        for size in [1, 7, 512, 5_000] {
            let mut meter = Meter::default();
            sound.chunks(size).for_each(|block| meter.add(block));
            assert_eq!(meter.level(), Level::of(&sound));
        }
    }

    #[test]
    fn levels_stay_between_floor_and_full_scale() {
        for extreme in [&[i16::MIN; 4][..], &[0; 4], &[]] {
            let level = Level::of(extreme);
            assert!((FLOOR_DBFS..=0.0).contains(&level.rms_dbfs), "{level:?}");
            assert!((FLOOR_DBFS..=0.0).contains(&level.peak_dbfs), "{level:?}");
        }
        let level = Level::of(&[f32::NAN, f32::INFINITY, 0.0, 0.0]);
        assert!(level.peak_dbfs.abs() < f32::EPSILON, "{level:?}");
        assert!((level.rms_dbfs + 6.02).abs() < 0.01, "{level:?}");
    }
}
