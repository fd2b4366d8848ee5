//! The relay's handler between a page's session and the simulator, without a WebSocket.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test may panic anywhere, and waits for some events among many"
)]

mod crowds;
mod page;
mod shared;

use nova_sonic_core::{
    error::ErrorCode,
    event::{Role, ToolSpec},
    relay::{CloseCode, GuardedTool, ToolRule},
    relay_handler::{RelayHandler, RelayMessage},
    session::{Event, SessionConfig, Stage},
};
use nova_sonic_interop::{builder, client, in_time, user_keys, utterance, vowel};
use nova_sonic_sim::{Simulator, StreamEnd, model::Scenario};
use page::Page;

async fn simulator(scenario: &str) -> Simulator {
    let scenario = Scenario::named(scenario).expect("it comes along");
    nova_sonic_interop::simulator(scenario).await.expect("a free port")
}

async fn handler(simulator: &Simulator) -> RelayHandler {
    RelayHandler::new(client(simulator).await.expect("a legal certificate"))
}

fn spoken(event: &Event) -> Option<String> {
    if let Event::Transcript { role: Role::Assistant, stage: Stage::Final, text, .. } = event {
        Some(text.clone())
    } else {
        None
    }
}

/// What the connection does until it has nothing left to do.
async fn rest(connection: &nova_sonic_core::relay_handler::RelayConnection) -> Vec<RelayMessage> {
    let mut messages = Vec::new();
    while let Some(message) = in_time(connection.next()).await.expect("no hang") {
        messages.push(message);
    }
    messages
}

fn closed(messages: &[RelayMessage]) -> Option<(u16, &str)> {
    match messages.last() {
        Some(RelayMessage::Close { code, reason }) => Some((*code, reason.as_str())),
        _ => None,
    }
}

#[tokio::test]
async fn a_page_talks_through_the_relay_and_leaves_a_record() {
    let simulator = simulator("parrot").await;
    let handler = handler(&simulator).await;
    let mut page = Page::new(handler.connect("ada"), SessionConfig::default());
    assert_eq!((page.connection.subject(), handler.running()), ("ada", 1));
    page.speak(&utterance(1_000));
    page.wait_for(spoken).await;
    page.hang_up();
    assert_eq!(in_time(page.run()).await.expect("it ends"), (1000, "ended".to_owned()));
    assert!(page.heard > 12_000, "{} samples", page.heard);
    assert_eq!(rest(&page.connection).await, []);
    let record = page.connection.record();
    assert!(record.ended.is_some_and(|ended| ended >= record.started));
    assert!(record.exchange.usage.total_tokens() > 0);
    let roles: Vec<_> = record.exchange.transcript.iter().map(|message| message.role.clone()).collect();
    assert!(roles.starts_with(&[Role::User]) && roles.contains(&Role::Assistant), "{roles:?}");
    assert_eq!(record.to_json()["reason"], "ended");
    assert_eq!(simulator.ended_stream(0).await.end, Some(StreamEnd::Completed));
    assert_eq!(handler.running(), 0, "the place is free when the conversation is over");
}

#[tokio::test]
async fn the_servers_own_tool_answers_and_the_page_hears_only_what_comes_of_it() {
    let simulator = simulator("weather").await;
    let mut handler = handler(&simulator).await;
    let weather = ToolSpec::new("get_weather", "Weather of a city", r#"{"type":"object"}"#).expect("a tool");
    handler.rules_mut().guard.tools = ToolRule::Locked(vec![GuardedTool::on_server(weather)]);
    let mut page = Page::new(handler.connect("ada"), SessionConfig::default());
    page.speak(&utterance(1_000));
    let (id, name, input) = page.wait_for_call().await;
    assert_eq!((name.as_str(), input.as_str()), ("get_weather", r#"{"city":"Oslo"}"#));
    assert!(page.connection.tool_result(&id, "no JSON").is_err());
    page.connection.tool_result(&id, r#"{"summary":"snowing","temperature":-3}"#).expect("it waits");
    page.wait_for(|event| {
        assert!(!matches!(event, Event::ToolCall { .. }), "the call was the server's");
        spoken(event).filter(|text| text.contains("It is snowing in Oslo."))
    })
    .await;
}

#[tokio::test]
async fn a_page_that_is_gone_in_mid_sentence_leaves_a_stream_that_ends_in_order() {
    let simulator = simulator("parrot").await;
    let handler = handler(&simulator).await;
    for dropped in [false, true] {
        let mut page = Page::new(handler.connect("ada"), SessionConfig::default());
        page.speak(&utterance(1_000));
        page.wait_for(|event| matches!(event, Event::Audio { .. }).then_some(())).await;
        if dropped {
            drop(page);
        } else {
            page.connection.gone();
            assert_eq!(rest(&page.connection).await, []);
            let end = page.connection.record().exchange.end.expect("it has ended");
            assert_eq!((end.close_code, end.reason.as_str()), (None, "client_gone"));
        }
        let stream = simulator.ended_stream(usize::from(dropped)).await;
        assert_eq!(stream.end, Some(StreamEnd::Completed), "dropped: {dropped}");
        assert_eq!(handler.running(), 0);
    }
}

#[tokio::test]
async fn what_the_service_refuses_is_told_and_closes_the_socket() {
    let simulator = simulator("parrot").await;
    let wrong = aws_credential_types::Credentials::new(
        user_keys().access_key_id(),
        "a secret that is not the user's",
        None,
        None,
        "test",
    );
    let client = builder(&simulator).credentials_provider(wrong).build().await.expect("a client");
    let mut page = Page::new(RelayHandler::new(client).connect("ada"), SessionConfig::default());
    page.speak(&vowel(200));
    assert_eq!(in_time(page.run()).await, Some((4011, "credentials_invalid".to_owned())));
    assert_eq!(rest(&page.connection).await, []);
    let complaint = page.complaint.expect("it says why");
    assert_eq!(complaint.failure().code(), ErrorCode::CredentialsInvalid);
    assert!(!complaint.message.contains("AKIA"), "{}", complaint.message);
}

#[tokio::test]
async fn one_subject_takes_no_more_than_its_share_and_gives_it_back() {
    let simulator = simulator("parrot").await;
    let handler = handler(&simulator).await.per_subject(2);
    let (first, second) = (handler.connect("ada"), handler.connect("ada"));
    let third = handler.connect("ada");
    assert_eq!(closed(&rest(&third).await), Some((4008, "relay_limit_exceeded")));
    assert_eq!(handler.running(), 2);
    let other = handler.connect("grace");
    assert!(matches!(other.next().await, Some(RelayMessage::Text(ready)) if ready.contains("ready")));
    drop(first);
    let again = handler.connect("ada");
    assert!(matches!(again.next().await, Some(RelayMessage::Text(ready)) if ready.contains("ready")));
    drop((second, other, again));
    assert_eq!(handler.running(), 0);

    let refused = handler.refuse(CloseCode::NotAuthenticated, "nobody is signed in");
    let messages = rest(&refused).await;
    assert_eq!(closed(&messages), Some((4001, "sign_in_required")));
    assert!(matches!(&messages[0], RelayMessage::Text(error) if error.contains("nobody is signed in")));
}

#[tokio::test]
async fn a_server_that_goes_down_tells_its_pages_to_go_on_elsewhere() {
    let simulator = simulator("parrot").await;
    let handler = handler(&simulator).await;
    let mut page = Page::new(handler.connect("ada"), SessionConfig::default());
    page.speak(&utterance(1_000));
    page.wait_for(|event| matches!(event, Event::Audio { .. }).then_some(())).await;
    handler.shut_down();
    assert_eq!(in_time(page.run()).await, Some((4012, "connection_lost".to_owned())));
    assert!(page.complaint.as_ref().is_some_and(|fault| fault.retryable), "the page tries again");
    let late = handler.connect("grace");
    assert_eq!(closed(&rest(&late).await), Some((4012, "connection_lost")));
    assert_eq!(rest(&page.connection).await, []);
    in_time(handler.emptied()).await.expect("everybody has left");
    assert_eq!(simulator.ended_stream(0).await.end, Some(StreamEnd::Completed));
}

#[tokio::test]
async fn pages_of_one_subject_are_told_how_things_stand_and_may_be_ended() {
    let simulator = simulator("parrot").await;
    let handler = handler(&simulator).await;
    let (ada, grace) = (handler.connect("ada"), handler.connect("grace"));
    let fields = serde_json::Map::from_iter([("story".to_owned(), "paused".into())]);
    assert_eq!(handler.send_status("ada", &fields), 1);
    assert_eq!(handler.end("ada", CloseCode::Ended, None), 1);
    let messages = rest(&ada).await;
    assert!(
        messages.iter().any(|message| matches!(message, RelayMessage::Text(text) if text.contains("paused")))
    );
    assert_eq!(closed(&messages), Some((1000, "ended")));
    assert_eq!(handler.running(), 1);
    drop(grace);
}
