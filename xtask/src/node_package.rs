//! The package for Node: its native part compiled, and what is written in TypeScript beside it.

use std::path::Path;
use std::process::Command;

use crate::{Done, child, failure::Failure, node, step, step::Steps, tally::Tally, tools};

/// Where the package lives.
const PACKAGE: &str = "bindings-node";
/// The crate of its native part.
pub(crate) const CRATE: &str = "nova-sonic-node";
const LIBRARY: &str = "nova_sonic_node";

/// Builds everything that is shipped, and says what it weighs.
pub(crate) fn build(target: &Path) -> Done {
    let mut steps = Steps::new(2);
    steps.begin("Build the package for Node");
    release(target)?;
    steps.begin("Weigh it");
    child::run(
        Command::new("npm").args(["pack", "--dry-run", "--loglevel=notice"]).current_dir(package()),
        "see what npm says above",
    )
}

/// Puts together what is shipped, compiled as it is shipped.
pub(crate) fn release(target: &Path) -> Done {
    let arguments = ["build", "--release", "--package", CRATE];
    child::run(&mut tools::cargo(&arguments), "mend what the compiler names above")?;
    let profile = target.join("release");
    note_types(&profile, None)?;
    assemble(&profile)
}

/// Tests the package: its types, and what it does. The native part was compiled as tests are.
pub(crate) fn test(target: &Path, simulator: &Path) -> Result<Tally, Failure> {
    let profile = target.join("debug");
    node::install(&package())?;
    note_types(&profile, Some("--check"))?;
    assemble(&profile)?;
    step::say("      types");
    child::run(
        Command::new("npm").args(["run", "--silent", "check"]).current_dir(package()),
        "mend the types above",
    )?;
    let mut tally = Tally::of_one(true);
    tally += node::run(&package().join("tests"), simulator)?;
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

/// Puts `dist` together: the compiled TypeScript, and the native part under the name that it is looked for.
fn assemble(profile: &Path) -> Done {
    node::install(&package())?;
    child::run(
        Command::new("npm").args(["run", "--silent", "build"]).current_dir(package()),
        "mend what the compiler names above",
    )?;
    let dist = package().join("dist");
    let triple = "process.stdout.write(require('./platform.js').triple())";
    let mut asked = Command::new("node");
    asked.args(["--input-type=commonjs", "--eval", triple]).current_dir(&dist);
    let triple = asked.output().ok().filter(|asked| asked.status.success()).map(|asked| asked.stdout);
    let Some(triple) = triple.and_then(|triple| String::from_utf8(triple).ok()) else {
        return Err(Failure::new(
            "Node does not say how this platform is called",
            "look into bindings-node/dist/platform.js",
        ));
    };
    let library = format!("{}{LIBRARY}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let copied = std::fs::copy(profile.join(library), dist.join(format!("nova-sonic.{triple}.node")));
    copied
        .map(drop)
        .map_err(|why| Failure::new(format!("the native part cannot be copied: {why}"), "build it again"))
}
