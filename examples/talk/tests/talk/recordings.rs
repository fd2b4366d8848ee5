//! Recordings that cannot be said are refused before anybody is called.

use std::{fs, path::Path};

use crate::{
    program::Talk,
    sounds::{self, PLAIN},
};

/// Runs with the recording that `make` makes; the endpoint answers nobody, so a call would be another error.
fn assert_refused(code: &str, make: impl FnOnce(&Path)) {
    let talk = Talk::new().args(&["--endpoint", "https://localhost:9", "--region", "us-east-1"]);
    let path = talk.file("said.wav");
    make(&path);
    let ended = talk.say(path).run();
    ended.assert_failed(code);
    assert!(ended.stderr.contains("said.wav"), "names the file: {}", ended.stderr);
    assert!(ended.answer().is_none() && !ended.has_transcript() && ended.is_tidy());
}

#[test]
fn what_is_no_wav_file_is_refused() {
    assert_refused("wav_invalid", |path| fs::write(path, "Why is the little fox so sad?").unwrap());
    assert_refused("wav_invalid", |path| fs::write(path, b"RIFF\xff\xff\xff\xffAVI LIST").unwrap());
    assert_refused("file_inaccessible", |_| ());
    assert_refused("file_inaccessible", |path| fs::create_dir(path).unwrap());
}

#[test]
fn a_format_that_is_not_read_is_refused() {
    assert_refused("wav_invalid", |path| {
        sounds::vowel(path, PLAIN);
        let mut bytes = fs::read(path).unwrap();
        // Microsoft ADPCM
        bytes[20] = 2;
        fs::write(path, bytes).unwrap();
    });
}

#[test]
fn a_file_that_was_cut_short_is_refused() {
    assert_refused("wav_truncated", |path| {
        sounds::vowel(path, PLAIN);
        let bytes = fs::read(path).unwrap();
        fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    });
}

#[test]
fn a_recording_of_nothing_is_refused() {
    assert_refused("wav_invalid", |path| fs::write(path, "").unwrap());
    assert_refused("audio_empty", |path| sounds::plain(path, []));
}

#[test]
fn a_recording_of_silence_is_refused() {
    assert_refused("audio_silent", |path| sounds::plain(path, vec![0; 16_000]));
    assert_refused("audio_silent", |path| sounds::plain(path, (0..16_000).map(|index| index % 9 - 4)));
}

#[test]
fn a_recording_that_outlasts_a_stream_is_refused() {
    assert_refused("audio_too_long", |path| sounds::plain(path, (0..16_000 * 301).map(|_| 900)));
}

#[test]
fn an_interruption_is_a_recording_too() {
    let talk = Talk::new().say(sounds::question()).simulate("story");
    let path = talk.file("hush.wav");
    sounds::plain(&path, vec![1; 16_000]);
    talk.args(&["--interrupt", &path.display().to_string()]).run().assert_failed("audio_silent");
}
