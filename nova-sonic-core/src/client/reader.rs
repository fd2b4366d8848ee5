//! The task that opens a stream and reads it.

use std::{sync::Arc, time::Duration};

use aws_credential_types::Credentials;
use aws_sdk_bedrockruntime::Client as Sdk;
use tokio::sync::oneshot;

use super::{
    bedrock::{self, StreamError},
    connection::Idle,
    shared::Shared,
};
use crate::{
    event::EventReader,
    session::{Failure, Input},
};

/// Time that a stream gets to end after its conversation has.
const LINGER: Duration = Duration::from_secs(1);

/// The task that opens a stream and reads it.
pub(super) struct Reader {
    pub(super) sdk: Sdk,
    pub(super) idle: Idle,
    pub(super) model_id: String,
    pub(super) shared: Arc<Shared>,
}

impl Reader {
    pub(super) async fn run(self, credentials: Credentials, accepted: oneshot::Sender<Result<(), Failure>>) {
        let shared = &self.shared;
        let opened = tokio::select! {
            biased;
            opened = bedrock::open(&self.sdk, &self.model_id, credentials, Arc::clone(shared)) => opened,
            () = shared.closed() => return,
        };
        let mut stream = match opened {
            Ok(stream) => stream,
            Err(error) => {
                let failure = match error {
                    StreamError::Exception(error) => Failure::from(error),
                    StreamError::Failed(failure) => failure,
                };
                let _ = accepted.send(Err(failure.clone()));
                let _ = shared.give(Input::Failed(failure));
                return;
            }
        };
        let _ = shared.give(Input::Connected);
        let _ = accepted.send(Ok(()));
        let mut events = EventReader::default();
        loop {
            let received = tokio::select! {
                biased;
                received = stream.next() => received,
                () = shared.closed() => break,
            };
            let input = match &received {
                Ok(Some(json)) => match events.read_server(json) {
                    Ok(event) => Input::Received(event),
                    Err(error) => Input::Unreadable(error),
                },
                Ok(None) => Input::Disconnected,
                Err(StreamError::Exception(error)) => Input::Exception(error.clone()),
                Err(StreamError::Failed(failure)) => Input::Failed(failure.clone()),
            };
            let _ = shared.give(input);
            match received {
                Ok(Some(_)) | Err(StreamError::Exception(_)) => {}
                Ok(None) => return self.idle.put(self.sdk),
                Err(StreamError::Failed(_)) => return,
            }
            // a service that never stops talking must not keep a conversation that is over
            if shared.close_reason().is_some() {
                break;
            }
            std::future::poll_fn(|context| shared.poll_event_room(context)).await;
        }
        // let the stream end in order, so that the connection can serve the next one
        let ended =
            tokio::time::timeout(LINGER, async { while let Ok(Some(_)) = stream.next().await {} }).await;
        if ended.is_ok() {
            self.idle.put(self.sdk);
        }
    }
}
