//! Behaviour of a session, in virtual time.

use super::*;
use crate::{error::ErrorCode, event::EventReader};

const QUIET: [i16; 512] = [0; 512];

fn drained(session: &mut Session) -> (Vec<String>, Vec<Event>) {
    let (mut sent, mut told) = (Vec::new(), Vec::new());
    while let Some(output) = session.poll_output() {
        match output {
            Output::Send(event) => sent.push(event.name().to_owned()),
            Output::EndInput => sent.push("end".to_owned()),
            Output::Emit(event) => told.push(event),
        }
    }
    (sent, told)
}

fn live() -> Session {
    let mut session =
        Session::new(SessionConfig::default(), [7; 32], Tick::ZERO).expect("a legal configuration");
    session.handle_input(Tick::ZERO, Input::Connected).expect("no mistake");
    drained(&mut session);
    session
}

fn receive(session: &mut Session, now: u64, json: &str) -> Vec<Event> {
    let event = EventReader::default().read_server(json.as_bytes()).expect("a legal event");
    session.handle_input(Tick::from_millis(now), Input::Received(event)).expect("no mistake");
    drained(session).1
}

fn text_block(id: &str, role: &str, stage: &str, text: &str, stop: &str) -> [String; 3] {
    [
        format!(
            r#"{{"event":{{"contentStart":{{"contentId":"{id}","type":"TEXT","role":"{role}","additionalModelFields":"{{\"generationStage\":\"{stage}\"}}"}}}}}}"#
        ),
        format!(r#"{{"event":{{"textOutput":{{"contentId":"{id}","content":{text:?},"role":"{role}"}}}}}}"#),
        format!(r#"{{"event":{{"contentEnd":{{"contentId":"{id}","type":"TEXT","stopReason":"{stop}"}}}}}}"#),
    ]
}

fn audio_start(id: &str) -> String {
    format!(
        r#"{{"event":{{"contentStart":{{"contentId":"{id}","type":"AUDIO","role":"ASSISTANT","audioOutputConfiguration":{{"sampleRateHertz":24000}}}}}}}}"#
    )
}

fn second_of_audio(id: &str) -> String {
    let silence = base64_simd::STANDARD.encode_to_string(vec![0; 48_000]);
    format!(r#"{{"event":{{"audioOutput":{{"contentId":"{id}","content":"{silence}"}}}}}}"#)
}

fn all(session: &mut Session, now: u64, events: &[String]) -> Vec<Event> {
    events.iter().flat_map(|json| receive(session, now, json)).collect()
}

/// A question, then an answer of two seconds planned as two sentences, all within the first 100 ms.
fn answering() -> Session {
    let mut session = live();
    all(&mut session, 0, &text_block("u1", "USER", "FINAL", "why is the fox sad", "PARTIAL_TURN"));
    for (text, audio, words) in [("s1", "a1", "The fox lost his way."), ("s2", "a2", "But a friend is near.")]
    {
        all(&mut session, 50, &text_block(text, "ASSISTANT", "SPECULATIVE", words, "PARTIAL_TURN"));
        all(&mut session, 100, &[audio_start(audio), second_of_audio(audio)]);
        let stop = if audio == "a2" { "END_TURN" } else { "PARTIAL_TURN" };
        receive(
            &mut session,
            100,
            &format!(
                r#"{{"event":{{"contentEnd":{{"contentId":"{audio}","type":"AUDIO","stopReason":"{stop}"}}}}}}"#
            ),
        );
    }
    session
}

#[test]
fn states_follow_the_conversation() {
    let mut session = live();
    assert_eq!(session.state(), State::Listening);
    all(&mut session, 0, &text_block("u1", "USER", "FINAL", "hello", "PARTIAL_TURN"));
    assert_eq!(session.state(), State::Thinking);
    let mut session = answering();
    assert_eq!(session.state(), State::Speaking);
    session.handle_input(Tick::from_millis(2_099), Input::Timeout).expect("no mistake");
    assert_eq!(session.state(), State::Speaking);
    session.handle_input(Tick::from_millis(2_100), Input::Timeout).expect("no mistake");
    assert_eq!(session.state(), State::Listening);
}

#[test]
fn an_answer_that_pauses_before_its_end_is_waited_for() {
    let mut session = live();
    all(
        &mut session,
        0,
        &text_block("s1", "ASSISTANT", "SPECULATIVE", "The fox lost his way.", "PARTIAL_TURN"),
    );
    all(&mut session, 0, &[audio_start("a1"), second_of_audio("a1")]);
    session.handle_input(Tick::from_millis(1_000), Input::Timeout).expect("no mistake");
    assert_eq!(session.state(), State::Thinking, "the service has not ended its turn");
    drained(&mut session);

    session.handle_input(Tick::from_millis(21_000), Input::Timeout).expect("no mistake");
    let told = drained(&mut session).1;
    assert!(
        told.iter()
            .any(|event| matches!(event, Event::Error(failure) if failure.code() == ErrorCode::ServerSilent)),
        "{told:?}"
    );
    assert_eq!(session.state(), State::Listening);
}

#[test]
fn a_player_that_is_done_before_the_services_last_word_ends_the_answer() {
    let config = SessionConfig::default().playback(Playback::Reported);
    let mut session = Session::new(config, [7; 32], Tick::ZERO).expect("a legal configuration");
    session.handle_input(Tick::ZERO, Input::Connected).expect("no mistake");
    all(
        &mut session,
        0,
        &text_block("s1", "ASSISTANT", "SPECULATIVE", "The fox lost his way.", "PARTIAL_TURN"),
    );
    all(&mut session, 0, &[audio_start("a1"), second_of_audio("a1")]);
    let played = Input::Played { turn: TurnId::new(1), samples: 24_000 };
    session.handle_input(Tick::from_millis(1_000), played).expect("no mistake");
    assert_eq!(session.state(), State::Speaking);
    receive(
        &mut session,
        1_000,
        r#"{"event":{"contentEnd":{"contentId":"a1","type":"AUDIO","stopReason":"END_TURN"}}}"#,
    );
    assert_eq!(session.state(), State::Listening);
}

#[test]
fn one_interruption_is_told_once_and_cuts_the_history_where_it_was_heard() {
    let mut session = answering();
    let told = all(
        &mut session,
        1_600,
        &text_block("f1", "ASSISTANT", "FINAL", r#"{ "interrupted" : true }"#, "INTERRUPTED"),
    );
    let interruptions: Vec<_> =
        told.iter().filter(|event| matches!(event, Event::Interrupted { .. })).collect();
    let [Event::Interrupted { turn, heard, text }] = interruptions.as_slice() else { panic!("{told:?}") };
    assert_eq!((turn.number(), heard.as_millis(), text.as_str()), (2, 1_500, "The fox lost his way. But a"));
    assert!(
        !told.iter().any(|event| matches!(event, Event::Transcript { .. })),
        "the sign is not for the user's eyes"
    );
    assert_eq!(
        session.history(),
        [Message::user("why is the fox sad"), Message::assistant("The fox lost his way. But a")]
    );
    assert_eq!(session.state(), State::Listening);
}

#[test]
fn late_final_words_belong_to_the_answer_that_they_were_spoken_in() {
    let mut session = answering();
    all(&mut session, 5_000, &text_block("u2", "USER", "FINAL", "thank you", "PARTIAL_TURN"));
    let told = all(
        &mut session,
        5_001,
        &text_block("f1", "ASSISTANT", "FINAL", " The fox lost his way.", "PARTIAL_TURN"),
    );
    assert!(
        matches!(told.as_slice(), [Event::Transcript { turn, stage: Stage::Final, .. }] if turn.number() == 2),
        "{told:?}"
    );
}

#[test]
fn a_gap_is_filled_with_silence_at_the_pace_of_frames() {
    let mut session = live();
    session.handle_input(Tick::from_millis(32), Input::Audio(&QUIET)).expect("no mistake");
    drained(&mut session);
    let mut frames = 0;
    while let Some(deadline) = session.poll_timeout().filter(|deadline| *deadline < Tick::from_millis(3_232))
    {
        session.handle_input(deadline, Input::Timeout).expect("no mistake");
        frames += drained(&mut session).0.len();
    }
    assert_eq!(frames, 99, "3.2 s of silence in frames of 32 ms, the last one not due yet");
}

#[test]
fn what_is_typed_never_stands_between_sounds() {
    let mut session = live();
    session.handle_input(Tick::from_millis(32), Input::Audio(&QUIET)).expect("no mistake");
    session.handle_input(Tick::from_millis(33), Input::Text("and then?")).expect("no mistake");
    session.handle_input(Tick::from_millis(64), Input::Audio(&QUIET)).expect("no mistake");
    let (sent, _) = drained(&mut session);
    assert_eq!(sent, ["audioInput", "contentStart", "textInput", "contentEnd", "audioInput"]);
}

#[test]
fn released_push_to_talk_closes_the_block_and_silence_keeps_the_stream_alive_later() {
    let mut session = live();
    session.handle_input(Tick::ZERO, Input::Microphone(Microphone::Closed)).expect("no mistake");
    let (sent, told) = drained(&mut session);
    assert_eq!(sent, ["contentEnd"]);
    assert!(matches!(told.as_slice(), [Event::StateChanged { to: State::Idle, .. }]));
    session.handle_input(Tick::from_millis(20_100), Input::Timeout).expect("no mistake");
    assert_eq!(drained(&mut session).0.first().map(String::as_str), Some("contentStart"));
    session.handle_input(Tick::from_millis(20_200), Input::Timeout).expect("no mistake");
    assert!(drained(&mut session).0.iter().all(|name| name == "audioInput"));
}

#[test]
fn a_hang_up_closes_in_order_and_waits_for_the_last_words() {
    let mut session = live();
    session.handle_input(Tick::ZERO, Input::Hangup).expect("no mistake");
    assert_eq!(drained(&mut session).0, ["contentEnd", "promptEnd", "sessionEnd", "end"]);
    assert_eq!(session.handle_input(Tick::ZERO, Input::Audio(&QUIET)), Err(SessionError::Closed));
    let told = receive(&mut session, 10, r#"{"event":{"completionEnd":{"stopReason":"END_TURN"}}}"#);
    assert_eq!(told.last(), Some(&Event::Closed { reason: CloseReason::Hangup }));
    assert_eq!((session.state(), session.poll_timeout()), (State::Closed, None));
}

#[test]
fn a_service_that_never_answers_is_an_error_with_a_code() {
    let mut session =
        Session::new(SessionConfig::default(), [7; 32], Tick::ZERO).expect("a legal configuration");
    session.handle_input(Tick::from_millis(10_000), Input::Timeout).expect("no mistake");
    let (_, told) = drained(&mut session);
    let Some(Event::Closed { reason }) = told.last() else { panic!("{told:?}") };
    assert_eq!(reason.as_str(), "open_timeout");
}

#[test]
fn renewal_falls_due_and_hands_out_history_and_recent_sound() {
    let mut session = answering();
    session.handle_input(Tick::from_millis(359_990), Input::Audio(&[5; 512])).expect("no mistake");
    session.handle_input(Tick::from_millis(360_000), Input::Timeout).expect("no mistake");
    assert!(drained(&mut session).1.contains(&Event::RenewalDue { reason: RenewalReason::StreamLife }));
    let handover = session.handover();
    assert_eq!(handover.history.len(), 2);
    assert_eq!(handover.recent_audio.iter().filter(|sample| **sample == 5).count(), 512);
}

#[test]
fn a_call_too_many_is_refused_in_the_models_own_terms() {
    let mut session = live();
    let mut sent = Vec::new();
    for call in 0..130 {
        let json = format!(
            r#"{{"event":{{"toolUse":{{"contentId":"t","toolUseId":"T{call}","toolName":"x","content":"{{}}"}}}}}}"#
        );
        let event = EventReader::default().read_server(json.as_bytes()).expect("a legal event");
        session.handle_input(Tick::ZERO, Input::Received(event)).expect("no mistake");
        while let Some(output) = session.poll_output() {
            if let Output::Send(ClientEvent::ToolResult { json, .. }) = output {
                sent.push((call, json));
            }
        }
    }
    let refused: Vec<_> = sent.iter().map(|(call, _)| *call).collect();
    assert_eq!(refused, [128, 129]);
    assert!(sent.iter().all(|(_, json)| json.contains("too many calls")), "{sent:?}");
}
