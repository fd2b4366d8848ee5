//! Limits in Redis, for `nova_sonic.django`: asked off the interpreter, over one connection of the process.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use nova_sonic_core::{
    broker::{
        Outcome, SharedDemand, SharedKeys, SharedLimitKind, SharedLimits, SharedLimitsError, SharedVerdict,
    },
    error::ErrorCode,
};
use pyo3::{
    exceptions::{PyConnectionError, PyValueError},
    prelude::*,
    types::PyNone,
};

use crate::{
    awaited::{self, Coroutine},
    runtime::{self, Generation},
};

/// Limits that processes share, in the Redis of a URL. Private to this package.
#[pyclass(frozen, module = "nova_sonic._native", name = "_SharedLimits")]
pub(crate) struct PySharedLimits {
    url: String,
    /// Locked only while attached to the interpreter and never across a call into it, as a fork demands.
    made: Mutex<(Generation, Arc<SharedLimits>)>,
}

/// The verdict's name, and the breaker's generation or the milliseconds to wait.
type Answer = (&'static str, u64);

impl PySharedLimits {
    fn limits(&self, generation: Generation) -> PyResult<Arc<SharedLimits>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.0 != generation {
            let anew = Arc::new(SharedLimits::new(&self.url).map_err(|why| raised(&why))?);
            runtime::abandon(std::mem::replace(&mut *made, (generation, anew)));
        }
        Ok(Arc::clone(&made.1))
    }
}

#[pymethods]
impl PySharedLimits {
    #[new]
    fn new(url: String) -> PyResult<Self> {
        let limits = SharedLimits::new(&url).map_err(|why| raised(&why))?;
        Ok(Self { url, made: Mutex::new((runtime::generation(), Arc::new(limits))) })
    }

    /// Lets a request in. ``keys`` are those of lock, minute, day, address, breaker and total; ``limits`` the lock's
    /// milliseconds, then issues per minute, per day, per address and in total, 0 for none.
    fn admit(
        &self,
        py: Python<'_>,
        keys: [String; 6],
        limits: (u64, u32, u32, u32, u32),
        token: String,
    ) -> PyResult<Answer> {
        let current = runtime::current(py)?;
        let shared = self.limits(current.generation)?;
        let (keys, demand) = (named(keys), demanded(limits));
        current
            .wait(py, async move { shared.admit(&keys, &demand, &token).await })?
            .map(answered)
            .map_err(|why| raised(&why))
    }

    /// The same for asyncio and trio.
    fn admit_async(
        slf: Bound<'_, Self>,
        keys: [String; 6],
        limits: (u64, u32, u32, u32, u32),
        token: String,
    ) -> PyResult<Coroutine<Answer>> {
        let py = slf.py();
        let owner = slf.unbind();
        let begin = move |py: Python<'_>| {
            let current = runtime::current(py)?;
            let shared = owner.get().limits(current.generation)?;
            let (keys, demand) = (named(keys), demanded(limits));
            Ok((current, async move { shared.admit(&keys, &demand, &token).await }))
        };
        awaited::coroutine(py, "admit_async", begin, |_, verdict| {
            verdict.map(answered).map_err(|why| raised(&why))
        })
    }

    /// Ends what was let in: 0 when STS answered, 1 when it failed, 2 when nothing is known; ``breaker`` is how many
    /// failures open it, and for how many milliseconds.
    fn settle(
        &self,
        py: Python<'_>,
        keys: [String; 6],
        token: String,
        generation: u64,
        outcome: u8,
        breaker: (u32, u64),
    ) -> PyResult<()> {
        let current = runtime::current(py)?;
        let shared = self.limits(current.generation)?;
        let (keys, demand, outcome) = (named(keys), tolerated(breaker), came_of_it(outcome));
        current
            .wait(py, async move { shared.settle(&keys, &demand, &token, generation, outcome).await })?
            .map_err(|why| raised(&why))
    }

    /// The same for asyncio and trio.
    fn settle_async(
        slf: Bound<'_, Self>,
        keys: [String; 6],
        token: String,
        generation: u64,
        outcome: u8,
        breaker: (u32, u64),
    ) -> PyResult<Coroutine<Py<PyNone>>> {
        let py = slf.py();
        let owner = slf.unbind();
        let begin = move |py: Python<'_>| {
            let current = runtime::current(py)?;
            let shared = owner.get().limits(current.generation)?;
            let (keys, demand, outcome) = (named(keys), tolerated(breaker), came_of_it(outcome));
            Ok((current, async move { shared.settle(&keys, &demand, &token, generation, outcome).await }))
        };
        awaited::coroutine(py, "settle_async", begin, |py, settled| {
            settled.map(|()| awaited::none(py)).map_err(|why| raised(&why))
        })
    }
}

impl Drop for PySharedLimits {
    /// A connection that a fork has left behind is not safe to take apart.
    fn drop(&mut self) {
        drop(self.limits(runtime::generation()));
    }
}

fn named([lock, minute, day, address, breaker, total]: [String; 6]) -> SharedKeys {
    SharedKeys { lock, minute, day, address, breaker, total }
}

fn demanded((lock, per_minute, per_day, per_address, total): (u64, u32, u32, u32, u32)) -> SharedDemand {
    SharedDemand {
        lock: Duration::from_millis(lock),
        per_minute,
        per_day,
        per_address_per_minute: (per_address > 0).then_some(per_address),
        total_per_minute: (total > 0).then_some(total),
        ..SharedDemand::default()
    }
}

fn tolerated((failures, pause): (u32, u64)) -> SharedDemand {
    SharedDemand { failures, pause: Duration::from_millis(pause), ..SharedDemand::default() }
}

const fn came_of_it(outcome: u8) -> Outcome {
    match outcome {
        0 => Outcome::Succeeded,
        // The breaker in Redis counts failures and keeps no codes.
        1 => Outcome::Failed(ErrorCode::ServiceUnavailable),
        _ => Outcome::Unknown,
    }
}

fn answered(verdict: SharedVerdict) -> Answer {
    let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    match verdict {
        SharedVerdict::Admitted { generation } => ("admitted", generation),
        SharedVerdict::Refused { kind, retry_after } => (
            match kind {
                SharedLimitKind::InFlight => "in flight",
                SharedLimitKind::PerDay => "per day",
                SharedLimitKind::PerMinute => "per minute",
                SharedLimitKind::PerAddress => "per address",
                SharedLimitKind::Total => "total",
                SharedLimitKind::Breaker => "breaker",
                _ => "unknown",
            },
            milliseconds(retry_after),
        ),
        _ => ("unknown", 0),
    }
}

fn raised(why: &SharedLimitsError) -> PyErr {
    if *why == SharedLimitsError::Address {
        PyValueError::new_err(why.to_string())
    } else {
        PyConnectionError::new_err(why.to_string())
    }
}
