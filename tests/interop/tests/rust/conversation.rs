//! A whole conversation.

use nova_sonic_core::{
    event::Role,
    session::{CloseReason, Event, SessionConfig, Stage, State},
};
use nova_sonic_interop::{client, simulator, utterance};
use nova_sonic_sim::{StreamEnd, model::Scenario};

#[tokio::test]
async fn what_is_said_is_answered_and_the_end_is_in_order() {
    let simulator = simulator(Scenario::parrot()).await.expect("a free port");
    let client = client(&simulator).await.expect("a legal certificate");
    let (voice, mut events) = client.open(SessionConfig::default()).await.expect("an open stream");
    voice.send_audio(&utterance(1_000)).await.expect("an open session");

    let (mut heard, mut words, mut closed) = (0, Vec::new(), None);
    while let Some(event) = events.next().await {
        match event {
            Event::Audio { pcm, .. } => heard += pcm.len(),
            Event::Transcript { role, text, stage, .. } => words.push((role, text, stage)),
            Event::StateChanged { from: State::Speaking, .. } => voice.hang_up(),
            Event::Closed { reason } => closed = Some(reason),
            Event::Error(failure) => panic!("{failure}"),
            _ => {}
        }
    }
    assert!(heard >= 24_000, "a second of sound came back as {heard} samples at 24 kHz");
    assert!(words.iter().any(|(role, _, stage)| *role == Role::User && *stage == Stage::Final), "{words:?}");
    assert!(
        words.iter().any(|(role, _, stage)| *role == Role::Assistant && *stage == Stage::Final),
        "{words:?}"
    );
    assert_eq!(closed, Some(CloseReason::Hangup));
    assert!(voice.usage().total_tokens() > 0);
    let stream = simulator.ended_stream(0).await;
    assert_eq!(stream.end, Some(StreamEnd::Completed), "{stream:?}");
}
