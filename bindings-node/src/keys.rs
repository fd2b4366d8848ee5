//! Credentials that JavaScript hands over, each time that a conversation is opened.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use aws_credential_types::{
    Credentials,
    provider::{self, ProvideCredentials, error::CredentialsError},
};
use napi_derive::napi;

tokio::task_local! {
    /// What the conversation that is being opened by this task is opened with.
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

/// What was given last, for conversations that are not opened by a task of ours.
pub(crate) type Kept = Arc<Mutex<Option<Credentials>>>;

/// Provides what was given to the task that asks, or else what was given last.
#[derive(Debug)]
pub(crate) struct GivenAtOpening(pub(crate) Kept);

impl ProvideCredentials for GivenAtOpening {
    fn provide_credentials<'a>(&'a self) -> provider::future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let given = GIVEN.try_with(Clone::clone).ok();
        let given = given.or_else(|| self.0.lock().unwrap_or_else(PoisonError::into_inner).clone());
        provider::future::ProvideCredentials::ready(
            given.ok_or_else(|| CredentialsError::not_loaded("none were given")),
        )
    }
}
