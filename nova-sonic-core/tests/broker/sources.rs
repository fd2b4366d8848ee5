//! What must not be in the sources at all.

use std::path::{Path, PathBuf};

/// The call that returns the backend's own permissions and takes no policy, in the spellings of the SDK and of AWS.
fn forbidden() -> [String; 2] {
    [["get", "session", "token"].join("_"), ["Get", "Session", "Token"].concat()]
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

/// Lines of code, numbered, without comments.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    numbered.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[test]
fn no_code_can_ask_for_a_session_token() {
    let mut files = Vec::new();
    rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    assert!(files.iter().any(|file| file.ends_with("broker/sts.rs")), "the sources were found");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for (number, line) in code(&text) {
            let found = forbidden().iter().any(|word| line.contains(word));
            assert!(!found, "{}:{number}: {line}", file.display());
        }
    }
}

#[test]
fn a_planted_call_is_found() {
    let [snake, camel] = forbidden();
    let planted = format!("// {camel} in a comment\n    sdk.{snake}().send().await\n");
    let found: Vec<_> = code(&planted).filter(|(_, line)| line.contains(&snake)).collect();
    assert!(matches!(found.as_slice(), [(2, _)]), "{found:?}");
}
