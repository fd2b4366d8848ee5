//! Tools, through the client: answered, failed, too late, and answers that belong to no call.

use std::time::Duration;

use nova_sonic_core::{
    event::{Role, ToolSpec},
    session::{Event, SessionConfig, SessionError, Stage},
};
use nova_sonic_interop::{in_time, listen, utterance};
use nova_sonic_sim::model::Scenario;

use crate::support::{open, wait_for};

async fn simulator() -> nova_sonic_sim::Simulator {
    nova_sonic_interop::simulator(Scenario::named("weather").expect("it comes along"))
        .await
        .expect("a free port")
}

fn config() -> SessionConfig {
    let schema = r#"{ "type": "object", "properties": { "city": { "type": "string" } } }"#;
    SessionConfig::default()
        .tools(vec![ToolSpec::new("get_weather", "Tells the weather.", schema).expect("a tool")])
}

fn call(event: &Event) -> Option<(nova_sonic_core::id::ToolUseId, String, String)> {
    if let Event::ToolCall { id, name, input } = event {
        Some((id.clone(), name.clone(), input.clone()))
    } else {
        None
    }
}

/// What the model says in the end, once `last` is among its words.
async fn said(
    voice: &nova_sonic_core::client::VoiceSession,
    events: &mut nova_sonic_core::client::VoiceEvents,
    last: &str,
) -> String {
    let heard = in_time(listen(events, |event| {
        if let Event::Transcript { role: Role::Assistant, stage: Stage::Final, text, .. } = event
            && text.contains(last)
        {
            voice.hang_up();
        }
    }));
    heard.await.expect("it ends").said(&Role::Assistant, Stage::Final)
}

#[tokio::test]
async fn what_a_tool_finds_is_spoken() {
    let simulator = simulator().await;
    let (voice, mut events) = open(&simulator, config()).await;
    voice.send_audio(&utterance(1_000)).await.expect("an open session");
    let (id, name, input) = wait_for(&mut events, call).await;
    assert_eq!((name.as_str(), input.as_str()), ("get_weather", r#"{"city":"Oslo"}"#));
    assert!(matches!(voice.send_tool_result(&id, "no JSON"), Err(SessionError::ToolResultInvalid { .. })));
    voice.send_tool_result(&id, r#"{ "summary": "snowing", "temperature": -3 }"#).expect("a call that waits");
    assert_eq!(voice.send_tool_result(&id, "{}"), Err(SessionError::UnknownCall), "one answer each");
    let said = said(&voice, &mut events, "degrees").await;
    assert!(said.contains("It is snowing in Oslo.") && said.contains("It has -3 degrees."), "{said}");
}

#[tokio::test]
async fn a_tool_that_fails_or_is_late_leaves_no_call_open() {
    for fails in [true, false] {
        let simulator = simulator().await;
        let mut config = config();
        config.timing.tool = Duration::from_millis(300);
        let (voice, mut events) = open(&simulator, config).await;
        voice.send_audio(&utterance(1_000)).await.expect("an open session");
        let (id, ..) = wait_for(&mut events, call).await;
        if fails {
            voice.fail_tool(&id, "the window is shut").expect("a call that waits");
        }
        // its fields did not come, so the sentences that need them are not said
        let said = said(&voice, &mut events, "out of the window").await;
        assert!(!said.contains("It is"), "{said}");
        assert_eq!(voice.send_tool_result(&id, "{}"), Err(SessionError::Closed));
        assert!(voice.handover().pending_calls.is_empty());
    }
}

#[tokio::test]
async fn a_call_that_is_open_at_the_hang_up_is_answered() {
    let simulator = simulator().await;
    let (voice, mut events) = open(&simulator, config()).await;
    voice.send_audio(&utterance(1_000)).await.expect("an open session");
    wait_for(&mut events, call).await;
    voice.hang_up();
    crate::support::heard(&mut events).await;
    let record = in_time(simulator.ended_stream(0)).await.expect("it ends");
    assert_eq!(record.end, Some(nova_sonic_sim::StreamEnd::Completed));
}
