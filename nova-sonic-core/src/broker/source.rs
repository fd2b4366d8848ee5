//! Where the backend's own credentials come from, and what is seen of them in passing.

use std::{
    error::Error,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicUsize, Ordering},
    },
};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future},
};

use super::BackendProblem;
use crate::aws::causes;

/// What kind of credentials the backend runs with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BackendKind {
    /// None have been loaded yet.
    #[default]
    Unknown,
    /// A user's long-term keys.
    LongTerm,
    /// Temporary ones that their source renews.
    Renewed,
    /// Temporary ones that somebody pasted in: they stop working within hours, and nothing renews them.
    Pasted,
}

/// Passes credentials on to the SDK, which keeps them as long as they last, and remembers their kind.
#[derive(Clone)]
pub(super) struct WatchedSource {
    inner: SharedCredentialsProvider,
    long_term_only: bool,
    seen: Arc<Seen>,
}

/// What was seen of the credentials that passed.
#[derive(Debug, Default)]
pub(super) struct Seen {
    kind: AtomicU8,
    loading: AtomicUsize,
}

impl WatchedSource {
    /// `long_term_only` refuses temporary credentials before they are sent to a call that does not take them.
    pub(super) fn new(inner: SharedCredentialsProvider, long_term_only: bool) -> Self {
        Self { inner, long_term_only, seen: Arc::default() }
    }

    pub(super) fn seen(&self) -> Arc<Seen> {
        Arc::clone(&self.seen)
    }

    async fn load(&self) -> Result<Credentials, CredentialsError> {
        let _loading = Loading::begin(&self.seen);
        let credentials = self.inner.provide_credentials().await?;
        if credentials.access_key_id().is_empty() || credentials.secret_access_key().is_empty() {
            return Err(CredentialsError::not_loaded(Unsuitable(BackendProblem::Missing)));
        }
        let kind = match (credentials.session_token(), credentials.expiry()) {
            (None, _) => BackendKind::LongTerm,
            (Some(_), Some(_)) => BackendKind::Renewed,
            (Some(_), None) => BackendKind::Pasted,
        };
        self.seen.kind.store(kind as u8, Ordering::Relaxed);
        if self.long_term_only && kind != BackendKind::LongTerm {
            return Err(CredentialsError::invalid_configuration(Unsuitable(BackendProblem::Temporary)));
        }
        Ok(credentials)
    }
}

impl ProvideCredentials for WatchedSource {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.load())
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.inner.fallback_on_interrupt()
    }
}

impl fmt::Debug for WatchedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchedSource").field("seen", &self.seen).finish_non_exhaustive()
    }
}

impl Seen {
    /// The kind of those seen last.
    pub(super) fn kind(&self) -> BackendKind {
        let kind = self.kind.load(Ordering::Relaxed);
        let kinds = [BackendKind::LongTerm, BackendKind::Renewed, BackendKind::Pasted];
        kinds.into_iter().find(|other| *other as u8 == kind).unwrap_or_default()
    }

    /// Whether somebody waits for them.
    pub(super) fn loading(&self) -> bool {
        self.loading.load(Ordering::Relaxed) > 0
    }
}

/// Counts those who wait for credentials, also when they give up.
struct Loading<'a>(&'a Seen);

impl<'a> Loading<'a> {
    fn begin(seen: &'a Seen) -> Self {
        seen.loading.fetch_add(1, Ordering::Relaxed);
        Self(seen)
    }
}

impl Drop for Loading<'_> {
    fn drop(&mut self) {
        self.0.loading.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Why credentials that were found are not used; travels through the SDK's own errors.
#[derive(Clone, Copy, Debug)]
struct Unsuitable(BackendProblem);

impl fmt::Display for Unsuitable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Unsuitable {}

/// What is wrong with the backend's own credentials, if that is why a call failed.
#[expect(clippy::wildcard_enum_match_arm, reason = "errors of the SDK are open")]
pub(super) fn problem_of(error: &(dyn Error + 'static)) -> Option<BackendProblem> {
    if let Some(Unsuitable(problem)) = causes(error).find_map(|cause| cause.downcast_ref()) {
        return Some(*problem);
    }
    if let Some(error) = causes(error).find_map(|cause| cause.downcast_ref::<CredentialsError>()) {
        return Some(match error {
            CredentialsError::CredentialsNotLoaded(_) => BackendProblem::Missing,
            CredentialsError::ProviderTimedOut(_) => BackendProblem::TimedOut,
            _ => BackendProblem::Failed,
        });
    }
    // the SDK's cache of identities has no type for it
    let timed_out = causes(error).any(|cause| cause.to_string().contains("identity resolver timed out"));
    timed_out.then_some(BackendProblem::TimedOut)
}
