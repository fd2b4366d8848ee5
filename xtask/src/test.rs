//! Every test, in every language, with one count at the end.

mod run;

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::{
    Done,
    beside::{self, Beside, Reported},
    child,
    failure::Failure,
    node, node_package,
    python::suites,
    service, step,
    step::Steps,
    story,
    tally::Tally,
    tools,
    wasm::{self, Purpose},
    web,
};
use run::Run;

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
    /// End what still runs after so many minutes, say what it was, and count what did not run as failed.
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    within: Option<u64>,
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
    /// The browser package in a browser: a page, a microphone that plays speech, the simulator. By itself or with
    /// `--matrix` in Firefox and WebKitGTK, too, and with everything that can fail.
    Browser,
    /// The browser package with its direct path blocked, through Channels, ASGI, Node and the relay in Rust.
    Relay,
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
    /// The programs of the guide.
    Docs,
    /// The story player: its backend, conversations in a browser, and, by itself or with `--matrix`, all of them and the demo.
    Story,
}

impl Suite {
    const fn title(self) -> &'static str {
        match self {
            Self::Rust => "Rust: the workspace with all features, and its documentation's examples",
            Self::Wasm => "wasm32: the core with default features builds for browsers",
            Self::Web => "Web: the engine of the browser package in Node, against the simulator",
            Self::Browser => {
                "Browser: a page that talks, with a microphone that plays speech, against the simulator"
            }
            Self::Relay => {
                "Relay: the browser's fallback through Channels, ASGI, Node and a process in Rust, and who means them no good"
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
            Self::Story => {
                "The story player: Django and React, spoken with in Chromium, against the simulator"
            }
            Self::Abuse => "Python: the Django app in production's servers, under attack and in bad weather",
            Self::Docs => "The guide: every block of its code, against the simulator",
        }
    }

    /// Whether it is left to `--matrix`: with it, a run would be longer than a change should have to wait. That the core
    /// builds for browsers is seen when the suite `web` builds it for one; that the guide shows its own files, by the lints.
    const fn is_long(self) -> bool {
        matches!(self, Self::Relay | Self::PackageWeb | Self::Wasm | Self::Docs)
    }

    /// Whether it waits more than it computes, for servers, packages and deadlines: it runs beside the others.
    const fn mostly_waits(self) -> bool {
        matches!(self, Self::Package | Self::Django | Self::Abuse | Self::Docs)
    }

    /// Whether it compares what is heard with what was said, so that others should not compute beside it.
    const fn is_listened_to(self) -> bool {
        matches!(self, Self::Browser | Self::Story)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Wasm => "wasm",
            Self::Web => "web",
            Self::Browser => "browser",
            Self::Relay => "relay",
            Self::PackageWeb => "package-web",
            Self::Node => "node",
            Self::NodePackage => "node-package",
            Self::Python => "python",
            Self::Package => "package",
            Self::Django => "django",
            Self::Abuse => "abuse",
            Self::Setup => "setup",
            Self::Docs => "docs",
            Self::Story => "story",
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
            Self::Relay => relay(run),
            Self::PackageWeb => package_web(run),
            Self::Node => node::test(&interop("node")?, run.simulator()?),
            Self::NodePackage => {
                let simulator = run.simulator()?;
                node_package::test(&run.target, simulator, run.strictness.all)
            }
            Self::Python => suites::interop(&run.built()?, &interop("python")?),
            Self::Package => suites::package(&run.built()?, run.wheel()?, run.strictness),
            Self::Django => suites::django(&run.built()?, run.wheel()?, run.strictness),
            Self::Abuse => suites::abuse(&run.built()?, run.wheel()?, run.strictness),
            Self::Setup => suites::setup(&run.target),
            Self::Docs => {
                let built = run.built()?;
                node_package::for_tests(&run.target)?;
                suites::docs(&built, run.wheel()?, run.strictness)
            }
            Self::Story => {
                let built =
                    story::Built { target: &run.target, simulator: run.simulator()?, wheel: run.wheel()? };
                story::test(&built, run.thorough)
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

impl Line {
    fn reported(&self) -> Reported {
        Reported { suite: self.suite.name().to_owned(), tally: self.tally, seconds: self.seconds }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Done {
    if let Some(minutes) = arguments.within {
        run::end_after(minutes);
    }
    let run = Run::new(arguments.matrix, arguments.matrix || !arguments.only.is_empty())?;
    let suites: Vec<Suite> = Suite::value_variants()
        .iter()
        .copied()
        .filter(|suite| match arguments.only.as_slice() {
            [] => arguments.matrix || !suite.is_long(),
            only => only.contains(suite),
        })
        .collect();

    let (aside, mut suites): (Vec<Suite>, Vec<Suite>) =
        suites.into_iter().partition(|suite| arguments.only.is_empty() && suite.mostly_waits());
    // those wait for the ones beside, which the others need not
    suites.sort_by_key(|suite| suite.is_listened_to());
    let mut beside = run_beside(&aside, arguments, &run.target)?;
    let mut steps = Steps::new(suites.len());
    let mut lines = Vec::new();
    for suite in suites {
        if suite.is_listened_to()
            && let Some(beside) = beside.take()
        {
            lines.extend(finish(beside, &aside)?);
        }
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
        lines.extend(finish(beside, &aside)?);
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
    // a minute earlier than we end, so that it can still say what it came to
    let within = arguments.within.map(|minutes| format!("--within={}", minutes.saturating_sub(1).max(1)));
    let arguments = only.chain(matrix).chain(within.as_deref());
    Beside::start(&arguments.collect::<Vec<_>>(), &target.join("test")).map(Some)
}

/// Waits for those suites, and prints what they printed.
fn finish(beside: Beside, suites: &[Suite]) -> Result<Vec<Line>, Failure> {
    step::say(&format!("      waiting for {}; then comes what they printed", names(suites).join(", ")));
    let reported = beside.finish()?;
    let line = |suite: &Suite| {
        let told = reported.iter().find(|told| told.suite == suite.name());
        let (tally, seconds) = told.map_or((Tally::of_one(false), 0.0), |told| (told.tally, told.seconds));
        Line { suite: *suite, tally, seconds, failure: None }
    };
    Ok(suites.iter().map(line).collect())
}

fn names(suites: &[Suite]) -> Vec<&'static str> {
    suites.iter().map(|suite| suite.name()).collect()
}

/// The engine as it is shipped: built, and then run by Node.
fn web(run: &Run) -> Result<Tally, Failure> {
    web::engine(&run.target)?;
    node::run(&tools::root().join(web::PACKAGE).join("tests/engine"), run.simulator()?)
}

/// What of the browser's tests is not left to a thorough run: a conversation, all that its user can do, and its fallback.
const FIRST_IN_BROWSER: [&str; 3] = ["conversation.test.js", "controls.test.js", "fallback.test.js"];

/// The whole package as it is shipped, in a browser.
fn browser(run: &Run) -> Result<Tally, Failure> {
    tools::need_chromium()?;
    if run.thorough {
        tools::need_other_browsers()?;
    }
    run.web_package()?;
    let simulator = run.simulator()?;
    let mut tally = node::run(&tools::root().join(web::PACKAGE).join("tests/page"), simulator)?;
    let files: &[&str] = if run.thorough { &[] } else { &FIRST_IN_BROWSER };
    tally += node::test_in_turn(&tools::root().join("tests/browser"), simulator, files)?;
    Ok(tally)
}

/// The servers that a page falls back to where it cannot reach the service itself.
fn relay(run: &Run) -> Result<Tally, Failure> {
    tools::need_chromium()?;
    service::need_redis()?;
    run.web_package()?;
    let simulator = run.simulator()?;
    node_package::for_tests(&run.target)?;
    child::run(&mut tools::cargo(&["build", "--package", "relay"]), "mend what the compiler names above")?;
    let program = run.workspace.program("relay");
    let python = suites::django_python(&run.built()?, run.wheel()?, run.strictness)?;
    // its browser is that of the browser's own tests
    node::install(&tools::root().join("tests/browser"))?;
    let variables = [
        ("NOVA_SONIC_SIM", simulator.as_os_str()),
        ("NOVA_SONIC_RELAY", program.as_os_str()),
        ("NOVA_SONIC_DJANGO", python.as_os_str()),
    ];
    node::run_with(&["--test-concurrency=1"], &tools::root().join("tests/relay"), &variables)
}

/// The package as people install it: in React's hands, and in those of bundlers.
fn package_web(run: &Run) -> Result<Tally, Failure> {
    tools::need_chromium()?;
    run.web_package()?;
    // its browser and its voice are those of the browser's own tests
    node::install(&tools::root().join("tests/browser"))?;
    let mut tally = node::program(&tools::root().join(web::PACKAGE).join("tests/react"), "run.mjs")?;
    tally += node::test_in_turn(&tools::root().join("tests/package-web"), run.simulator()?, &[])?;
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
