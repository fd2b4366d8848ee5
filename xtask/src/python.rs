//! Python tests, in a virtual environment of their own under the target folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Done, child, failure::Failure, step, tally::Tally, tools};

/// Runs the tests of a folder against the simulator at `simulator`, with what its `requirements.txt` names.
pub(crate) fn test(folder: &Path, target: &Path, simulator: &Path) -> Result<Tally, Failure> {
    let requirements = folder.join("requirements.txt");
    tools::need_path(&requirements, "the versions of Python's packages are pinned there")?;
    let environment = target.join("python-interop");
    let python = prepare(&environment, &requirements)?;
    let outcome = child::run_and_keep(
        Command::new(python)
            .args(["-m", "pytest", "--color=no", "-p", "no:cacheprovider"])
            .current_dir(folder)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("NOVA_SONIC_SIM", simulator),
    )?;
    Ok(Tally::of_pytest(&outcome.output).judged_by(outcome.status.success()))
}

/// Makes the environment and installs into it, unless the same requirements are in it already.
fn prepare(environment: &Path, requirements: &Path) -> Result<PathBuf, Failure> {
    let python = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let installed = environment.join("requirements.installed");
    let wanted = std::fs::read_to_string(requirements).map_err(|error| unreadable(requirements, &error))?;
    if python.exists() && std::fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    let system = system_python()?;
    step::say(&format!("      installing {} into {}", requirements.display(), environment.display()));
    child::run(
        Command::new(system).args(["-m", "venv", "--clear"]).arg(environment),
        "install Python's venv module (on Debian the package python3-venv)",
    )?;
    install(&python, requirements)?;
    std::fs::write(&installed, wanted).map_err(|error| unreadable(&installed, &error))?;
    Ok(python)
}

fn install(python: &Path, requirements: &Path) -> Done {
    child::run(
        Command::new(python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(requirements),
        "check that this machine reaches the Python package index",
    )
}

fn system_python() -> Result<&'static str, Failure> {
    const NEW_ENOUGH: &str = "import sys; sys.exit(sys.version_info < (3, 10))";
    ["python3", "python"]
        .into_iter()
        .find(|python| child::answer(python, &["-c", NEW_ENOUGH]).is_some())
        .ok_or_else(|| {
            Failure::new(
                "Python 3.10 or newer is needed and is not on the PATH",
                "install it with your system's packages",
            )
        })
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        format!("{} ({error})", path.display()),
        "check its permissions and the free space of the disk",
    )
}
