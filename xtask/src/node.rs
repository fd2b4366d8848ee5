//! Node folders: their packages, and the tests in them.

use std::ffi::{OsStr, OsString};
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

/// As `test`, one file after the other: what is heard in a browser suffers when others compute beside it. Without names,
/// all files of the folder.
pub(crate) fn test_in_turn(folder: &Path, simulator: &Path, files: &[&str]) -> Result<Tally, Failure> {
    install(folder)?;
    let options: Vec<&str> = std::iter::once("--test-concurrency=1").chain(files.iter().copied()).collect();
    run_with(&options, folder, &[("NOVA_SONIC_SIM", simulator.as_os_str())])
}

/// Runs the tests of a folder whose packages are there.
pub(crate) fn run(folder: &Path, simulator: &Path) -> Result<Tally, Failure> {
    run_with(&[], folder, &[("NOVA_SONIC_SIM", simulator.as_os_str())])
}

/// Runs them with these variables, which say where the tests find what they talk to.
pub(crate) fn run_with(
    options: &[&str],
    folder: &Path,
    variables: &[(&str, &OsStr)],
) -> Result<Tally, Failure> {
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=spec"]).args(options).current_dir(folder);
    node.envs(variables.iter().copied());
    let outcome = child::run_and_keep(&mut node)?;
    Ok(Tally::of_node(&outcome.output).judged_by(outcome.status.success()))
}

/// The `PATH` on which another version of Node comes first: npm has its programs, and puts one into `folder`.
pub(crate) fn path_with(folder: &Path, version: &str) -> Result<OsString, Failure> {
    let programs = folder.join("node_modules/node/bin");
    if !programs.join("node").exists() {
        std::fs::create_dir_all(folder).map_err(|why| {
            Failure::new(
                format!("cannot make {} ({why})", folder.display()),
                "check permissions and free space",
            )
        })?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", "."]);
        child::run(
            npm.arg(format!("node@{version}")).current_dir(folder),
            "check that this machine reaches the npm registry",
        )?;
    }
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(programs).chain(std::env::split_paths(&inherited)))
        .map_err(|why| Failure::new(format!("PATH cannot be changed: {why}"), "look into your PATH"))
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
