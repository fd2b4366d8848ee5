use std::{
    fs,
    io::{self, Cursor, Read},
    time::Duration,
};

use proptest::prelude::*;

use super::*;
use crate::{audio::AudioError, error::ErrorCode};

const LONG: Duration = Duration::from_mins(1);

/// A file of `chunks`, each a name and its content, with a pad byte after those of odd length.
fn riff(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut body = b"WAVE".to_vec();
    for (name, content) in chunks {
        body.extend_from_slice(*name);
        body.extend_from_slice(&u32::try_from(content.len()).unwrap().to_le_bytes());
        body.extend_from_slice(content);
        body.resize(body.len().next_multiple_of(2), 0);
    }
    let mut file = b"RIFF".to_vec();
    file.extend_from_slice(&u32::try_from(body.len()).unwrap().to_le_bytes());
    file.extend(body);
    file
}

/// A `fmt ` chunk of 16 bytes at 16 kHz.
fn format(tag: u16, channels: u16, bits: u16, sample_bytes: u16) -> Vec<u8> {
    let block = channels * sample_bytes;
    let mut chunk = Vec::new();
    chunk.extend_from_slice(&tag.to_le_bytes());
    chunk.extend_from_slice(&channels.to_le_bytes());
    chunk.extend_from_slice(&16_000_u32.to_le_bytes());
    chunk.extend_from_slice(&(16_000 * u32::from(block)).to_le_bytes());
    chunk.extend_from_slice(&block.to_le_bytes());
    chunk.extend_from_slice(&bits.to_le_bytes());
    chunk
}

/// What `WAVE_FORMAT_EXTENSIBLE` adds to `format`: valid bits, and PCM as the subformat.
fn extensible(valid_bits: u16) -> Vec<u8> {
    let mut chunk = 22_u16.to_le_bytes().to_vec();
    chunk.extend_from_slice(&valid_bits.to_le_bytes());
    chunk.extend_from_slice(&[4, 0, 0, 0]);
    chunk.extend_from_slice(&[1, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
    chunk
}

fn pcm16(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

fn read(file: &[u8]) -> Result<Vec<i16>, AudioError> {
    Recording::read(file, LONG).map(|recording| recording.samples().to_vec())
}

fn code(file: &[u8]) -> ErrorCode {
    read(file).unwrap_err().code()
}

#[test]
fn chunks_before_and_after_the_sound_are_passed_over_with_their_padding() {
    let sound = pcm16(&[1, 2, 3]);
    let file = riff(&[
        (b"LIST", b"odd"),
        (b"fmt ", &format(1, 1, 16, 2)),
        (b"fact", &[3, 0, 0, 0, 9]),
        (b"bext", &[0; 10_001]),
        (b"data", &sound),
        (b"id3 ", b"title"),
    ]);
    assert_eq!(read(&file), Ok(vec![1, 2, 3]));
}

#[test]
fn formats_outside_the_letter_of_the_standard_are_read_as_they_were_meant() {
    // 24 bits at the lower end of four bytes, as arecord writes them
    let low = riff(&[(b"fmt ", &format(1, 1, 24, 4)), (b"data", &[0, 0, 64, 0, 0, 0, 192, 255])]);
    assert_eq!(read(&low), Ok(vec![16_384, -16_384]));
    // 24 bits at the upper end of four bytes, as WAVE_FORMAT_EXTENSIBLE has it
    let chunk = [format(0xfffe, 1, 32, 4), extensible(24)].concat();
    let high = riff(&[(b"fmt ", &chunk), (b"data", &[0, 0, 0, 64, 0, 0, 0, 192])]);
    assert_eq!(read(&high), Ok(vec![16_384, -16_384]));
    // 32 bits with a length of an empty extension, or with more after the format than anybody asked for
    for extra in [&[0, 0][..], &[0; 30]] {
        let chunk = [format(1, 1, 32, 4), extra.to_vec()].concat();
        let file = riff(&[(b"fmt ", &chunk), (b"data", &[0, 0, 0, 64])]);
        assert_eq!(read(&file), Ok(vec![16_384]));
    }
}

#[test]
fn floats_that_no_loudspeaker_can_do_are_cut_off() {
    let sound: Vec<u8> =
        [f32::NAN, 3.0, f32::NEG_INFINITY, 0.5].iter().flat_map(|value| value.to_le_bytes()).collect();
    let file = riff(&[(b"fmt ", &format(3, 1, 32, 4)), (b"data", &sound)]);
    assert_eq!(read(&file), Ok(vec![0, 32_767, -32_768, 16_384]));
}

#[test]
fn a_length_left_open_means_until_the_end() {
    let mut file = riff(&[(b"fmt ", &format(1, 2, 16, 4 / 2)), (b"data", &pcm16(&[10, 20, 30, 40, 50]))]);
    let length_at = file.len() - 10 - 4;
    for open in [u32::MAX, 0x7fff_f000, 0x8000_0000] {
        file[length_at..length_at + 4].copy_from_slice(&open.to_le_bytes());
        // half a moment at the end is none
        assert_eq!(read(&file), Ok(vec![15, 35]));
        assert_eq!(WavReader::new(file.as_slice()).unwrap().promised(), None);
    }
    // a recorder that was killed before it could write its lengths
    file[length_at..length_at + 4].fill(0);
    file[4..8].fill(0);
    assert_eq!(read(&file), Ok(vec![15, 35]));
}

#[test]
fn what_is_no_wav_is_called_so() {
    let sound = pcm16(&[1, 2]);
    let fmt = format(1, 1, 16, 2);
    let mut short_format = fmt.clone();
    short_format.truncate(14);
    let mut no_rate = fmt.clone();
    no_rate[4..12].fill(0);
    for file in [
        b"".to_vec(),
        b"RIFF".to_vec(),
        b"ID3\x03 this is an MP3 file, as its first bytes say".to_vec(),
        b"RIFF\x10\0\0\0AVI LIST\0\0\0\0".to_vec(),
        riff(&[]),
        riff(&[(b"data", &sound)]),
        riff(&[(b"fmt ", &fmt)]),
        riff(&[(b"fmt ", &short_format), (b"data", &sound)]),
        riff(&[(b"fmt ", &no_rate), (b"data", &sound)]),
        riff(&[(b"fmt ", &format(1, 0, 16, 2)), (b"data", &sound)]),
        riff(&[(b"fmt ", &format(1, 1, 0, 0)), (b"data", &sound)]),
        riff(&[(b"fmt ", &format(1, 1, 32, 2)), (b"data", &sound)]),
        riff(&[(b"fmt ", &format(1, 1, 16, 2)), (b"data", &[1, 2, 3])]),
        riff(&[(b"fmt ", &format(1, 3, 16, 2)), (b"data", &sound)]),
    ] {
        assert_eq!(code(&file), ErrorCode::WavInvalid, "{:?}", file.escape_ascii().to_string());
    }
}

#[test]
fn encodings_that_are_not_read_are_named() {
    for (tag, bits, bytes) in
        [(0x55, 16, 2), (2, 16, 2), (6, 8, 1), (3, 64, 8), (1, 40, 5), (1, 64, 8), (1, 12, 2), (1, 16, 4)]
    {
        let file = riff(&[(b"fmt ", &format(tag, 1, bits, bytes)), (b"data", &[0; 40])]);
        assert_eq!(read(&file), Err(AudioError::WavUnsupported { format: tag, bits }));
    }
}

#[test]
fn a_file_cut_anywhere_is_called_cut_and_gives_what_it_has() {
    let samples = [5_i16; 300];
    let file = riff(&[(b"LIST", b"odd"), (b"fmt ", &format(1, 1, 16, 2)), (b"data", &pcm16(&samples))]);
    let header = file.len() - 600;
    for length in 12..file.len() {
        let mut found = Vec::new();
        let error: Result<(), _> = WavReader::new(&file[..length]).and_then(|mut reader| {
            let mut block = [0_i16; 64];
            loop {
                let read = reader.read(&mut block)?;
                assert!(read > 0, "cut at {length}: the end came as if it were one");
                found.extend_from_slice(&block[..read]);
            }
        });
        let AudioError::WavTruncated { promised, found: bytes } = error.unwrap_err() else {
            panic!("cut at {length}");
        };
        assert_eq!(found.len(), length.saturating_sub(header) / 2);
        if length >= header {
            assert_eq!((promised, bytes), (600, found.len() as u64 * 2));
        } else {
            assert_eq!((promised, bytes), (file.len() as u64, length as u64));
        }
    }
}

#[test]
fn a_reader_that_has_failed_says_so_again() {
    let file = riff(&[(b"fmt ", &format(1, 1, 16, 2)), (b"data", &[0; 8])]);
    let mut reader = WavReader::new(&file[..file.len() - 4]).unwrap();
    let mut block = [0.0_f32; 8];
    assert_eq!((reader.promised(), reader.read(&mut block)), (Some(4), Ok(2)));
    let truncated = Err(AudioError::WavTruncated { promised: 8, found: 4 });
    assert_eq!((reader.read(&mut block), reader.read(&mut block)), (truncated.clone(), truncated));
}

#[test]
fn a_recording_is_empty_silent_or_too_long_by_name() {
    let file = |samples: &[i16]| riff(&[(b"fmt ", &format(1, 1, 16, 2)), (b"data", &pcm16(samples))]);
    assert_eq!(read(&file(&[])), Err(AudioError::Empty));
    let silent = Recording::read(file(&[3, -4, 0]).as_slice(), LONG).unwrap();
    assert_eq!(silent.audible().unwrap_err().code(), ErrorCode::AudioSilent);
    assert!(Recording::read(file(&[3_000, -4]).as_slice(), LONG).unwrap().audible().is_ok());

    let second = file(&vec![1; 16_000]);
    assert_eq!(
        Recording::read(second.as_slice(), Duration::from_secs(1)).unwrap().duration(),
        Duration::from_secs(1)
    );
    let refused = Recording::read(second.as_slice(), Duration::from_millis(999));
    assert_eq!(refused, Err(AudioError::TooLong { limit: 15_984 }));
}

/// A disk that fails after the first `good` bytes, and is interrupted before each.
struct Failing<'a> {
    good: &'a [u8],
    interrupted: bool,
}

impl Read for Failing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        match self.good.read(buffer.get_mut(..1).unwrap())? {
            0 => Err(io::ErrorKind::PermissionDenied.into()),
            read => Ok(read),
        }
    }
}

#[test]
fn a_failing_disk_is_not_taken_for_a_short_file() {
    let file = riff(&[(b"fmt ", &format(1, 1, 16, 2)), (b"data", &[0; 64])]);
    for good in 0..file.len() {
        let refused = Recording::read(Failing { good: &file[..good], interrupted: false }, LONG);
        let kind = io::ErrorKind::PermissionDenied;
        assert_eq!(
            refused,
            Err(AudioError::FileInaccessible { operation: "read", path: None, kind }),
            "{good}"
        );
    }
    assert!(Recording::read(Failing { good: &file, interrupted: false }, LONG).is_ok());
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(
        start in prop::collection::vec(any::<u8>(), 0..80), at in 0_usize..60, tag in prop::sample::select(vec![1_u16, 3, 0xfffe]),
    ) {
        let _ = read(&start);
        let chunk = [format(tag, 2, 16, 2), extensible(16)].concat();
        let mut file = riff(&[(b"fmt ", &chunk), (b"data", &[7; 64])]);
        for (place, byte) in file.iter_mut().skip(at).zip(start) {
            *place = byte;
        }
        let _ = read(&file);
    }

    #[test]
    fn what_is_written_is_read(samples in prop::collection::vec(any::<i16>(), 1..500), hertz in 1_u32..=192_000, cut in 0_usize..500) {
        let mut file = Cursor::new(Vec::new());
        let mut writer = WavWriter::new(&mut file, hertz).unwrap();
        let (first, second) = samples.split_at(cut.min(samples.len()));
        writer.write(first).unwrap();
        writer.write(second).unwrap();
        prop_assert_eq!(writer.written(), samples.len() as u64);
        writer.finish().unwrap();
        let recording = Recording::read(file.get_ref().as_slice(), Duration::from_secs(500)).unwrap();
        prop_assert_eq!((recording.hertz(), recording.samples()), (hertz, samples.as_slice()));
    }
}

#[test]
fn rates_that_no_file_has_are_refused() {
    for hertz in [0, 192_001, u32::MAX] {
        let refused = WavWriter::new(Cursor::new(Vec::new()), hertz).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::AudioUnsupported);
    }
}

#[test]
fn a_file_appears_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answer.wav");
    let names = || -> Vec<_> {
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    };
    fs::write(&path, "an older answer").unwrap();

    let mut dropped = WavFile::create(&path, 24_000).unwrap();
    let mut finished = WavFile::create(&path, 24_000).unwrap();
    dropped.write(&vec![1; 100_000]).unwrap();
    finished.write(&[2; 5]).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"an older answer");
    drop(dropped);
    finished.finish().unwrap();
    assert_eq!(Recording::open(&path, LONG).unwrap().samples(), [2; 5]);
    assert_eq!(names(), ["answer.wav"]);
}

#[test]
fn files_that_cannot_be_had_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.wav");
    let error = Recording::open(&missing, LONG).unwrap_err();
    assert_eq!(error.code(), ErrorCode::FileInaccessible);
    assert!(
        error.to_string().starts_with("cannot open ") && error.to_string().contains("missing.wav"),
        "{error}"
    );

    let nowhere = folder.path().join("nowhere").join("answer.wav");
    assert_eq!(WavFile::create(&nowhere, 24_000).unwrap_err().code(), ErrorCode::FileInaccessible);
    assert_eq!(WavFile::create("/", 24_000).unwrap_err().code(), ErrorCode::FileInaccessible);
    // a folder stands where the file should go
    let taken = folder.path().join("taken");
    fs::create_dir_all(taken.join("full")).unwrap();
    let error = WavFile::create(&taken, 24_000).unwrap().finish().unwrap_err();
    assert_eq!(error.code(), ErrorCode::FileInaccessible);
    assert!(error.to_string().starts_with("cannot rename "), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
