//! What other languages of the project call the codes, read from their sources.

use std::collections::BTreeMap;

const PYTHON: &str = include_str!("../../../bindings-python/python/nova_sonic/errors.py");
const BROWSER: &str = include_str!("../../../bindings-wasm/web/errors.ts");

/// The names of Python's exceptions, by their code.
pub(crate) fn python_names() -> BTreeMap<String, Vec<String>> {
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut class = "";
    for line in PYTHON.lines() {
        if let Some(name) = line.strip_prefix("class ").and_then(|rest| rest.split('(').next()) {
            class = name;
        }
        if let Some(code) = line.strip_prefix("    code = \"").and_then(|rest| rest.strip_suffix('"')) {
            names.entry(code.to_owned()).or_default().push(class.to_owned());
        }
    }
    assert!(names.len() > 15, "errors.py is read");
    names
}

/// An entry of the browser package's own catalogue.
#[derive(Debug)]
pub(crate) struct BrowserEntry {
    pub(crate) blame: String,
    pub(crate) retryable: bool,
    pub(crate) message: String,
    pub(crate) advice: String,
}

/// The browser package's catalogue, by code.
pub(crate) fn browser_entries() -> BTreeMap<String, BrowserEntry> {
    let (_, catalogue) = BROWSER.split_once("const CATALOGUE = {").expect("errors.ts has a catalogue");
    let (catalogue, _) = catalogue.split_once("} satisfies").expect("the catalogue ends");
    let entries = catalogue.split(": entry(").collect::<Vec<_>>();
    let codes = entries.iter().map(|part| part.rsplit([' ', '\n']).next().unwrap_or_default());
    codes
        .zip(entries.iter().skip(1))
        .map(|(code, arguments)| {
            let [blame, message, advice] = texts(arguments).try_into().expect("an entry has three texts");
            let (_, after) = arguments.split_once(',').expect("more follows the blame");
            let retryable = after.trim_start().starts_with("true");
            (code.to_owned(), BrowserEntry { blame, retryable, message, advice })
        })
        .collect()
}

/// The string literals of a piece of TypeScript that escapes nothing; at most three, since the next entry follows.
fn texts(source: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find(['\'', '"']).filter(|_| texts.len() < 3) {
        let (quote, inside) = rest.split_at(at).1.split_at(1);
        let (text, behind) = inside.split_once(quote).expect("a string ends");
        texts.push(text.to_owned());
        rest = behind;
    }
    texts
}
