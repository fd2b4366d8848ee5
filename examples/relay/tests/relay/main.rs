//! The program: let in by tickets, killed in mid-sentence, told to end.

#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test may panic anywhere, and waits for some events among many"
)]

mod page;
mod stage;

use std::time::Duration;

use nova_sonic_core::{
    event::{Role, ToolSpec},
    relay::{Control, Ready, ticket::Ticket},
    session::{CloseReason, Event, Message, SessionConfig, Stage as Said},
};
use nova_sonic_sim::model::Scenario;
use page::Page;
use serde_json::json;
use stage::{Relay, Stage, application, in_time, now, sign, utterance};

fn speaks(event: &Event) -> Option<()> {
    matches!(event, Event::Audio { .. }).then_some(())
}

fn ticket(subject: &str) -> Ticket {
    Ticket::new(subject, now().after(Duration::from_mins(1)))
}

fn words(history: &[Message]) -> String {
    history.iter().map(|message| message.text.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_mid_sentence_the_conversation_goes_on_at_another_process_with_its_history() {
    let stage = Stage::start().await;
    let (mut first, second) = (stage.relay(), stage.relay());
    let mut page = Page::open(&first, &ticket("ada"), SessionConfig::default()).await;
    page.speak(&utterance()).await;
    page.wait_for(speaks).await;
    first.kill();
    let reason =
        page.wait_for(|event| if let Event::Closed { reason } = event { Some(reason.clone()) } else { None });
    assert!(matches!(reason.await, CloseReason::Failed(failure) if failure.retryable()));
    let before = page.session.history();
    assert!(before.iter().any(|message| message.role == Role::User), "{before:?}");

    let mut page = page.resume(&second, &ticket("ada")).await;
    assert_eq!(page.session.history(), before);
    page.speak(&utterance()).await;
    page.wait_for(|event| match event {
        Event::Transcript { role: Role::User, stage: Said::Final, .. } => Some(()),
        _ => None,
    })
    .await;
    page.wait_for(speaks).await;
    // what is said next may belong to the message that was said last
    assert!(words(&page.session.history()).len() > words(&before).len(), "the history goes on");
    assert_eq!(stage.simulator.streams().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_shows_a_good_ticket_is_let_in_and_what_it_decides_stands() {
    let stage = Stage::start().await;
    let relay = stage.relay();
    let mut locked = ticket("ada");
    locked.system_prompt = Some("You tell stories.".to_owned());
    let mut page = Page::open(&relay, &locked, SessionConfig::default()).await;
    let ready = in_time(page.first_control()).await;
    assert!(matches!(ready, Control::Ready(Ready { locks, .. }) if locks == ["systemPrompt"]));

    let expired = Ticket::new("ada", now().before(Duration::from_secs(1)));
    for shown in [sign(&expired), "garbage".to_owned(), String::new()] {
        let mut refused = Page::open_with(&relay, &shown, SessionConfig::default()).await;
        assert_eq!(in_time(refused.closed()).await, Some((4001, "sign_in_required".to_owned())), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_are_answered_by_the_application_and_no_page_sees_them() {
    const TOOLS: &str = r#"[{ "name": "get_weather", "description": "Weather of a city.",
        "inputSchema": { "type": "object", "properties": { "city": { "type": "string" } } } }]"#;
    let stage = Stage::with(Scenario::weather()).await;
    let (url, mut asked) = application(r#"{"summary":"snowing","temperature":-3}"#).await;
    let file = stage.file("tools.json", TOOLS);
    let relay = stage.relay_with(&["--tools", &file, "--tools-url", &url, "--tools-token", "ours alone"]);
    // the page declares one of that name, too
    let own = ToolSpec::new("get_weather", "The page's own.", "{}").expect("a good name");
    let mut page = Page::open(&relay, &ticket("ada"), SessionConfig::default().tools(vec![own])).await;
    let ready = in_time(page.first_control()).await;
    assert!(matches!(ready, Control::Ready(Ready { locks, .. }) if locks == ["tools"]));
    page.speak(&utterance()).await;
    page.wait_for(|event| match event {
        Event::Transcript { text, .. } if text.contains("snowing in Oslo") => Some(()),
        Event::ToolCall { .. } => panic!("a call of the server's has reached the page"),
        _ => None,
    })
    .await;
    let (authorization, call) = in_time(asked.recv()).await.expect("a call");
    assert_eq!(authorization, "Bearer ours alone");
    assert_eq!(call, json!({ "subject": "ada", "name": "get_weather", "input": { "city": "Oslo" } }));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_subject_has_its_share_in_all_processes_together() {
    let stage = Stage::start().await;
    let (here, there) = (stage.relay(), stage.relay());
    let mut pages = Vec::new();
    for relay in [&here, &there] {
        let mut page = Page::open(relay, &ticket("ada"), SessionConfig::default()).await;
        assert!(matches!(in_time(page.first_control()).await, Control::Ready(_)));
        pages.push(page);
    }
    let mut third = Page::open(&here, &ticket("ada"), SessionConfig::default()).await;
    assert_eq!(in_time(third.closed()).await, Some((4008, "relay_limit_exceeded".to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_end_it_sends_its_pages_elsewhere_and_ends_well() {
    let stage = Stage::start().await;
    let mut relay: Relay = stage.relay();
    assert!(relay.health().await.starts_with("HTTP/1.1 200"));
    let mut page = Page::open(&relay, &ticket("ada"), SessionConfig::default()).await;
    page.speak(&utterance()).await;
    page.wait_for(speaks).await;
    relay.terminate();
    assert_eq!(in_time(page.closed()).await, Some((4012, "connection_lost".to_owned())));
    drop(page);
    assert!(relay.ended().await.success());
}
