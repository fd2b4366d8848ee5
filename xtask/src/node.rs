//! Node folders: their packages, and the tests in them.

use std::path::Path;
use std::process::Command;

use crate::{Done, child, failure::Failure, step, tally::Tally, tools};

/// Installs what a folder's lock file names, unless that is there already.
pub(crate) fn install(folder: &Path) -> Done {
    tools::need_node()?;
    let lock = folder.join("package-lock.json");
    tools::need_path(&lock, "the versions of Node's packages are pinned in a lock file")?;
    if is_newer(&folder.join("node_modules/.package-lock.json"), &lock) {
        return Ok(());
    }
    step::say(&format!("      installing the packages of {} with npm", folder.display()));
    child::run(
        Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(folder),
        "check that this machine reaches the npm registry",
    )
}

/// Installs what a folder needs and runs the tests in it against the simulator at `simulator`.
pub(crate) fn test(folder: &Path, simulator: &Path) -> Result<Tally, Failure> {
    install(folder)?;
    run(folder, simulator)
}

/// As `test`, one file after the other: what is heard in a browser suffers when others compute beside it.
pub(crate) fn test_in_turn(folder: &Path, simulator: &Path) -> Result<Tally, Failure> {
    install(folder)?;
    run_with(&["--test-concurrency=1"], folder, simulator, None)
}

/// The same, with a Python that has the Django app.
pub(crate) fn test_with_django(folder: &Path, simulator: &Path, python: &Path) -> Result<Tally, Failure> {
    install(folder)?;
    run_with(&["--test-concurrency=1"], folder, simulator, Some(python))
}

/// Runs the tests of a folder whose packages are there.
pub(crate) fn run(folder: &Path, simulator: &Path) -> Result<Tally, Failure> {
    run_with(&[], folder, simulator, None)
}

fn run_with(
    options: &[&str],
    folder: &Path,
    simulator: &Path,
    django: Option<&Path>,
) -> Result<Tally, Failure> {
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=spec"]).args(options).current_dir(folder);
    node.env("NOVA_SONIC_SIM", simulator);
    if let Some(python) = django {
        node.env("NOVA_SONIC_DJANGO", python);
    }
    let outcome = child::run_and_keep(&mut node)?;
    Ok(Tally::of_node(&outcome.output).judged_by(outcome.status.success()))
}

/// Runs a program of a folder that runs tests for itself.
pub(crate) fn program(folder: &Path, name: &str) -> Result<Tally, Failure> {
    let outcome = child::run_and_keep(Command::new("node").arg(name).current_dir(folder))?;
    Ok(Tally::of_node(&outcome.output).judged_by(outcome.status.success()))
}

fn is_newer(file: &Path, than: &Path) -> bool {
    let modified = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    matches!((modified(file), modified(than)), (Some(file), Some(than)) if file >= than)
}
