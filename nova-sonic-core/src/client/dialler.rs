//! Opens the streams that a conversation goes on over.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::{
    Client,
    shared::{Dial, Shared},
};
use crate::session::{Input, StreamId};

/// A client, and the runtime on which its connections live: whoever speaks may do so from another thread.
#[derive(Debug)]
pub(super) struct Dialler {
    client: Client,
    runtime: Handle,
}

impl Dialler {
    /// One for conversations of the current runtime.
    pub(super) fn boxed(client: &Client) -> Box<dyn Dial> {
        Box::new(Self { client: client.clone(), runtime: Handle::current() })
    }
}

impl Dial for Dialler {
    fn dial(&self, shared: Arc<Shared>, stream: StreamId) {
        let client = self.client.clone();
        self.runtime.spawn(async move {
            let over = shared.over(stream);
            // on the heap, and gone once they are known: a task is for ever as large as the largest thing it awaits
            let credentials = tokio::select! {
                credentials = Box::pin(client.credentials()) => credentials,
                () = over.wait() => return,
            };
            let ready = credentials.and_then(|credentials| Ok((credentials, client.network().line()?)));
            let (credentials, line) = match ready {
                Ok(ready) => ready,
                Err(failure) => {
                    shared.receive(stream, Input::Failed(failure));
                    return;
                }
            };
            if let Some(ends) = client.end_of(&credentials) {
                shared.receive(stream, Input::CredentialsUntil(ends));
            }
            client.reader(shared, stream, line).run(credentials, None).await;
        });
    }
}
