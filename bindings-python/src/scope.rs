//! `ScopePolicy` and what it consists of.

use std::time::Duration;

use nova_sonic_core::{
    scope::{Cidr, InferenceProfile, ModelId, Partition, Region, ScopePolicy},
    time::Timestamp,
};
use pyo3::prelude::*;

use crate::{
    argument::{Given, name},
    error,
    model::PyModelLifecycle,
    word::PartitionWord,
};

/// What a credential may do, and nothing else: open a stream with named models in one region.
///
/// >>> from nova_sonic import ScopePolicy
/// >>> scope = ScopePolicy(region="us-east-1")
/// >>> scope.model_ids
/// ['amazon.nova-2-sonic-v1:0']
/// >>> scope.is_dangerous
/// False
///
/// The first of ``model_ids`` is the one that a grant names. ``source_cidrs`` are the networks that streams can be
/// opened from (hardening only: the address that your server sees may differ from the one that AWS sees), and
/// ``open_window`` the seconds in which they can, where that is shorter than the credential's life.
/// ``partition`` is for a region that is newer than this version of the package, which cannot tell where it belongs.
/// ``documented_action_only`` leaves an action out of the policy that IAM's catalogue does not have yet, for linters.
///
/// A wrong value is a ``ConfigurationError``:
///
/// >>> ScopePolicy(region="us-east-1", model_ids=["anthropic.*"])
/// Traceback (most recent call last):
/// nova_sonic.errors.ConfigurationError: model_ids[0]: model id of 11 bytes is not the id of a foundation model...
#[pyclass(frozen, eq, module = "nova_sonic", name = "ScopePolicy")]
#[derive(Debug, PartialEq)]
pub(crate) struct PyScopePolicy {
    pub(crate) policy: ScopePolicy,
}

#[pymethods]
impl PyScopePolicy {
    #[new]
    #[pyo3(signature = (*, region, partition = None, model_ids = Given::of(vec![ModelId::default()]), source_cidrs = Given::of(Vec::new()),
        open_window = None, inference_profile = None, documented_action_only = Given::of(false)))]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python, each with a name at the call")]
    fn new(
        py: Python<'_>,
        region: Given<name::Region, String>,
        partition: Option<Given<name::Partition, Partition>>,
        model_ids: Given<name::ModelIds, Vec<ModelId>>,
        source_cidrs: Given<name::SourceCidrs, Vec<Cidr>>,
        open_window: Option<Given<name::OpenWindow, Duration>>,
        inference_profile: Option<Given<name::InferenceProfile, InferenceProfile>>,
        documented_action_only: Given<name::DocumentedActionOnly, bool>,
    ) -> PyResult<Self> {
        let region = match partition {
            Some(partition) => Region::in_partition(partition.value, &region.value),
            None => Region::parse(&region.value),
        };
        let region = region.map_err(|why| error::scope(py, "region", &why))?;
        let mut models = model_ids.value.into_iter();
        let first = models.next().ok_or_else(|| error::configuration(py, "model_ids", "names no model"))?;
        let mut policy = models
            .fold(ScopePolicy::new(region, first), ScopePolicy::and_model)
            .source_cidrs(source_cidrs.value);
        if let Some(window) = open_window {
            policy = policy.open_window(window.value);
        }
        if let Some(profile) = inference_profile {
            policy = policy.inference_profile(profile.value);
        }
        if documented_action_only.value {
            policy = policy.documented_action_only();
        }
        Ok(Self { policy })
    }

    /// **Dangerous:** every foundation model of the region, also those that write text or draw at any price.
    ///
    /// >>> ScopePolicy.dangerous_any_model(region="us-east-1").is_dangerous
    /// True
    #[staticmethod]
    #[pyo3(signature = (*, region))]
    fn dangerous_any_model(region: Given<name::Region, Region>) -> Self {
        Self { policy: ScopePolicy::dangerous_any_model(region.value) }
    }

    /// Where a model stands in its life at the moment ``now``, as far as this version of the package knows.
    ///
    /// >>> from datetime import datetime, timezone
    /// >>> now = datetime(2026, 11, 22, tzinfo=timezone.utc)
    /// >>> ScopePolicy.model_lifecycle("amazon.nova-sonic-v1:0", now=now)
    /// ModelLifecycle(state='end-of-life', day=datetime.date(2026, 9, 14))
    #[staticmethod]
    #[pyo3(signature = (model_id, *, now))]
    fn model_lifecycle(
        model_id: Given<name::ModelId, ModelId>,
        now: Given<name::Now, Timestamp>,
    ) -> PyModelLifecycle {
        PyModelLifecycle { lifecycle: model_id.value.lifecycle(now.value.date()) }
    }

    /// Whether the region offers the model; ``None`` where this version of the package does not know.
    ///
    /// >>> ScopePolicy.model_offered("amazon.nova-2-sonic-v1:0", region="eu-west-3")
    /// False
    #[staticmethod]
    #[pyo3(signature = (model_id, *, region))]
    fn model_offered(
        model_id: Given<name::ModelId, ModelId>,
        region: Given<name::Region, Region>,
    ) -> Option<bool> {
        model_id.value.offered_in(&region.value)
    }

    /// The session policy that STS is sent for credentials issued at ``now`` that end at ``expiration``: minified JSON.
    ///
    /// >>> from datetime import datetime, timedelta, timezone
    /// >>> now = datetime(2026, 11, 22, 13, tzinfo=timezone.utc)
    /// >>> policy = ScopePolicy(region="us-east-1").to_json(now=now, expiration=now + timedelta(minutes=15))
    /// >>> "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-2-sonic-v1:0" in policy
    /// True
    #[pyo3(signature = (*, now, expiration))]
    fn to_json(
        &self,
        py: Python<'_>,
        now: Given<name::Now, Timestamp>,
        expiration: Given<name::Expiration, Timestamp>,
    ) -> PyResult<String> {
        self.policy.render(now.value, expiration.value).map_err(|why| error::scope(py, "scope", &why))
    }

    /// The region, such as ``us-east-1``.
    #[getter]
    fn region(&self) -> &str {
        self.policy.region().as_str()
    }

    /// The partition that the region belongs to, such as ``aws``.
    #[getter]
    fn partition(&self) -> PartitionWord {
        PartitionWord(self.policy.region().partition().name())
    }

    /// The models, the one that a grant names first.
    #[getter]
    fn model_ids(&self) -> Vec<&str> {
        self.policy.models().iter().map(ModelId::as_str).collect()
    }

    /// Whether it allows more than the models that it names.
    #[getter]
    fn is_dangerous(&self) -> bool {
        self.policy.is_dangerous()
    }

    pub(crate) fn __repr__(&self) -> String {
        if self.policy.is_dangerous() {
            return format!("ScopePolicy.dangerous_any_model(region='{}')", self.region());
        }
        format!("ScopePolicy(region='{}', model_ids=['{}'])", self.region(), self.model_ids().join("', '"))
    }
}
