//! Virtual environments under the target folder, each with what its requirement files pin.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Done, child, failure::Failure, step, tools};

/// A virtual environment that is ready.
#[derive(Debug)]
pub(crate) struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// Makes the environment in `folder` with `interpreter` and installs what `requirements` pin, unless exactly that
    /// is there already.
    pub(crate) fn prepare(
        folder: PathBuf,
        interpreter: &Path,
        requirements: &[PathBuf],
    ) -> Result<Self, Failure> {
        let environment = Self { folder };
        let record = environment.folder.join("requirements.installed");
        let wanted = described(interpreter, requirements)?;
        if environment.python().exists()
            && std::fs::read_to_string(&record).is_ok_and(|found| found == wanted)
        {
            return Ok(environment);
        }
        step::say(&format!("      preparing {}", environment.folder.display()));
        child::run(
            Command::new(interpreter).args(["-m", "venv", "--clear"]).arg(&environment.folder),
            "install Python's venv module (on Debian the package python3-venv)",
        )?;
        let mut install = environment.pip_install();
        for file in requirements {
            install.arg("--requirement").arg(file);
        }
        child::run(&mut install, "check that this machine reaches the Python package index")?;
        std::fs::write(&record, wanted).map_err(|error| unusable(&record, &error))?;
        Ok(environment)
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its interpreter.
    pub(crate) fn python(&self) -> PathBuf {
        self.folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
    }

    /// `python -m module …` in this environment, which writes no caches beside the sources.
    pub(crate) fn module(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.python());
        command
            .arg("-m")
            .args(arguments)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("VIRTUAL_ENV", &self.folder);
        command
    }

    /// Installs a wheel as its user would, in place of the same package of an earlier run.
    pub(crate) fn install_wheel(&self, wheel: &Path) -> Done {
        const ADVICE: &str = "the wheel cannot be installed where it should be: see above";
        child::run(self.pip_install().args(["--force-reinstall", "--no-deps"]).arg(wheel), ADVICE)?;
        // Without --quiet pip would praise every environment in which nothing is wrong.
        child::run(&mut self.module(&["pip", "--quiet", "check"]), ADVICE)
    }

    fn pip_install(&self) -> Command {
        self.module(&["pip", "install", "--quiet", "--disable-pip-version-check"])
    }
}

/// A file of `xtask/requirements`.
pub(crate) fn requirements(name: &str) -> PathBuf {
    tools::root().join("xtask/requirements").join(name)
}

/// What an environment is made from: another interpreter or another pin makes another one.
fn described(interpreter: &Path, requirements: &[PathBuf]) -> Result<String, Failure> {
    let mut text = format!("# {}\n", interpreter.display());
    for file in requirements {
        describe(file, &mut text)?;
    }
    Ok(text)
}

fn describe(file: &Path, text: &mut String) -> Done {
    tools::need_path(file, "the versions of Python's packages are pinned there")?;
    let pins = std::fs::read_to_string(file).map_err(|error| unusable(file, &error))?;
    for line in pins.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix("-r ") {
            Some(other) => describe(&file.with_file_name(other.trim()), text)?,
            // Writing to a string cannot fail.
            None => _ = writeln!(text, "{line}"),
        }
    }
    Ok(())
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        format!("{} ({error})", path.display()),
        "check its permissions and the free space of the disk",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_requirement_file_includes_belongs_to_it() {
        let text = described(Path::new("python3.10"), &[requirements("django.txt")]).unwrap();
        assert!(text.starts_with("# python3.10\n"), "{text}");
        assert!(text.contains("\npytest=="), "{text}");
        assert!(text.contains("\nredis=="), "{text}");
    }

    #[test]
    fn every_pin_is_exact() {
        let folder = requirements("");
        for entry in std::fs::read_dir(&folder).unwrap() {
            let file = entry.unwrap().path();
            let pins = std::fs::read_to_string(&file).unwrap();
            for line in pins.lines().filter(|line| !line.starts_with(['#', '-'])) {
                assert!(line.contains("=="), "{}: {line}", file.display());
            }
        }
    }

    #[test]
    fn a_missing_requirement_file_is_named() {
        let failure = described(Path::new("python3"), &[requirements("nowhere.txt")]).unwrap_err();
        assert!(failure.to_string().contains("xtask/requirements/nowhere.txt is not there"), "{failure}");
    }
}
