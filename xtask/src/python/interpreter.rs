//! Interpreters of Python: found on the PATH and among pyenv's versions.

use std::path::{Path, PathBuf};

use crate::{child, failure::Failure};

/// The versions that are looked for, as the minor number after 3.
const MINORS: std::ops::RangeInclusive<u32> = 10..=14;
/// Tells the version; fails without the modules that a test environment needs, such as Debian keeps in packages of
/// their own.
const QUESTION: &str = "import ensurepip, sqlite3, ssl, sys, venv; print(sys.version_info.minor if sys.version_info[0] == 3 else 0)";

/// A Python 3 that is there and can make virtual environments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interpreter {
    /// The 12 of Python 3.12.
    pub(crate) minor: u32,
    /// The program.
    pub(crate) program: PathBuf,
}

/// Every version that is there, oldest first, each once.
pub(crate) fn found() -> Vec<Interpreter> {
    let mut found: Vec<Interpreter> = Vec::new();
    // pyenv's own folders come first: its shims on the PATH are slow, and some lead nowhere.
    let named = of_pyenv().into_iter().chain(MINORS.map(|minor| (minor, format!("python3.{minor}").into())));
    for (minor, program) in named.filter(|(minor, _)| MINORS.contains(minor)) {
        if !found.iter().any(|known| known.minor == minor) && minor_of(&program) == Some(minor) {
            found.push(Interpreter { minor, program });
        }
    }
    let plain = PathBuf::from("python3");
    if let Some(minor) = minor_of(&plain).filter(|minor| MINORS.contains(minor))
        && !found.iter().any(|known| known.minor == minor)
    {
        found.push(Interpreter { minor, program: plain });
    }
    found.sort_by_key(|interpreter| interpreter.minor);
    found
}

/// Any version that is new enough: the one called `python3`, or else the oldest.
pub(crate) fn any() -> Result<Interpreter, Failure> {
    ["python3", "python"]
        .into_iter()
        .find_map(|name| Some(Interpreter { minor: minor_of(Path::new(name))?, program: name.into() }))
        .filter(|interpreter| interpreter.minor >= *MINORS.start())
        .or_else(|| found().into_iter().next())
        .ok_or_else(missing)
}

/// Why there is none.
fn missing() -> Failure {
    const VERSION: &str = "import sys; print('%d.%d' % sys.version_info[:2])";
    objection(child::answer("python3", &["-c", VERSION]).as_deref(), *MINORS.start())
}

/// What is wrong with the `python3` of this version, which was not found usable.
fn objection(python3: Option<&str>, oldest: u32) -> Failure {
    let minor = |version: &str| version.strip_prefix("3.").and_then(|minor| minor.parse::<u32>().ok());
    let packages = "install it with your system's packages (on Debian python3 and python3-venv)";
    match python3 {
        Some(version) if minor(version).is_some_and(|minor| minor >= oldest) => Failure::new(
            format!("Python {version} is here without what makes virtual environments (venv, ensurepip)"),
            "install these modules with your system's packages (on Debian python3-venv)",
        ),
        Some(version) => Failure::new(
            format!("Python 3.{oldest} or newer is needed and python3 is {version}"),
            format!("{packages}, or with pyenv"),
        ),
        None => Failure::new(format!("Python 3.{oldest} or newer is needed and is not here"), packages),
    }
}

/// What pyenv has installed, with the version that each claims to be.
fn of_pyenv() -> Vec<(u32, PathBuf)> {
    let root = std::env::var_os("PYENV_ROOT").map(PathBuf::from);
    let root = root.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".pyenv")));
    let folders = root.and_then(|root| std::fs::read_dir(root.join("versions")).ok());
    let mut versions: Vec<(u32, PathBuf)> = folders
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let folder = entry.ok()?.path();
            let version = folder.file_name()?.to_str()?.strip_prefix("3.")?;
            let minor = version.split('.').next()?.parse().ok()?;
            Some((minor, folder.join("bin").join(format!("python3.{minor}"))))
        })
        .collect();
    versions.sort();
    versions
}

fn minor_of(program: &Path) -> Option<u32> {
    child::answer(&program.to_string_lossy(), &["-c", QUESTION])?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_says_its_own_version() {
        let found = found();
        assert!(!found.is_empty(), "some Python is needed to test Python");
        for Interpreter { minor, program } in found {
            assert_eq!(minor_of(&program), Some(minor), "{}", program.display());
        }
    }

    #[test]
    fn a_python_that_is_too_old_or_has_no_venv_is_told_from_none() {
        let said = |python3| objection(python3, 12).to_string();
        assert!(said(None).starts_with("Python 3.12 or newer is needed and is not here: install it"));
        assert!(
            said(Some("3.9")).starts_with("Python 3.12 or newer is needed and python3 is 3.9: install it")
        );
        assert!(said(Some("2.7")).starts_with("Python 3.12 or newer is needed and python3 is 2.7"));
        assert!(
            said(Some("3.12")).starts_with("Python 3.12 is here without what makes virtual environments")
        );
    }

    #[test]
    fn a_program_that_is_no_python_is_none() {
        assert_eq!(minor_of(Path::new("no-such-program-here")), None);
    }
}
