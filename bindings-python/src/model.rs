//! What the library knows of models, and the profiles that stand for them.

use nova_sonic_core::scope::{AccountId, InferenceProfile, Lifecycle, Region};
use pyo3::{prelude::*, types::PyDate};

use crate::{
    argument::{Given, name},
    error, moment,
    word::LifecycleWord,
};

/// A cross-region inference profile of an account, for a ``ScopePolicy``.
///
/// AWS documents no profile that Nova Sonic's bidirectional stream takes: use one only where it was tried.
///
/// >>> from nova_sonic import InferenceProfile
/// >>> profile = InferenceProfile(
/// ...     account="123456789012",
/// ...     id="us.amazon.nova-2-sonic-v1:0",
/// ...     members=["us-east-1", "us-west-2"],
/// ... )
/// >>> profile.members
/// ['us-east-1', 'us-west-2']
#[pyclass(frozen, eq, module = "nova_sonic", name = "InferenceProfile")]
#[derive(Debug, PartialEq)]
pub(crate) struct PyInferenceProfile {
    pub(crate) profile: InferenceProfile,
}

#[pymethods]
impl PyInferenceProfile {
    #[new]
    #[pyo3(signature = (*, account, id, members))]
    fn new(
        py: Python<'_>,
        account: Given<name::Account, AccountId>,
        id: Given<name::Id, String>,
        members: Given<name::Members, Vec<Region>>,
    ) -> PyResult<Self> {
        InferenceProfile::new(account.value, &id.value, members.value)
            .map(|profile| Self { profile })
            .map_err(|why| error::scope(py, "id", &why))
    }

    /// The account that it belongs to, twelve digits.
    #[getter]
    fn account(&self) -> &str {
        self.profile.account().as_str()
    }

    /// Its id, such as ``us.amazon.nova-2-sonic-v1:0``.
    #[getter]
    fn id(&self) -> &str {
        self.profile.id()
    }

    /// The model that it stands for.
    #[getter]
    fn model_id(&self) -> &str {
        self.profile.model().as_str()
    }

    /// The regions that it routes to, in alphabetical order.
    #[getter]
    fn members(&self) -> Vec<&str> {
        self.profile.members().iter().map(Region::as_str).collect()
    }

    fn __repr__(&self) -> String {
        format!("InferenceProfile(id='{}')", self.profile.id())
    }
}

/// Where a model stands in its life.
#[pyclass(frozen, eq, module = "nova_sonic", name = "ModelLifecycle")]
#[derive(Debug, PartialEq)]
pub(crate) struct PyModelLifecycle {
    pub(crate) lifecycle: Lifecycle,
}

#[pymethods]
impl PyModelLifecycle {
    /// ``active``, ``ending`` (in service until ``day``), ``end-of-life`` (since ``day``), or ``unknown``.
    #[getter]
    fn state(&self) -> LifecycleWord {
        LifecycleWord(match self.lifecycle {
            Lifecycle::Active => "active",
            Lifecycle::Ending { .. } => "ending",
            Lifecycle::EndOfLife { .. } => "end-of-life",
            Lifecycle::Unknown | _ => "unknown",
        })
    }

    /// The first day without the model, where AWS has named one.
    #[getter]
    fn day<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDate>>> {
        match self.lifecycle {
            Lifecycle::Ending { on: date } | Lifecycle::EndOfLife { since: date } => {
                moment::day(py, date).map(Some)
            }
            Lifecycle::Active | Lifecycle::Unknown | _ => Ok(None),
        }
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let day = self
            .day(py)?
            .map_or_else(|| Ok("None".to_owned()), |date| date.repr().map(|text| text.to_string()))?;
        Ok(format!("ModelLifecycle(state='{}', day={day})", self.state().0))
    }
}
