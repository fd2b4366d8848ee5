//! A service that misbehaves: an error with a code, within a bounded time, and nothing lost.

use serde_json::{Value, json};

use crate::{
    program::{Ended, Talk},
    sounds,
};

const SENTENCE: &str = "The fox walked through the forest for a long time and then she slept.";

/// Talks to a service that fails so, a little into its answer.
fn failing_in_mid_answer(kind: &Value) -> Ended {
    let talk = Talk::new().say(sounds::question()).args(&["--fast", "--patience", "5"]);
    let scenario = json!({
        "name": "fault",
        "turns": [{
            "user": "How are you?",
            "say": [{ "text": SENTENCE }],
            "fault": { "after_audio_frames": 3, "kind": kind }
        }]
    });
    talk.simulate_json(&scenario).run()
}

/// Asserts that what came before the fault is kept: both sides' words, and 280 ms of sound.
fn assert_kept(ended: &Ended) {
    let words: Vec<_> = ended.transcript();
    assert!(words.iter().any(|line| line["role"] == "user" && line["text"] == "How are you?"), "{words:?}");
    assert!(words.iter().any(|line| line["role"] == "assistant" && line["text"] == SENTENCE), "{words:?}");
    assert_eq!(ended.answer().map(|samples| samples.len()), Some(24 * 280));
    assert!(ended.is_tidy());
}

#[test]
fn broken_frames_are_told_apart() {
    for (kind, code) in [
        ("truncated_frame", "frame_truncated"),
        ("wrong_checksum", "frame_corrupt"),
        ("huge_length", "frame_too_large"),
        ("garbage_json", "event_invalid"),
    ] {
        let ended = failing_in_mid_answer(&json!(kind));
        ended.assert_failed(code);
        assert_kept(&ended);
    }
}

#[test]
fn a_connection_that_is_cut_costs_the_rest_of_an_answer_and_not_the_conversation() {
    // in real time, for a cut takes what was sent in the same moment with it
    let scenario = json!({
        "name": "cut",
        "turns": [{ "say": [{ "text": SENTENCE }], "fault": { "after_audio_frames": 10, "kind": "cut" } }]
    });
    let ended = Talk::new().say(sounds::question()).simulate_json(&scenario).run();
    ended.success();
    assert!(ended.stderr.contains("connection_lost"), "{}", ended.stderr);
    assert!(ended.stderr.contains("the conversation moves to another stream"), "{}", ended.stderr);
    assert!(ended.transcript().iter().any(|line| line["text"] == SENTENCE), "{}", ended.stderr);
    assert!(ended.answer().is_some_and(|samples| !samples.is_empty()) && ended.is_tidy());
}

#[test]
fn exceptions_in_mid_answer_are_told_apart() {
    for (kind, code) in [
        (json!("model_stream_error"), "model_failed"),
        (json!("throttled"), "throttled"),
        (json!("content_filtered"), "content_filtered"),
        (json!("instability"), "backend_transient"),
        (json!("model_timeout"), "model_timeout"),
        (json!({ "exception": { "name": "InternalServerException", "message": "oh" } }), "service_failed"),
        (json!({ "exception": { "name": "NovelException", "message": "eh" } }), "service_unknown"),
        (json!({ "error_message": { "code": "InternalFailure", "message": "ah" } }), "service_failed"),
    ] {
        let ended = failing_in_mid_answer(&kind);
        ended.assert_failed(code);
        assert_kept(&ended);
    }
}

#[test]
fn an_unknown_event_ends_nothing() {
    let ended = failing_in_mid_answer(&json!("unknown_event"));
    let report = ended.success();
    assert!(ended.stderr.contains("moodEvent"), "{}", ended.stderr);
    assert!(report["answer"]["seconds"].as_f64().is_some_and(|seconds| seconds > 2.0), "{report}");
}

#[test]
fn a_service_that_stops_in_mid_answer_is_not_waited_for_for_ever() {
    let ended = failing_in_mid_answer(&json!("silence"));
    ended.assert_failed("server_silent");
    assert_kept(&ended);
}

#[test]
fn a_service_that_hears_and_says_nothing_is_not_waited_for_for_ever() {
    let scenario = json!({ "name": "listener", "otherwise": "listen" });
    let talk = Talk::new().say(sounds::question()).args(&["--fast", "--patience", "5"]);
    let ended = talk.simulate_json(&scenario).run();
    ended.assert_failed("server_silent");
    assert!(ended.transcript().iter().all(|line| line["role"] == "user") && ended.answer().is_none());

    let scenario = json!({ "name": "deaf", "faults": [{ "after_ms": 0, "kind": "silence" }] });
    let talk = Talk::new().say(sounds::question()).args(&["--fast", "--patience", "5"]);
    talk.simulate_json(&scenario).run().assert_failed("server_silent");
}

#[test]
fn a_service_that_never_accepts_is_not_waited_for_for_ever() {
    let scenario = json!({ "name": "mute", "opening": "silence" });
    let talk = Talk::new().say(sounds::question()).args(&["--fast", "--patience", "5"]);
    talk.simulate_json(&scenario).run().assert_failed("open_timeout");
}

#[test]
fn a_refusal_says_why() {
    for (name, code) in [
        ("AccessDeniedException", "access_denied"),
        ("ThrottlingException", "throttled"),
        ("ServiceQuotaExceededException", "quota_exceeded"),
        ("ExpiredTokenException", "credentials_expired"),
        ("ServiceUnavailableException", "service_unavailable"),
    ] {
        let opening = json!({ "refuse": { "name": name, "message": "No." } });
        let talk = Talk::new().say(sounds::question()).args(&["--fast"]);
        let ended = talk.simulate_json(&json!({ "name": "refusal", "opening": opening })).run();
        ended.assert_failed(code);
        assert!(ended.stderr.contains(name), "{}", ended.stderr);
    }
}
