//! What an application holds, and what happens when it lets go.

use nova_sonic_core::session::{CloseReason, Event, SessionConfig, SessionError};
use nova_sonic_interop::{in_time, utterance};
use nova_sonic_sim::StreamEnd;

use crate::support::{client, heard, open, simulator, wait_for};

const STORY: &str = r#"{ "name": "story", "otherwise": "listen", "turns": [
    { "user": "A story!", "say": [ { "text": "Once upon a time." } ] } ] }"#;

#[tokio::test]
async fn letting_go_of_everything_hangs_up_in_order() {
    let simulator = simulator(STORY).await;
    let (voice, events) = open(&simulator, SessionConfig::default()).await;
    let clone = voice.clone();
    drop(voice);
    drop(events);
    in_time(simulator.stream_when(0, |stream| stream.events_received > 10)).await.expect("silence flows on");
    assert_eq!(simulator.streams()[0].end, None, "a clone still holds the line");
    drop(clone);
    let record = in_time(simulator.ended_stream(0)).await.expect("it ends");
    assert_eq!((record.end, record.input_ended), (Some(StreamEnd::Completed), true));
}

#[tokio::test]
async fn whoever_does_not_listen_may_still_talk() {
    let simulator = simulator(STORY).await;
    let (voice, events) = open(&simulator, SessionConfig::default()).await;
    drop(events);
    voice.send_audio(&utterance(1_000)).await.expect("an open session");
    in_time(async {
        while voice.history().len() < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the answer is kept, though nobody hears it");
    voice.hang_up();
    let record = in_time(simulator.ended_stream(0)).await.expect("it ends");
    assert_eq!(record.end, Some(StreamEnd::Completed));
}

#[tokio::test]
async fn whoever_does_not_talk_may_still_listen() {
    let simulator = simulator(STORY).await;
    let (voice, mut events) = open(&simulator, SessionConfig::default()).await;
    voice.send_audio(&utterance(1_000)).await.expect("an open session");
    drop(voice);
    wait_for(&mut events, |event| matches!(event, Event::Audio { .. }).then_some(())).await;
    drop(events);
    let record = in_time(simulator.ended_stream(0)).await.expect("it ends");
    assert_eq!(record.end, Some(StreamEnd::Completed));
}

#[tokio::test]
async fn after_the_end_everything_says_so() {
    let simulator = simulator(STORY).await;
    let (voice, mut events) = open(&simulator, SessionConfig::default()).await;
    voice.hang_up();
    voice.hang_up();
    assert_eq!(voice.try_send_audio(&[0; 100]), Err(SessionError::Closed));
    let heard = heard(&mut events).await;
    assert_eq!(heard.closed, Some(CloseReason::Hangup));
    assert_eq!(events.next().await, None);
    assert_eq!(voice.send_audio(&[0; 100]).await, Err(SessionError::Closed));
    assert_eq!(voice.send_text("Hello?"), Err(SessionError::Closed));
    assert_eq!(voice.state(), nova_sonic_core::session::State::Closed);
}

#[tokio::test]
async fn the_next_conversation_needs_no_new_client() {
    let simulator = simulator(STORY).await;
    let client = client(&simulator).await;
    for number in 0..3 {
        let (voice, mut events) = client.open(SessionConfig::default()).await.expect("an open stream");
        voice.hang_up();
        heard(&mut events).await;
        let record = in_time(simulator.ended_stream(number)).await.expect("it ends");
        assert_eq!(record.end, Some(StreamEnd::Completed));
    }
}

#[tokio::test]
async fn a_simulator_that_is_shut_down_ends_the_conversation() {
    let simulator = simulator(STORY).await;
    let (_voice, mut events) = open(&simulator, SessionConfig::default()).await;
    simulator.shutdown().await;
    let heard = heard(&mut events).await;
    assert!(heard.closed.is_some(), "a word about why, and no hang");
}
