//! The wheel: built with maturin, and looked into before anyone installs it.

use std::path::{Path, PathBuf};

use crate::{
    Done, child,
    failure::Failure,
    python::environment::{Environment, requirements},
    python::interpreter,
    step, tools,
};

/// The crate that becomes the wheel.
const CRATE: &str = "bindings-python";
/// Where a wheel for its users goes.
pub(crate) const DIST: &str = "bindings-python/dist";
/// Every Python from 3.10 on takes it.
const TAG: &str = "-cp310-abi3-";
/// What a user misses when it is not in the wheel.
const NEEDED: &[(&str, &str)] = &[
    ("nova_sonic/__init__.py", "the module itself"),
    ("nova_sonic/_native.pyi", "the types of the compiled half"),
    ("nova_sonic/py.typed", "the mark that the package has types"),
    ("nova_sonic/django/__init__.py", "the Django app"),
];

/// How well it is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// For tests: as the rest of the workspace is built for them.
    Debug,
    /// For users.
    Release,
}

/// Builds the wheel into `folder`, where it is then the only one, checks what is in it, and says where it is.
pub(crate) fn build(profile: Profile, folder: &Path, target: &Path) -> Result<PathBuf, Failure> {
    let manifest = tools::root().join(CRATE).join("Cargo.toml");
    tools::need_path(&manifest, "the crate of the Python package")?;
    let python = interpreter::any()?;
    let environment =
        Environment::prepare(target.join("python/build"), &python.program, &[requirements("build.txt")])?;
    for old in wheels(folder) {
        std::fs::remove_file(&old).map_err(|error| {
            Failure::new(format!("{} ({error})", old.display()), "delete it by hand and run this again")
        })?;
    }
    let mut maturin = environment.module(&["maturin", "build", "--quiet"]);
    maturin.args(["--profile", if profile == Profile::Release { "release" } else { "dev" }]);
    maturin.arg("--manifest-path").arg(&manifest).arg("--out").arg(folder);
    maturin.arg("--interpreter").arg(environment.python()).current_dir(tools::root());
    tools::without_cargo(&mut maturin);
    child::run(&mut maturin, "mend what the compiler or maturin names above")?;
    let [wheel] = wheels(folder).try_into().map_err(|found: Vec<PathBuf>| {
        Failure::new(
            format!("maturin left {} wheels in {}", found.len(), folder.display()),
            "see what it said above",
        )
    })?;
    check(&wheel, &environment)?;
    Ok(wheel)
}

fn wheels(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter(|path| path.extension().is_some_and(|ending| ending == "whl")).collect()
}

fn check(wheel: &Path, environment: &Environment) -> Done {
    const LIST: &str = "import sys, zipfile; print('\\n'.join(zipfile.ZipFile(sys.argv[1]).namelist()))";
    let python = environment.python();
    let listed = child::answer(&python.to_string_lossy(), &["-c", LIST, &wheel.to_string_lossy()]);
    let listed = listed.ok_or_else(|| {
        Failure::new(format!("{} is no wheel", wheel.display()), "see what maturin said above")
    })?;
    let file = wheel.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let complaints = complaints(&file, &listed.lines().collect::<Vec<_>>());
    for complaint in &complaints {
        step::say(&format!("{file}: {complaint}"));
    }
    if complaints.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        format!("the wheel is not what its users need ({} complaints)", complaints.len()),
        format!("mend {CRATE}/pyproject.toml, or what maturin packs"),
    ))
}

/// What is wrong with a wheel of this name that holds these files.
fn complaints(file: &str, names: &[&str]) -> Vec<String> {
    let mut complaints = Vec::new();
    if !file.contains(TAG) {
        complaints.push(format!("its name does not say {TAG}: some Pythons would not take it"));
    }
    for (name, what) in NEEDED {
        if !names.contains(name) {
            complaints.push(format!("{name} is missing: {what}"));
        }
    }
    if !names.iter().any(|name| is_compiled_half(name)) {
        complaints.push("the compiled half, nova_sonic/_native, is missing".to_owned());
    }
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        if !names.iter().any(|name| name.contains(".dist-info/") && name.ends_with(licence)) {
            complaints.push(format!("{licence} is missing"));
        }
    }
    for name in names {
        let top = name.split('/').next().unwrap_or_default();
        let is_ours = top == "nova_sonic" || (top.starts_with("nova_sonic-") && top.ends_with("-info"));
        if !is_ours {
            complaints.push(format!("{name} would be installed beside the package"));
        } else if name.split('/').any(|part| part == "tests" || part == "__pycache__") {
            complaints.push(format!("{name} is of no use to its users"));
        }
    }
    complaints
}

fn is_compiled_half(name: &str) -> bool {
    name.strip_prefix("nova_sonic/_native.").is_some_and(|ending| ["abi3.so", "pyd"].contains(&ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "nova_sonic-0.1.0-cp310-abi3-manylinux_2_34_x86_64.whl";
    const NAMES: &[&str] = &[
        "nova_sonic/__init__.py",
        "nova_sonic/_native.abi3.so",
        "nova_sonic/_native.pyi",
        "nova_sonic/py.typed",
        "nova_sonic/django/__init__.py",
        "nova_sonic-0.1.0.dist-info/METADATA",
        "nova_sonic-0.1.0.dist-info/licenses/LICENSE-MIT",
        "nova_sonic-0.1.0.dist-info/licenses/LICENSE-APACHE",
    ];

    #[test]
    fn a_complete_wheel_has_nothing_wrong() {
        assert_eq!(complaints(FILE, NAMES), Vec::<String>::new());
    }

    #[test]
    fn every_missing_file_is_missed() {
        for missing in NAMES.iter().filter(|name| !name.ends_with("METADATA")) {
            let others: Vec<&str> = NAMES.iter().copied().filter(|name| name != missing).collect();
            assert_eq!(complaints(FILE, &others).len(), 1, "{missing}");
        }
    }

    #[test]
    fn a_wheel_for_one_python_only_is_refused() {
        assert_eq!(complaints("nova_sonic-0.1.0-cp311-cp311-linux_x86_64.whl", NAMES).len(), 1);
    }

    #[test]
    fn tests_caches_and_strangers_are_refused() {
        for extra in ["nova_sonic/django/tests/test_view.py", "nova_sonic/__pycache__/a.pyc", "tests/a.py"] {
            let names: Vec<&str> = NAMES.iter().copied().chain([extra]).collect();
            assert_eq!(complaints(FILE, &names).len(), 1, "{extra}");
        }
    }
}
