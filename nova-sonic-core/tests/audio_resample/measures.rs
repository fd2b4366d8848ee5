//! Sounds to be resampled, and what can be measured in what comes out.

use std::f64::consts::TAU;

/// `sound` cut at places that look random and are the same in each run.
pub(crate) fn scattered<T>(sound: &[T], mut seed: u64) -> Vec<&[T]> {
    let (mut blocks, mut rest) = (Vec::new(), sound);
    while !rest.is_empty() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let size = usize::try_from(seed >> 33).unwrap() % 1_500;
        let (block, after) = rest.split_at(size.min(rest.len()));
        blocks.push(block);
        rest = after;
    }
    blocks
}

pub(crate) fn tone(hertz: f64, rate: u32, samples: usize) -> Vec<f32> {
    (0..samples).map(|n| (0.5 * (TAU * hertz * n as f64 / f64::from(rate)).sin()) as f32).collect()
}

/// A sine whose frequency rises evenly from 0 to `top` Hz.
pub(crate) fn sweep(top: f64, rate: u32, seconds: f64) -> Vec<f32> {
    let samples = (seconds * f64::from(rate)) as usize;
    let at = |n: usize| n as f64 / f64::from(rate);
    (0..samples).map(|n| (0.5 * (TAU * top * at(n).powi(2) / (2.0 * seconds)).sin()) as f32).collect()
}

pub(crate) fn rms(sound: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = sound.fold((0.0, 0.0), |(sum, count), sample| (sum + sample * sample, count + 1.0));
    f64::sqrt(sum / f64::max(count, 1.0))
}

pub(crate) fn decibels(ratio: f64) -> f64 {
    20.0 * ratio.max(1e-12).log10()
}

/// A tone found in sound by least squares.
pub(crate) struct Found {
    /// Amplitude, 1.0 for full deflection.
    pub(crate) amplitude: f64,
    /// Phase at the first sample, in radians.
    pub(crate) phase: f64,
    /// RMS of what is not the tone, against the tone's, in dB.
    pub(crate) rest_db: f64,
}

pub(crate) fn find(hertz: f64, rate: u32, sound: &[f32], first: usize) -> Found {
    let angle = |n: usize| TAU * hertz * (first + n) as f64 / f64::from(rate);
    let (mut ss, mut sc, mut cc, mut sy, mut cy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (n, sample) in sound.iter().enumerate() {
        let (sin, cos) = angle(n).sin_cos();
        let sample = f64::from(*sample);
        (ss, sc, cc, sy, cy) =
            (ss + sin * sin, sc + sin * cos, cc + cos * cos, sy + sin * sample, cy + cos * sample);
    }
    let determinant = ss * cc - sc * sc;
    let (a, b) = ((sy * cc - cy * sc) / determinant, (cy * ss - sy * sc) / determinant);
    let rest = rms(sound.iter().enumerate().map(|(n, sample)| {
        let (sin, cos) = angle(n).sin_cos();
        f64::from(*sample) - a * sin - b * cos
    }));
    let amplitude = a.hypot(b);
    Found { amplitude, phase: b.atan2(a), rest_db: decibels(rest / (amplitude / 2.0_f64.sqrt())) }
}

/// The middle of `sound`: a tone that begins or ends at full deflection is not only a tone there.
pub(crate) fn middle(sound: &[f32], edge: usize) -> &[f32] {
    &sound[edge..sound.len() - edge]
}
