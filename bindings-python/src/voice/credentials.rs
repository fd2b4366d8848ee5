//! Credentials for a conversation: those given, or those of a boto3 session, asked for anew each time.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future},
};
use pyo3::{intern, prelude::*, types::PyDateTime};

use crate::{moment, settings::Keys};

/// Where the SDK is told that they come from.
const NAME: &str = "nova_sonic";

/// Credentials that stay as they are.
pub(super) fn of_keys(keys: &Keys) -> SharedCredentialsProvider {
    let token = keys.session_token.as_ref().map(|token| token.expose().to_owned());
    SharedCredentialsProvider::new(Credentials::new(
        keys.access_key_id.as_str(),
        keys.secret_access_key.expose(),
        token,
        None,
        NAME,
    ))
}

/// Those that a session of boto3 or botocore has when a conversation is opened: it refreshes them.
pub(super) fn of_session(session: Py<PyAny>) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(SessionCredentials(session))
}

struct SessionCredentials(Py<PyAny>);

impl fmt::Debug for SessionCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionCredentials")
    }
}

impl ProvideCredentials for SessionCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let Some(session) = Python::try_attach(|py| self.0.clone_ref(py)) else {
                return Err(CredentialsError::provider_error("the interpreter is shutting down"));
            };
            // It may ask the network, and it takes the interpreter: no thread of connections waits for either.
            let asked = tokio::task::spawn_blocking(move || Python::try_attach(|py| ask(session.bind(py))));
            match asked.await {
                Ok(Some(Ok(Some(credentials)))) => Ok(credentials),
                Ok(Some(Ok(None))) => Err(CredentialsError::not_loaded("the boto3 session has none")),
                // What it raised may name what nobody else should see.
                _ => Err(CredentialsError::provider_error("the boto3 session failed")),
            }
        })
    }
}

fn ask(session: &Bound<'_, PyAny>) -> PyResult<Option<Credentials>> {
    let py = session.py();
    let source = session.call_method0(intern!(py, "get_credentials"))?;
    if source.is_none() {
        return Ok(None);
    }
    let frozen = source.call_method0(intern!(py, "get_frozen_credentials"))?;
    let text = |name| frozen.getattr(name)?.extract::<Option<String>>();
    let (Some(access_key), Some(secret_key)) =
        (text(intern!(py, "access_key"))?, text(intern!(py, "secret_key"))?)
    else {
        return Ok(None);
    };
    let token = text(intern!(py, "token"))?;
    Ok(Some(Credentials::new(access_key, secret_key, token, expiry(&source), NAME)))
}

/// When they end, where botocore knows it: a conversation is renewed before.
fn expiry(source: &Bound<'_, PyAny>) -> Option<SystemTime> {
    let moment = source.getattr(intern!(source.py(), "_expiry_time")).ok()?;
    let moment = moment::from_python(moment.cast::<PyDateTime>().ok()?).ok()??;
    let millis = u64::try_from(moment.unix_millis()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis))
}
