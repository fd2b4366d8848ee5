//! What a session policy lets through: every action of the public IAM catalogue, judged by two engines of our choice,
//! and compared with what a third one said.
//!
//! The policies are those of `tests/vectors/scope/policies.json`, which the library renders. The engines are iam-rs and the
//! simulator's own; the third one is @cloud-copilot/iam-simulate, whose verdicts the tests for Node keep in
//! `tests/vectors/policy/verdicts.json`.

#![expect(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic anywhere")]

mod engine;
mod forms;
mod matrix;
mod mutation;
mod verdicts;

use std::{io::Write, path::PathBuf};

/// A file of the vectors that these tests share with those for Node and Python.
fn vector(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../vectors/policy").join(name)
}

fn read<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let text = std::fs::read_to_string(vector(name)).expect("a file of the repository");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Prints a count where it is seen without asking: what `println!` says is kept back while a test passes.
fn say(text: &str) {
    writeln!(std::io::stdout(), "{text}").expect("an open output");
}
