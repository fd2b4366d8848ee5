//! A conversation goes on over another stream before the service ends the first, and nobody hears it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, error::CredentialsError, future},
};
use nova_sonic_core::{
    client::{Client, VoiceEvents, VoiceSession},
    error::ErrorCode,
    event::{Role, ToolSpec},
    session::{CloseReason, Event, RenewalReason, SessionConfig, Stage, State},
};
use nova_sonic_interop::{Heard, in_time, listen, simulator_with, vowel};
use nova_sonic_sim::{Simulator, StreamEnd};

use crate::support::{open, scenario, simulator, wait_for};

/// Talks at the speed of speech until the conversation is over: quiet, but for `words` of the given length every so often.
fn microphone(voice: &VoiceSession, every: Duration, words: Duration) -> tokio::task::JoinHandle<()> {
    let voice = voice.clone();
    let sound = vowel(32);
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_millis(32));
        let started = tokio::time::Instant::now();
        loop {
            ticks.tick().await;
            let into = started.elapsed().as_millis() % every.as_millis().max(1);
            let speaks = into < words.as_millis();
            let frame: &[i16] = if speaks { &sound } else { &[0; 512] };
            if voice.send_audio(frame).await.is_err() {
                return;
            }
        }
    })
}

fn config(renew: Duration) -> SessionConfig {
    let mut config = SessionConfig::default();
    config.timing.renew = renew;
    config.timing.close = Duration::from_secs(1);
    config
}

fn renewed(event: &Event) -> Option<(RenewalReason, Duration)> {
    if let Event::Renewed { reason, gap } = event { Some((*reason, *gap)) } else { None }
}

/// Listens until the conversation has ended, and counts the renewals.
async fn heard(events: &mut VoiceEvents, mut respond: impl FnMut(&Event, usize)) -> (Heard, Vec<Duration>) {
    let mut gaps = Vec::new();
    let heard = tokio::time::timeout(
        Duration::from_mins(1),
        listen(events, |event| {
            gaps.extend(renewed(event).map(|(_, gap)| gap));
            respond(event, gaps.len());
        }),
    )
    .await
    .expect("the conversation ends");
    (heard, gaps)
}

async fn ends(simulator: &Simulator, streams: usize) -> Vec<Option<StreamEnd>> {
    let mut ends = Vec::new();
    for number in 0..streams {
        ends.push(in_time(simulator.ended_stream(number)).await.expect("the stream ends").end);
    }
    ends
}

#[tokio::test]
async fn a_conversation_goes_on_twice_and_forgets_nothing() {
    let simulator = simulator(
        r#"{ "name": "short life", "limits": { "life_seconds": 9 }, "otherwise": "listen", "turns": [
            { "user": "A story!", "say": [ { "text": "Once upon a time." } ] } ] }"#,
    )
    .await;
    let (voice, mut events) = open(&simulator, config(Duration::from_secs(3))).await;
    let microphone = microphone(&voice, Duration::from_mins(10), Duration::from_millis(800));
    let (heard, gaps) = heard(&mut events, |event, renewals| {
        if renewed(event).is_some() && renewals == 2 {
            voice.send_text("Is that all?").expect("an open session");
        }
        let speaks = matches!(event, Event::Transcript { role: Role::Assistant, stage: Stage::Final, .. });
        if speaks && renewals == 2 {
            voice.hang_up();
        }
    })
    .await;
    microphone.await.expect("the microphone stops");
    assert_eq!(gaps, [Duration::ZERO; 2]);
    assert_eq!(heard.closed, Some(CloseReason::Hangup));
    assert_eq!(heard.errors, []);
    assert_eq!(ends(&simulator, 3).await, vec![Some(StreamEnd::Completed); 3], "each in order");
    assert_eq!(heard.states.iter().filter(|state| **state == State::Initializing).count(), 0);
    let history: Vec<_> = voice.history().into_iter().map(|message| message.text).collect();
    assert_eq!(history[..3], ["A story!", "Once upon a time.", "Is that all?"], "{history:?}");
}

#[tokio::test]
async fn an_answer_is_whole_though_its_stream_was_to_be_renewed_in_the_middle() {
    let story = r#"{ "name": "long", "otherwise": "listen", "turns": [ { "user": "A story!", "say": [
        { "text": "Once upon a time there was a fox." },
        { "text": "The fox had lost his way in the wood." } ] } ] }"#;
    let mut lengths = Vec::new();
    for renews in [false, true] {
        let simulator = simulator(story).await;
        let (voice, mut events) = open(&simulator, config(Duration::from_secs(2)).renewal(renews)).await;
        let microphone = microphone(&voice, Duration::from_mins(10), Duration::from_millis(600));
        let mut silent_since = None;
        let (heard, gaps) = heard(&mut events, |event, _| {
            if let Event::StateChanged { from: State::Speaking, .. } = event {
                silent_since = Some(tokio::time::Instant::now());
                if !renews {
                    voice.hang_up();
                }
            }
            if renewed(event).is_some() {
                let since = silent_since.expect("the answer was heard first").elapsed();
                assert!(since >= Duration::from_secs(2), "{since:?}");
                voice.hang_up();
            }
        })
        .await;
        microphone.await.expect("the microphone stops");
        assert_eq!(gaps.len(), usize::from(renews));
        assert_eq!(heard.interruptions, 0);
        lengths.push(heard.samples);
    }
    assert!(lengths[0] > 24_000, "{lengths:?}");
    assert_eq!(lengths[0], lengths[1]);
}

#[tokio::test]
async fn a_tool_still_answers_when_its_stream_has_come_to_its_end() {
    let simulator = simulator(
        r#"{ "name": "slow tool", "limits": { "life_seconds": 5 }, "turns": [
            { "user": "How warm is it?", "tools": [ { "name": "weather" } ] } ] }"#,
    )
    .await;
    let tool =
        ToolSpec::new("weather", "Says how warm it is.", r#"{"type":"object"}"#).expect("a legal tool");
    let config = config(Duration::from_secs(2)).tools(vec![tool]);
    let (voice, mut events) = open(&simulator, config).await;
    voice.send_text("How warm is it?").expect("an open session");
    let mut calls = Vec::new();
    let (heard, gaps) = heard(&mut events, |event, renewals| {
        if let Event::ToolCall { id, .. } = event {
            calls.push(id.clone());
            if renewals == 1 {
                // that is what this model does with anything that it is told first on a stream
                voice.hang_up();
            }
        }
        if let Event::Renewed { .. } = event {
            voice.send_tool_result(&calls[0], r#"{"celsius":21}"#).expect("an open session");
        }
    })
    .await;
    assert_eq!(calls.len(), 2, "the result was told on the new stream");
    assert!(gaps.len() == 1 && gaps[0] > Duration::ZERO && gaps[0] < Duration::from_secs(2), "{gaps:?}");
    assert_eq!(heard.closed, Some(CloseReason::Hangup));
    let timed_out = StreamEnd::Exception("ModelTimeoutException".to_owned());
    assert_eq!(ends(&simulator, 2).await, [Some(timed_out), Some(StreamEnd::Completed)]);
}

#[tokio::test]
async fn a_successor_that_is_throttled_once_is_opened_a_little_later() {
    let script = scenario(r#"{ "name": "quiet", "limits": { "life_seconds": 40 } }"#);
    let simulator =
        simulator_with(script, |config| config.max_concurrent_streams = 2).await.expect("a free port");
    let (voice, mut events) = open(&simulator, config(Duration::from_secs(1))).await;
    let (other, mut other_events) = open(&simulator, SessionConfig::default()).await;
    let (heard, gaps) = heard(&mut events, |event, _| {
        if let Event::Error(_) = event {
            other.hang_up();
        }
        if renewed(event).is_some() {
            voice.hang_up();
        }
    })
    .await;
    in_time(listen(&mut other_events, |_| {})).await.expect("the other one has ended");
    assert_eq!(heard.errors, [ErrorCode::Throttled]);
    assert_eq!(gaps, [Duration::ZERO]);
    assert_eq!(heard.closed, Some(CloseReason::Hangup));
}

/// Credentials that serve the first stream for so long; what is there for the others.
#[derive(Debug)]
struct Source {
    asked: Arc<AtomicUsize>,
    first: Duration,
    later: Option<Duration>,
}

impl ProvideCredentials for Source {
    #[expect(clippy::disallowed_methods, reason = "credentials end by the calendar")]
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let first = self.asked.fetch_add(1, Ordering::Relaxed) == 0;
        let Some(left) = (if first { Some(self.first) } else { self.later }) else {
            return future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("revoked")));
        };
        let keys = nova_sonic_interop::user_keys();
        let ends = Some(std::time::SystemTime::now() + left);
        let keys = Credentials::new(keys.access_key_id(), keys.secret_access_key(), None, ends, "test");
        future::ProvideCredentials::ready(Ok(keys))
    }
}

async fn client_with(
    simulator: &Simulator,
    first: Duration,
    later: Option<Duration>,
) -> (Client, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let source = Source { asked: Arc::clone(&asked), first, later };
    let client = nova_sonic_interop::builder(simulator).credentials_provider(source).build().await;
    (client.expect("a client"), asked)
}

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn credentials_that_end_are_replaced_with_the_stream() {
    let simulator = simulator(r#"{ "name": "quiet" }"#).await;
    let (client, asked) = client_with(&simulator, Duration::from_secs(182), Some(HOUR)).await;
    let (voice, mut events) = client.open(SessionConfig::default()).await.expect("an open stream");
    assert_eq!(wait_for(&mut events, renewed).await, (RenewalReason::Credentials, Duration::ZERO));
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    voice.hang_up();
    let heard = crate::support::heard(&mut events).await;
    assert_eq!(heard.closed, Some(CloseReason::Hangup));
}

#[tokio::test]
async fn without_a_successor_the_stream_goes_on_to_its_end_which_is_what_is_told() {
    let simulator = simulator(r#"{ "name": "quiet", "limits": { "life_seconds": 6 } }"#).await;
    let (client, asked) = client_with(&simulator, HOUR, None).await;
    let (_voice, mut events) = client.open(config(Duration::from_secs(1))).await.expect("an open stream");
    let started = tokio::time::Instant::now();
    let (heard, gaps) = heard(&mut events, |_, _| {}).await;
    assert!(started.elapsed() > Duration::from_secs(6), "{:?}", started.elapsed());
    assert_eq!((heard.failure(), gaps.len()), (Some(ErrorCode::ModelTimeout), 0));
    assert_eq!(heard.errors, [ErrorCode::CredentialsMissing]);
    assert_eq!(
        asked.load(Ordering::Relaxed),
        1 + 1 + 5,
        "once for the stream, once in its life, and five times after it"
    );
}
