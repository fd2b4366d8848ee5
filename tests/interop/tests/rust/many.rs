//! Many conversations at once, on threads of their own.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use nova_sonic_core::{
    client::Workers,
    event::Role,
    session::{Event, SessionConfig, Stage},
};
use nova_sonic_interop::{client, in_time, listen, simulator_with, utterance};
use nova_sonic_sim::{StreamEnd, model::Scenario};

const CONVERSATIONS: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_conversations_on_two_workers_all_come_to_their_end() {
    let simulator = simulator_with(Scenario::parrot(), |config| config.max_concurrent_streams = 64)
        .await
        .expect("a free port");
    let client = client(&simulator).await.expect("a client");
    let answered = Arc::new(AtomicUsize::new(0));
    let workers = Workers::start(&client, 2).expect("two threads");
    for _ in 0..CONVERSATIONS {
        let answered = Arc::clone(&answered);
        workers.spawn(move |client| async move {
            let (voice, mut events) = client.open(SessionConfig::default()).await.expect("an open stream");
            voice.send_audio(&utterance(600)).await.expect("an open session");
            let heard = listen(&mut events, |event| {
                if matches!(event, Event::Transcript { role: Role::Assistant, stage: Stage::Final, .. }) {
                    voice.hang_up();
                }
            })
            .await;
            assert!(heard.samples > 0);
            answered.fetch_add(1, Ordering::Relaxed);
        });
    }
    // a drop waits until every conversation has ended
    in_time(tokio::task::spawn_blocking(move || drop(workers))).await.expect("no hang").expect("no panic");
    assert_eq!(answered.load(Ordering::Relaxed), CONVERSATIONS);
    for number in 0..CONVERSATIONS {
        let record = in_time(simulator.ended_stream(number)).await.expect("it ends");
        assert_eq!(record.end, Some(StreamEnd::Completed), "{record:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_end_hang_up_what_is_still_open() {
    let simulator = simulator_with(Scenario::parrot(), |_| {}).await.expect("a free port");
    let workers = Workers::start(&client(&simulator).await.expect("a client"), 1).expect("a thread");
    for _ in 0..4 {
        workers.spawn(|client| async move {
            // opened and let go: what is to be said last is said all the same
            drop(client.open(SessionConfig::default()).await.expect("an open stream"));
        });
    }
    in_time(tokio::task::spawn_blocking(move || drop(workers))).await.expect("no hang").expect("no panic");
    for number in 0..4 {
        let record = in_time(simulator.ended_stream(number)).await.expect("it ends");
        assert_eq!(record.end, Some(StreamEnd::Completed), "{record:?}");
    }
}
