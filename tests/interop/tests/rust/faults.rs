//! What goes wrong in mid-answer, where another stream is not wanted: the right code, in time, and nothing lost that came
//! before. How a conversation outlives it is in `breaks`.

use nova_sonic_core::{
    error::ErrorCode,
    event::Role,
    session::{CloseReason, Event, SessionConfig, Stage},
};
use nova_sonic_interop::{Heard, in_time, listen, utterance};

use crate::support::{heard, open, simulator};

/// An answer of which three frames of sound come before the fault `kind`.
async fn conversation_with(kind: &str) -> Heard {
    let simulator = simulator(&format!(
        r#"{{ "name": "fault", "otherwise": "listen", "turns": [ {{
            "user": "A story!",
            "say": [ {{ "text": "Once upon a time." }} ],
            "fault": {{ "after_audio_frames": 3, "kind": {kind} }}
        }} ] }}"#
    ))
    .await;
    let (voice, mut events) = open(&simulator, SessionConfig::default().renewal(false)).await;
    voice.send_audio(&utterance(1_000)).await.expect("an open session");
    let heard = heard(&mut events).await;
    assert_eq!(heard.said(&Role::User, Stage::Final), "A story!", "{kind}");
    assert_eq!(heard.said(&Role::Assistant, Stage::Partial), "Once upon a time.", "{kind}");
    assert!(heard.samples > 0, "{kind}: the frames of sound before the fault");
    heard
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_streams_end_with_their_code_and_keep_what_was_said() {
    for (kind, code) in [
        (r#""truncated_frame""#, ErrorCode::FrameTruncated),
        (r#""wrong_checksum""#, ErrorCode::FrameCorrupt),
        (r#""huge_length""#, ErrorCode::FrameTooLarge),
        (r#""garbage_json""#, ErrorCode::EventInvalid),
        (r#""throttled""#, ErrorCode::Throttled),
        (r#""model_stream_error""#, ErrorCode::ModelFailed),
        (r#""model_timeout""#, ErrorCode::ModelTimeout),
        (r#""content_filtered""#, ErrorCode::ContentFiltered),
        (r#""instability""#, ErrorCode::BackendTransient),
        (r#""idle""#, ErrorCode::InputIdle),
        (
            r#"{ "exception": { "name": "InternalServerException", "message": "no" } }"#,
            ErrorCode::ServiceFailed,
        ),
        (
            r#"{ "exception": { "name": "ServiceUnavailableException", "message": "no" } }"#,
            ErrorCode::ServiceUnavailable,
        ),
        (r#"{ "exception": { "name": "NeverSeenException", "message": "no" } }"#, ErrorCode::ServiceUnknown),
        (r#"{ "error_message": { "code": "ThrottlingException", "message": "no" } }"#, ErrorCode::Throttled),
        (r#"{ "error_message": { "code": "InternalError", "message": "no" } }"#, ErrorCode::ServiceUnknown),
    ] {
        let heard = conversation_with(kind).await;
        assert_eq!(heard.failure(), Some(code), "{kind}: {:?}", heard.closed);
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_keeps_what_was_said() {
    let simulator = simulator(
        r#"{ "name": "cut", "otherwise": "listen", "faults": [ { "after_ms": 6000, "kind": "cut" } ], "turns": [
            { "user": "A story!", "say": [ { "text": "Once upon a time." } ] } ] }"#,
    )
    .await;
    let (voice, mut events) = open(&simulator, SessionConfig::default().renewal(false)).await;
    voice.send_audio(&utterance(800)).await.expect("an open session");
    let heard = heard(&mut events).await;
    assert_eq!(heard.failure(), Some(ErrorCode::ConnectionLost), "{:?}", heard.closed);
    assert_eq!(heard.said(&Role::User, Stage::Final), "A story!");
    assert_eq!(heard.said(&Role::Assistant, Stage::Partial), "Once upon a time.");
    assert!(heard.samples > 0);
}

#[tokio::test]
async fn an_event_that_nobody_knows_ends_nothing() {
    let simulator = simulator(
        r#"{ "name": "garbage", "faults": [ { "after_events": 8, "kind": "unknown_event" } ], "turns": [
            { "user": "A story!", "say": [ { "text": "Once upon a time." } ] } ] }"#,
    )
    .await;
    let (voice, mut events) = open(&simulator, SessionConfig::default()).await;
    voice.send_audio(&utterance(1_000)).await.expect("an open session");
    let mut unknown = 0;
    let heard = in_time(listen(&mut events, |event| {
        if matches!(event, Event::Unknown { .. }) {
            unknown += 1;
        }
        if matches!(event, Event::Transcript { role: Role::Assistant, stage: Stage::Final, .. }) {
            voice.hang_up();
        }
    }))
    .await
    .expect("the conversation ends");
    assert_eq!(unknown, 1);
    assert_eq!(heard.closed, Some(CloseReason::Hangup));
    assert_eq!(heard.said(&Role::Assistant, Stage::Final), "Once upon a time.");
}

#[tokio::test]
async fn the_end_of_a_streams_life_leaves_a_history_to_go_on_with() {
    let simulator = simulator(
        r#"{ "name": "short life", "limits": { "life_seconds": 5 }, "otherwise": "listen", "turns": [
            { "user": "A story!", "say": [ { "text": "Once upon a time." } ] } ] }"#,
    )
    .await;
    let (voice, mut events) = open(&simulator, SessionConfig::default().renewal(false)).await;
    voice.send_audio(&utterance(800)).await.expect("an open session");
    let heard = heard(&mut events).await;
    assert_eq!(heard.failure(), Some(ErrorCode::ModelTimeout));
    let handover = voice.handover();
    let history: Vec<_> = handover.history.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(history, ["A story!", "Once upon a time."]);
    assert!(!handover.recent_audio.is_empty());
    assert!(voice.send_text("Go on!").is_err());
}

#[tokio::test]
async fn a_model_that_falls_silent_is_reported_and_the_conversation_stays_open() {
    let simulator = simulator(
        r#"{ "name": "silence", "otherwise": "listen", "turns": [ { "user": "A story!",
            "say": [ { "text": "Once" } ], "fault": { "kind": "silence" } } ] }"#,
    )
    .await;
    let mut config = SessionConfig::default();
    config.timing.answer = std::time::Duration::from_millis(300);
    config.timing.close = std::time::Duration::from_millis(300);
    let (voice, mut events) = open(&simulator, config).await;
    voice.send_audio(&utterance(800)).await.expect("an open session");
    let heard = in_time(listen(&mut events, |event| {
        if matches!(event, Event::Error(_)) {
            voice.hang_up();
        }
    }))
    .await
    .expect("the hang-up has a time limit");
    assert_eq!(heard.errors, [ErrorCode::ServerSilent]);
    assert_eq!(heard.closed, Some(CloseReason::Hangup));
    assert_eq!(heard.said(&Role::User, Stage::Final), "A story!");
}
