//! Everything that the story player is made of, built where it has changed.

use std::path::{Path, PathBuf};

use crate::{
    Done, child,
    demo::stamp,
    failure::Failure,
    node,
    python::environment::Environment,
    python::interpreter::Interpreter,
    python::wheel::{self, Profile},
    tools::{self, Workspace},
    web,
};

/// The application.
pub(crate) const BACKEND: &str = "examples/voice-story/backend";
const FRONTEND: &str = "examples/voice-story/frontend";
/// Its tests, with the browser that talks to it.
pub(crate) const TESTS: &str = "tests/voice-story";

/// What every compiled part is made from.
const RUST: &[&str] = &["Cargo.toml", "Cargo.lock", "nova-sonic-core"];

/// Builds the simulator; cargo knows itself what has changed.
pub(crate) fn simulator(workspace: &Workspace) -> Result<PathBuf, Failure> {
    child::run(
        &mut tools::cargo(&["build", "--package", "nova-sonic-sim", "--bins"]),
        "mend what the compiler names above",
    )?;
    let program = workspace.program("nova-sonic-sim");
    tools::need_path(&program, "the simulator's program")?;
    Ok(program)
}

/// A virtual environment with the backend's packages and the wheel of this clone.
pub(crate) fn python(interpreter: &Interpreter, target: &Path) -> Result<Environment, Failure> {
    let pins = tools::root().join(BACKEND).join("requirements.txt");
    let environment = Environment::prepare(target.join("python/story"), &interpreter.program, &[pins])?;
    let sources = in_repository(&[
        "bindings-python/Cargo.toml",
        "bindings-python/build.rs",
        "bindings-python/pyproject.toml",
        "bindings-python/python",
        "bindings-python/src",
    ]);
    // A record inside the environment goes with it when it is made anew.
    let record = environment.folder().join("wheel.installed");
    stamp::unless_unchanged(&record, &sources, &environment.python(), || {
        let wheel = wheel::build(Profile::Debug, &target.join("demo/wheel"), target)?;
        environment.install_wheel(&wheel)
    })?;
    Ok(environment)
}

/// The browser package, and the page on top of it.
pub(crate) fn page(target: &Path) -> Done {
    let package = tools::root().join(web::PACKAGE);
    let record = target.join("demo/web.built");
    stamp::unless_unchanged(
        &record,
        &in_repository(&[web::PACKAGE]),
        &package.join("dist/index.js"),
        || web::package(target),
    )?;
    let frontend = tools::root().join(FRONTEND);
    node::install(&frontend)?;
    let sources = [frontend.clone(), package.join("dist")];
    let record = target.join("demo/page.built");
    stamp::unless_unchanged(&record, &sources, &frontend.join("dist/index.html"), || {
        let mut build = std::process::Command::new("npm");
        child::run(
            build.args(["run", "--silent", "build"]).current_dir(&frontend),
            "mend what the bundler names above",
        )
    })?;
    Ok(())
}

/// What drives a browser.
pub(crate) fn driver() -> Done {
    // its browser and its voice are those of the browser package's own tests
    node::install(&tools::root().join("tests/browser"))?;
    node::install(&tools::root().join(TESTS))
}

/// A secret of so many random bytes, which nobody needs to know tomorrow.
pub(crate) fn secret(environment: &Environment, bytes: usize) -> Result<String, Failure> {
    let python = environment.python();
    let make = format!("import secrets; print(secrets.token_hex({bytes}))");
    child::answer(&python.to_string_lossy(), &["-c", &make]).ok_or_else(|| {
        Failure::new(format!("{} does not run", python.display()), "delete its folder, and run this again")
    })
}

fn in_repository(names: &[&str]) -> Vec<PathBuf> {
    RUST.iter().chain(names).map(|name| tools::root().join(name)).collect()
}
