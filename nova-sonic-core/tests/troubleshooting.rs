//! The page of error codes in the guide says what the catalogue says.
//!
//! `cargo xtask docs --write` sets `NOVA_SONIC_WRITE_DOCS`, and this test then writes the page instead.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a file that cannot be read fails the test")]

#[path = "troubleshooting/elsewhere.rs"]
mod elsewhere;

use std::{collections::BTreeMap, fmt::Write as _};

use elsewhere::{BrowserEntry, browser_entries, python_names};
use nova_sonic_core::error::ErrorCode;
use serde_json::Value;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/troubleshooting.md");
const BEGIN: &str = "<!-- from here on written by `cargo xtask docs --write` -->\n";

/// The catalogue's chapters: each begins with this code and ends before the next chapter's.
const CHAPTERS: &[(ErrorCode, &str)] = &[
    (ErrorCode::WavInvalid, "Sound and files"),
    (ErrorCode::SessionClosed, "How a session is used"),
    (ErrorCode::SigningKeyMissing, "Signatures and frames"),
    (ErrorCode::PolicyTooLarge, "What a browser is given"),
    (ErrorCode::CredentialsMissing, "Reaching the service"),
    (ErrorCode::LimitExceeded, "Issuing credentials"),
    (ErrorCode::SignInRequired, "What an application's endpoint answers to a page"),
    (ErrorCode::RelayRefused, "Speaking through an application's own server"),
    (ErrorCode::Throttled, "What the service says"),
];

#[test]
fn the_page_of_error_codes_is_up_to_date() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (head, written) = page.split_once(BEGIN).expect("the page says where the written part begins");
    let wanted = rendered();
    if std::env::var_os("NOVA_SONIC_WRITE_DOCS").is_some() {
        std::fs::write(PAGE, format!("{head}{BEGIN}{wanted}")).unwrap();
        return;
    }
    for (written, wanted) in written.lines().zip(wanted.lines()) {
        assert_eq!(written, wanted, "run `cargo xtask docs --write`");
    }
    assert_eq!(written.len(), wanted.len(), "run `cargo xtask docs --write`");
}

#[test]
fn every_code_has_its_section_and_every_chapter_its_first_code() {
    let page = rendered();
    let sections = page.lines().filter(|line| line.starts_with("### `")).count();
    let only_in_browsers = browser_entries().keys().filter(|code| ErrorCode::parse(code).is_none()).count();
    assert!(only_in_browsers > 15, "{only_in_browsers} codes begin in a browser");
    assert_eq!(sections, ErrorCode::ALL.len() + only_in_browsers);
    for (_, title) in CHAPTERS {
        assert!(page.contains(&format!("## {title}\n")), "{title}");
    }
    assert_eq!(ErrorCode::ALL.first(), CHAPTERS.first().map(|(first, _)| first));
}

fn rendered() -> String {
    let (python, browser, said) = (python_names(), browser_entries(), sentences());
    let mut page = String::new();
    for code in ErrorCode::ALL {
        if let Some((_, title)) = CHAPTERS.iter().find(|(first, _)| first == code) {
            write!(page, "\n## {title}\n").unwrap();
        }
        section(
            &mut page,
            code.as_str(),
            code.meaning(),
            code.blame().as_str(),
            code.retryable(),
            code.advice(),
        );
        list(&mut page, "Bedrock's own words", said.get(code.as_str()));
        list(&mut page, "In Python", python.get(code.as_str()));
        if let Some(entry) = browser.get(code.as_str()) {
            writeln!(page, "- In a page: “{}”. {}.", entry.message, sentence(&entry.advice)).unwrap();
        }
    }
    write!(page, "\n## Only in a browser\n").unwrap();
    for (code, BrowserEntry { message, blame, retryable, advice }) in &browser {
        if ErrorCode::parse(code).is_none() {
            section(&mut page, code, &format!("{}.", sentence(message)), blame, *retryable, advice);
        }
    }
    page
}

fn section(page: &mut String, code: &str, meaning: &str, blame: &str, retryable: bool, advice: &str) {
    let who = match blame {
        "caller" => "the program, or its settings",
        "model" => "the model: what was said to it, or what it said",
        "service" => "AWS",
        "network" => "the network between",
        "user" => "the person at the page",
        other => other,
    };
    let again = if retryable { "may succeed a little later" } else { "will not help by itself" };
    write!(page, "\n### `{code}`\n\n{meaning}\n\n").unwrap();
    writeln!(page, "- What to do: {}.", advice.trim_end_matches('.')).unwrap();
    writeln!(page, "- Who can do it: {who} (`{blame}`). The same attempt {again}.").unwrap();
}

fn list(page: &mut String, title: &str, names: Option<&Vec<String>>) {
    let Some(names) = names else { return };
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    writeln!(page, "- {title}: {}", names.join(", ")).unwrap();
}

fn sentence(text: &str) -> String {
    let mut letters = text.trim_end_matches('.').chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// What the service says, by code: the shared vectors have its sentences.
fn sentences() -> BTreeMap<String, Vec<String>> {
    const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/errors/service.json");
    /// Shorter ones were made up for the vectors.
    const WORDS: usize = 3;
    let vectors: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(VECTORS).unwrap()).unwrap();
    let mut sentences: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for vector in vectors {
        let text = |name: &str| vector.get(name).and_then(Value::as_str).unwrap();
        let message = text("message");
        // what stands before it changes with each request
        let message = message.rsplit_once(" : ").map_or(message, |(_, message)| message).replace('\n', " ");
        if message.split(' ').count() >= WORDS {
            sentences.entry(text("code").to_owned()).or_default().push(message);
        }
    }
    sentences
}
