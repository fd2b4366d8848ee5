//! The browser package: its engine compiled, described to JavaScript and made small; the rest is npm's.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::{
    Done, child,
    failure::Failure,
    node, step,
    step::Steps,
    tools,
    wasm::{self, Purpose},
};

/// Where the package lives.
pub(crate) const PACKAGE: &str = "bindings-wasm";
const CRATE: &str = "nova-sonic-wasm";
/// The engine as the package ships it.
const MODULE: &str = "engine_bg.wasm";
/// Binaryen's options: small, and without what only tools read. Short functions are larger together than long ones, but
/// they resemble each other, and gzip makes less of them.
const SMALL: &[&str] = &[
    "-Oz",
    "--converge",
    // the first kilobyte is the end of the stack: no pointer is that small
    "--low-memory-unused",
    "--flexible-inline-max-function-size=4",
    "--one-caller-inline-max-function-size=20",
    "--strip-producers",
    "--strip-target-features",
];

/// Builds everything that is shipped, and says what it weighs.
pub(crate) fn build(target: &Path) -> Done {
    let mut steps = Steps::new(3);
    steps.begin("Build the engine for browsers");
    engine(target)?;
    steps.begin("Build what is written in TypeScript");
    typescript()?;
    steps.begin("Weigh it");
    weigh()
}

/// Builds all that a page needs into `dist`.
pub(crate) fn package(target: &Path) -> Done {
    engine(target)?;
    typescript()
}

/// Builds the engine into `dist`: `engine_bg.wasm`.
pub(crate) fn engine(target: &Path) -> Done {
    let package = tools::root().join(PACKAGE);
    node::install(&package)?;
    let library = wasm::build(CRATE, Purpose::Download, target)?;
    let dist = package.join("dist");
    std::fs::create_dir_all(&dist)
        .map_err(|error| Failure::new(format!("{}: {error}", dist.display()), "make room for the package"))?;
    let mut optimise = Command::new("node");
    optimise.arg(package.join("node_modules/binaryen/bin/wasm-opt")).args(SMALL);
    optimise.arg(&library).arg("--output").arg(dist.join(MODULE));
    child::run(&mut optimise, "delete bindings-wasm/node_modules and run this again")
}

/// Runs the package's own build, where it has one.
fn typescript() -> Done {
    let package = tools::root().join(PACKAGE);
    let manifest = std::fs::read_to_string(package.join("package.json"))
        .ok()
        .and_then(|text| serde_json::from_str::<Value>(&text).ok());
    if manifest.is_none_or(|manifest| manifest.pointer("/scripts/build").is_none()) {
        step::say("      there is none yet");
        return Ok(());
    }
    child::run(
        Command::new("npm").args(["run", "--silent", "build"]).current_dir(package),
        "mend what the compiler names above",
    )
}

/// What each file weighs, and how much of it is sent.
const SCALES: &str = r"
const { readdirSync, readFileSync } = require('node:fs');
const { brotliCompressSync, gzipSync } = require('node:zlib');
const files = readdirSync('.').filter((name) => /\.(js|wasm)$/.test(name)).map((name) => [name, readFileSync(name)]);
const line = (name, sizes) => console.log([name.padEnd(20), ...sizes.map((size) => String(size).padStart(9))].join(''));
line('file', ['raw', 'gzip -9', 'brotli']);
for (const [name, bytes] of files) {
    line(name, [bytes.length, gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes).length]);
}
";

fn weigh() -> Done {
    let dist = tools::root().join(PACKAGE).join("dist");
    let mut node = Command::new("node");
    node.args(["--input-type=commonjs", "--eval", SCALES]).current_dir(dist);
    let weighed = child::run_and_keep(&mut node)?;
    if weighed.status.success() {
        return Ok(());
    }
    Err(Failure::new("what was built cannot be weighed", "see what Node says above"))
}
