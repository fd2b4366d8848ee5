//! Every test, in every language, with one count at the end.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::{
    Done,
    beside::{self, Beside, Reported},
    child,
    failure::Failure,
    node, node_package,
    python::matrix::Strictness,
    python::suites::{self, Built},
    python::wheel::{self, Profile},
    service, step,
    step::Steps,
    tally::Tally,
    tools::{self, Workspace},
    wasm::{self, Purpose},
    web,
};

/// Options of `cargo xtask test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Run these suites only; may be given more than once.
    #[arg(long, value_enum, value_name = "SUITE")]
    only: Vec<Suite>,
    /// Test the Python package and its Django app on every supported pair of Python and Django, not only on the oldest
    /// and the newest one, and the browser package in every browser and under every bundler.
    #[arg(long)]
    matrix: bool,
    /// Where to say in a file what became of each suite.
    #[arg(long, hide = true, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// What can be tested by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Suite {
    /// The workspace: unit, integration and documentation tests.
    Rust,
    /// The core builds for browsers.
    Wasm,
    /// The browser package: its engine in Node, against the shared vectors and the simulator.
    Web,
    /// The browser package in Chromium, Firefox and WebKitGTK: a page, a microphone that plays speech, the simulator.
    Browser,
    /// The browser package as it is packed: with React, under every bundler, and on the scales.
    PackageWeb,
    /// The AWS SDK for JavaScript against the simulator.
    Node,
    /// The package for Node: conversations, credentials, the relay, its types.
    NodePackage,
    /// boto3 against the simulator.
    Python,
    /// The Python package: its wheel, its tests, its types.
    Package,
    /// The Django app, with Redis and PostgreSQL.
    Django,
    /// The Django app under attack and in bad weather.
    Abuse,
    /// The files that set up AWS.
    Setup,
}

impl Suite {
    const fn title(self) -> &'static str {
        match self {
            Self::Rust => "Rust: the workspace with all features, and its documentation's examples",
            Self::Wasm => "wasm32: the core with default features builds for browsers",
            Self::Web => "Web: the engine of the browser package in Node, against the simulator",
            Self::Browser => {
                "Browser: a page that talks, in Chromium, Firefox and WebKitGTK, with the simulator"
            }
            Self::PackageWeb => "Browser package: React 18 and 19, its size, plain pages and bundlers",
            Self::Node => "Node: the AWS SDK for JavaScript against the simulator",
            Self::NodePackage => "Node: the package `@nova-sonic/node` against the simulator",
            Self::Python => "Python: boto3 against the simulator",
            Self::Package => "Python: the package `nova-sonic`, installed from its wheel",
            Self::Django => "Python: the Django app, with Redis and a real database",
            Self::Setup => {
                "Files that set up AWS: CloudFormation, Terraform, JSON, held to linters and to one another"
            }
            Self::Abuse => "Python: the Django app in production's servers, under attack and in bad weather",
        }
    }

    /// Whether it is left to `--matrix`: with it, a run would be longer than a change should have to wait. That the core
    /// builds for browsers is seen when the suite `web` builds it for one.
    const fn is_long(self) -> bool {
        matches!(self, Self::Browser | Self::PackageWeb | Self::Wasm)
    }

    /// Whether it waits more than it computes, for servers, packages and deadlines: it runs beside the others.
    const fn mostly_waits(self) -> bool {
        matches!(self, Self::NodePackage | Self::Package | Self::Django | Self::Abuse | Self::Setup)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Wasm => "wasm",
            Self::Web => "web",
            Self::Browser => "browser",
            Self::PackageWeb => "package-web",
            Self::Node => "node",
            Self::NodePackage => "node-package",
            Self::Python => "python",
            Self::Package => "package",
            Self::Django => "django",
            Self::Abuse => "abuse",
            Self::Setup => "setup",
        }
    }

    fn run(self, run: &Run) -> Result<Tally, Failure> {
        match self {
            Self::Rust => rust(),
            Self::Wasm => {
                wasm::build("nova-sonic-core", Purpose::Check, &run.target).map(|_| Tally::of_one(true))
            }
            Self::Web => web(run),
            Self::Browser => browser(run),
            Self::PackageWeb => package_web(run),
            Self::Node => node::test(&interop("node")?, run.simulator()?),
            Self::NodePackage => {
                let simulator = run.simulator()?;
                node_package::test(&run.target, simulator)
            }
            Self::Python => suites::interop(&run.built()?, &interop("python")?),
            Self::Package => suites::package(&run.built()?, run.wheel()?, run.strictness),
            Self::Django => suites::django(&run.built()?, run.wheel()?, run.strictness),
            Self::Abuse => suites::abuse(&run.built()?, run.wheel()?, run.strictness),
            Self::Setup => suites::setup(&run.target),
        }
    }
}

/// What the suites of one run share: built when the first of them asks for it.
#[derive(Debug)]
struct Run {
    workspace: Workspace,
    strictness: Strictness,
    simulator: OnceCell<PathBuf>,
    wheel: OnceCell<PathBuf>,
    web_package: OnceCell<()>,
    target: PathBuf,
}

impl Run {
    fn new(arguments: &Arguments) -> Result<Self, Failure> {
        let workspace = Workspace::load()?;
        let target = workspace.target();
        let complete = std::env::var_os("CI").is_some_and(|value| value == "true");
        let strictness = Strictness { all: arguments.matrix, complete };
        Ok(Self {
            workspace,
            strictness,
            simulator: OnceCell::new(),
            wheel: OnceCell::new(),
            web_package: OnceCell::new(),
            target,
        })
    }

    /// The simulator, which the suites of other languages start for themselves; beside it, the programs of theirs that
    /// are written in Rust, and the native part of the package for Node: built together, they share their dependencies.
    fn simulator(&self) -> Result<&PathBuf, Failure> {
        if let Some(built) = self.simulator.get() {
            return Ok(built);
        }
        child::run(
            &mut tools::cargo(&[
                "build",
                "--package",
                "nova-sonic-sim",
                "--package",
                "nova-sonic-interop",
                "--package",
                node_package::CRATE,
                "--bins",
                "--lib",
            ]),
            "mend what the compiler names above",
        )?;
        let program = self.workspace.program("nova-sonic-sim");
        tools::need_path(&program, "the simulator's program")?;
        Ok(self.simulator.get_or_init(|| program))
    }

    /// The Python package, compiled as tests are.
    fn wheel(&self) -> Result<&PathBuf, Failure> {
        if let Some(built) = self.wheel.get() {
            return Ok(built);
        }
        step::say("      building the wheel");
        let wheel = wheel::build(Profile::Debug, &self.target.join("python/wheel"), &self.target)?;
        Ok(self.wheel.get_or_init(|| wheel))
    }

    /// The browser package's `dist`.
    fn web_package(&self) -> Done {
        if self.web_package.get().is_none() {
            step::say("      building the browser package");
            web::package(&self.target)?;
            self.web_package.get_or_init(|| ());
        }
        Ok(())
    }

    fn built(&self) -> Result<Built<'_>, Failure> {
        Ok(Built { target: &self.target, simulator: self.simulator()? })
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

impl Line {
    fn reported(&self) -> Reported {
        Reported { suite: self.suite.name().to_owned(), tally: self.tally, seconds: self.seconds }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Done {
    let run = Run::new(arguments)?;
    let suites: Vec<Suite> = Suite::value_variants()
        .iter()
        .copied()
        .filter(|suite| match arguments.only.as_slice() {
            [] => arguments.matrix || !suite.is_long(),
            only => only.contains(suite),
        })
        .collect();

    let (aside, suites): (Vec<Suite>, Vec<Suite>) =
        suites.into_iter().partition(|suite| arguments.only.is_empty() && suite.mostly_waits());
    let beside = run_beside(&aside, arguments, &run.target)?;
    let mut steps = Steps::new(suites.len());
    let mut lines = Vec::new();
    for suite in suites {
        steps.begin(suite.title());
        let started = steps.elapsed();
        let outcome = suite.run(&run);
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
    if let Some(beside) = beside {
        step::say(&format!("      waiting for {}; then comes what they printed", names(&aside).join(", ")));
        let reported = beside.finish()?;
        lines.extend(aside.into_iter().map(|suite| {
            let told = reported.iter().find(|told| told.suite == suite.name());
            let (tally, seconds) =
                told.map_or((Tally::of_one(false), 0.0), |told| (told.tally, told.seconds));
            Line { suite, tally, seconds, failure: None }
        }));
    }
    if let Some(path) = &arguments.report {
        beside::write(path, &lines.iter().map(Line::reported).collect::<Vec<_>>())?;
    }
    conclude(&lines)
}

/// Starts the suites that mostly wait, if there are any.
fn run_beside(suites: &[Suite], arguments: &Arguments, target: &Path) -> Result<Option<Beside>, Failure> {
    if suites.is_empty() {
        return Ok(None);
    }
    let names = names(suites);
    step::say(&format!("      beside what follows: {}", names.join(", ")));
    let only = names.iter().flat_map(|name| ["--only", name]);
    let matrix = arguments.matrix.then_some("--matrix");
    Beside::start(&only.chain(matrix).collect::<Vec<_>>(), &target.join("test")).map(Some)
}

fn names(suites: &[Suite]) -> Vec<&'static str> {
    suites.iter().map(|suite| suite.name()).collect()
}

/// The engine as it is shipped: built, and then run by Node.
fn web(run: &Run) -> Result<Tally, Failure> {
    web::engine(&run.target)?;
    node::run(&tools::root().join(web::PACKAGE).join("tests/engine"), run.simulator()?)
}

/// The whole package as it is shipped, in a browser.
fn browser(run: &Run) -> Result<Tally, Failure> {
    tools::need_chromium()?;
    tools::need_other_browsers()?;
    run.web_package()?;
    let simulator = run.simulator()?;
    let mut tally = node::run(&tools::root().join(web::PACKAGE).join("tests/page"), simulator)?;
    let python = suites::django_python(&run.built()?, run.wheel()?, run.strictness)?;
    tally += node::test_with_django(&tools::root().join("tests/browser"), simulator, &python)?;
    Ok(tally)
}

/// The package as people install it: in React's hands, and in those of bundlers.
fn package_web(run: &Run) -> Result<Tally, Failure> {
    tools::need_chromium()?;
    run.web_package()?;
    // its browser and its voice are those of the browser's own tests
    node::install(&tools::root().join("tests/browser"))?;
    let mut tally = node::program(&tools::root().join(web::PACKAGE).join("tests/react"), "run.mjs")?;
    tally += node::test_in_turn(&tools::root().join("tests/package-web"), run.simulator()?)?;
    Ok(tally)
}

fn rust() -> Result<Tally, Failure> {
    tools::need_recordings()?;
    service::need_redis()?;
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

fn conclude(lines: &[Line]) -> Done {
    let mut total = Tally::default();
    step::result("\nsuite         passed  failed  skipped  seconds");
    for Line { suite, tally, seconds, failure } in lines {
        total += *tally;
        let remark = failure.as_ref().map(|failure| format!("  {failure}")).unwrap_or_default();
        let Tally { passed, failed, skipped } = tally;
        step::result(&format!(
            "{:<12} {passed:>7} {failed:>7} {skipped:>8} {seconds:>8.1}{remark}",
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
