//! Every test, in every language, with one count at the end.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::{
    Done, child,
    failure::Failure,
    node, python, step,
    step::Steps,
    tally::Tally,
    tools::{self, Workspace},
    wasm,
};

/// Options of `cargo xtask test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Run these suites only; may be given more than once.
    #[arg(long, value_enum, value_name = "SUITE")]
    only: Vec<Suite>,
}

/// What can be tested by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Suite {
    /// The workspace: unit, integration and documentation tests.
    Rust,
    /// The core builds for browsers.
    Wasm,
    /// The AWS SDK for JavaScript against the simulator.
    Node,
    /// boto3 against the simulator.
    Python,
}

impl Suite {
    const fn title(self) -> &'static str {
        match self {
            Self::Rust => "Rust: the workspace with all features, and its documentation's examples",
            Self::Wasm => "wasm32: the core with default features builds for browsers",
            Self::Node => "Node: the AWS SDK for JavaScript against the simulator",
            Self::Python => "Python: boto3 against the simulator",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Wasm => "wasm",
            Self::Node => "node",
            Self::Python => "python",
        }
    }

    fn run(self, workspace: &Workspace) -> Result<Tally, Failure> {
        match self {
            Self::Rust => rust(),
            Self::Wasm => {
                wasm::build("nova-sonic-core", &[], &workspace.target()).map(|_| Tally::of_one(true))
            }
            Self::Node => {
                let folder = interop("node")?;
                node::test(&folder, &simulator(workspace)?)
            }
            Self::Python => {
                let folder = interop("python")?;
                python::test(&folder, &workspace.target(), &simulator(workspace)?)
            }
        }
    }
}

/// One line of the table at the end.
#[derive(Debug)]
struct Line {
    suite: Suite,
    tally: Tally,
    seconds: f64,
    failure: Option<Failure>,
}

pub(crate) fn run(arguments: &Arguments) -> Done {
    let workspace = Workspace::load()?;
    let suites: Vec<Suite> = Suite::value_variants()
        .iter()
        .copied()
        .filter(|suite| arguments.only.is_empty() || arguments.only.contains(suite))
        .collect();

    let mut steps = Steps::new(suites.len());
    let mut lines = Vec::new();
    for suite in suites {
        steps.begin(suite.title());
        let started = steps.elapsed();
        let outcome = suite.run(&workspace);
        let seconds = steps.elapsed().saturating_sub(started).as_secs_f64();
        lines.push(match outcome {
            Ok(tally) => Line { suite, tally, seconds, failure: None },
            Err(failure) if failure.is_interruption() => return Err(failure),
            Err(failure) => {
                step::report(&failure);
                Line { suite, tally: Tally::of_one(false), seconds, failure: Some(failure) }
            }
        });
    }
    conclude(&lines)
}

fn rust() -> Result<Tally, Failure> {
    tools::need_recordings()?;
    let mut cargo = tools::cargo(&["test", "--workspace", "--all-features", "--no-fail-fast"]);
    let outcome = child::run_and_keep(&mut cargo)?;
    Ok(Tally::of_cargo(&outcome.output).judged_by(outcome.status.success()))
}

/// The folder with the tests of an SDK.
fn interop(language: &str) -> Result<PathBuf, Failure> {
    let folder = tools::root().join("tests/interop").join(language);
    tools::need_path(&folder, "the tests of this suite")?;
    Ok(folder)
}

/// Builds the simulator, which the suites of other languages start for themselves.
fn simulator(workspace: &Workspace) -> Result<PathBuf, Failure> {
    child::run(
        &mut tools::cargo(&["build", "--package", "nova-sonic-sim"]),
        "mend what the compiler names above",
    )?;
    let program = workspace.program("nova-sonic-sim");
    tools::need_path(&program, "the simulator's program")?;
    Ok(program)
}

fn conclude(lines: &[Line]) -> Done {
    let mut total = Tally::default();
    step::result("\nsuite    passed  failed  skipped  seconds");
    for Line { suite, tally, seconds, failure } in lines {
        total += *tally;
        let remark = failure.as_ref().map(|failure| format!("  {failure}")).unwrap_or_default();
        let Tally { passed, failed, skipped } = tally;
        step::result(&format!(
            "{:<7} {passed:>7} {failed:>7} {skipped:>8} {seconds:>8.1}{remark}",
            suite.name()
        ));
    }
    step::result(&format!("\n{} passed, {} failed", total.passed, total.failed));
    if total.failed == 0 {
        return Ok(());
    }
    let failed: Vec<&str> =
        lines.iter().filter(|line| line.tally.failed > 0).map(|line| line.suite.name()).collect();
    Err(Failure::new(
        format!("tests failed in: {}", failed.join(", ")),
        format!(
            "see above, and run one suite again with `cargo xtask test --only {}`",
            failed.first().unwrap_or(&"")
        ),
    ))
}
