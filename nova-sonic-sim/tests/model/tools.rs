//! Tool calls: parallel, late, wrong.

use nova_sonic_core::event::{ClientContent, ClientEvent};

use crate::client::{Client, PROMPT, scenario};

const GENERAL: &str = "Invalid input request, please fix your input and try again";

const TWO_TOOLS: &str = r#"{
    "name": "tools",
    "turns": [
        {
            "user": "plan my day",
            "say": [{ "text": "Let me look." }],
            "tools": [
                { "name": "weather", "input": { "city": "Oslo" } },
                { "name": "calendar", "input": {}, "double_encoded": true },
                { "name": "undeclared" }
            ],
            "then": [
                { "text": "It is {{weather.sky}}, and {{calendar.next.title}} is next." },
                { "text": "Nothing known of {{undeclared.thing}}." }
            ]
        },
        { "user": "and you", "say": [{ "text": "I am fine." }] }
    ],
    "otherwise": "listen"
}"#;

fn with_calls() -> (Client, Vec<(String, String, String)>) {
    let mut client = Client::talking(scenario(TWO_TOOLS), &["weather", "calendar"]);
    client.speech(1000);
    client.silence(4000);
    let calls = client.calls();
    assert_eq!(calls.len(), 2);
    client.lines();
    (client, calls)
}

#[test]
fn tools_are_called_together_after_the_first_words() {
    let mut client = Client::talking(scenario(TWO_TOOLS), &["weather", "calendar"]);
    client.speech(1000);
    client.silence(4000);
    let lines = client.lines();
    let sound_ends = lines.iter().position(|line| line == "contentEnd AUDIO END_TURN").unwrap();
    assert_eq!(
        lines[sound_ends + 1..sound_ends + 8],
        [
            "usageEvent",
            "contentStart TOOL TOOL",
            r#"toolUse weather {"city":"Oslo"}"#,
            "contentEnd TOOL TOOL_USE",
            "contentStart TOOL TOOL",
            // the reader takes the second layer of encoding off
            "toolUse calendar {}",
            "contentEnd TOOL TOOL_USE",
        ]
    );
}

#[test]
fn arguments_can_be_encoded_twice() {
    let mut client = Client::talking(scenario(TWO_TOOLS), &["weather", "calendar"]);
    client.speech(1000);
    client.silence(4000);
    let raw: Vec<String> = client
        .came
        .iter()
        .filter_map(|came| match came {
            crate::client::Came::Event(_, json) => {
                json["event"]["toolUse"]["content"].as_str().map(str::to_owned)
            }
            _ => None,
        })
        .collect();
    assert_eq!(raw, [r#"{"city":"Oslo"}"#, r#""{}""#]);
}

#[test]
fn the_turn_goes_on_when_every_result_has_come() {
    let (mut client, calls) = with_calls();
    client.tool_result("r1", &calls[1].0, r#"{"next":{"title":"lunch"}}"#);
    client.silence(2000);
    assert_eq!(client.lines(), [""; 0]);
    client.tool_result("r2", &calls[0].0, r#"{"sky":"grey"}"#);
    client.silence(5000);
    let lines = client.lines();
    let said = lines.iter().filter(|line| *line == "textOutput \"It is grey, and lunch is next.\"").count();
    assert_eq!(said, 2, "as a plan and as what was said: {lines:?}");
    assert!(!lines.iter().any(|line| line.contains("Nothing known") || line.contains("USER")));
}

#[test]
fn the_conversation_goes_on_meanwhile_and_a_late_result_is_used() {
    let (mut client, calls) = with_calls();
    client.speech(800);
    client.silence(5000);
    assert!(client.lines().contains(&"textOutput \"I am fine.\"".to_owned()));
    client.tool_result("r1", &calls[1].0, r#"{"next":{"title":"lunch"}}"#);
    client.tool_result("r2", &calls[0].0, r#"{"sky":"grey"}"#);
    client.silence(5000);
    assert!(client.lines().contains(&"textOutput \"It is grey, and lunch is next.\"".to_owned()));
}

#[test]
fn a_result_that_is_no_object_is_an_error_after_which_the_stream_goes_on() {
    for wrong in ["grey", "[1]", "\"grey\"", "7", "", "{"] {
        let (mut client, calls) = with_calls();
        client.start_block("r1", ClientContent::ToolResult { tool_use_id: calls[0].0.as_str().into() });
        client.send(&ClientEvent::ToolResult {
            prompt_name: PROMPT.into(),
            content_name: "r1".into(),
            json: wrong.to_owned(),
        });
        assert_eq!(client.refusal(), "Tool Response parsing error", "{wrong}");
        client.end_block("r1");
        client.tool_result("r2", &calls[0].0, r#"{"sky":"grey"}"#);
        client.tool_result("r3", &calls[1].0, r#"{"next":{"title":"lunch"}}"#);
        client.silence(5000);
        assert!(client.lines().contains(&"textOutput \"It is grey, and lunch is next.\"".to_owned()));
    }
}

#[test]
fn each_call_takes_exactly_one_result() {
    let (mut client, calls) = with_calls();
    client.tool_result("r1", &calls[0].0, "{}");
    assert_eq!(client.lines(), [""; 0]);
    client.start_block("r2", ClientContent::ToolResult { tool_use_id: calls[0].0.as_str().into() });
    assert_eq!(client.refusal(), GENERAL, "a second block for the call");

    let (mut client, calls) = with_calls();
    client.start_block("r1", ClientContent::ToolResult { tool_use_id: calls[0].0.as_str().into() });
    client.start_block("r2", ClientContent::ToolResult { tool_use_id: calls[0].0.as_str().into() });
    assert_eq!(client.refusal(), GENERAL, "two open blocks for the call");

    let (mut client, calls) = with_calls();
    client.start_block("r1", ClientContent::ToolResult { tool_use_id: calls[0].0.as_str().into() });
    client.end_block("r1");
    assert_eq!(client.refusal(), GENERAL, "a block without its result");
}

#[test]
fn tools_that_the_client_does_not_have_are_not_called() {
    let mut client = Client::talking(scenario(TWO_TOOLS), &[]);
    client.speech(1000);
    client.silence(4000);
    assert_eq!(client.calls(), []);
    assert!(client.lines().contains(&"textOutput \"Let me look.\"".to_owned()));
}

#[test]
fn no_tool_is_called_after_the_clients_last_word() {
    let mut client = Client::talking(scenario(TWO_TOOLS), &["weather", "calendar"]);
    client.speech(1000);
    client.close();
    assert_eq!(client.calls(), []);
    let lines = client.lines();
    assert!(lines.contains(&"contentEnd AUDIO END_TURN".to_owned()));
    assert_eq!(lines.last().map(String::as_str), Some("End"));
}

#[test]
fn an_open_call_does_not_hold_up_the_end() {
    let (mut client, _) = with_calls();
    client.close();
    assert_eq!(client.lines(), ["usageEvent", "completionEnd END_TURN", "End"]);
}
