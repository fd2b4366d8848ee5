//! The guide in `docs`: what its blocks of code come from, where its links lead, and its pages.

mod blocks;
mod book;
mod links;
mod markdown;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{
    Done, child,
    failure::Failure,
    hygiene, step,
    step::Steps,
    tools::{self, Workspace},
};

/// Where the guide is written.
pub(crate) const FOLDER: &str = "docs";
/// The page that is made of the catalogue of error codes, and the test that knows what it must say.
const CATALOGUE_TEST: &[&str] =
    &["test", "--quiet", "--package", "nova-sonic-core", "--test", "troubleshooting"];

/// Options of `cargo xtask docs`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Put the code of the examples into the pages, and write the page of error codes anew.
    #[arg(long)]
    write: bool,
}

/// Checks the guide and builds its pages.
pub(crate) fn run(arguments: &Arguments) -> Done {
    let mut steps = Steps::new(4);
    steps.begin("Blocks of code: what the examples say");
    blocks::settle(&pages()?, arguments.write)?;
    steps.begin("Error codes: what the catalogue says");
    let mut test = tools::cargo(CATALOGUE_TEST);
    if arguments.write {
        test.env("NOVA_SONIC_WRITE_DOCS", "1");
    }
    child::run(&mut test, "run `cargo xtask docs --write`, and commit what it changes")?;
    steps.begin("Links in every page of the repository");
    links::check(&markdown_files()?)?;
    steps.begin("Pages");
    let index = book::build(&Workspace::load()?.target())?;
    step::result(&format!("the guide is in {}", index.display()));
    Ok(())
}

/// What `cargo xtask lint` checks; that the page of error codes is up to date is a test of the core.
pub(crate) fn check() -> Done {
    blocks::settle(&pages()?, false)?;
    links::check(&markdown_files()?)?;
    book::build(&Workspace::load()?.target()).map(drop)
}

/// The pages of the guide.
fn pages() -> Result<Vec<PathBuf>, Failure> {
    let examples = Path::new(FOLDER).join("examples");
    let is_page = |path: &PathBuf| path.starts_with(FOLDER) && !path.starts_with(&examples);
    Ok(markdown_files()?.into_iter().filter(is_page).collect())
}

/// Every page of the repository, by its path in it.
fn markdown_files() -> Result<Vec<PathBuf>, Failure> {
    let files = hygiene::files()?.into_iter().map(PathBuf::from);
    Ok(files
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .filter(|path| tools::root().join(path).exists())
        .collect())
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(tools::root().join(path))
        .map_err(|error| Failure::new(format!("{} ({error})", path.display()), "check it out again"))
}

fn write(path: &Path, text: &str) -> Done {
    std::fs::write(path, text).map_err(|error| {
        Failure::new(format!("{} ({error})", path.display()), "free the space or the folder")
    })
}

/// Says what was found, and fails if anything was.
fn judge(findings: &[String], what: &str, advice: &str) -> Done {
    for finding in findings {
        step::say(finding);
    }
    if findings.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("{} {what}", findings.len()), advice))
}

/// A program of a virtual environment.
fn program(python: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(python);
    command.args(arguments);
    command
}
