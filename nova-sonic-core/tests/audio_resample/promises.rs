//! What a resampler promises. Each promise is a test of each resampler.

use std::f64::consts::TAU;

use nova_sonic_core::audio::{AudioError, Sample};
use proptest::prelude::*;

use crate::measures::{decibels, find, middle, rms, scattered, sweep, tone};

const RATES: [u32; 5] = [8_000, 16_000, 24_000, 44_100, 48_000];
/// Rates of old sound cards, files and radios; the last two have hardly a common divisor with any other.
const OTHER_RATES: [u32; 6] = [11_025, 22_050, 32_000, 96_000, 44_056, 15_999];
/// Part of the lower rate's half up to which nothing is lost.
const PASSBAND: f64 = 0.9;

/// A resampler, and how far below the sound everything is that does not belong to it.
pub(crate) trait Resampling: Sized + std::fmt::Debug {
    const REJECTION_DB: f64;
    const LOWEST: u32;
    const HIGHEST: u32;

    fn new(from: u32, to: u32) -> Result<Self, AudioError>;
    fn process<In: Sample, Out: Sample>(&mut self, input: &[In], output: &mut Vec<Out>);
    fn flush<Out: Sample>(&mut self, output: &mut Vec<Out>);
    fn latency(&self) -> usize;
}

fn pairs() -> impl Iterator<Item = (u32, u32)> {
    RATES
        .into_iter()
        .flat_map(|from| RATES.into_iter().map(move |to| (from, to)))
        .filter(|(from, to)| from != to)
}

fn resampled<R: Resampling, S: Sample>(from: u32, to: u32, blocks: &[&[S]]) -> Vec<f32> {
    let mut resampler = R::new(from, to).unwrap();
    let mut output = Vec::new();
    for block in blocks {
        resampler.process(block, &mut output);
    }
    resampler.flush(&mut output);
    output
}

pub(crate) fn a_tone_keeps_its_loudness_and_its_place_and_gets_no_company<R: Resampling>() {
    for (from, to) in pairs() {
        let half = f64::from(from.min(to)) / 2.0;
        for part in [0.01, 0.1, 0.333, 0.5, 0.75, PASSBAND] {
            let hertz = half * part;
            let sound = tone(hertz, from, from as usize / 2);
            let output = resampled::<R, _>(from, to, &scattered(&sound, 1));
            let edge = to as usize / 20;
            let found = find(hertz, to, middle(&output, edge), edge);
            let gain_db = decibels(found.amplitude / 0.5);
            let late_samples = found.phase / (TAU * hertz / f64::from(to));
            let case = format!("{from} → {to} Hz, {hertz:.0} Hz");
            assert!(gain_db.abs() < 0.05, "{case}: {gain_db:.3} dB");
            assert!(late_samples.abs() < 0.01, "{case}: {late_samples:.4} samples out of place");
            assert!(found.rest_db < -R::REJECTION_DB, "{case}: company at {:.1} dB", found.rest_db);
        }
    }
}

pub(crate) fn what_the_lower_rate_cannot_carry_does_not_come_back_as_an_alias<R: Resampling>() {
    for (from, to) in pairs().filter(|(from, to)| from > to) {
        let (low, high) = (f64::from(to) / 2.0, f64::from(from) / 2.0);
        for part in [0.0, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99] {
            let hertz = low + (high - low) * part + 1.0;
            let sound = tone(hertz, from, from as usize / 2);
            let output = resampled::<R, _>(from, to, &scattered(&sound, 2));
            let alias = middle(&output, to as usize / 20);
            let alias_db =
                decibels(rms(alias.iter().map(|sample| f64::from(*sample))) / (0.5 / 2.0_f64.sqrt()));
            assert!(
                alias_db < -R::REJECTION_DB,
                "{from} → {to} Hz, {hertz:.0} Hz: alias at {alias_db:.1} dB"
            );
        }
    }
}

pub(crate) fn a_higher_rate_adds_no_image<R: Resampling>() {
    for (from, to) in pairs().filter(|(from, to)| from < to) {
        // up to the edge, where the tone itself is weakened but its image must still be far below it
        for part in [0.92, 0.95, 0.99] {
            let hertz = f64::from(from) / 2.0 * part;
            let sound = tone(hertz, from, from as usize / 2);
            let output = resampled::<R, _>(from, to, &scattered(&sound, 3));
            let edge = to as usize / 20;
            let found = find(hertz, to, middle(&output, edge), edge);
            let image_db = found.rest_db + decibels(found.amplitude / 0.5);
            assert!(
                image_db < -R::REJECTION_DB,
                "{from} → {to} Hz, {hertz:.0} Hz: image at {image_db:.1} dB"
            );
        }
    }
}

pub(crate) fn a_sweep_comes_out_as_the_same_sweep_and_stops_at_half_the_rate<R: Resampling>() {
    const SECONDS: f64 = 1.0;
    for (from, to) in pairs() {
        let (top, half) = (f64::from(from) / 2.0, f64::from(from.min(to)) / 2.0);
        let output = resampled::<R, _>(from, to, &scattered(&sweep(top, from, SECONDS), 4));
        let expected = sweep(top, to, SECONDS);
        let index = |hertz: f64| ((hertz / top * SECONDS) * f64::from(to)) as usize;
        let error = |range: std::ops::Range<usize>| {
            rms(output[range.clone()].iter().zip(&expected[range]).map(|(is, should)| f64::from(is - should)))
        };
        let full = 0.5 / 2.0_f64.sqrt();
        // a sweep's instantaneous frequency reaches what the passband carries a moment later
        let error_db = decibels(error(index(half * 0.02)..index(half * PASSBAND * 0.95)) / full);
        assert!(error_db < -R::REJECTION_DB, "{from} → {to} Hz: {error_db:.1} dB off the sweep");
        if to < from {
            let (gone, end) = (index(half * 1.03), index(top * 0.98));
            let alias_db = decibels(rms(output[gone..end].iter().map(|sample| f64::from(*sample))) / full);
            assert!(alias_db < -R::REJECTION_DB, "{from} → {to} Hz: {alias_db:.1} dB after half the rate");
        }
    }
}

pub(crate) fn speech_band_tones_survive_uncommon_rates<R: Resampling>() {
    for other in OTHER_RATES {
        for (from, to) in [(other, 16_000), (24_000, other)] {
            let sound = tone(1_000.0, from, from as usize * 3);
            let output = resampled::<R, _>(from, to, &scattered(&sound, 5));
            assert_eq!(output.len(), to as usize * 3);
            let edge = to as usize / 2;
            let found = find(1_000.0, to, middle(&output, edge), edge);
            assert!((found.amplitude - 0.5).abs() < 0.001, "{from} → {to} Hz: {}", found.amplitude);
            assert!(found.rest_db < -R::REJECTION_DB, "{from} → {to} Hz: {:.1} dB", found.rest_db);
        }
    }
}

pub(crate) fn the_result_does_not_depend_on_the_blocks<R: Resampling>() {
    proptest!(ProptestConfig::with_cases(64), |(
        from in prop::sample::select(RATES.as_slice()), to in prop::sample::select(RATES.as_slice()),
        sound in prop::collection::vec(-1.0_f32..1.0, 0..6_000), seed: u64,
    )| {
        let whole = resampled::<R, _>(from, to, &[&sound]);
        prop_assert_eq!(&resampled::<R, _>(from, to, &scattered(&sound, seed)), &whole);
        let one_by_one: Vec<&[f32]> = sound.chunks(1).collect();
        prop_assert_eq!(&resampled::<R, _>(from, to, &one_by_one), &whole);
    });
}

pub(crate) fn the_length_is_exact_and_the_delay_as_stated<R: Resampling>() {
    proptest!(ProptestConfig::with_cases(64), |(
        from in prop::sample::select([RATES.as_slice(), &OTHER_RATES].concat()),
        to in prop::sample::select([RATES.as_slice(), &OTHER_RATES].concat()),
        length in 0_usize..5_000, seed: u64,
    )| {
        let sound: Vec<i16> = (0..5_000_i16).map(|n| n.wrapping_mul(31)).collect();
        let mut resampler = R::new(from, to).unwrap();
        let mut output: Vec<i16> = Vec::new();
        for block in scattered(&sound[..length], seed) {
            resampler.process(block, &mut output);
        }
        let behind = length as f64 - output.len() as f64 * f64::from(from) / f64::from(to);
        prop_assert!(behind <= resampler.latency() as f64, "{} samples behind", behind);
        resampler.flush(&mut output);
        let exact = (2 * length as u64 * u64::from(to) + u64::from(from)) / (2 * u64::from(from));
        prop_assert_eq!(output.len() as u64, exact);
    });
}

pub(crate) fn a_flushed_resampler_is_as_new<R: Resampling>() {
    let (first, second) = (tone(700.0, 44_100, 5_003), tone(300.0, 44_100, 2_001));
    let mut resampler = R::new(44_100, 16_000).unwrap();
    let mut output: Vec<f32> = Vec::new();
    resampler.process(&first, &mut output);
    resampler.flush(&mut output);
    output.clear();
    resampler.process(&second, &mut output);
    resampler.flush(&mut output);
    assert_eq!(output, resampled::<R, _>(44_100, 16_000, &[&second]));
    output.clear();
    resampler.flush(&mut output);
    assert!(output.is_empty());
}

pub(crate) fn what_no_microphone_gives_is_forgotten_after_the_filter<R: Resampling>() {
    let mut sound = vec![0.0_f32; 16_000];
    sound[100] = f32::NAN;
    sound[200] = f32::INFINITY;
    sound[300] = f32::MIN;
    let output = resampled::<R, _>(16_000, 48_000, &[&sound]);
    assert!(output.iter().all(|sample| sample.is_finite() && sample.abs() <= 1.0));
    assert!(output[6_000..].iter().all(|sample| sample.abs() < 1e-6));
}

pub(crate) fn equal_rates_change_nothing_and_delay_nothing<R: Resampling>() {
    let sound: Vec<i16> = (0..1_000).collect();
    let mut resampler = R::new(16_000, 16_000).unwrap();
    let mut output: Vec<i16> = Vec::new();
    resampler.process(&sound, &mut output);
    assert_eq!((output, resampler.latency()), (sound, 0));
}

pub(crate) fn a_conversation_never_waits_for_more_than_30_ms_of_sound<R: Resampling>() {
    for (from, to) in pairs() {
        let waits = R::new(from, to).unwrap().latency() as f64 / f64::from(from);
        assert!(waits <= 0.030, "{from} → {to} Hz: {:.1} ms", waits * 1_000.0);
    }
}

pub(crate) fn rates_that_make_no_sense_are_refused<R: Resampling>() {
    for hertz in [0, 1, R::LOWEST - 1, R::HIGHEST + 1, u32::MAX] {
        let refused = AudioError::SampleRateUnsupported { hertz, lowest: R::LOWEST, highest: R::HIGHEST };
        assert_eq!(R::new(hertz, 16_000).unwrap_err(), refused);
        assert_eq!(R::new(16_000, hertz).unwrap_err(), refused);
    }
    for (from, to) in [(R::LOWEST, R::HIGHEST), (R::HIGHEST, R::LOWEST), (191_999, 192_000)] {
        assert!(R::new(from, to).is_ok());
    }
}
