//! The queues between an application and a stream, without a stream.

use std::{
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use serde_json::Value;

use super::{
    clock::Clock,
    shared::{Dial, Shared},
    ticker::Ticker,
};
use crate::{
    error::ErrorCode,
    event::ServerEvent,
    session::{CloseReason, Conversation, Event, Input, Message, SessionConfig, SessionError, StreamId},
    time::Tick,
};

const SECOND: usize = 16_000;

/// Nobody opens a second stream here.
#[derive(Debug)]
struct NoDial;

impl Dial for NoDial {
    fn dial(&self, _shared: Arc<Shared>, _stream: StreamId) {}
}

fn on(ticker: &Arc<Ticker>, config: SessionConfig) -> Arc<Shared> {
    let conversation = Conversation::new(config, [7; 32], ticker.clock().now()).unwrap();
    Shared::new(conversation, ticker, Box::new(NoDial))
}

fn shared(config: SessionConfig) -> Arc<Shared> {
    on(&Arc::new(Ticker::new(Clock::start())), config)
}

fn connected(config: SessionConfig) -> Arc<Shared> {
    let shared = shared(config);
    shared.give(Input::Connected).unwrap();
    shared
}

/// Names of the events that the network would take now; `None` at the end.
fn sent(shared: &Arc<Shared>) -> Vec<Option<String>> {
    let mut names = Vec::new();
    while let Poll::Ready(event) = shared.poll_outgoing(StreamId::FIRST, &Context::from_waker(Waker::noop()))
    {
        let Some(event) = event else {
            names.push(None);
            break;
        };
        let mut json = Vec::new();
        event.write_json(&mut json);
        let json: Value = serde_json::from_slice(&json).unwrap();
        names.push(json["event"].as_object().unwrap().keys().next().cloned());
    }
    names
}

fn told(shared: &Shared) -> Vec<Event> {
    let mut events = Vec::new();
    while let Poll::Ready(Some(event)) = shared.poll_event(&mut Context::from_waker(Waker::noop())) {
        events.push(event);
    }
    events
}

fn unknown(number: usize) -> Input<'static> {
    Input::Received(ServerEvent::Unknown { name: number.to_string(), body: Value::Null })
}

#[tokio::test]
async fn sound_after_the_hang_up_is_refused_and_swallows_nothing() {
    let shared = connected(SessionConfig::default());
    shared.give(Input::Hangup).unwrap();
    told(&shared);
    assert_eq!(shared.try_send_audio(&[1; 100]), Err(SessionError::Closed));
    shared.give(unknown(1)).unwrap();
    assert!(matches!(told(&shared).as_slice(), [Event::Unknown { .. }]));
}

#[tokio::test]
async fn a_second_of_sound_fits_on_top_of_what_waits() {
    let shared = connected(SessionConfig::default());
    sent(&shared);
    shared.try_send_audio(&[1; 100]).unwrap();
    shared.try_send_audio(&vec![1; SECOND]).unwrap();
    assert_eq!(sent(&shared), [Some("audioInput".to_owned()), Some("audioInput".to_owned())]);
}

#[tokio::test]
async fn room_is_counted_in_sound_and_not_in_events() {
    let shared = connected(SessionConfig::default());
    shared.try_send_audio(&vec![1; SECOND]).unwrap();
    shared.try_send_audio(&vec![1; SECOND]).unwrap();
    let full = Err(SessionError::Backpressure { queued_ms: 2000, limit_ms: 2000 });
    assert_eq!(shared.try_send_audio(&[1; 512]), full);
    sent(&shared);
    assert_eq!(shared.try_send_audio(&[1; 512]), Ok(()));
}

#[tokio::test]
async fn a_history_of_many_short_messages_is_no_stalled_network() {
    let history: Vec<Message> = (0..1000)
        .map(|number| match number % 2 {
            0 => Message::user(format!("question {number}")),
            _ => Message::assistant(format!("answer {number}")),
        })
        .collect();
    let shared = connected(SessionConfig::default().history(history));
    assert_eq!(shared.close_reason(), None);
    assert_eq!(sent(&shared).iter().flatten().filter(|name| *name == "textInput").count(), 1001);
}

#[tokio::test]
async fn a_network_that_takes_nothing_is_gone_after_sixteen_seconds() {
    let shared = connected(SessionConfig::default().renewal(false));
    let mut now = Tick::ZERO;
    while let Some(deadline) = shared.tick(now) {
        now = deadline;
    }
    assert!((15_900..16_500).contains(&now.as_millis()), "{now:?}");
    let Some(CloseReason::Failed(failure)) = shared.close_reason() else { panic!("no failure") };
    assert_eq!(failure.code(), ErrorCode::ConnectionLost);
    assert_eq!(sent(&shared), [None], "what was to be sent is let go");
}

#[tokio::test]
async fn whoever_waits_for_room_learns_of_the_end() {
    let shared = connected(SessionConfig::default());
    shared.try_send_audio(&vec![1; SECOND]).unwrap();
    shared.try_send_audio(&vec![1; SECOND]).unwrap();
    let waiting = tokio::spawn({
        let shared = Arc::clone(&shared);
        async move { std::future::poll_fn(|context| shared.poll_send_audio(context, &[1; 512])).await }
    });
    tokio::task::yield_now().await;
    shared.give(Input::Hangup).unwrap();
    let result = tokio::time::timeout(Duration::from_secs(1), waiting).await.unwrap().unwrap();
    assert_eq!(result, Err(SessionError::Closed));
}

#[tokio::test]
async fn whoever_waits_for_room_on_a_stream_that_breaks_is_not_held_up_until_there_is_another() {
    let shared = connected(SessionConfig::default());
    shared.try_send_audio(&vec![1; SECOND]).unwrap();
    shared.try_send_audio(&vec![1; SECOND]).unwrap();
    let waiting = tokio::spawn({
        let shared = Arc::clone(&shared);
        async move { std::future::poll_fn(|context| shared.poll_send_audio(context, &[1; 512])).await }
    });
    tokio::task::yield_now().await;
    shared.receive(StreamId::FIRST, Input::Disconnected);
    let result = tokio::time::timeout(Duration::from_secs(1), waiting).await.unwrap().unwrap();
    assert_eq!(result, Ok(()));
    for _ in 0..10 {
        shared.try_send_audio(&vec![1; SECOND]).unwrap();
    }
    assert_eq!(shared.close_reason(), None);
}

#[tokio::test]
async fn a_full_queue_stops_the_reader_until_something_is_taken_or_all_is_over() {
    let shared = connected(SessionConfig::default().renewal(false));
    let room = || shared.poll_event_room(StreamId::FIRST, &mut Context::from_waker(Waker::noop())).is_ready();
    told(&shared);
    for number in 0..256 {
        assert!(room());
        shared.give(unknown(number)).unwrap();
    }
    assert!(!room());
    assert!(shared.poll_event(&mut Context::from_waker(Waker::noop())).is_ready());
    assert!(room());
    shared.give(unknown(256)).unwrap();
    assert!(!room());
    shared.give(Input::Disconnected).unwrap();
    assert!(room(), "a stream that is over holds no connection");
}

#[tokio::test]
async fn the_timer_serves_a_conversation_that_comes_after_the_last_has_gone() {
    let ticker = Arc::new(Ticker::new(Clock::start()));
    for _ in 0..3 {
        let mut config = SessionConfig::default();
        config.timing.open = Duration::from_millis(20);
        let shared = on(&ticker, config);
        tokio::time::timeout(Duration::from_secs(10), shared.over(StreamId::FIRST).wait()).await.unwrap();
        let Some(CloseReason::Failed(failure)) = shared.close_reason() else { panic!("no failure") };
        assert_eq!(failure.code(), ErrorCode::OpenTimeout);
        tokio::time::timeout(Duration::from_secs(10), ticker.ended()).await.unwrap();
    }
}

/// So many conversations that they wake the processor together.
async fn crowd(ticker: &Arc<Ticker>) -> Vec<Arc<Shared>> {
    let sessions: Vec<Arc<Shared>> = (0..8)
        .map(|_| {
            let shared = on(ticker, SessionConfig::default());
            shared.give(Input::Connected).unwrap();
            sent(&shared);
            shared
        })
        .collect();
    while !ticker.is_busy() {
        tokio::task::yield_now().await;
    }
    sessions
}

#[tokio::test]
async fn sound_of_many_waits_for_the_grid() {
    let ticker = Arc::new(Ticker::new(Clock::start()));
    let sessions = crowd(&ticker).await;
    sessions[0].try_send_audio(&[1; 512]).unwrap();
    assert_eq!(sent(&sessions[0]), []);
    let leaves = async {
        loop {
            tokio::time::sleep(Duration::from_millis(1)).await;
            if let [name] = sent(&sessions[0]).as_slice() {
                return name.clone();
            }
        }
    };
    let name = tokio::time::timeout(Duration::from_secs(10), leaves).await.unwrap();
    assert_eq!(name.as_deref(), Some("audioInput"));
}

#[tokio::test]
async fn sound_waits_only_once_on_a_thread_that_rests() {
    let ticker = Arc::new(Ticker::of_resting_thread(Clock::start()));
    let sessions = crowd(&ticker).await;
    sessions[0].try_send_audio(&[1; 512]).unwrap();
    assert_eq!(sent(&sessions[0]), [Some("audioInput".to_owned())]);
}
