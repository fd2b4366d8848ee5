//! What is said is answered.

use hound::{SampleFormat, WavSpec};
use serde_json::Value;

use crate::{
    program::{Ended, Talk},
    sounds,
};

fn words<'report>(report: &'report Value, role: &str, stage: &str) -> Vec<&'report str> {
    let lines = report["transcript"].as_array().expect("a transcript");
    let wanted = lines.iter().filter(|line| line["role"] == role && line["stage"] == stage);
    wanted.map(|line| line["text"].as_str().expect("text").trim()).collect()
}

fn seconds(answer: &[i16]) -> f64 {
    f64::from(u32::try_from(answer.len()).expect("less than two days")) / 24_000.0
}

fn assert_files_agree(ended: &Ended, report: &Value) {
    assert_eq!(Value::from(ended.transcript()), report["transcript"]);
    let seconds = seconds(&ended.answer().expect("an answer"));
    assert!((report["answer"]["seconds"].as_f64().expect("seconds") - seconds).abs() < 0.001, "{report}");
    assert!(ended.is_tidy());
}

const FOX_LOST: &str = "The little fox is sad because she has lost her way home.";
const FOX_OWL: &str = "But the old owl knows every path in the forest.";

#[test]
fn a_question_is_asked_and_answered_in_real_time() {
    let ended = Talk::new().say(sounds::question()).simulate("story").run();
    let report = ended.success();
    assert_eq!(report["transport"], "direct");
    assert_eq!(words(&report, "user", "final").join(" "), "Why is the little fox so sad?");
    assert_eq!(words(&report, "assistant", "partial"), [FOX_LOST, FOX_OWL]);
    assert_eq!(words(&report, "assistant", "final"), [FOX_LOST, FOX_OWL]);
    let latency = report["turn_latency_ms"].as_array().expect("latencies");
    assert_eq!(latency.len(), 1);
    assert!(
        latency[0].as_u64().is_some_and(|latency| latency >= 1_500),
        "the service waits 1.75 s for the user to go on: {latency:?}"
    );
    assert_eq!(report["interruptions"], 0);
    for (direction, kind) in
        [("input", "speech"), ("input", "text"), ("output", "speech"), ("output", "text")]
    {
        assert!(report["usage"][direction][kind].as_u64().is_some_and(|tokens| tokens > 0), "{report}");
    }
    assert_eq!(report["closed"], "hangup");
    assert!((5.5..7.0).contains(&report["answer"]["seconds"].as_f64().expect("seconds")), "{report}");
    assert_files_agree(&ended, &report);
}

#[test]
fn a_real_persons_words_come_back() {
    let ended = Talk::new().say(sounds::front_center()).simulate("parrot").args(&["--fast"]).run();
    let report = ended.success();
    assert_files_agree(&ended, &report);
    let answer = ended.answer().expect("an answer");
    let seconds = seconds(&answer);
    assert!((0.9..2.0).contains(&seconds), "1.4 s were said, {seconds} s came back");
    assert!(answer.iter().any(|sample| sample.unsigned_abs() > 3_000), "as loud as it was said");
}

#[test]
fn a_tool_is_called_and_its_result_is_spoken() {
    let talk = Talk::new().say(sounds::question()).simulate("weather");
    let report = talk.args(&["--fast", "--tool", "weather"]).run().success();
    assert_eq!(
        words(&report, "assistant", "final"),
        ["Let me look.", "I have looked out of the window.", "It is rainy in Oslo.", "It has 11 degrees."]
    );
    let report = Talk::new().say(sounds::question()).simulate("weather").args(&["--fast"]).run().success();
    assert_eq!(words(&report, "assistant", "final"), ["Let me look.", "I have looked out of the window."]);
}

#[test]
fn two_utterances_get_two_answers() {
    let talk = Talk::new().say(sounds::question()).say(sounds::interruption()).simulate("story");
    let ended = talk.args(&["--fast"]).run();
    let report = ended.success();
    assert_eq!(report["turn_latency_ms"].as_array().map(Vec::len), Some(2), "{report}");
    assert_eq!(report["interruptions"], 0, "{report}");
    let spoken = words(&report, "assistant", "final");
    assert_eq!(spoken[..3], [FOX_LOST, FOX_OWL, "What a lovely idea! Let me change the story."]);
    assert_files_agree(&ended, &report);
}

#[test]
fn an_answer_that_is_interrupted_is_cut_where_it_was_heard() {
    let interruption = sounds::interruption().display().to_string();
    let ended =
        Talk::new().say(sounds::question()).simulate("story").args(&["--interrupt", &interruption]).run();
    let report = ended.success();
    assert_eq!(report["interruptions"], 1, "{report}");
    assert_eq!(report["turn_latency_ms"].as_array().map(Vec::len), Some(2), "{report}");
    assert!(words(&report, "user", "final").join(" ").ends_with("Can the fox have a friend, please?"));
    assert!(!words(&report, "assistant", "final").contains(&FOX_LOST), "it was not heard to its end");
    let whole = Talk::new().say(sounds::question()).say(sounds::interruption()).simulate("story");
    let whole = whole.args(&["--fast"]).run().answer().expect("an answer").len();
    let cut = ended.answer().expect("an answer").len();
    assert!(cut + 3 * 24_000 < whole, "{cut} of {whole} samples: over three seconds were not heard");
    assert_files_agree(&ended, &report);
}

#[test]
fn people_read_what_programs_parse() {
    let ended = Talk::new().say(sounds::question()).simulate("story").args(&["--fast"]).run();
    assert_eq!(ended.stdout.lines().count(), 1, "the object alone: {}", ended.stdout);
    assert!(ended.stderr.contains(&format!("  nova  {FOX_LOST}\n")), "progress: {}", ended.stderr);

    let ended = Talk::for_people().say(sounds::question()).simulate("story").args(&["--fast"]).run();
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
    for line in [
        format!("  nova  {FOX_LOST}\n"),
        "\nturn latency   ".to_owned(),
        "\ninterruptions  0\n".to_owned(),
        " text out\n".to_owned(),
        "answer.wav (6.1 s)\n".to_owned(),
        "\nclosed         hangup\n".to_owned(),
    ] {
        assert_eq!(ended.stdout.matches(&line).count(), 1, "{line:?} once in {}", ended.stdout);
    }

    let ended = Talk::for_people().say(sounds::question()).simulate("opera").args(&["--fast"]).run();
    assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(1), ""));
    assert!(ended.stderr.starts_with("error [configuration_invalid]: "), "{}", ended.stderr);
}

#[test]
fn every_usual_format_is_understood() {
    let int = SampleFormat::Int;
    let float = SampleFormat::Float;
    for (sample_rate, channels, bits_per_sample, sample_format) in [
        (8_000, 1, 8, int),
        (11_025, 1, 16, int),
        (16_000, 2, 16, int),
        (22_050, 1, 32, float),
        (24_000, 1, 24, int),
        (44_100, 2, 24, int),
        (48_000, 2, 32, float),
        (48_000, 1, 32, int),
    ] {
        let spec = WavSpec { channels, sample_rate, bits_per_sample, sample_format };
        let talk = Talk::new();
        let path = talk.file("vowel.wav");
        sounds::vowel(&path, spec);
        let ended = talk.say(path).simulate("parrot").args(&["--fast"]).run();
        ended.success();
        let answer = ended.answer().expect("an answer");
        let seconds = seconds(&answer);
        assert!((0.9..1.6).contains(&seconds), "{spec:?}: a second came back as {seconds} s");
        let pitch = sounds::pitch(&answer);
        assert!(pitch.abs_diff(sounds::PITCH as usize) <= 2, "{spec:?}: came back at {pitch} Hz");
    }
}
