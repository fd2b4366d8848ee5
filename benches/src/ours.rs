//! The same conversation by `nova_sonic_core::client`.

use std::sync::Arc;

use crate::{
    Failure,
    load::{Counters, Task},
};

/// What the conversations of a process share.
#[derive(Debug)]
pub struct Service;

impl Service {
    /// The fake Bedrock of that task.
    ///
    /// # Errors
    ///
    /// The client is not here yet.
    pub fn new(_task: &Task) -> Result<Self, Failure> {
        Err("nova_sonic_core::client is not part of this build".into())
    }

    /// A conversation over a connection of its own: sends 32 ms of sound 31.25 times a second, counts every event
    /// sent and every answer decoded.
    pub fn session(
        &self,
        _counters: Arc<Counters>,
    ) -> impl Future<Output = Result<(), Failure>> + Send + 'static {
        std::future::pending()
    }
}
