//! Formatting, lints and types of everything in Python.

use std::path::PathBuf;
use std::process::Command;

use crate::{
    Done, child,
    failure::Failure,
    node,
    python::environment::{Environment, requirements},
    python::interpreter,
    tools::{self, Workspace},
};

/// Folders with Python in them that ruff reads.
const FOLDERS: &[&str] = &["bindings-python", "examples", "tests", "benches", "docs"];
/// Where mypy is strict: what users import.
const STRICT: &str = "bindings-python";

/// ruff's formatter.
pub(crate) fn formatting() -> Done {
    let mut ruff = environment()?.module(&["ruff", "format", "--no-cache", "--check", "--diff", "--quiet"]);
    child::run(
        ruff.args(FOLDERS).current_dir(tools::root()),
        &format!("run `{} -m ruff format {}`", shown_python()?, FOLDERS.join(" ")),
    )
}

/// ruff's lints.
pub(crate) fn lints() -> Done {
    let mut ruff = environment()?.module(&["ruff", "check", "--no-cache", "--quiet"]);
    child::run(ruff.args(FOLDERS).current_dir(tools::root()), "mend the lints above")
}

/// mypy, as strict as it can be, on what users import.
pub(crate) fn types() -> Done {
    let folder = tools::root().join(STRICT);
    tools::need_path(&folder, "the Python package")?;
    let cache = folder_of_environment()?.with_file_name("mypy-cache");
    let mut mypy = environment()?.module(&["mypy", "--no-error-summary", "--cache-dir"]);
    child::run(mypy.arg(cache).arg("python").current_dir(folder), "mend the types above")
}

/// pyright, which many editors have, on what an application's own code looks like.
pub(crate) fn example_types() -> Done {
    let pyright = tools::root().join("xtask/pyright");
    node::install(&pyright)?;
    let mut check = Command::new("node");
    check.arg(pyright.join("node_modules/pyright/index.js")).arg("--pythonpath").arg(environment()?.python());
    child::run(check.current_dir(tools::root().join(STRICT)), "mend the types above")
}

fn environment() -> Result<Environment, Failure> {
    Environment::prepare(folder_of_environment()?, &interpreter::any()?.program, &[requirements("lint.txt")])
}

fn folder_of_environment() -> Result<PathBuf, Failure> {
    Ok(Workspace::load()?.target().join("python/lint"))
}

fn shown_python() -> Result<String, Failure> {
    Ok(environment()?.python().display().to_string())
}
