//! What a command needs from the machine: found, installed where that is ours to do, or asked for in one sentence.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

use serde_json::Value;

use crate::{Done, child, failure::Failure, step};

/// Real recorded speech, which some tests read.
const RECORDING: &str = "/usr/share/sounds/alsa/Front_Center.wav";

/// Where Debian puts Chromium.
const CHROMIUM: &str = "/usr/bin/chromium";

/// What other browsers than Chromium are tested with: the program, the variable that names another one, and Debian's package.
const OTHER_BROWSERS: &[(&str, &str, &str)] = &[
    ("/usr/bin/firefox-esr", "FIREFOX", "firefox-esr"),
    ("/usr/bin/WebKitWebDriver", "WEBKIT_DRIVER", "webkit2gtk-driver"),
    ("/usr/bin/Xvfb", "", "xvfb"),
    ("/usr/bin/pulseaudio", "", "pulseaudio"),
    ("/usr/bin/parec", "", "pulseaudio-utils"),
];

/// What Debian and its relatives install packages with.
const APT_GET: &str = "/usr/bin/apt-get";

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// `cargo`, in the workspace's folder.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    cargo_at("cargo", arguments)
}

/// A certain `cargo`, in the workspace's folder.
pub(crate) fn cargo_at(program: &str, arguments: &[&str]) -> Command {
    let mut cargo = Command::new(program);
    cargo.args(arguments).current_dir(root());
    without_cargo(&mut cargo);
    cargo
}

/// Takes out of a command's environment what the `cargo run` that started us has put there.
///
/// Build scripts that watch those variables would otherwise build again each time.
pub(crate) fn without_cargo(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let ours = name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"));
        if ours {
            command.env_remove(name);
        }
    }
}

/// The workspace as cargo sees it.
#[derive(Debug)]
pub(crate) struct Workspace(Value);

/// A feature of a package.
#[derive(Debug)]
pub(crate) struct Feature {
    pub(crate) name: String,
    /// What is switched on with it.
    pub(crate) brings: Vec<String>,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn load() -> Result<Self, Failure> {
        let manifest = root().join("Cargo.toml");
        let manifest = manifest.to_string_lossy();
        child::answer(
            "cargo",
            &["metadata", "--no-deps", "--format-version", "1", "--manifest-path", &manifest],
        )
        .and_then(|text| serde_json::from_str(&text).ok())
        .map(Self)
        .ok_or_else(|| {
            Failure::new("`cargo metadata` failed", "run it by hand and mend what it complains about")
        })
    }

    /// Where cargo puts what it builds.
    pub(crate) fn target(&self) -> PathBuf {
        self.0
            .pointer("/target_directory")
            .and_then(Value::as_str)
            .map_or_else(|| root().join("target"), PathBuf::from)
    }

    /// The features of a package, `default` left out.
    pub(crate) fn features(&self, package: &str) -> Vec<Feature> {
        let packages = self.0.pointer("/packages").and_then(Value::as_array).into_iter().flatten();
        packages
            .filter(|candidate| candidate["name"] == package)
            .filter_map(|found| found["features"].as_object())
            .flatten()
            .filter(|(name, _)| *name != "default")
            .map(|(name, brings)| Feature {
                name: name.clone(),
                brings: brings
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
            })
            .collect()
    }

    /// A program that the debug profile has built.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.target().join("debug").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }
}

/// Makes sure that alsa-utils' recordings are there.
pub(crate) fn need_recordings() -> Done {
    if Path::new(RECORDING).exists() || (apt_install(&["alsa-utils"])? && Path::new(RECORDING).exists()) {
        return Ok(());
    }
    Err(Failure::new(
        format!("some tests read real recorded speech, and {RECORDING} is not there"),
        "install the package alsa-utils",
    ))
}

/// Whether Chromium is there; the variable `CHROMIUM` names another one.
pub(crate) fn has_chromium() -> bool {
    std::env::var_os("CHROMIUM")
        .map_or_else(|| Path::new(CHROMIUM).exists(), |path| Path::new(&path).exists())
}

/// Makes sure that Chromium is there.
pub(crate) fn need_chromium() -> Done {
    if has_chromium() || (apt_install(&["chromium"])? && has_chromium()) {
        return Ok(());
    }
    Err(Failure::new(
        "Chromium is needed and is not there",
        "install the package chromium, or name its program in the variable CHROMIUM",
    ))
}

/// Makes sure that Firefox and WebKitGTK are there, with a sound system. On systems that cannot have Debian's packages
/// their tests are skipped, which they say themselves.
pub(crate) fn need_other_browsers() -> Done {
    let missing = || -> Vec<&str> {
        let is_there = |path: &str, variable: &str| {
            std::env::var_os(variable)
                .map_or_else(|| Path::new(path).exists(), |path| Path::new(&path).exists())
        };
        let absent = OTHER_BROWSERS.iter().filter(|(path, variable, _)| !is_there(path, variable));
        absent.map(|(_, _, package)| *package).collect()
    };
    let packages = missing();
    if packages.is_empty() {
        return Ok(());
    }
    if !Path::new(APT_GET).exists() {
        step::say(
            "      Firefox and WebKitGTK are skipped: they are tested with Debian's packages, which are not for this system",
        );
        return Ok(());
    }
    if apt_install(&packages)? && missing().is_empty() {
        return Ok(());
    }
    let packages = missing().join(" ");
    Err(Failure::new(
        "Firefox, WebKitGTK and a sound system are needed and are not all there",
        format!("install the packages {packages}"),
    ))
}

/// Makes sure that Node is there, with its package manager.
pub(crate) fn need_node() -> Done {
    need_node_since((20, 0))
}

/// The same, of a certain version (major, minor) or newer.
pub(crate) fn need_node_since(oldest: (u32, u32)) -> Done {
    let found = child::answer("node", &["--version"]);
    if let Some(failure) = objection_to_node(found.as_deref(), oldest) {
        return Err(failure);
    }
    if child::answer("npm", &["--version"]).is_none() {
        return Err(Failure::new("npm is not on the PATH", "install it: Node's own packages bring it along"));
    }
    Ok(())
}

/// Makes sure that a file or folder of the repository is there.
pub(crate) fn need_path(path: &Path, what: &str) -> Done {
    if path.exists() {
        return Ok(());
    }
    let path = path.strip_prefix(root()).unwrap_or(path);
    Err(Failure::new(
        format!("{what}: {} is not there", path.display()),
        "check it out again, or switch to a branch that has it",
    ))
}

/// Installs Debian packages where we may, in their newest versions: as root, with apt-get. `false` when we may not.
pub(crate) fn apt_install(packages: &[&str]) -> Result<bool, Failure> {
    static UPDATE: Once = Once::new();
    let is_root = child::answer("id", &["-u"]).as_deref() == Some("0");
    if !is_root || child::answer("apt-get", &["--version"]).is_none() {
        return Ok(false);
    }
    step::say(&format!("      installing {} with apt-get", packages.join(" ")));
    // The lists of a machine made from an image are as old as the image: they offer old compilers, or files that are
    // gone. Without a network the old lists may still do.
    let mut update = Ok(());
    UPDATE.call_once(|| update = child::run_and_keep(&mut apt_get(&["update"])).map(drop));
    update?;
    let mut install = apt_get(&["install", "--yes", "--no-install-recommends"]);
    install.args(packages);
    Ok(child::run_and_keep(&mut install)?.status.success())
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut apt_get = Command::new("apt-get");
    apt_get.arg("--quiet").args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    apt_get
}

/// What is wrong with the Node that calls itself `found`.
fn objection_to_node(found: Option<&str>, oldest: (u32, u32)) -> Option<Failure> {
    let (major, minor) = oldest;
    let found = match found {
        Some(found) if version(found).is_some_and(|version| version >= oldest) => return None,
        Some(found) => format!("{found} is"),
        None => "none is".to_owned(),
    };
    Some(Failure::new(
        format!("Node {major}.{minor} or newer is needed and {found} on the PATH"),
        "install it from https://nodejs.org or with your system's packages",
    ))
}

/// The 20 and the 19 of `v20.19.2`.
pub(crate) fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim_start_matches('v').split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_knows_its_features() {
        let features = Workspace::load().unwrap().features("nova-sonic-core");
        let features: Vec<_> = features.into_iter().map(|feature| feature.name).collect();
        assert!(features.iter().any(|name| name == "client"), "{features:?}");
        assert!(!features.iter().any(|name| name == "default"), "{features:?}");
    }

    #[test]
    fn a_node_that_is_too_old_or_none_at_all_is_objected_to_in_one_sentence() {
        let objection =
            |found| objection_to_node(found, (20, 19)).map(|failure| failure.to_string()).unwrap_or_default();
        assert_eq!(objection(Some("v20.19.0")), "");
        assert_eq!(objection(Some("v22.1.0")), "");
        let advice = "on the PATH: install it from https://nodejs.org or with your system's packages";
        let needed = "Node 20.19 or newer is needed and";
        assert_eq!(objection(Some("v18.20.4")), format!("{needed} v18.20.4 is {advice}"));
        assert_eq!(objection(Some("v20.9.1")), format!("{needed} v20.9.1 is {advice}"));
        assert_eq!(objection(None), format!("{needed} none is {advice}"));
    }

    #[test]
    fn a_missing_path_is_named_relative_to_the_repository() {
        let failure = need_path(&root().join("tests/nowhere"), "the tests").unwrap_err();
        assert!(failure.to_string().starts_with("the tests: tests/nowhere is not there: "), "{failure}");
    }
}
