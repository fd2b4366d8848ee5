//! The story player's tests: its backend, whole conversations in a browser, and the command that shows it.

use std::path::Path;
use std::process::Command;

use crate::{
    child, demo::setup, failure::Failure, python::environment::Environment, python::interpreter, step,
    tally::Tally, tools,
};

/// The first of the conversations: from signing in to what is stored of it.
const FIRST: &str = "start.test.js";
/// The tests of `cargo xtask demo`.
const DEMO: &str = "tests/demo";
/// Longer than any test of the backend takes, seconds, even beside a compiler.
const MOST_SECONDS: &str = "120";

/// What has been built for the tests.
#[derive(Debug)]
pub(crate) struct Built<'a> {
    pub(crate) target: &'a Path,
    pub(crate) simulator: &'a Path,
    pub(crate) wheel: &'a Path,
}

/// Tests the backend and holds the first conversation; `thorough` holds them all, and tries the demo.
pub(crate) fn test(built: &Built<'_>, thorough: bool) -> Result<Tally, Failure> {
    let backend = tools::root().join(setup::BACKEND);
    let environment = Environment::prepare(
        built.target.join("python/story-tests"),
        &interpreter::any()?.program,
        &[backend.join("requirements-tests.txt")],
    )?;
    environment.install_wheel(built.wheel)?;
    step::say("      the backend");
    let mut pytest =
        environment.module(&["pytest", "--color=no", "-p", "no:cacheprovider", "--timeout", MOST_SECONDS]);
    pytest.current_dir(&backend).env("NOVA_SONIC_SIM", built.simulator);
    let outcome = child::run_and_keep(&mut pytest)?;
    let mut tally = Tally::of_pytest(&outcome.output).judged_by(outcome.status.success());

    step::say("      conversations in a browser");
    tools::need_chromium()?;
    if thorough {
        tools::need_other_browsers()?;
    }
    setup::page(built.target)?;
    setup::driver()?;
    let mut conversations = node_tests(&tools::root().join(setup::TESTS), built.simulator);
    conversations.env("NOVA_SONIC_DJANGO", environment.python());
    if !thorough {
        conversations.arg(FIRST);
    }
    tally += judged(&mut conversations)?;

    if thorough {
        step::say("      the demo");
        let program = std::env::current_exe().map_err(|error| {
            Failure::new(format!("cannot find this program ({error})"), "run it from where it was built")
        })?;
        let mut demos = node_tests(&tools::root().join(DEMO), built.simulator);
        tally += judged(demos.env("NOVA_SONIC_XTASK", program))?;
    }
    Ok(tally)
}

/// One file after the other: what is heard in a browser suffers when others compute beside it.
fn node_tests(folder: &Path, simulator: &Path) -> Command {
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=spec", "--test-concurrency=1"]).current_dir(folder);
    node.env("NOVA_SONIC_SIM", simulator);
    node
}

fn judged(node: &mut Command) -> Result<Tally, Failure> {
    let outcome = child::run_and_keep(node)?;
    Ok(Tally::of_node(&outcome.output).judged_by(outcome.status.success()))
}
