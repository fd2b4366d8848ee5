//! `Grant` and its record.

use nova_sonic_core::{
    broker::{IssueRecord, Issued},
    grant::Grant,
};
use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    types::{PyBytes, PyDateTime},
};

use crate::{moment, word::ModeWord};

/// What a browser is given: enough to open one model's streams for a few minutes.
///
/// It cannot be printed, pickled or copied; :meth:`to_json` is the only way out of it.
///
/// >>> grant = broker.issue("alice")
/// >>> grant.mode, grant.region, grant.model_id
/// ('signing-keys', 'us-east-1', 'amazon.nova-2-sonic-v1:0')
/// >>> grant.server_time < grant.open_before < grant.expiration
/// True
#[pyclass(frozen, module = "nova_sonic", name = "Grant")]
#[derive(Debug)]
pub(crate) struct PyGrant {
    grant: Grant,
    record: Py<PyIssueRecord>,
}

impl PyGrant {
    pub(crate) fn new(py: Python<'_>, issued: Issued) -> PyResult<Self> {
        let Issued { grant, record, .. } = issued;
        Ok(Self { grant, record: Py::new(py, PyIssueRecord { record })? })
    }
}

#[pymethods]
impl PyGrant {
    /// The grant as the browser takes it: the one place where its secrets are written.
    ///
    /// >>> sorted(json.loads(grant.to_json()))  # doctest: +NORMALIZE_WHITESPACE
    /// ['accessKeyId', 'expiration', 'mode', 'modelId', 'openBefore', 'region', 'serverTime', 'service',
    ///  'sessionToken', 'signingKeys', 'version']
    fn to_json<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.grant.write_json())
    }

    /// ``signing-keys``, or ``plain`` credentials as an AWS SDK takes them.
    #[getter]
    fn mode(&self) -> ModeWord {
        ModeWord(self.grant.mode().as_str())
    }

    /// The region that it is good for.
    #[getter]
    fn region(&self) -> &str {
        self.grant.region()
    }

    /// The model that a stream is opened with.
    #[getter]
    fn model_id(&self) -> &str {
        self.grant.model_id()
    }

    /// Public half of the issued key, ``ASIA…``.
    #[getter]
    fn access_key_id(&self) -> &str {
        self.grant.access_key_id()
    }

    /// The issuer's clock when it was issued.
    #[getter]
    fn server_time<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        moment::to_python(py, self.grant.server_time())
    }

    /// Until when a stream opened with it lives its full eight minutes.
    #[getter]
    fn open_before<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        moment::to_python(py, self.grant.open_before())
    }

    /// When AWS stops to accept it.
    #[getter]
    fn expiration<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        moment::to_python(py, self.grant.expiration())
    }

    /// What the audit trail keeps of it.
    #[getter]
    fn record(&self, py: Python<'_>) -> Py<PyIssueRecord> {
        self.record.clone_ref(py)
    }

    fn __repr__(&self) -> String {
        format!(
            "<Grant mode='{}' region='{}' model_id='{}' access_key_id='{}' expiration='{}'>",
            self.grant.mode().as_str(),
            self.region(),
            self.model_id(),
            self.access_key_id(),
            self.grant.expiration(),
        )
    }

    /// Refused: a pickle would be a copy of the secrets that nobody wipes.
    #[expect(clippy::unused_self, reason = "a method, to Python")]
    fn __reduce__(&self) -> PyResult<String> {
        Err(PyTypeError::new_err(
            "a Grant cannot be pickled or copied: send what to_json() returns to its browser",
        ))
    }
}

/// One issue, for the audit trail: who got which key, until when. Nothing in it opens anything.
///
/// >>> record = grant.record
/// >>> record.subject_hash.startswith("ns-"), len(record.subject_hash)
/// (True, 29)
#[pyclass(frozen, eq, module = "nova_sonic", name = "IssueRecord")]
#[derive(Debug, PartialEq)]
pub(crate) struct PyIssueRecord {
    record: IssueRecord,
}

#[pymethods]
impl PyIssueRecord {
    /// Names this issue and cannot be guessed.
    #[getter]
    fn id(&self) -> &str {
        &self.record.id
    }

    /// Keyed hash of the subject, ``ns-…``: the name of the role's session, by which CloudTrail knows it.
    #[getter]
    fn subject_hash(&self) -> &str {
        &self.record.subject_hash
    }

    /// Public half of the issued key, ``ASIA…``.
    #[getter]
    fn access_key_id(&self) -> &str {
        &self.record.access_key_id
    }

    /// When the credentials stop working.
    #[getter]
    fn expiration<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        moment::to_python(py, self.record.expiration)
    }

    /// How much of the room for policy and tags is used, percent, where AWS says it.
    #[getter]
    fn packed_policy_size(&self) -> Option<u32> {
        self.record.packed_policy_size
    }

    /// How far AWS's clock is ahead of this machine's, whole seconds, as far as the expiration tells.
    #[getter]
    fn clock_offset_seconds(&self) -> i64 {
        self.record.clock_offset_seconds
    }

    /// AWS's id of the request that succeeded.
    #[getter]
    fn request_id(&self) -> Option<&str> {
        self.record.request_id.as_deref()
    }

    /// How often STS was asked.
    #[getter]
    fn attempts(&self) -> u32 {
        self.record.attempts
    }

    /// Time from the request to the grant, ms.
    #[getter]
    fn duration_ms(&self) -> u64 {
        self.record.duration_ms
    }

    fn __repr__(&self) -> String {
        let Self { record } = self;
        format!(
            "IssueRecord(id='{}', subject_hash='{}', access_key_id='{}', expiration='{}')",
            record.id, record.subject_hash, record.access_key_id, record.expiration
        )
    }
}
