//! Everything that is checked without running the product.

use crate::{
    Done, child, docs,
    failure::Failure,
    hygiene, python, step,
    step::Steps,
    tools::{self, Feature, Workspace},
};

/// The version of cargo-deny that `deny.toml` is written for.
const DENY: &str = "0.20.2";
const CORE: &str = "nova-sonic-core";

type Check = (&'static str, fn() -> Done);

const CHECKS: &[Check] = &[
    ("Formatting", formatting),
    ("Formatting of Python", python::lint::formatting),
    ("Hygiene: length of files, things left for later", hygiene::check),
    ("Lints of the whole workspace", clippy),
    ("Lints of Python", python::lint::lints),
    ("Types of Python, strict", python::lint::types),
    ("Types of the Python example, by pyright", python::lint::example_types),
    ("Layers: who imports whom in the core", layers),
    ("The core under every set of its features", features),
    ("Documentation", documentation),
    ("The guide: its blocks of code, links, pages", docs::check),
    ("Licences, duplicates and sources of dependencies", dependencies),
];

pub(crate) fn run() -> Done {
    let mut steps = Steps::new(CHECKS.len());
    let mut failed = Vec::new();
    for (title, check) in CHECKS {
        steps.begin(title);
        match check() {
            Ok(()) => {}
            Err(failure) if failure.is_interruption() => return Err(failure),
            Err(failure) => {
                step::report(&failure);
                failed.push(*title);
            }
        }
    }
    if failed.is_empty() {
        step::result(&format!("{} checks passed", CHECKS.len()));
        return Ok(());
    }
    Err(Failure::new(
        format!("{} of {} checks failed ({})", failed.len(), CHECKS.len(), failed.join("; ")),
        "see above",
    ))
}

fn formatting() -> Done {
    child::run(&mut tools::cargo(&["fmt", "--all", "--check"]), "run `cargo fmt --all`")
}

fn clippy() -> Done {
    let arguments = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    child::run(&mut tools::cargo(&arguments), "mend the lints above")
}

fn layers() -> Done {
    let arguments = ["test", "--quiet", "--package", CORE, "--test", "layers"];
    child::run(&mut tools::cargo(&arguments), "move the code to the layer where it may see what it needs")
}

/// The core alone, so that no other package of the workspace can switch a feature on that it forgot to ask for.
fn features() -> Done {
    for features in subsets(&Workspace::load()?.features(CORE)) {
        step::say(&format!("      --features '{features}'"));
        let arguments = [
            "clippy",
            "--quiet",
            "--package",
            CORE,
            "--lib",
            "--no-default-features",
            "--features",
            &features,
        ];
        let mut cargo = tools::cargo(&arguments);
        child::run(cargo.args(["--", "-D", "warnings"]), "put what needs a feature behind that feature")?;
    }
    Ok(())
}

fn documentation() -> Done {
    let mut cargo = tools::cargo(&["doc", "--workspace", "--no-deps", "--all-features", "--quiet"]);
    child::run(cargo.env("RUSTDOCFLAGS", "-D warnings"), "mend the documentation named above")
}

fn dependencies() -> Done {
    if child::answer("cargo", &["deny", "--version"]).is_none() {
        step::say(&format!(
            "      left out: cargo-deny is not here; `cargo install cargo-deny --version {DENY} --locked` installs it"
        ));
        return Ok(());
    }
    child::run(
        &mut tools::cargo(&["deny", "check", "licenses", "bans", "sources"]),
        "choose another dependency, or add the exception with its reason to deny.toml",
    )
}

/// Every subset, comma-separated as cargo takes them; not those that name a feature which another brings along.
fn subsets(features: &[Feature]) -> Vec<String> {
    let mut subsets: Vec<Vec<&Feature>> = vec![Vec::new()];
    for feature in features {
        let with = subsets.iter().map(|without| without.iter().copied().chain([feature]).collect());
        subsets.extend(with.collect::<Vec<_>>());
    }
    subsets
        .into_iter()
        .filter(|subset| {
            !subset.iter().any(|one| subset.iter().any(|other| other.brings.contains(&one.name)))
        })
        .map(|subset| subset.iter().map(|feature| feature.name.as_str()).collect::<Vec<_>>().join(","))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subsets_are_complete() {
        let feature = |name: &str, brings: &[&str]| Feature {
            name: name.to_owned(),
            brings: brings.iter().map(|&brought| brought.to_owned()).collect(),
        };
        assert_eq!(subsets(&[feature("a", &[]), feature("b", &[])]), ["", "a", "b", "a,b"]);
        assert_eq!(subsets(&[feature("a", &[]), feature("b", &["a", "dep:c"])]), ["", "a", "b"]);
        assert_eq!(subsets(&[]), [""]);
    }
}
