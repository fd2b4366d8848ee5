//! The model asks, the program answers.

// region tools
use nova_sonic_core::{
    client::Client,
    event::ToolSpec,
    session::{Event, SessionConfig, Stage, State},
};
use serde_json::{Value, json};

const INPUT: &str = r#"{"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}"#;

/// Asks in text, and looks up what the model wants to know.
///
/// # Errors
/// Whatever went wrong first.
pub async fn explain(client: &Client, question: &str) -> Result<String, Box<dyn std::error::Error>> {
    let find_word = ToolSpec::new("find_word", "Looks a word up in the children's dictionary.", INPUT)?;
    let (voice, mut events) = client.open(SessionConfig::default().tools([find_word])).await?;
    voice.send_text(question)?;
    let mut words = String::new();
    while let Some(event) = events.next().await {
        match event {
            Event::ToolCall { id, input, .. } => {
                let input: Value = serde_json::from_str(&input).unwrap_or_default();
                let meaning = json!({"meaning": "a bird that is awake at night"});
                match input.get("word").and_then(Value::as_str) {
                    Some("owl") => voice.send_tool_result(&id, &meaning.to_string())?,
                    _ => voice.fail_tool(&id, "that word is not in the dictionary")?,
                }
            }
            Event::Transcript { text, stage: Stage::Partial, .. } => words.push_str(&text),
            Event::StateChanged { from: State::Speaking, to: State::Listening } => voice.hang_up(),
            _ => {}
        }
    }
    Ok(words)
}
// endregion tools
