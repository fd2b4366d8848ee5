//! G.711, telephony's eight bits a sample: µ-law in America and Japan, A-law elsewhere.
//!
//! Source: ITU-T Recommendation G.711 (1988), tables 1 and 2; samples here are the recommendation's values scaled to
//! 16 bits. A sample exactly on the border of two intervals belongs to the louder one when positive, and to the
//! quieter one when negative, as ITU-T's software tool library (G.191) has it.

/// How a telephone line writes a sample into eight bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the recommendation knows two laws")]
pub enum Law {
    /// North America and Japan, `PCMU` in RTP.
    Mu,
    /// Everywhere else, `PCMA` in RTP.
    A,
}

impl Law {
    /// The code of the interval that `sample` lies in.
    ///
    /// ```
    /// use nova_sonic_core::audio::g711::Law;
    /// assert_eq!(Law::Mu.encode_sample(0), 0xff);
    /// assert_eq!(Law::A.encode_sample(0), 0xd5);
    /// ```
    pub const fn encode_sample(self, sample: i16) -> u8 {
        match self {
            Self::Mu => encode_mu(sample),
            Self::A => encode_a(sample),
        }
    }

    /// The sample that `code` stands for.
    ///
    /// ```
    /// use nova_sonic_core::audio::g711::Law;
    /// assert_eq!(Law::Mu.decode_sample(0x80), 32_124);
    /// assert_eq!(Law::A.decode_sample(0x2a), -32_256);
    /// ```
    pub const fn decode_sample(self, code: u8) -> i16 {
        match self {
            Self::Mu => decode_mu(code),
            Self::A => decode_a(code),
        }
    }

    /// Appends the codes of `samples` to `into`.
    pub fn encode(self, samples: &[i16], into: &mut Vec<u8>) {
        into.extend(samples.iter().map(|sample| self.encode_sample(*sample)));
    }

    /// Appends the samples of `codes` to `into`.
    ///
    /// ```
    /// use nova_sonic_core::audio::g711::Law;
    /// let (mut codes, mut samples) = (Vec::new(), Vec::new());
    /// Law::A.encode(&[1_000, -1_000], &mut codes);
    /// Law::A.decode(&codes, &mut samples);
    /// assert_eq!(samples, [1_008, -1_008]);
    /// ```
    pub fn decode(self, codes: &[u8], into: &mut Vec<i16>) {
        into.extend(codes.iter().map(|code| self.decode_sample(*code)));
    }
}

/// Added to every magnitude, so that each of µ-law's eight segments begins at a power of two.
const MU_BIAS: i16 = 0x84;
/// The largest magnitude that fits after the bias has been added.
const MU_CLIP: i16 = i16::MAX - MU_BIAS;
const SIGN: u8 = 0x80;
/// A-law goes over the line with every other bit inverted.
const A_INVERSION: u8 = 0x55;

const fn encode_mu(sample: i16) -> u8 {
    let magnitude = magnitude(sample);
    let biased = if magnitude > MU_CLIP { i16::MAX } else { magnitude + MU_BIAS };
    !(sign(sample < 0) | segment_and_step(biased))
}

const fn decode_mu(code: u8) -> i16 {
    let code = !code;
    let magnitude = ((((code & 0x0f) as i16) << 3) + MU_BIAS) << ((code >> 4) & 7);
    if code & SIGN == 0 { magnitude - MU_BIAS } else { MU_BIAS - magnitude }
}

const fn encode_a(sample: i16) -> u8 {
    let magnitude = magnitude(sample);
    let code = if magnitude < 0x100 { low_byte(magnitude >> 4) } else { segment_and_step(magnitude) };
    (sign(sample >= 0) | code) ^ A_INVERSION
}

const fn decode_a(code: u8) -> i16 {
    let code = code ^ A_INVERSION;
    let middle = (((code & 0x0f) as i16) << 4) + 8;
    let magnitude = match (code >> 4) & 7 {
        0 => middle,
        segment => (middle + 0x100) << (segment - 1),
    };
    if code & SIGN == 0 { -magnitude } else { magnitude }
}

/// Distance from silence, where silence has two sides: 0 and -1 are equally near.
const fn magnitude(sample: i16) -> i16 {
    if sample < 0 { !sample } else { sample }
}

const fn sign(set: bool) -> u8 {
    if set { SIGN } else { 0 }
}

/// Position of the leading bit, which is 7 or higher, and the four bits after it.
#[expect(clippy::cast_possible_truncation, reason = "a number below 8")]
const fn segment_and_step(magnitude: i16) -> u8 {
    let segment = (8 - magnitude.leading_zeros()) as u8;
    (segment << 4) | (low_byte(magnitude >> (segment + 3)) & 0x0f)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the low byte is what is wanted")]
const fn low_byte(value: i16) -> u8 {
    value as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAWS: [Law; 2] = [Law::Mu, Law::A];

    #[test]
    fn every_code_comes_back_as_itself() {
        for law in LAWS {
            for code in 0..=u8::MAX {
                let again = law.encode_sample(law.decode_sample(code));
                // µ-law has a zero on either side of silence; samples have one
                let expected = if (law, code) == (Law::Mu, 0x7f) { 0xff } else { code };
                assert_eq!(again, expected, "{law:?} {code:#04x}");
            }
        }
    }

    /// The recommendation's decision values in 16-bit steps: where each of 128 intervals begins, and the last one ends.
    fn decision_values(law: Law) -> Vec<i32> {
        let (scale, mut values, segments): (_, _, &[(usize, i32)]) = match law {
            Law::Mu => (
                4,
                vec![0, 1],
                &[(2, 31), (4, 95), (8, 223), (16, 479), (32, 991), (64, 2_015), (128, 4_063), (256, 8_159)],
            ),
            Law::A => (
                8,
                vec![0],
                &[(2, 64), (4, 128), (8, 256), (16, 512), (32, 1_024), (64, 2_048), (128, 4_096)],
            ),
        };
        for (step, end) in segments {
            let begin = values.last().unwrap() + i32::try_from(*step).unwrap();
            values.extend((begin..=*end).step_by(*step));
        }
        values.iter().map(|value| value * scale).collect()
    }

    #[test]
    fn every_sample_takes_the_code_of_its_interval_and_every_code_the_middle_of_it() {
        for law in LAWS {
            let values = decision_values(law);
            assert_eq!(values.len(), 129);
            for sample in i16::MIN..=i16::MAX {
                let distance = i32::from(if sample < 0 { !sample } else { sample });
                let interval = values.partition_point(|value| *value <= distance).min(128) - 1;
                let number = u8::try_from(interval).unwrap();
                let code = match law {
                    Law::Mu => !(number | if sample < 0 { 0x80 } else { 0 }),
                    Law::A => (number | if sample < 0 { 0 } else { 0x80 }) ^ 0x55,
                };
                assert_eq!(law.encode_sample(sample), code, "{law:?} {sample}");
                let silent = law == Law::Mu && interval == 0;
                let middle = if silent { 0 } else { i32::midpoint(values[interval], values[interval + 1]) };
                let signed = if sample < 0 { -middle } else { middle };
                assert_eq!(i32::from(law.decode_sample(code)), signed, "{law:?} {code:#04x}");
            }
        }
    }

    #[test]
    fn louder_samples_never_take_quieter_codes() {
        for law in LAWS {
            let decoded = (i16::MIN..=i16::MAX).map(|sample| law.decode_sample(law.encode_sample(sample)));
            assert!(decoded.is_sorted(), "{law:?}");
        }
    }
}
