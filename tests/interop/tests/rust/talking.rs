//! How people talk: they interrupt, mute, press and release, type, and wait to be greeted.

use std::time::Duration;

use nova_sonic_core::{
    client::VoiceSession,
    event::Role,
    session::{Event, Microphone, RenewalReason, SessionConfig, Stage, State},
};
use nova_sonic_interop::{in_time, listen, utterance, vowel};
use nova_sonic_sim::StreamEnd;

use crate::support::{heard, open, simulator, wait_for};

const LONG: &str = r#"{ "name": "long", "otherwise": "listen", "turns": [
    { "user": "Tell me.", "say": [
        { "text": "First sentence, thirty letters." },
        { "text": "Second sentence, thirty letters" },
        { "text": "Third sentence, thirty letters." } ] },
    { "user": "Wait!", "say": [ { "text": "Yes?" } ] } ] }"#;

/// Speaks at the speed of speech.
async fn speak(voice: &VoiceSession, sound: &[i16]) {
    let mut ticks = tokio::time::interval(Duration::from_millis(32));
    for frame in sound.chunks(512) {
        ticks.tick().await;
        voice.send_audio(frame).await.expect("an open session");
    }
}

fn speaks(event: &Event) -> Option<()> {
    matches!(event, Event::StateChanged { to: State::Speaking, .. }).then_some(())
}

#[tokio::test]
async fn speaking_over_an_answer_interrupts_it_once() {
    let simulator = simulator(LONG).await;
    let (voice, mut events) = open(&simulator, SessionConfig::default()).await;
    voice.send_audio(&utterance(1_000)).await.expect("an open session");
    wait_for(&mut events, speaks).await;
    speak(&voice, &vowel(500)).await;
    let heard = in_time(listen(&mut events, |event| {
        if let Event::Transcript { role: Role::Assistant, stage: Stage::Final, text, .. } = event
            && text.contains("Yes?")
        {
            voice.hang_up();
        }
    }))
    .await
    .expect("it ends");
    assert_eq!(heard.interruptions, 1);
    assert_eq!(heard.said(&Role::User, Stage::Final), "Wait!");
    let history: Vec<_> = voice.history().into_iter().map(|message| message.text).collect();
    assert!(!history.concat().contains("Third"), "what was not heard is not kept: {history:?}");
}

#[tokio::test]
async fn the_application_may_interrupt_for_the_user() {
    let simulator = simulator(LONG).await;
    let (voice, mut events) = open(&simulator, SessionConfig::default()).await;
    voice.send_audio(&utterance(1_000)).await.expect("an open session");
    wait_for(&mut events, speaks).await;
    voice.interrupt();
    voice.interrupt();
    let mut after = 0;
    let mut cut = false;
    let heard = in_time(async {
        let listening = listen(&mut events, |event| match event {
            Event::Interrupted { .. } => cut = true,
            Event::Audio { .. } if cut => after += 1,
            Event::StateChanged { to: State::Listening, .. } => voice.hang_up(),
            _ => {}
        });
        listening.await
    })
    .await
    .expect("it ends");
    assert_eq!((heard.interruptions, after), (1, 0), "{heard:?}");
}

#[tokio::test]
async fn a_muted_microphone_sends_silence_and_keeps_the_stream_alive() {
    let simulator = simulator(r#"{ "name": "mute", "limits": { "idle_seconds": 3 } }"#).await;
    let (voice, mut events) = open(&simulator, SessionConfig::default()).await;
    voice.set_microphone(Microphone::Muted);
    voice.send_audio(&utterance(1_000)).await.expect("an open session");
    let before = simulator.streams()[0].events_received;
    in_time(simulator.stream_when(0, |stream| stream.events_received > before + 150))
        .await
        .expect("silence flows");
    voice.hang_up();
    let heard = heard(&mut events).await;
    assert_eq!(heard.words, [], "nothing of it was heard");
    assert_eq!(simulator.ended_stream(0).await.end, Some(StreamEnd::Completed));
}

#[tokio::test]
async fn releasing_the_key_ends_the_turn() {
    let simulator = simulator(LONG).await;
    let (voice, mut events) = open(&simulator, SessionConfig::default().microphone(Microphone::Closed)).await;
    for _ in 0..2 {
        voice.set_microphone(Microphone::Open);
        voice.send_audio(&vowel(700)).await.expect("an open session");
        voice.set_microphone(Microphone::Closed);
        wait_for(&mut events, |event| {
            matches!(event, Event::Transcript { role: Role::Assistant, stage: Stage::Partial, .. })
                .then_some(())
        })
        .await;
    }
    voice.hang_up();
    heard(&mut events).await;
    assert_eq!(simulator.ended_stream(0).await.end, Some(StreamEnd::Completed));
}

#[tokio::test]
async fn what_is_typed_is_answered() {
    let simulator = simulator(LONG).await;
    let (voice, mut events) = open(&simulator, SessionConfig::default()).await;
    voice.send_text("Tell me, please.").expect("an open session");
    let words = wait_for(&mut events, |event| {
        if let Event::Transcript { role: Role::Assistant, text, .. } = event {
            Some(text.clone())
        } else {
            None
        }
    })
    .await;
    assert_eq!(words, "First sentence, thirty letters.");
    assert_eq!(voice.history()[0].text, "Tell me, please.");
}

#[tokio::test]
async fn a_model_that_is_asked_to_speak_first_does() {
    let simulator = simulator(LONG).await;
    let config = SessionConfig::default().speak_first("Greet the child.".to_owned());
    let (_voice, mut events) = open(&simulator, config).await;
    let (role, words) = wait_for(&mut events, |event| {
        if let Event::Transcript { role, text, .. } = event {
            Some((role.clone(), text.clone()))
        } else {
            None
        }
    })
    .await;
    assert_eq!((role, words.as_str()), (Role::Assistant, "First sentence, thirty letters."));
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "credentials end by the calendar")]
async fn whoever_renews_by_hand_is_told_in_time_for_the_stream_and_for_the_credentials() {
    let simulator = simulator(LONG).await;
    let due = |event: &Event| if let Event::RenewalDue { reason } = event { Some(*reason) } else { None };
    let mut config = SessionConfig::default().renewal(false);
    config.timing.renew = Duration::from_millis(200);
    let (_voice, mut events) = open(&simulator, config).await;
    assert_eq!(wait_for(&mut events, due).await, RenewalReason::StreamLife);

    let ends = std::time::SystemTime::now() + Duration::from_secs(170);
    let keys = nova_sonic_interop::user_keys();
    let keys = aws_credential_types::Credentials::new(
        keys.access_key_id(),
        keys.secret_access_key(),
        None,
        Some(ends),
        "test",
    );
    let client =
        nova_sonic_interop::builder(&simulator).credentials_provider(keys).build().await.expect("a client");
    let (_voice, mut events) =
        client.open(SessionConfig::default().renewal(false)).await.expect("an open stream");
    assert_eq!(wait_for(&mut events, due).await, RenewalReason::Credentials);
}
