//! What no compiler checks: long files, things left for later, hidden lints, paths of somebody's machine.

use std::path::Path;
use std::process::Command;

use crate::{Done, failure::Failure, step, tools};

/// A file of code is a room with one job; more lines need a reason.
const MOST_LINES: usize = 400;
/// Comment that gives the reason, near the top of a longer file.
const REASON: &str = "Long because: ";
/// The reason stands within this many lines.
const REASON_WITHIN: usize = 20;

const CODE: &[&str] = &["rs", "py", "js", "mjs", "ts", "tsx", "sh"];
const PROSE: &[&str] = &["md", "toml", "yml", "yaml"];

/// Words that mark something left undone, put together here so that this file does not hold them.
const LEFT_FOR_LATER: &[&str] =
    &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")];
const HOMES: &[&str] = &[concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Use", "rs/")];

/// Checks every file that git knows or would add.
pub(crate) fn check() -> Done {
    let mut findings = Vec::new();
    for name in files()? {
        let path = Path::new(&name);
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let is_code = CODE.contains(&ending);
        if !is_code && !PROSE.contains(&ending) {
            continue;
        }
        // A file that was deleted but not yet committed is none of ours.
        if let Ok(text) = std::fs::read_to_string(tools::root().join(path)) {
            findings.extend(
                findings_in(&text, is_code).into_iter().map(|(line, what)| format!("{name}:{line}: {what}")),
            );
        }
    }
    for finding in &findings {
        step::say(finding);
    }
    if findings.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        format!("{} findings in the files of the repository", findings.len()),
        "mend the lines above",
    ))
}

/// Line numbers and what is wrong there.
fn findings_in(text: &str, is_code: bool) -> Vec<(usize, String)> {
    let mut findings = Vec::new();
    let lines = text.lines().count();
    if is_code && lines > MOST_LINES && !text.lines().take(REASON_WITHIN).any(|line| line.contains(REASON)) {
        findings.push((
            lines,
            format!(
                "{lines} lines are more than {MOST_LINES}: split the file, or say `// {REASON}…` near its top"
            ),
        ));
    }
    for (number, line) in (1..).zip(text.lines()) {
        for word in line.split(|letter: char| !letter.is_alphanumeric() && letter != '_') {
            if LEFT_FOR_LATER.contains(&word) {
                findings.push((number, format!("{word}: do it now, or open an issue")));
            }
        }
        if HOMES.iter().any(|home| line.contains(home)) {
            findings.push((number, "a path of somebody's machine".to_owned()));
        }
        if is_code && line.trim_start().starts_with(concat!("#[all", "ow(")) {
            findings.push((
                number,
                "say #[expect(lint, reason = \"…\")], which notices when it is no longer needed".to_owned(),
            ));
        }
    }
    findings
}

/// Every file that git knows or would add.
pub(crate) fn files() -> Result<Vec<String>, Failure> {
    let unusable = |why: String| {
        Failure::new(format!("cannot list the files with git ({why})"), "run this in a git checkout")
    };
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(tools::root())
        .output()
        .map_err(|error| unusable(error.to_string()))?;
    if !output.status.success() {
        return Err(unusable(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    let names = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_needs_a_reason() {
        let long = "fn one() {}\n".repeat(MOST_LINES + 1);
        assert_eq!(findings_in(&long, true).len(), 1);
        assert_eq!(findings_in(&format!("// {REASON}a table.\n{long}"), true), []);
        assert_eq!(findings_in(&"fn one() {}\n".repeat(MOST_LINES), true), []);
        assert_eq!(findings_in(&long, false), []);
    }

    #[test]
    fn things_left_for_later_are_found_with_their_line() {
        for word in LEFT_FOR_LATER {
            let found = findings_in(&format!("one\n// {word}: this\n"), true);
            assert_eq!(found.len(), 1, "{word}");
            assert!(found.iter().all(|(line, what)| *line == 2 && what.starts_with(word)), "{found:?}");
        }
        assert_eq!(findings_in("mastodons and hackney carriages\n", true), []);
    }

    #[test]
    fn hidden_lints_and_home_folders_are_found() {
        assert_eq!(findings_in(concat!("    #[all", "ow(dead_code)]\n"), true).len(), 1);
        assert_eq!(findings_in(concat!("see /ho", "me/somebody/notes\n"), false).len(), 1);
    }
}
