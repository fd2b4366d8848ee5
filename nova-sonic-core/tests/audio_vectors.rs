//! The shared vectors of the audio path, which other programs have made.

#![expect(clippy::panic, reason = "a test may fail")]

use std::path::Path;

use nova_sonic_core::audio::{Level, convert, g711::Law};
use serde::{Deserialize, de::DeserializeOwned};

fn vectors<T: DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/audio").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[derive(Deserialize)]
struct Laws {
    mu: Codes,
    a: Codes,
}

#[derive(Deserialize)]
struct Codes {
    decoded: Vec<i16>,
    encoded: Vec<(i16, u8)>,
}

#[test]
fn telephony_codes_are_those_of_other_programs() {
    let laws: Laws = vectors("g711.json");
    for (law, codes) in [(Law::Mu, laws.mu), (Law::A, laws.a)] {
        let all: Vec<u8> = (0..=u8::MAX).collect();
        let mut decoded = Vec::new();
        law.decode(&all, &mut decoded);
        assert_eq!(decoded, codes.decoded, "{law:?}");
        assert!(codes.encoded.len() > 50);
        for (sample, code) in codes.encoded {
            assert_eq!(law.encode_sample(sample), code, "{law:?} {sample}");
        }
    }
}

#[derive(Deserialize)]
struct Conversions {
    from_f32: FromF32,
    bytes: Bytes,
    mono: Vec<Mixture>,
}

#[derive(Deserialize)]
struct FromF32 {
    f32: Vec<f32>,
    i16: Vec<i16>,
}

#[derive(Deserialize)]
struct Bytes {
    i16: Vec<i16>,
    le: Vec<u8>,
}

#[derive(Deserialize)]
struct Mixture {
    channels: usize,
    interleaved: Vec<i16>,
    mono: Vec<i16>,
}

#[test]
fn samples_keep_their_value_in_every_shape() {
    let Conversions { from_f32, bytes, mono } = vectors("convert.json");
    let mut pcm: Vec<i16> = Vec::new();
    convert::append(&from_f32.f32, &mut pcm);
    assert_eq!(pcm, from_f32.i16);

    let (mut le, mut read): (_, Vec<i16>) = (Vec::new(), Vec::new());
    convert::append_le_bytes(&bytes.i16, &mut le);
    assert_eq!(le, bytes.le);
    convert::append_bytes(&bytes.le, &mut read).unwrap();
    assert_eq!(read, bytes.i16);

    for case in mono {
        let mut mixed: Vec<i16> = Vec::new();
        convert::append_mono(&case.interleaved, case.channels, &mut mixed).unwrap();
        assert_eq!(mixed, case.mono, "{} channels", case.channels);
    }
}

#[derive(Deserialize)]
struct Levels {
    levels: Vec<Measured>,
}

#[derive(Deserialize)]
struct Measured {
    samples: Vec<i16>,
    rms_dbfs: f32,
    peak_dbfs: f32,
}

#[test]
fn levels_agree_to_a_hundredth_of_a_decibel() {
    for case in vectors::<Levels>("level.json").levels {
        let level = Level::of(&case.samples);
        assert!((level.rms_dbfs - case.rms_dbfs).abs() < 0.01, "{:?}: {level:?}", case.samples);
        assert!((level.peak_dbfs - case.peak_dbfs).abs() < 0.01, "{:?}: {level:?}", case.samples);
    }
}

#[cfg(feature = "native-audio")]
mod wav {
    use std::time::Duration;

    use nova_sonic_core::audio::{Recording, WavReader};
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Files {
        files: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        name: String,
        hertz: u32,
        channels: u16,
        samples: Vec<i16>,
        file: String,
    }

    #[test]
    fn every_encoding_is_read_as_the_same_sound() {
        let files = super::vectors::<Files>("wav.json").files;
        assert_eq!(files.len(), 8);
        for case in files {
            let bytes = hex::decode(&case.file).unwrap();
            let reader =
                WavReader::new(bytes.as_slice()).unwrap_or_else(|error| panic!("{}: {error}", case.name));
            assert_eq!(reader.channels(), case.channels, "{}", case.name);
            let recording = Recording::read(bytes.as_slice(), Duration::from_secs(1)).unwrap();
            assert_eq!(recording.hertz(), case.hertz, "{}", case.name);
            assert_eq!(recording.samples(), case.samples, "{}", case.name);
        }
    }
}
