//! Who may import whom: `ARCHITECTURE.md` has the picture, this is the rule.
//!
//! The sources are read, not compiled: comments and texts are skipped, groups in `use` are taken apart, and `self`,
//! `super` and inline paths are followed to the module that they name.

mod paths;

use std::path::{Path, PathBuf};

use paths::{Named, named_paths};

/// What a module may name, besides itself: `audio::Pcm` allows that type of `audio` only.
///
/// Events carry samples, so `event` and `session` know their type and their rate, and nothing else of the audio path.
const LAYERS: &[(&str, &[&str])] = &[
    // the base: plain data
    ("search", &[]),
    ("error", &["search"]),
    ("time", &["secret", "id", "error"]),
    ("secret", &["time", "id", "error"]),
    ("id", &["time", "secret", "error"]),
    ("json", &[]),
    ("scratch", &[]),
    // who may do what
    ("scope", &["time", "secret", "error"]),
    // sound and conversation
    ("audio", &["error"]),
    (
        "event",
        &["json", "scratch", "id", "secret", "audio::Pcm", "audio::PcmPool", "audio::SampleRate", "error"],
    ),
    (
        "session",
        &[
            "json",
            "search",
            "event",
            "secret",
            "audio::Pcm",
            "audio::PcmPool",
            "audio::SampleRate",
            "id",
            "time",
            "error",
        ],
    ),
    ("javascript", &["json", "event", "session", "audio::SampleRate", "time", "error"]),
    // bytes
    ("sigv4", &["scope", "secret", "time", "error"]),
    ("grant", &["json", "scope", "sigv4", "secret", "time", "error"]),
    ("wire", &["scratch", "error"]),
    ("codec", &["json", "scratch", "event", "wire", "sigv4", "secret", "time", "error"]),
    // over a network
    ("aws", &["error"]),
    (
        "relay",
        &[
            "json",
            "search",
            "event",
            "session",
            "secret",
            "audio::Pcm",
            "audio::PcmPool",
            "audio::SampleRate",
            "id",
            "time",
            "error",
        ],
    ),
    ("client", &["session", "event", "audio", "codec", "sigv4", "aws", "id", "secret", "time", "error"]),
    ("broker", &["aws", "scope", "grant", "secret", "time", "error"]),
    (
        "relay_handler",
        &[
            "relay",
            "client",
            "broker::Store",
            "broker::SharedLimitsError",
            "session",
            "event",
            "id",
            "secret",
            "time",
            "error",
        ],
    ),
    ("probe", &["aws", "broker", "client", "scope", "grant", "session", "secret", "time", "error"]),
];

/// Crates that stop at the modules named here, by the beginning of their names.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("aws_", &["aws", "client", "broker", "probe"]),
    ("tokio", &["client", "relay_handler", "broker", "probe"]),
    ("rubato", &["audio"]),
    ("hound", &["audio"]),
];

#[test]
fn no_module_names_one_that_its_layer_may_not_see() {
    let sources = sources().unwrap();
    assert!(sources.len() > 5, "the sources were not found: {sources:?}");
    let mut findings = Vec::new();
    for file in &sources {
        let code = std::fs::read_to_string(source_folder().join(file)).unwrap();
        findings.extend(
            violations(file, &code).into_iter().map(|finding| format!("{}:{finding}", file.display())),
        );
    }
    assert!(findings.is_empty(), "{}\n\nARCHITECTURE.md says who may import whom.", findings.join("\n"));
}

#[test]
fn every_planted_offence_is_found() {
    for (file, code, line, offence) in [
        ("session/mod.rs", "use crate::codec::Encoder;", 1, "session may not name codec"),
        (
            "session/turn.rs",
            "use std::fmt;\nuse crate::{event, wire::Frame};",
            2,
            "session may not name wire",
        ),
        (
            "session/turn.rs",
            "use crate::{\n  event::{Role, tool},\n  relay,\n};",
            3,
            "session may not name relay",
        ),
        ("wire/frame.rs", "fn f(e: &crate::event::Event) {}", 1, "wire may not name event"),
        ("wire/frame.rs", "type T = super::super::event::Event;", 1, "wire may not name event"),
        ("wire/a/b.rs", "use super::super::super::sigv4::Key;", 1, "wire may not name sigv4"),
        ("wire.rs", "use super::sigv4::Key;", 1, "wire may not name sigv4"),
        ("wire/mod.rs", "mod tests { use super::super::event; }", 1, "wire may not name event"),
        ("wire/mod.rs", "use self::super::event;", 1, "wire may not name event"),
        ("event/mod.rs", "use crate::audio::Playback;", 1, "event may not name audio::Playback"),
        ("event/mod.rs", "use crate::audio::{Pcm, level};", 1, "event may not name audio::level"),
        ("time.rs", "use crate::session as neighbour;", 1, "time may not name session"),
        ("audio/mod.rs", "pub use crate::{session::*};", 1, "audio may not name session"),
        ("audio/mod.rs", "use crate::r#session::Session;", 1, "audio may not name session"),
        ("audio/mod.rs", "use nova_sonic_core::session::Session;", 1, "audio may not name session"),
        ("audio/mod.rs", "let c = '{'; let s = \"}\"; crate::session::f();", 1, "audio may not name session"),
        (
            "audio/mod.rs",
            "macro_rules! m { () => { $crate::session::f() } }",
            1,
            "audio may not name session",
        ),
        ("audio/mod.rs", "use crate :: /* hidden */ session;", 1, "audio may not name session"),
        ("audio/mod.rs", "use crate::*;", 1, "audio names the whole crate"),
        ("audio/mod.rs", "use crate as root;", 1, "audio names the whole crate"),
        ("audio/mod.rs", "use crate::{self as root};", 1, "audio names the whole crate"),
        ("audio/pcm.rs", "use super::super::*;", 1, "audio names the whole crate"),
        ("audio/pcm.rs", "extern crate self as root;", 1, "audio names the whole crate"),
        ("audio/mod.rs", "use crate::Session;", 1, "audio may not name Session"),
        ("audio/mod.rs", "#[path = \"../session/mod.rs\"]\nmod borrowed;", 1, "audio takes in another file"),
        ("audio/mod.rs", "include!(\"../session/mod.rs\");", 1, "audio takes in another file"),
        (
            "session/mod.rs",
            "use aws_sdk_bedrockruntime::Client;",
            1,
            "session may not name aws_sdk_bedrockruntime",
        ),
        ("session/mod.rs", "fn f() { tokio::spawn(async {}); }", 1, "session may not name tokio"),
        ("session/mod.rs", "use {std::fmt, ::rubato::Fft};", 1, "session may not name rubato"),
        ("utility.rs", "", 1, "utility has no place among the layers"),
    ] {
        let found = violations(Path::new(file), code);
        let is_it = |only: &str| {
            only.strip_prefix(&format!("{line}: {offence}"))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        assert!(matches!(found.as_slice(), [only] if is_it(only)), "{file}: {code}: {found:?}");
    }
}

#[test]
fn what_is_allowed_is_let_through() {
    for (file, code) in [
        ("session/mod.rs", "use crate::{event::{Role, Text}, id::IdMint, time::Tick};"),
        (
            "event/mod.rs",
            "use crate::audio::SampleRate; use crate::audio::{Pcm, SampleRate::{self, Hz8000}};",
        ),
        (
            "audio/pcm.rs",
            "pub(crate) fn f() { super::level::f(); crate::audio::wav::g() } pub(super) struct S;",
        ),
        ("audio/mod.rs", "mod tests { use super::*; use super::super::error::ErrorCode; }"),
        ("audio/mod.rs", "pub(in crate::audio) struct S;"),
        (
            "audio/mod.rs",
            "// crate::session\n/* crate::session /* nested */ */ /// [`crate::session`]\nfn f() {}",
        ),
        (
            "audio/mod.rs",
            "const S: &str = \"\\\"crate::session\"; const R: &str = r#\"crate::\"session\"\"#;",
        ),
        ("audio/mod.rs", "fn f<'a>(c: &'a str) -> char { '\"' } // crate::session"),
        ("client/bedrock.rs", "use aws_sdk_bedrockruntime::Client; use tokio::sync::mpsc;"),
        ("lib.rs", "pub mod session; pub use session::Session;"),
    ] {
        assert_eq!(violations(Path::new(file), code), [""; 0], "{file}: {code}");
    }
}

#[test]
fn layers_only_look_down() {
    let base = ["time", "secret", "id", "error", "json", "scratch"];
    for (at, (module, may)) in LAYERS.iter().enumerate() {
        for named in may.iter().map(|path| path.split("::").next().unwrap()) {
            let place = LAYERS.iter().position(|(other, _)| *other == named);
            assert!(
                place.is_some_and(|place| place < at || base.contains(&named)),
                "{module} may name {named}"
            );
        }
    }
}

/// `line: offence` for every name in `code` that the module of `file` may not use.
fn violations(file: &Path, code: &str) -> Vec<String> {
    let module = module_of(file);
    let Some(home) = module.first() else {
        return Vec::new(); // lib.rs lists the modules
    };
    let Some((_, may)) = LAYERS.iter().find(|(name, _)| name == home) else {
        return vec![format!("1: {home} has no place among the layers")];
    };
    let offence = |named: &Named| match named {
        Named::Inside(path) => match path.first() {
            None => Some(format!("{home} names the whole crate")),
            Some(first) if first == home || may.iter().any(|allowed| is_within(path, allowed)) => None,
            Some(_) => Some(format!("{home} may not name {}", path.join("::"))),
        },
        Named::Outside(name) => OUTSIDE
            .iter()
            .any(|(start, homes)| name.starts_with(start) && !homes.contains(&home.as_str()))
            .then(|| format!("{home} may not name {name}")),
        Named::File => Some(format!("{home} takes in another file")),
    };
    named_paths(&module, code)
        .iter()
        .filter_map(|(line, named)| offence(named).map(|offence| format!("{line}: {offence}")))
        .collect()
}

/// Whether `path` is `allowed` or lies below it.
fn is_within(path: &[String], allowed: &str) -> bool {
    let mut path = path.iter();
    allowed.split("::").all(|part| path.next().is_some_and(|named| named == part))
}

/// `["audio", "pcm"]` of `audio/pcm.rs`, nothing of `lib.rs`.
fn module_of(file: &Path) -> Vec<String> {
    let mut module: Vec<String> =
        file.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if module.last().is_some_and(|last| last == "mod" || last == "lib") {
        module.pop();
    }
    module
}

fn source_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every source file, relative to the source folder.
fn sources() -> std::io::Result<Vec<PathBuf>> {
    let mut folders = vec![PathBuf::new()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(source_folder().join(&folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
