//! What the resamplers promise, measured: length, place in time, loudness, aliases, images and seams, in decibels.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a test may fail, and measures with numbers far below 2^52"
)]

#[path = "audio_resample/measures.rs"]
mod measures;
#[path = "audio_resample/promises.rs"]
mod promises;

macro_rules! keeps_its_promises {
    ($(#[$when:meta])* $name:ident: $resampler:ident of $module:ident, $rejection:literal dB, $promises:tt) => {
        $(#[$when])*
        mod $name {
            use nova_sonic_core::audio::{AudioError, $module::{HIGHEST_HERTZ, LOWEST_HERTZ}, $resampler, Sample};

            use crate::promises::{self, Resampling};

            impl Resampling for $resampler {
                const REJECTION_DB: f64 = $rejection;
                const LOWEST: u32 = LOWEST_HERTZ;
                const HIGHEST: u32 = HIGHEST_HERTZ;

                fn new(from: u32, to: u32) -> Result<Self, AudioError> {
                    Self::new(from, to)
                }

                fn process<In: Sample, Out: Sample>(&mut self, input: &[In], output: &mut Vec<Out>) {
                    self.process(input, output);
                }

                fn flush<Out: Sample>(&mut self, output: &mut Vec<Out>) {
                    self.flush(output);
                }

                fn latency(&self) -> usize {
                    self.latency()
                }
            }

            keeps_its_promises!(@ $resampler $promises);
        }
    };
    (@ $resampler:ident [$($promise:ident)*]) => {
        $(
            #[test]
            fn $promise() {
                promises::$promise::<$resampler>();
            }
        )*
    };
}

macro_rules! all_keep_their_promises {
    ($promises:tt) => {
        keeps_its_promises!(#[cfg(feature = "native-audio")] by_blocks: Resampler of resample, 100.0 dB, $promises);
        keeps_its_promises!(sample_by_sample: SincResampler of sinc, 80.0 dB, $promises);
    };
}

all_keep_their_promises!([
    a_tone_keeps_its_loudness_and_its_place_and_gets_no_company
    what_the_lower_rate_cannot_carry_does_not_come_back_as_an_alias
    a_higher_rate_adds_no_image
    a_sweep_comes_out_as_the_same_sweep_and_stops_at_half_the_rate
    speech_band_tones_survive_uncommon_rates
    the_result_does_not_depend_on_the_blocks
    the_length_is_exact_and_the_delay_as_stated
    a_flushed_resampler_is_as_new
    what_no_microphone_gives_is_forgotten_after_the_filter
    equal_rates_change_nothing_and_delay_nothing
    a_conversation_never_waits_for_more_than_30_ms_of_sound
    rates_that_make_no_sense_are_refused
]);
