//! One connection to Redis for all questions of a process.

use std::time::Duration;

use redis::{AsyncConnectionConfig, RedisError, aio::MultiplexedConnection};
use tokio::{
    runtime::{Handle, Id},
    sync::Mutex,
};

use super::SharedLimitsError;

/// How long Redis has to connect, and to answer: a web page waits behind it.
const PATIENCE: Duration = Duration::from_secs(2);

/// One Redis, asked by scripts that may be asked twice.
pub(crate) struct Store {
    client: redis::Client,
    /// Lives on the runtime that opened it, and is opened anew on another.
    connection: Mutex<Option<(Id, MultiplexedConnection)>>,
}

impl Store {
    /// The Redis of that URL; nothing is connected yet.
    pub(crate) fn new(url: &str) -> Result<Self, SharedLimitsError> {
        let client = redis::Client::open(url).map_err(|_| SharedLimitsError::Address)?;
        Ok(Self { client, connection: Mutex::new(None) })
    }

    /// A connection that broke while idle is made anew, once: the scripts know a question that is asked twice.
    pub(crate) async fn ask<T: redis::FromRedisValue>(
        &self,
        question: &redis::ScriptInvocation<'_>,
    ) -> Result<T, SharedLimitsError> {
        let mut again = true;
        loop {
            let mut connection = self.connected().await?;
            match question.invoke_async(&mut connection).await {
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    let broken = error.is_unrecoverable_error() || error.is_timeout();
                    if broken {
                        *self.connection.lock().await = None;
                    }
                    if !broken || error.is_timeout() || !std::mem::take(&mut again) {
                        return Err(described(&error));
                    }
                }
            }
        }
    }

    async fn connected(&self) -> Result<MultiplexedConnection, SharedLimitsError> {
        let runtime = Handle::try_current().map_err(|_| SharedLimitsError::Runtime)?.id();
        let mut kept = self.connection.lock().await;
        if let Some((home, connection)) = kept.as_ref()
            && *home == runtime
        {
            return Ok(connection.clone());
        }
        let settings = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let connection = self
            .client
            .get_multiplexed_async_connection_with_config(&settings)
            .await
            .map_err(|error| described(&error))?;
        *kept = Some((runtime, connection.clone()));
        Ok(connection)
    }
}

/// In words that name no address: the kind of failure, and Redis's own code where it has one.
fn described(error: &RedisError) -> SharedLimitsError {
    match error.code() {
        Some(code) => SharedLimitsError::Refused(code.to_owned()),
        None if error.is_timeout() => SharedLimitsError::Unreachable("no answer in 2 s".to_owned()),
        None => SharedLimitsError::Unreachable(error.category().to_owned()),
    }
}
