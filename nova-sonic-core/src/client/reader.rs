//! The task that opens a stream and reads it.

use std::{sync::Arc, time::Duration};

use aws_credential_types::Credentials;
use aws_sdk_bedrockruntime::Client as Sdk;
use tokio::sync::oneshot;

use super::{
    bedrock::{self, StreamError},
    connection::Line,
    pipe::Outlet,
    shared::{Reading, Shared},
    ticker::OpenStream,
};
use crate::session::{Failure, Input, StreamId};

/// Time that a stream gets to end after its conversation has.
const LINGER: Duration = Duration::from_secs(3);

/// The task that opens a stream and reads it.
pub(super) struct Reader {
    pub(super) sdk: Sdk,
    pub(super) line: Line,
    pub(super) model_id: String,
    pub(super) shared: Arc<Shared>,
    pub(super) stream: StreamId,
    pub(super) counted: OpenStream,
}

impl Reader {
    /// Tells `accepted`, if somebody waits for it, what has come of opening.
    pub(super) async fn run(
        self,
        credentials: Credentials,
        accepted: Option<oneshot::Sender<Result<(), Failure>>>,
    ) {
        let Self { sdk, line, model_id, shared, stream: id, counted: _counted } = self;
        let tell = |outcome| accepted.map(|accepted| accepted.send(outcome));
        // on the heap, and gone once the stream is open: a task is for ever as large as the largest thing it awaits
        let opening = Box::pin(bedrock::open(
            sdk,
            line.http_client(),
            line.used(),
            model_id,
            credentials,
            Arc::new(Outlet { shared: Arc::clone(&shared), stream: id }),
        ));
        let over = shared.over(id);
        let opened = tokio::select! {
            biased;
            opened = opening => opened,
            () = over.wait() => return,
        };
        let mut stream = match opened {
            Ok(stream) => stream,
            Err(error) => {
                let failure = Failure::from(error);
                let _ = tell(Err(failure.clone()));
                shared.receive(id, Input::Failed(failure));
                return;
            }
        };
        shared.receive(id, Input::Connected);
        let _ = tell(Ok(()));
        loop {
            let received = tokio::select! {
                biased;
                received = stream.next() => received,
                () = over.wait() => break,
            };
            let goes_on =
                matches!(received, Ok(Some(_)) | Err(StreamError::Exception(_) | StreamError::Unreadable(_)));
            let ended_in_order = matches!(received, Ok(None));
            let reading = shared.receive(
                id,
                match received {
                    Ok(Some(event)) => Input::Received(event),
                    Ok(None) => Input::Disconnected,
                    Err(StreamError::Exception(error)) => Input::Exception(error),
                    Err(StreamError::Unreadable(error)) => Input::Unreadable(error),
                    Err(StreamError::Failed(failure)) => Input::Failed(failure),
                },
            );
            if ended_in_order {
                return line.ended_in_order();
            }
            if !goes_on {
                return;
            }
            match reading {
                Reading::GoesOn => {}
                Reading::Waits => std::future::poll_fn(|context| shared.poll_event_room(id, context)).await,
                // a service that never stops talking must not keep a conversation that is over
                Reading::IsOver => break,
            }
        }
        // let the stream end in order, so that the connection can serve the next one
        let ended =
            tokio::time::timeout(LINGER, async { while let Ok(Some(_)) = stream.next().await {} }).await;
        if ended.is_ok() {
            line.ended_in_order();
        }
    }
}
