//! A connection breaks in mid-conversation, and the conversation goes on over another.

use std::{
    ops::RangeFrom,
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
    client::{VoiceEvents, VoiceSession},
    error::ErrorCode,
    event::Role,
    session::{CloseReason, Event, RenewalReason, SessionConfig, Stage, State},
};
use nova_sonic_interop::{in_time, listen, simulator_with};
use nova_sonic_sim::{Simulator, StreamEnd};

use crate::support::{open, scenario, wait_for};

/// A story that breaks off after 1.2 s, and how it goes on for those who ask; all in real time.
async fn story_that_breaks(kind: &str) -> Simulator {
    let script = scenario(&format!(
        r#"{{ "name": "breaks", "otherwise": "listen", "turns": [
            {{ "words": ["story"], "say": [ {{ "text": "Once upon a time there was a fox in a deep dark wood." }} ],
               "fault": {{ "after_audio_frames": 30, "kind": {kind} }} }},
            {{ "words": ["on"], "say": [ {{ "text": "He went home." }} ] }} ] }}"#
    ));
    simulator_with(script, |config| config.conversation.answer_speed = 1).await.expect("a free port")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_breaks_in_mid_answer_costs_the_rest_of_it_and_nothing_else() {
    for (kind, code) in [
        (r#""cut""#, ErrorCode::ConnectionLost),
        (r#""truncated_frame""#, ErrorCode::FrameTruncated),
        (r#""model_stream_error""#, ErrorCode::ModelFailed),
        (r#""throttled""#, ErrorCode::Throttled),
        (r#""instability""#, ErrorCode::BackendTransient),
    ] {
        let simulator = story_that_breaks(kind).await;
        let (voice, mut events) = open(&simulator, SessionConfig::default()).await;
        voice.send_text("A story!").expect("an open session");
        let mut reasons = Vec::new();
        let heard = in_time(listen(&mut events, |event| match event {
            Event::Renewing { reason } => reasons.push(*reason),
            Event::Renewed { reason, .. } => {
                reasons.push(*reason);
                voice.send_text("Go on!").expect("an open session");
            }
            // heard to its end
            Event::StateChanged { from: State::Speaking, to: State::Listening } => voice.hang_up(),
            _ => {}
        }))
        .await
        .expect("the conversation ends");
        assert_eq!(heard.closed, Some(CloseReason::Hangup), "{kind}");
        assert_eq!(heard.errors, [code], "{kind}");
        assert_eq!(reasons, [RenewalReason::Connection; 2], "{kind}");
        assert_eq!(heard.interruptions, 1, "{kind}: the story");
        assert_eq!(heard.said(&Role::User, Stage::Final), "A story!Go on!", "{kind}: each told once");
        let told: Vec<_> = voice.history().into_iter().map(|message| message.text).collect();
        let story = "Once upon a time there was a fox in a deep dark wood.";
        assert!(
            !told[1].is_empty() && told[1].len() < story.len() && story.starts_with(&told[1]),
            "{told:?}"
        );
        assert_eq!([&told[0], &told[2], &told[3]], ["A story!", "Go on!", "He went home."]);
        let second = in_time(simulator.ended_stream(1)).await.expect("it ends");
        assert_eq!(second.end, Some(StreamEnd::Completed), "{kind}");
    }
}

/// Credentials for some streams and not for those that are counted off.
#[derive(Debug)]
struct Source {
    asked: Arc<AtomicUsize>,
    /// Which requests it refuses, and which it leaves without an answer.
    refuses: RangeFrom<usize>,
    well_again: usize,
    answers: bool,
}

impl ProvideCredentials for Source {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let request = self.asked.fetch_add(1, Ordering::Relaxed);
        if !self.refuses.contains(&request) || request >= self.well_again {
            let keys = nova_sonic_interop::user_keys();
            return future::ProvideCredentials::ready(Ok(keys));
        }
        if self.answers {
            return future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("revoked")));
        }
        future::ProvideCredentials::new(std::future::pending::<Result<Credentials, CredentialsError>>())
    }
}

async fn open_with(
    simulator: &Simulator,
    well_again: usize,
    answers: bool,
) -> (VoiceSession, VoiceEvents, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let source = Source { asked: Arc::clone(&asked), refuses: 1.., well_again, answers };
    let client = nova_sonic_interop::builder(simulator).credentials_provider(source).build().await;
    let (voice, events) =
        client.expect("a client").open(SessionConfig::default()).await.expect("an open stream");
    (voice, events, asked)
}

#[tokio::test]
async fn attempts_that_fail_are_told_and_made_again() {
    let simulator = story_that_breaks(r#""cut""#).await;
    let (voice, mut events, asked) = open_with(&simulator, 3, true).await;
    voice.send_text("A story!").expect("an open session");
    let mut gaps = Vec::new();
    let heard = in_time(listen(&mut events, |event| {
        if let Event::Renewed { gap, .. } = event {
            gaps.push(*gap);
            voice.hang_up();
        }
    }))
    .await
    .expect("the conversation ends");
    assert_eq!(
        heard.errors,
        [ErrorCode::ConnectionLost, ErrorCode::CredentialsMissing],
        "the same is told once"
    );
    assert_eq!((heard.closed, asked.load(Ordering::Relaxed)), (Some(CloseReason::Hangup), 4));
    assert!(gaps[0] >= Duration::from_secs(1), "the third attempt comes after a pause: {gaps:?}");
}

#[tokio::test]
async fn without_another_stream_the_break_is_what_is_told() {
    let simulator = story_that_breaks(r#""model_stream_error""#).await;
    let (voice, mut events, asked) = open_with(&simulator, usize::MAX, true).await;
    voice.send_text("A story!").expect("an open session");
    let heard = in_time(listen(&mut events, |_| {})).await.expect("the conversation ends");
    assert_eq!(heard.failure(), Some(ErrorCode::ModelFailed));
    assert_eq!(heard.errors, [ErrorCode::ModelFailed, ErrorCode::CredentialsMissing]);
    assert_eq!(asked.load(Ordering::Relaxed), 1 + 5);
    assert_eq!(heard.states.last(), Some(&State::Closed));
    assert!(voice.send_text("Hello?").is_err());
}

#[tokio::test]
async fn sound_is_taken_while_there_is_no_stream_and_a_hang_up_ends_it_at_once() {
    let simulator = story_that_breaks(r#""cut""#).await;
    let (voice, mut events, _asked) = open_with(&simulator, usize::MAX, false).await;
    voice.send_text("A story!").expect("an open session");
    let renewing = |event: &Event| if let Event::Renewing { reason } = event { Some(*reason) } else { None };
    assert_eq!(wait_for(&mut events, renewing).await, RenewalReason::Connection);
    assert_eq!(voice.state(), State::Initializing);
    // more than may ever wait for a network: nobody is held up by a stream that is not there
    in_time(voice.send_audio(&vec![7; 30 * 16_000])).await.expect("no hang").expect("an open session");
    voice.hang_up();
    let heard = crate::support::heard(&mut events).await;
    assert_eq!(heard.closed, Some(CloseReason::Hangup));
}
