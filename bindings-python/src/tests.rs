//! What can be shown without the package: the rest is tested in Python, under `tests`.

use std::{sync::Mutex, time::Duration};

use nova_sonic_core::{
    error::ErrorCode,
    scope::Region,
    time::{Date, Timestamp},
};
use pyo3::{
    exceptions::{PyRuntimeError, PyTypeError, PyValueError},
    prelude::*,
    types::{PyDateTime, PyDict},
    wrap_pymodule,
};

use crate::{
    argument::Argument,
    error, moment,
    runtime::{self, after_fork, current},
};

/// Attached to an interpreter that finds the package, with this library as its native part. One test at a time: the
/// state of a process is what they are about.
fn with_package<T>(test: impl FnOnce(Python<'_>) -> T) -> T {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    Python::attach(|py| {
        let sys = py.import("sys").unwrap();
        let package = concat!(env!("CARGO_MANIFEST_DIR"), "/python");
        sys.getattr("path").unwrap().call_method1("insert", (0, package)).unwrap();
        let native = wrap_pymodule!(crate::_native)(py);
        sys.getattr("modules").unwrap().set_item("nova_sonic._native", native).unwrap();
        test(py)
    })
}

fn evaluate<'py>(py: Python<'py>, expression: &str) -> Bound<'py, PyAny> {
    let names = PyDict::new(py);
    names.set_item("datetime", py.import("datetime").unwrap()).unwrap();
    py.eval(&std::ffi::CString::new(expression).unwrap(), Some(&names), None).unwrap()
}

#[test]
fn a_wrong_argument_is_named() {
    with_package(|py| {
        let wrong = u32::read("per_day", evaluate(py, "'six'").as_borrowed()).unwrap_err();
        assert!(wrong.is_instance_of::<PyTypeError>(py));
        assert_eq!(wrong.value(py).to_string(), "per_day must be an int, not str");
        let wrong = Region::read("region", evaluate(py, "'moon-base-1'").as_borrowed()).unwrap_err();
        assert!(wrong.is_instance_of::<PyValueError>(py));
        assert_eq!(wrong.value(py).getattr("code").unwrap().to_string(), "region_unknown");
        assert!(wrong.value(py).to_string().starts_with("region: "));
        let wrong = Vec::<String>::read("model_ids", evaluate(py, "['a', 7]").as_borrowed()).unwrap_err();
        assert_eq!(wrong.value(py).to_string(), "model_ids[1] must be a str, not int");
    });
}

#[test]
fn moments_survive_the_way_there_and_back() {
    with_package(|py| {
        for millis in [0, 1, -1, 1_795_352_568_030, 253_402_300_799_000, -62_135_596_800_000] {
            let python = moment::to_python(py, Timestamp::from_unix_millis(millis)).unwrap();
            assert_eq!(moment::from_python(&python).unwrap().map(Timestamp::unix_millis), Some(millis));
        }
        let naive = evaluate(py, "datetime.datetime(2026, 11, 22)");
        assert!(moment::from_python(naive.cast::<PyDateTime>().unwrap()).unwrap().is_none());
        let day = moment::day(py, Date::parse("20260914").unwrap()).unwrap();
        assert_eq!(day.to_string(), "2026-09-14");
    });
}

#[test]
fn work_is_waited_for_and_a_defect_is_told() {
    with_package(|py| {
        let runtime = current(py).unwrap();
        assert_eq!(runtime.wait(py, async { 7 }).unwrap(), 7);
        let slow = async {
            tokio::time::sleep(Duration::from_millis(120)).await;
            8
        };
        assert_eq!(runtime.wait(py, slow).unwrap(), 8, "longer than signals are waited for");
        let lost = runtime.wait(py, async { panic!("on purpose") }).map(|(): ()| ()).unwrap_err();
        assert!(lost.is_instance_of::<PyRuntimeError>(py) && lost.to_string().contains("defect"), "{lost}");
    });
}

#[test]
fn a_fork_leaves_the_old_runtime_alone_and_makes_another() {
    with_package(|py| {
        let before = current(py).unwrap();
        assert_eq!(current(py).unwrap().generation, before.generation);
        after_fork();
        assert_ne!(runtime::generation(), before.generation);
        let after = current(py).unwrap();
        assert_eq!(after.generation, runtime::generation());
        assert_eq!(after.wait(py, async { 7 }).unwrap(), 7);
    });
}

#[test]
fn every_code_is_described_to_python() {
    with_package(|py| {
        for code in ErrorCode::ALL {
            let (retryable, blame, advice) = error::describe(code.as_str()).unwrap();
            assert_eq!((retryable, blame.0), (code.retryable(), code.blame().as_str()));
            assert_eq!(advice, code.advice());
        }
        assert!(error::describe("no_such_code").is_none());
        let raised = error::configuration(py, "region", "is wrong");
        assert_eq!(raised.value(py).getattr("blame").unwrap().to_string(), "caller");
    });
}
