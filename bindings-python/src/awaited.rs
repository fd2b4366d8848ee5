//! Work that coroutines await. The coroutine is one of Python's own, from `nova_sonic._awaited`: no frame of ours is below
//! what Python does for it. Before 3.14 the interpreter's end unwinds a daemon's thread wherever that waits for the
//! interpreter, and a process in which that meets a frame of Rust's aborts.

use std::{
    future::Future,
    marker::PhantomData,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
};

use pyo3::{
    IntoPyObjectExt as _, PyTypeInfo as _, exceptions::PyRuntimeError, inspect::PyStaticExpr, prelude::*,
    sync::PyOnceLock, type_hint_identifier, type_hint_subscript, types::PyNone,
};
use tokio::task::AbortHandle;

use crate::{
    runtime::{self, Current, Generation},
    voice::bell,
};

/// A coroutine of Python's, out of which comes an `R`.
pub(crate) struct Coroutine<R>(Py<PyAny>, PhantomData<fn() -> R>);

impl<'py, R: IntoPyObject<'py>> IntoPyObject<'py> for Coroutine<R> {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    const OUTPUT_TYPE: PyStaticExpr = type_hint_subscript!(
        type_hint_identifier!("collections.abc", "Coroutine"),
        PyAny::TYPE_HINT,
        PyAny::TYPE_HINT,
        R::OUTPUT_TYPE
    );

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        Ok(self.0.into_bound(py))
    }
}

/// A coroutine of that name. Once awaited, `begin` makes the work, and `convert` Python's value of what came of it.
///
/// Cancelled, it gives the work up first.
pub(crate) fn coroutine<W, R>(
    py: Python<'_>,
    name: &str,
    begin: impl FnOnce(Python<'_>) -> PyResult<(Current, W)> + Send + 'static,
    convert: impl FnOnce(Python<'_>, W::Output) -> PyResult<R> + Send + 'static,
) -> PyResult<Coroutine<R>>
where
    W: Future<Output: Send> + Send + 'static,
    R: for<'py> IntoPyObject<'py> + 'static,
{
    static AWAITED: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let begin: Begin = Box::new(move |py, ring| {
        let (current, work) = begin(py)?;
        let ring = Ring(bell(py, ring, &current));
        let outcome = Arc::new(Mutex::new(None));
        let place = Arc::clone(&outcome);
        let task = current.spawn(async move {
            // Rings also when the work is given up.
            let _ring = ring;
            let value = work.await;
            *lock(&place) = Some(value);
        });
        let convert: Convert = Box::new(move |py| {
            let value = lock(&outcome).take().ok_or_else(runtime::lost)?;
            convert(py, value)?.into_py_any(py)
        });
        Ok(Begun { task: Some(task), generation: current.generation, convert: Some(convert) })
    });
    let work = PyWork { step: Mutex::new(Step::First(begin)) };
    let coroutine = AWAITED.import(py, "nova_sonic._awaited", "awaited")?.call1((work,))?;
    // by which Python names it in its warning of a coroutine that nobody has awaited
    coroutine.setattr("__name__", name)?;
    coroutine.setattr("__qualname__", name)?;
    Ok(Coroutine(coroutine.unbind(), PhantomData))
}

/// Python's `None`, where nothing comes out but that it is over.
pub(crate) fn none(py: Python<'_>) -> Py<PyNone> {
    PyNone::get(py).to_owned().unbind()
}

type Begin = Box<dyn FnOnce(Python<'_>, Py<PyAny>) -> PyResult<Begun> + Send>;
type Convert = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;

/// What one coroutine waits for. Private to this package.
#[pyclass(frozen, module = "nova_sonic._native", name = "_Work")]
pub(crate) struct PyWork {
    /// Never locked across a call into Python.
    step: Mutex<Step>,
}

enum Step {
    First(Begin),
    Begun(Begun),
    Over,
}

#[pymethods]
impl PyWork {
    /// Begins; ``ring`` is called by another thread, or rings if it is a bell, once the work is over.
    fn begin(&self, py: Python<'_>, ring: Py<PyAny>) -> PyResult<()> {
        let Step::First(first) = self.next(Step::Over) else {
            return Err(PyRuntimeError::new_err("a defect of nova-sonic: work is begun once"));
        };
        let begun = first(py, ring)?;
        self.next(Step::Begun(begun));
        Ok(())
    }

    /// Whether nothing of it runs any more.
    #[getter]
    fn is_over(&self) -> bool {
        match &*lock(&self.step) {
            Step::First(_) | Step::Over => true,
            Step::Begun(begun) => begun.task.as_ref().is_none_or(AbortHandle::is_finished),
        }
    }

    /// Gives it up: it is over a moment later.
    fn give_up(&self) {
        if let Step::Begun(begun) = &*lock(&self.step)
            && let Some(task) = &begun.task
        {
            task.abort();
        }
    }

    /// What came of it, for the first who asks.
    fn outcome(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self.next(Step::Over) {
            Step::Begun(mut begun) => {
                begun.convert.take().map_or_else(|| Err(runtime::lost()), |convert| convert(py))
            }
            Step::First(_) | Step::Over => Err(runtime::lost()),
        }
    }
}

impl PyWork {
    fn next(&self, step: Step) -> Step {
        std::mem::replace(&mut *lock(&self.step), step)
    }
}

/// Work that runs. Forgotten, it is given up.
struct Begun {
    /// Always there until it is dropped, as is `convert`.
    task: Option<AbortHandle>,
    generation: Generation,
    convert: Option<Convert>,
}

impl Drop for Begun {
    fn drop(&mut self) {
        let Some(task) = self.task.take() else { return };
        if self.generation == runtime::generation() {
            task.abort();
        } else {
            runtime::abandon((task, self.convert.take()));
        }
    }
}

/// Rings when it is dropped.
struct Ring(Waker);

impl Drop for Ring {
    fn drop(&mut self) {
        self.0.wake_by_ref();
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
