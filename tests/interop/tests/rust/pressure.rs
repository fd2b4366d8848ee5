//! Networks that take nothing, and applications that take nothing.

use std::time::Duration;

use nova_sonic_core::{
    client::Client,
    event::Role,
    session::{CloseReason, SessionConfig, SessionError, Stage},
};
use nova_sonic_interop::{PATIENCE, in_time, user_keys, utterance};
use nova_sonic_sim::{Simulator, StreamEnd};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::support::{heard, open, simulator};

/// A wire to the simulator that can be held: while it is, no byte passes either way.
async fn wire(target: std::net::SocketAddr, held: watch::Receiver<bool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let far = TcpStream::connect(target).await.expect("the simulator");
            let (near_in, near_out) = near.into_split();
            let (far_in, far_out) = far.into_split();
            tokio::spawn(pass(near_in, far_out, held.clone()));
            tokio::spawn(pass(far_in, near_out, held.clone()));
        }
    });
    url
}

async fn pass(
    from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut held: watch::Receiver<bool>,
) {
    let mut bytes = [0; 4096];
    loop {
        if held.wait_for(|held| !held).await.is_err() || from.readable().await.is_err() {
            return;
        }
        if *held.borrow() {
            continue;
        }
        match from.try_read(&mut bytes) {
            Ok(0) => return,
            Ok(length) => {
                if tokio::io::AsyncWriteExt::write_all(&mut to, &bytes[..length]).await.is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_stalls_pushes_back_and_then_goes_on() {
    let simulator = simulator(r#"{ "name": "wire", "otherwise": "listen" }"#).await;
    let (hold, state) = watch::channel(false);
    let client = Client::builder()
        .region("us-east-1")
        .endpoint_url(wire(simulator.http_address(), state).await)
        .credentials_provider(user_keys())
        .build()
        .await
        .expect("a client");
    let (voice, mut events) =
        in_time(client.open(SessionConfig::default())).await.expect("no hang").expect("open");

    hold.send_replace(true);
    let second = vec![0; 16_000];
    // the sockets and HTTP/2 still take some, also after the first refusal; minutes of sound they do not take
    let (mut taken, mut refused) = (0, 0);
    in_time(async {
        while refused < 10 {
            match voice.try_send_audio(&second) {
                Ok(()) => (taken, refused) = (taken + 1, 0),
                Err(error) => {
                    assert!(
                        matches!(error, SessionError::Backpressure { queued_ms: 2000.., limit_ms: 2000 }),
                        "{error}"
                    );
                    refused += 1;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    })
    .await
    .expect("the stall is noticed");
    assert!(taken < 600, "{taken} seconds of sound were taken");

    let waiting = tokio::spawn({
        let voice = voice.clone();
        async move { voice.send_audio(&second).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!waiting.is_finished(), "sound waits while the wire is held");
    hold.send_replace(false);
    assert_eq!(in_time(waiting).await.expect("no lost wake-up").expect("no panic"), Ok(()));
    voice.hang_up();
    assert_eq!(heard(&mut events).await.closed, Some(CloseReason::Hangup));
    assert_eq!(in_time(simulator.ended_stream(0)).await.expect("it ends").end, Some(StreamEnd::Completed));
}

/// The service has far more to say than may wait; while nobody takes the events, what it sends stops growing.
async fn reading_has_stopped(simulator: &Simulator) {
    let mut before = u64::MAX;
    in_time(async {
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let sent = simulator.streams()[0].frames_sent;
            if sent == before && sent > 100 {
                return;
            }
            before = sent;
        }
    })
    .await
    .expect("reading stops while nobody takes the events");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_that_sleeps_finds_everything_in_order_when_it_wakes() {
    let sentences: Vec<String> = (0..40)
        .map(|number| format!(r#"{{ "text": "This is sentence number {number} of a long tale." }}"#))
        .collect();
    let simulator = simulator(&format!(
        r#"{{ "name": "long", "otherwise": "listen", "turns": [ {{ "user": "A long story!", "say": [ {} ] }} ] }}"#,
        sentences.join(",")
    ))
    .await;
    let (voice, mut events) = open(&simulator, SessionConfig::default()).await;
    voice.send_audio(&utterance(800)).await.expect("an open session");
    reading_has_stopped(&simulator).await;

    let heard = in_time(nova_sonic_interop::listen(&mut events, |event| {
        if let nova_sonic_core::session::Event::Transcript {
            role: Role::Assistant,
            stage: Stage::Partial,
            text,
            ..
        } = event
            && text.contains("number 39 ")
        {
            voice.hang_up();
        }
    }))
    .await
    .expect("it goes on");
    let planned: Vec<&str> = heard
        .words
        .iter()
        .filter(|(role, stage, _)| *role == Role::Assistant && *stage == Stage::Partial)
        .map(|(_, _, text)| text.as_str())
        .collect();
    assert_eq!(planned.len(), 40, "nothing is lost");
    assert!(planned.iter().enumerate().all(|(number, text)| text.contains(&format!("number {number} "))));
}

#[tokio::test]
async fn a_consumer_that_never_reads_keeps_no_connection_after_the_end() {
    let sentences = vec![r#"{ "text": "This is one sentence of a very long tale." }"#; 40].join(",");
    let simulator = simulator(&format!(
        r#"{{ "name": "long", "otherwise": "listen", "turns": [ {{ "user": "Go!", "say": [ {sentences} ] }} ] }}"#
    ))
    .await;
    let mut config = SessionConfig::default();
    config.timing.close = Duration::from_millis(500);
    let (voice, _events) = open(&simulator, config).await;
    voice.send_audio(&utterance(800)).await.expect("an open session");
    reading_has_stopped(&simulator).await;
    voice.hang_up();
    // long before the simulator gives up a client that takes nothing
    let ended = tokio::time::timeout(PATIENCE / 3, simulator.ended_stream(0)).await;
    ended.expect("the stream ends though nobody reads");
}
