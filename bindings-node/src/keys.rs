//! Credentials that JavaScript hands over, each time that something is issued or a stream is opened.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use aws_credential_types::{
    Credentials,
    provider::{self, ProvideCredentials, error::CredentialsError},
};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi_derive::napi;
use tokio::sync::Notify;

use crate::bell::Ring;

tokio::task_local! {
    /// What the work of this task is done with.
    pub(crate) static GIVEN: Credentials;
}

/// Credentials as the AWS SDK for JavaScript has them.
#[napi(object, object_to_js = false)]
pub struct NativeKeys {
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: Option<String>,
    /// When they end, ms since 1970.
    pub expiration: Option<f64>,
}

impl NativeKeys {
    pub(crate) fn into_credentials(self) -> Credentials {
        let expiry = self.expiration.and_then(|millis| {
            let since = Duration::try_from_secs_f64(millis / 1000.0).ok()?;
            SystemTime::UNIX_EPOCH.checked_add(since)
        });
        Credentials::new(
            self.access_key_id,
            self.secret_access_key,
            self.session_token,
            expiry,
            "nova-sonic node",
        )
    }
}

/// What was given last, for conversations that a relay opens.
pub(crate) type Kept = Arc<Mutex<Option<Credentials>>>;

/// Provides what was given to the task that asks, or else what was given last.
#[derive(Debug)]
pub(crate) struct GivenAtOpening(pub(crate) Kept);

impl ProvideCredentials for GivenAtOpening {
    fn provide_credentials<'a>(&'a self) -> provider::future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let given = GIVEN.try_with(Clone::clone).ok().or_else(|| lock(&self.0).clone());
        provider::future::ProvideCredentials::ready(given.ok_or_else(none))
    }
}

/// The credentials of one conversation: JavaScript is asked for them, once for each of its streams. Clones share them.
#[derive(Clone)]
pub(crate) struct AskedFor(Arc<Asked>);

struct Asked {
    ask: Ring,
    /// What came and was not used yet.
    answer: Mutex<Option<provider::Result>>,
    answered: Notify,
}

impl AskedFor {
    /// `ask` is called when an answer is wanted.
    pub(crate) fn new(ask: Ring) -> Self {
        Self(Arc::new(Asked { ask, answer: Mutex::new(None), answered: Notify::new() }))
    }

    /// The answer, or one that is not asked for yet.
    pub(crate) fn give(&self, keys: Option<NativeKeys>) {
        *lock(&self.0.answer) = Some(keys.map(NativeKeys::into_credentials).ok_or_else(none));
        self.0.answered.notify_one();
    }
}

impl ProvideCredentials for AskedFor {
    fn provide_credentials<'a>(&'a self) -> provider::future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        provider::future::ProvideCredentials::new(async {
            let mut asked = false;
            loop {
                if let Some(answer) = lock(&self.0.answer).take() {
                    return answer;
                }
                if !std::mem::replace(&mut asked, true) {
                    // where JavaScript's thread is being ended nobody waits for this either
                    let _ = self.0.ask.call((), ThreadsafeFunctionCallMode::NonBlocking);
                }
                self.0.answered.notified().await;
            }
        })
    }
}

impl fmt::Debug for AskedFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskedFor").finish_non_exhaustive()
    }
}

fn none() -> CredentialsError {
    CredentialsError::not_loaded("none were given")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
