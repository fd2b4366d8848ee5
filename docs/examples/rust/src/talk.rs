//! A question as samples, an answer as samples.

// region talk
use nova_sonic_core::{
    client::{Client, ClientError},
    session::{Event, SessionConfig, Stage, State},
};

/// What was answered: the words, and samples at 24 kHz.
#[derive(Debug, Default)]
pub struct Answer {
    /// The words, as planned.
    pub words: String,
    /// The sound.
    pub sound: Vec<i16>,
}

/// Asks in speech: mono samples at 16 kHz.
///
/// # Errors
/// [`ClientError`], whose `code()` is in the catalogue of error codes.
pub async fn ask(client: &Client, question: &[i16]) -> Result<Answer, ClientError> {
    let config = SessionConfig::default().system_prompt("You tell stories to children.").voice_id("amy");
    let (voice, mut events) = client.open(config).await?;
    voice.send_audio(question).await?; // silence follows by itself
    let mut answer = Answer::default();
    while let Some(event) = events.next().await {
        match event {
            Event::Transcript { text, stage: Stage::Partial, .. } => answer.words.push_str(&text),
            Event::Audio { pcm, .. } => answer.sound.extend_from_slice(&pcm),
            Event::Interrupted { .. } => answer.sound.clear(),
            Event::StateChanged { from: State::Speaking, .. } => voice.hang_up(),
            _ => {}
        }
    }
    Ok(answer)
}
// endregion talk

// region client
/// One client for the process: region and credentials as with any AWS SDK.
///
/// # Errors
/// [`ClientError`] where no region or no credentials are found.
pub async fn client() -> Result<Client, ClientError> {
    Client::builder().region("us-east-1").build().await
}
// endregion client
