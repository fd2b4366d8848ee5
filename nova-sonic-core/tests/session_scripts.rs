//! Session scripts: the same ticks and inputs give the same outputs in every language.
//!
//! The format is described in `tests/vectors/README.md`. To write the outputs of new scripts, set `NOVA_SONIC_BLESS=1`,
//! and then read what was written: a script that nobody has read proves nothing.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test may fail, and what it does not know fails it"
)]

#[path = "session_scripts/describe.rs"]
mod describe;
#[path = "session_scripts/inputs.rs"]
mod inputs;
#[path = "session_scripts/layout.rs"]
mod layout;
#[path = "session_scripts/stage.rs"]
mod stage;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/sessions");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files
}

#[test]
fn every_script_gives_its_outputs() {
    let bless = std::env::var_os("NOVA_SONIC_BLESS").is_some();
    let mut faults = Vec::new();
    let mut count = 0;
    for path in files() {
        let text = fs::read_to_string(&path).expect("a readable file");
        let scripts: Vec<Value> =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let played: Vec<Value> = scripts.iter().map(stage::play).collect();
        count += scripts.len();
        if bless {
            fs::write(&path, layout::of_file(&played)).expect("a writable file");
        }
        for (script, played) in scripts.iter().zip(&played) {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            faults.extend(stage::differences(script, played).map(|fault| format!("{file}: {fault}")));
        }
        if !bless {
            assert_eq!(
                text,
                layout::of_file(&scripts),
                "{}: not laid out as the runner writes",
                path.display()
            );
        }
    }
    assert!(count > 40, "only {count} scripts were found");
    assert!(bless || faults.is_empty(), "{}", faults.join("\n"));
}
