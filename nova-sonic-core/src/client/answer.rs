//! One answer of the model, gathered from the events of a conversation.

use super::{ClientError, VoiceEvents};
use crate::session::{Answer, CloseReason, Event, Gathering, SessionError};

impl VoiceEvents {
    /// Takes the events up to the end of the model's answer, and returns its words and its sound. A tool that the model
    /// calls meanwhile has to be answered by whoever takes the events one by one.
    ///
    /// # Errors
    /// [`ClientError::Failed`] when the conversation breaks, and [`SessionError::Closed`] when it ends in order, before the
    /// answer does.
    pub async fn answer(&mut self) -> Result<Answer, ClientError> {
        let mut gathering = Gathering::default();
        while let Some(event) = self.next().await {
            if gathering.add(&event) {
                return Ok(gathering.into_answer());
            }
            if let Event::Closed { reason: CloseReason::Failed(failure) } = event {
                return Err(failure.into());
            }
        }
        Err(SessionError::Closed.into())
    }
}
