//! The package for Node: its native part compiled, and what is written in TypeScript beside it.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use crate::{Done, child, failure::Failure, node, step, step::Steps, tally::Tally, tools};

/// Where the package lives.
const PACKAGE: &str = "bindings-node";
/// The crate of its native part.
pub(crate) const CRATE: &str = "nova-sonic-node";
const LIBRARY: &str = "nova_sonic_node";
/// Newer versions of Node than the oldest that the package promises to run on, as npm has them.
const NEWER: &[&str] = &["22.23.3", "24.9.0"];
/// Conversations of the test of leaks with `--matrix`, beside half as many that come before.
const MANY: &str = "1000";

/// Builds everything that is shipped, and says what it weighs.
pub(crate) fn build(target: &Path) -> Done {
    let mut steps = Steps::new(2);
    steps.begin("Build the package for Node");
    release(target)?;
    steps.begin("Weigh what npm installs: the JavaScript, and this platform's native part");
    for folder in ["node", &triple()?] {
        let packed = package().join("npm").join(folder);
        child::run(
            Command::new("npm").args(["pack", "--dry-run", "--loglevel=notice"]).current_dir(packed),
            "see what npm says above",
        )?;
    }
    Ok(())
}

/// Puts together what is shipped, compiled as it is shipped.
pub(crate) fn release(target: &Path) -> Done {
    let arguments = ["build", "--release", "--package", CRATE];
    child::run(&mut tools::cargo(&arguments), "mend what the compiler names above")?;
    let profile = target.join("release");
    note_types(&profile, None)?;
    assemble(&profile)
}

/// Puts together what tests import. The native part was compiled as tests are.
pub(crate) fn for_tests(target: &Path) -> Done {
    let profile = target.join("debug");
    node::install(&package())?;
    note_types(&profile, Some("--check"))?;
    assemble(&profile)
}

/// Tests the package: its types, and what it does. `all`: on newer versions of Node, too, and with conversations by the
/// thousand.
pub(crate) fn test(target: &Path, simulator: &Path, all: bool) -> Result<Tally, Failure> {
    for_tests(target)?;
    step::say("      types");
    child::run(
        Command::new("npm").args(["run", "--silent", "check"]).current_dir(package()),
        "mend the types above",
    )?;
    let mut tally = Tally::of_one(true);
    let tests = package().join("tests");
    let simulator = ("NOVA_SONIC_SIM", simulator.as_os_str());
    let many = all.then_some(("NOVA_SONIC_MANY", OsStr::new(MANY)));
    let variables: Vec<_> = [simulator].into_iter().chain(many).collect();
    tally += node::run_with(&[], &tests, &variables)?;
    for version in NEWER.iter().filter(|_| all) {
        step::say(&format!("      Node {version}"));
        let path = node::path_with(&target.join("node").join(version), version)?;
        tally += node::run_with(&[], &tests, &[simulator, ("PATH", &path)])?;
    }
    Ok(tally)
}

fn package() -> std::path::PathBuf {
    tools::root().join(PACKAGE)
}

/// Writes the types of the native part, or checks those that are committed.
fn note_types(profile: &Path, mode: Option<&str>) -> Done {
    tools::need_node()?;
    let mut types = Command::new("node");
    types.arg("types.mjs").arg(profile.join("node-types").join(CRATE)).args(mode).current_dir(package());
    child::run(&mut types, "run `cargo xtask build node`, and commit what it changes")
}

/// Puts `dist` together, the compiled TypeScript with the native part under the name that it is looked for, and from it
/// `npm`, the packages that are published.
fn assemble(profile: &Path) -> Done {
    node::install(&package())?;
    child::run(
        Command::new("npm").args(["run", "--silent", "build"]).current_dir(package()),
        "mend what the compiler names above",
    )?;
    let library = format!("{}{LIBRARY}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let native = package().join("dist").join(format!("nova-sonic.{}.node", triple()?));
    std::fs::copy(profile.join(library), native)
        .map_err(|why| Failure::new(format!("the native part cannot be copied: {why}"), "build it again"))?;
    child::run(Command::new("node").arg("packages.mjs").current_dir(package()), "see what Node says above")
}

/// How this platform is called in the names of native packages.
fn triple() -> Result<String, Failure> {
    let question = "process.stdout.write(require('./platform.js').triple())";
    let mut asked = Command::new("node");
    asked.args(["--input-type=commonjs", "--eval", question]).current_dir(package().join("dist"));
    let answer = asked.output().ok().filter(|asked| asked.status.success()).map(|asked| asked.stdout);
    answer.and_then(|answer| String::from_utf8(answer).ok()).ok_or_else(|| {
        Failure::new(
            "Node does not say how this platform is called",
            "look into bindings-node/dist/platform.js",
        )
    })
}
