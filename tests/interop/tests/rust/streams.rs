//! Streams whose events the caller orders, as a relay does.

use nova_sonic_core::{
    client::{ClientError, SendError, StreamEvent},
    error::ErrorCode,
    event::{ClientEvent, ServerEvent},
    session::{Output, Session, SessionConfig},
    time::Tick,
};
use nova_sonic_interop::{builder, in_time, user_keys, utterance};
use nova_sonic_sim::StreamEnd;

use crate::support::{client, simulator};

const PARROT: &str = r#"{ "name": "parrot", "otherwise": "parrot" }"#;

/// A session to order them by.
fn session() -> (Session, Vec<ClientEvent>) {
    let mut session = Session::new(SessionConfig::default(), [7; 32], Tick::ZERO).expect("good settings");
    let opening = sent(&mut session);
    (session, opening)
}

fn sent(session: &mut Session) -> Vec<ClientEvent> {
    let outputs = std::iter::from_fn(|| session.poll_output());
    outputs.filter_map(|output| if let Output::Send(event) = output { Some(event) } else { None }).collect()
}

#[tokio::test]
async fn what_the_caller_orders_is_sent_and_what_comes_is_handed_out_to_the_end() {
    use nova_sonic_core::session::Input;
    let simulator = simulator(PARROT).await;
    let (mut session, opening) = session();
    let client = client(&simulator).await;
    let (sender, mut receiver) = client.open_stream(opening).await.expect("an open stream");
    session.handle_input(Tick::ZERO, Input::Connected).expect("it is open");
    for piece in utterance(1_000).chunks(16_000) {
        session.handle_input(Tick::ZERO, Input::Audio(piece)).expect("it is open");
    }
    session.handle_input(Tick::ZERO, Input::Hangup).expect("it is open");
    for event in sent(&mut session) {
        sender.send(event).await.expect("an open stream");
    }
    sender.finish();
    assert_eq!(sender.try_send(ClientEvent::SessionEnd), Err(SendError::Closed));

    let mut spent = 0;
    while let Some(event) = in_time(receiver.next()).await.expect("it ends") {
        match event {
            StreamEvent::Event(ServerEvent::Usage { total_input_tokens, .. }) => spent = total_input_tokens,
            StreamEvent::Event(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(spent > 0 && receiver.has_ended());
    assert_eq!(simulator.ended_stream(0).await.end, Some(StreamEnd::Completed));
}

#[tokio::test]
async fn a_stream_that_is_refused_says_why_and_one_that_is_dropped_is_cut() {
    let simulator = simulator(PARROT).await;
    let wrong = aws_credential_types::Credentials::new(
        user_keys().access_key_id(),
        "a secret that is not the user's",
        None,
        None,
        "test",
    );
    let stranger = builder(&simulator).credentials_provider(wrong).build().await.expect("a client");
    let refused = stranger.open_stream(session().1).await.err();
    assert_eq!(refused.as_ref().map(ClientError::code), Some(ErrorCode::CredentialsInvalid));

    let client = client(&simulator).await;
    let (sender, receiver) = client.open_stream(session().1).await.expect("an open stream");
    drop(receiver);
    assert_eq!(sender.send(ClientEvent::SessionEnd).await, Err(SendError::Closed));
    let number = simulator.streams().len() - 1;
    assert_ne!(simulator.ended_stream(number).await.end, Some(StreamEnd::Completed));
}
