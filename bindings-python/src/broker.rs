//! `CredentialBroker`, blocking and async.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use nova_sonic_core::{
    broker::{BrokerError, BrokerMetrics, CredentialBroker, Issued, Limits, Patience, Subject},
    grant::GrantMode,
    probe::{ProbeResult, ProbeSettings, probe},
    scope::ScopePolicy,
    secret::SecretText,
};
use pyo3::{exceptions::PyTypeError, prelude::*};
use tokio::sync::OnceCell;

use crate::{
    argument::{Given, given, name},
    awaited::{self, Coroutine},
    error,
    grant::PyGrant,
    metrics::PyBrokerMetrics,
    probe::PyProbeResult,
    runtime::{self, Generation},
    scope::PyScopePolicy,
    settings::{self, Keys, Settings},
    word::ModeWord,
};

/// Issues credentials that can do nothing but open a Nova Sonic stream. Make one, keep it, share it between threads.
///
/// >>> from nova_sonic import CredentialBroker, ScopePolicy
/// >>> broker = CredentialBroker(
/// ...     scope=ScopePolicy(region="us-east-1"),
/// ...     role_arn="arn:aws:iam::123456789012:role/nova-sonic-voice",
/// ...     session_name_key="kept secret, the same on every server",
/// ... )
/// >>> broker
/// <CredentialBroker scope=ScopePolicy(region='us-east-1', model_ids=['amazon.nova-2-sonic-v1:0']) mode='signing-keys'>
///
/// Either ``role_arn`` is the role that is assumed, or ``federation_token=True`` asks for a federation token, for
/// backends that own nothing but an IAM user's keys. Subjects are hashed with ``session_name_key``, at least 16 bytes,
/// into the names by which CloudTrail knows their sessions. ``mode="plain"`` hands out the secret key itself, for pages
/// that use an AWS SDK. ``limits=None`` is for applications that limit by themselves.
///
/// The backend's own credentials are ``aws_access_key_id``, ``aws_secret_access_key`` and ``aws_session_token`` if given,
/// otherwise those of ``profile_name``, otherwise the usual chain of an AWS SDK. ``endpoint_url`` is otherwise that of
/// ``AWS_ENDPOINT_URL_STS`` or ``AWS_ENDPOINT_URL``, and ``ca_bundle`` that of ``AWS_CA_BUNDLE`` or
/// ``REQUESTS_CA_BUNDLE``. ``timeout`` bounds an issue with all its attempts, 5 seconds by default; ``connect_timeout``
/// (1) and ``read_timeout`` (2) bound each of its ``max_attempts`` (3).
///
/// Making one checks the arguments and sends nothing. It is made anew after a fork, with limits and metrics that begin
/// from nothing.
#[pyclass(frozen, module = "nova_sonic", name = "CredentialBroker")]
pub(crate) struct PyCredentialBroker {
    settings: Arc<Settings>,
    /// Locked only while attached to the interpreter and never across a call into it, as a fork demands.
    made: Mutex<Made>,
}

/// A broker and the process that it works in.
struct Made {
    generation: Generation,
    broker: Arc<Workshop>,
}

/// Where the broker of a process is made when it is first needed.
struct Workshop {
    settings: Arc<Settings>,
    broker: OnceCell<CredentialBroker>,
}

impl Workshop {
    async fn broker(&self) -> Result<&CredentialBroker, BrokerError> {
        self.broker.get_or_try_init(|| self.settings.build()).await
    }

    async fn issue(&self, subject: &Subject) -> Result<Issued, BrokerError> {
        self.broker().await?.issue(subject).await
    }

    async fn probe(&self, bedrock_endpoint_url: Option<String>) -> Result<Vec<ProbeResult>, BrokerError> {
        let settings =
            bedrock_endpoint_url.into_iter().fold(ProbeSettings::default(), ProbeSettings::endpoint_url);
        Ok(probe(self.broker().await?, &settings).await)
    }
}

impl PyCredentialBroker {
    /// The broker of this process.
    fn workshop(&self, generation: Generation) -> Arc<Workshop> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.generation != generation {
            let broker = Arc::new(Workshop { settings: Arc::clone(&self.settings), broker: OnceCell::new() });
            runtime::abandon(std::mem::replace(&mut *made, Made { generation, broker }));
        }
        Arc::clone(&made.broker)
    }
}

#[pymethods]
impl PyCredentialBroker {
    #[new]
    #[pyo3(signature = (*, scope, session_name_key, role_arn = None, federation_token = Given::of(false),
        mode = Given::of(GrantMode::SigningKeys), external_id = None, source_identity = Given::of(false), tags = None,
        limits = Some(Given::of(Limits::default())), endpoint_url = None, ca_bundle = None, profile_name = None,
        aws_access_key_id = None, aws_secret_access_key = None, aws_session_token = None, timeout = None,
        connect_timeout = None, read_timeout = None, max_attempts = None))]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python, each with a name at the call")]
    fn new(
        py: Python<'_>,
        scope: Given<name::Scope, ScopePolicy>,
        session_name_key: Given<name::SessionNameKey, SecretText>,
        role_arn: Option<Given<name::RoleArn, String>>,
        federation_token: Given<name::FederationToken, bool>,
        mode: Given<name::Mode, GrantMode>,
        external_id: Option<Given<name::ExternalId, String>>,
        source_identity: Given<name::SourceIdentity, bool>,
        tags: Option<Given<name::Tags, BTreeMap<String, String>>>,
        limits: Option<Given<name::Limits, Limits>>,
        endpoint_url: Option<Given<name::EndpointUrl, String>>,
        ca_bundle: Option<Given<name::CaBundle, PathBuf>>,
        profile_name: Option<Given<name::ProfileName, String>>,
        aws_access_key_id: Option<Given<name::AwsAccessKeyId, String>>,
        aws_secret_access_key: Option<Given<name::AwsSecretAccessKey, SecretText>>,
        aws_session_token: Option<Given<name::AwsSessionToken, SecretText>>,
        timeout: Option<Given<name::Timeout, Duration>>,
        connect_timeout: Option<Given<name::ConnectTimeout, Duration>>,
        read_timeout: Option<Given<name::ReadTimeout, Duration>>,
        max_attempts: Option<Given<name::MaxAttempts, u32>>,
    ) -> PyResult<Self> {
        let mut patience = Patience::default();
        patience = given(timeout).into_iter().fold(patience, Patience::total);
        patience = given(connect_timeout).into_iter().fold(patience, Patience::connect);
        patience = given(read_timeout).into_iter().fold(patience, Patience::response);
        patience = given(max_attempts).into_iter().fold(patience, Patience::attempts);
        let settings = Arc::new(Settings {
            scope: scope.value,
            role_arn: given(role_arn),
            federation_token: federation_token.value,
            session_name_key: session_name_key.value,
            mode: mode.value,
            external_id: given(external_id),
            source_identity: source_identity.value,
            tags: given(tags).unwrap_or_default(),
            limits: given(limits),
            endpoint_url: given(endpoint_url),
            ca_certificates: settings::certificates(py, given(ca_bundle))?,
            profile_name: given(profile_name),
            keys: Keys::given(
                py,
                given(aws_access_key_id),
                given(aws_secret_access_key),
                given(aws_session_token),
            )?,
            patience,
        });
        let broker = runtime::once(py, settings.build())?.map_err(|why| error::broker(py, &why))?;
        let broker =
            Arc::new(Workshop { settings: Arc::clone(&settings), broker: OnceCell::new_with(Some(broker)) });
        let generation = runtime::generation();
        Ok(Self { settings, made: Mutex::new(Made { generation, broker }) })
    }

    /// Issues credentials for a subject, your own name of a signed-in user. Other threads run while it waits.
    ///
    /// >>> grant = broker.issue("user-4711")
    /// >>> body = grant.to_json()  # for the browser of that user, with Cache-Control: no-store
    ///
    /// Raises one of :mod:`nova_sonic.errors`; ``LimitExceeded`` and ``ServiceUnavailable`` without a word to STS.
    /// In an ``async def`` use :meth:`issue_async`, since this one stops the event loop.
    fn issue(&self, py: Python<'_>, subject: Given<name::Subject, Subject>) -> PyResult<PyGrant> {
        let current = runtime::current(py)?;
        let workshop = self.workshop(current.generation);
        let issued = current.wait(py, async move { workshop.issue(&subject.value).await })?;
        PyGrant::new(py, issued.map_err(|why| error::broker(py, &why))?)
    }

    /// Issues credentials for a subject, for asyncio (with any loop) and trio.
    ///
    /// >>> async def view():
    /// ...     grant = await broker.issue_async("user-4711")
    /// ...     return grant.region
    /// >>> asyncio.run(view())
    /// 'us-east-1'
    ///
    /// Cancelled, it has freed the subject's place when ``CancelledError`` comes out of it.
    fn issue_async(
        slf: Bound<'_, Self>,
        subject: Given<name::Subject, Subject>,
    ) -> PyResult<Coroutine<PyGrant>> {
        let py = slf.py();
        let broker = slf.unbind();
        let begin = move |py: Python<'_>| {
            let current = runtime::current(py)?;
            let workshop = broker.get().workshop(current.generation);
            Ok((current, async move { workshop.issue(&subject.value).await }))
        };
        awaited::coroutine(py, "issue_async", begin, |py, issued| {
            PyGrant::new(py, issued.map_err(|why| error::broker(py, &why))?)
        })
    }

    /// Tries fresh credentials: a stream must open, and what a thief would try must be refused. For operators; it takes
    /// seconds and costs one short stream. What fails is in the results.
    ///
    /// ``bedrock_endpoint_url`` is otherwise that of ``AWS_ENDPOINT_URL_BEDROCK_RUNTIME`` or ``AWS_ENDPOINT_URL``.
    ///
    /// >>> all(result.passed for result in broker.probe())
    /// True
    #[pyo3(signature = (*, bedrock_endpoint_url = None))]
    fn probe(
        &self,
        py: Python<'_>,
        bedrock_endpoint_url: Option<Given<name::BedrockEndpointUrl, String>>,
    ) -> PyResult<Vec<PyProbeResult>> {
        let current = runtime::current(py)?;
        let workshop = self.workshop(current.generation);
        let results = current.wait(py, async move { workshop.probe(given(bedrock_endpoint_url)).await })?;
        probed(py, results)
    }

    /// The same for asyncio (with any loop) and trio.
    ///
    /// >>> all(result.passed for result in asyncio.run(broker.probe_async()))
    /// True
    #[pyo3(signature = (*, bedrock_endpoint_url = None))]
    fn probe_async(
        slf: Bound<'_, Self>,
        bedrock_endpoint_url: Option<Given<name::BedrockEndpointUrl, String>>,
    ) -> PyResult<Coroutine<Vec<PyProbeResult>>> {
        let py = slf.py();
        let broker = slf.unbind();
        let begin = move |py: Python<'_>| {
            let current = runtime::current(py)?;
            let workshop = broker.get().workshop(current.generation);
            Ok((current, async move { workshop.probe(given(bedrock_endpoint_url)).await }))
        };
        awaited::coroutine(py, "probe_async", begin, probed)
    }

    /// What this broker has done in this process.
    ///
    /// >>> broker.metrics().in_flight
    /// 0
    fn metrics(&self) -> PyBrokerMetrics {
        let workshop = self.workshop(runtime::generation());
        let metrics = workshop.broker.get().map_or_else(BrokerMetrics::default, CredentialBroker::metrics);
        PyBrokerMetrics { metrics }
    }

    /// What the issued credentials may do.
    #[getter]
    fn scope(&self) -> PyScopePolicy {
        PyScopePolicy { policy: self.settings.scope.clone() }
    }

    /// ``signing-keys``, or ``plain``.
    #[getter]
    fn mode(&self) -> ModeWord {
        ModeWord(self.settings.mode.as_str())
    }

    fn __repr__(&self) -> String {
        format!("<CredentialBroker scope={} mode='{}'>", self.scope().__repr__(), self.settings.mode.as_str())
    }

    /// Refused: it holds keys, and connections that belong to this process.
    #[expect(clippy::unused_self, reason = "a method, to Python")]
    fn __reduce__(&self) -> PyResult<String> {
        Err(PyTypeError::new_err("a CredentialBroker cannot be pickled or copied: make one in each process"))
    }
}

impl Drop for PyCredentialBroker {
    /// What a fork has left of another process's broker is not safe to take apart.
    fn drop(&mut self) {
        self.workshop(runtime::generation());
    }
}

fn probed(py: Python<'_>, results: Result<Vec<ProbeResult>, BrokerError>) -> PyResult<Vec<PyProbeResult>> {
    let results = results.map_err(|why| error::broker(py, &why))?;
    Ok(results.into_iter().map(|result| PyProbeResult { result }).collect())
}
