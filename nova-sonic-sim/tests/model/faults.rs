//! What a scenario can let go wrong.

use std::time::Duration;

use nova_sonic_sim::model::{OpeningFault, Output, WireFault};

use crate::client::{Came, Client, scenario};

/// A turn whose answer breaks after two audio events.
fn broken_turn(kind: &str) -> Client {
    let config = scenario(&format!(
        r#"{{ "name": "broken", "turns": [{{
            "say": [{{ "text": "This sentence is never heard to its end." }}],
            "fault": {{ "after_audio_frames": 2, "kind": {kind} }}
        }}] }}"#
    ));
    let mut client = Client::talking(config, &[]);
    client.speech(1000);
    client.silence(8000);
    client
}

#[test]
fn exceptions_come_in_the_middle_of_an_answer_and_end_the_stream() {
    for (kind, text) in [
        (
            r#""idle""#,
            "ValidationException: Timed out waiting for audio bytes or interactive content. Please ensure gaps between audio bytes and interactive content are less than 55 seconds",
        ),
        (
            r#""model_timeout""#,
            "ModelTimeoutException: Model has timed out in processing the request. Try your request again.",
        ),
        (r#""throttled""#, "ThrottlingException: Too many requests, please wait before trying again."),
        (r#""model_stream_error""#, "ModelStreamErrorException: The model failed while it was streaming."),
        (
            r#""content_filtered""#,
            "ValidationException: This request has been blocked by our content filters.",
        ),
        (r#""instability""#, "ValidationException: System instability detected. Please retry your request."),
        (
            r#"{ "exception": { "name": "InternalServerException", "message": "Sorry." } }"#,
            "InternalServerException: Sorry.",
        ),
    ] {
        let mut client = broken_turn(kind);
        let lines = client.lines();
        assert_eq!(lines.last().map(String::as_str), Some(text), "{kind}");
        assert_eq!(lines.iter().filter(|line| line.starts_with("audioOutput")).count(), 2, "{kind}");
        client.close();
        assert_eq!(client.lines(), [""; 0], "{kind}");
        assert_eq!(client.conversation.poll_timeout(), None, "{kind}");
    }
}

#[test]
fn broken_frames_are_handed_to_the_transport() {
    for (kind, fault) in [
        (r#""cut""#, WireFault::Cut),
        (r#""truncated_frame""#, WireFault::TruncatedFrame),
        (r#""wrong_checksum""#, WireFault::WrongChecksum),
        (r#""huge_length""#, WireFault::HugeLength),
        (r#""garbage_json""#, WireFault::GarbageJson),
        (
            r#"{ "error_message": { "code": "InternalError", "message": "Sorry." } }"#,
            WireFault::ErrorMessage { code: "InternalError".to_owned(), message: "Sorry.".to_owned() },
        ),
    ] {
        let mut client = broken_turn(kind);
        assert_eq!(client.came.last(), Some(&Came::Other(Output::Fault(fault))), "{kind}");
        client.lines();
        client.close();
        assert_eq!(client.lines(), [""; 0], "{kind}");
    }
}

#[test]
fn an_unknown_event_passes_by() {
    let mut client = broken_turn(r#""unknown_event""#);
    let lines = client.lines();
    let place = lines.iter().position(|line| line == "moodEvent").unwrap();
    let before = lines[..place].iter().filter(|line| line.starts_with("audioOutput")).count();
    assert_eq!(before, 2);
    assert!(lines[place..].contains(&"contentStart TEXT ASSISTANT FINAL".to_owned()));
}

#[test]
fn silence_lasts_until_the_life_of_the_stream_is_over() {
    let mut client = broken_turn(r#""silence""#);
    let lines = client.lines();
    assert_eq!(lines.last().map(String::as_str), Some("audioOutput 3840 bytes"));
    client.close();
    client.end_input();
    client.pass(Duration::from_mins(7));
    assert_eq!(client.lines(), [""; 0]);
    client.pass(Duration::from_mins(1));
    assert_eq!(client.lines(), ["Fault(Cut)"]);
    assert_eq!(client.conversation.poll_timeout(), None);
}

#[test]
fn a_fault_behind_the_last_audio_event_comes_after_it() {
    let config = scenario(
        r#"{ "name": "late", "turns": [{ "say": [{ "text": "Hm." }], "fault": { "after_audio_frames": 99, "kind": "cut" } }] }"#,
    );
    let mut client = Client::talking(config, &[]);
    client.speech(1000);
    client.silence(3000);
    let lines = client.lines();
    assert!(lines[lines.len() - 2].starts_with("audioOutput"), "{lines:?}");
    assert_eq!(lines[lines.len() - 1], "Fault(Cut)");
}

#[test]
fn faults_come_at_a_time_or_after_events() {
    let mut client = Client::talking(
        scenario(r#"{ "name": "t", "faults": [{ "after_ms": 1500, "kind": "throttled" }] }"#),
        &[],
    );
    client.silence(1440);
    assert_eq!(client.lines(), [""; 0]);
    client.pass(Duration::from_millis(100));
    assert_eq!(client.lines(), ["ThrottlingException: Too many requests, please wait before trying again."]);

    let mut client =
        Client::new(scenario(r#"{ "name": "e", "faults": [{ "after_events": 3, "kind": "cut" }] }"#));
    client.session_start(None);
    client.prompt_start("amy", nova_sonic_core::audio::SampleRate::Hz24000, &[]);
    assert_eq!(client.lines(), [""; 0]);
    client.start_text("s", nova_sonic_core::event::Role::System, false);
    assert_eq!(client.lines(), ["Fault(Cut)"]);
}

#[test]
fn a_stream_can_go_wrong_before_it_is_open() {
    let opening = |json: &str| {
        let config = scenario(&format!(r#"{{ "name": "o", "opening": {json} }}"#));
        Client::new(config).conversation.opening_fault()
    };
    assert_eq!(opening(r#""silence""#), Some(OpeningFault::Silence));
    assert_eq!(opening(r#""await_first_event""#), Some(OpeningFault::AwaitFirstEvent));
    assert_eq!(opening(r#"{ "delay_ms": 250 }"#), Some(OpeningFault::Delay(Duration::from_millis(250))));
    let refusal = opening(r#"{ "refuse": { "name": "AccessDeniedException", "message": "No." } }"#);
    let Some(OpeningFault::Refuse(exception)) = refusal else { panic!("not refused") };
    assert_eq!((exception.exception.name(), exception.message.as_str()), ("AccessDeniedException", "No."));
}
