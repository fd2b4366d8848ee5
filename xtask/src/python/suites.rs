//! What is tested in Python, each in environments of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{
    child,
    failure::Failure,
    node,
    python::environment::{Environment, requirements},
    python::interpreter,
    python::matrix::{self, Pair, Strictness},
    service::{Postgres, Redis},
    step,
    tally::Tally,
    tools,
};

/// The tests of the package; those of the Django app are a folder among them.
const TESTS: &str = "bindings-python/tests";
const DJANGO: &str = "bindings-python/tests/django";
const ABUSE: &str = "tests/abuse";
const SETUP: &str = "tests/setup";
const DOCS: &str = "tests/docs";
/// Longer than any test takes, even beside a compiler.
const MOST_SECONDS: &str = "300";
/// A third of the conversations that the test of leaks holds with `--matrix`: a thousand in each manner.
const MANY_SESSIONS: &str = "336";

/// What has been built for the tests.
#[derive(Debug)]
pub(crate) struct Built<'a> {
    /// Cargo's target folder, where environments are kept.
    pub(crate) target: &'a Path,
    /// The simulator's program.
    pub(crate) simulator: &'a Path,
}

impl Built<'_> {
    fn environment(
        &self,
        name: &str,
        interpreter: &Path,
        requirements: &[PathBuf],
    ) -> Result<Environment, Failure> {
        Environment::prepare(self.target.join("python").join(name), interpreter, requirements)
    }

    /// pytest, told where the simulator is.
    fn pytest(&self, environment: &Environment, folder: &Path) -> Command {
        let mut command = environment.module(&["pytest", "--color=no", "-p", "no:cacheprovider"]);
        command.current_dir(folder).env("NOVA_SONIC_SIM", self.simulator);
        command
    }
}

/// boto3 against the simulator: `folder` has the tests, and the pins beside them.
pub(crate) fn interop(built: &Built<'_>, folder: &Path) -> Result<Tally, Failure> {
    let python = interpreter::any()?;
    let pins = [folder.join("requirements.txt")];
    let environment = built.environment("interop", &python.program, &pins)?;
    judged(&mut built.pytest(&environment, folder))
}

/// The package without Django, on each Python; its tests hold the stubs against what was compiled.
pub(crate) fn package(built: &Built<'_>, wheel: &Path, strictness: Strictness) -> Result<Tally, Failure> {
    let folder = tests(TESTS)?;
    let mut tally = Tally::default();
    let pythons = matrix::pythons(&matrix::pairs(&interpreter::found(), strictness)?);
    let newest = pythons.last().cloned();
    for python in pythons {
        step::say(&format!("      Python 3.{}", python.minor));
        let name = format!("package-3.{}", python.minor);
        let environment = built.environment(&name, &python.program, &[requirements("tests.txt")])?;
        environment.install_wheel(wheel)?;
        let mut pytest = built.pytest(&environment, &folder);
        pytest.env("NOVA_SONIC_WHEEL", wheel);
        if strictness.all && Some(&python) == newest.as_ref() {
            pytest.env("NOVA_SONIC_LEAK_SESSIONS", MANY_SESSIONS);
        }
        tally += judged(limited(pytest.args(["--ignore", "django"])))?;
    }
    Ok(tally)
}

/// The Django app, on each pair of Python and Django, with a real Redis, and a real database where there is one.
pub(crate) fn django(built: &Built<'_>, wheel: &Path, strictness: Strictness) -> Result<Tally, Failure> {
    let folder = tests(DJANGO)?;
    let pairs = matrix::pairs(&interpreter::found(), strictness)?;
    let redis = Redis::start()?;
    let postgres = Postgres::start()?;
    if postgres.is_none() {
        step::say("      PostgreSQL is not here: SQLite only");
    }
    let newest = pairs.last().cloned();
    let mut tally = Tally::default();
    for pair in pairs {
        let environment = pair_environment(built, &pair)?;
        environment.install_wheel(wheel)?;
        let is_newest = Some(&pair) == newest.as_ref();
        // The oldest pair with SQLite and the newest with PostgreSQL meet both; the matrix means all of it.
        let with_postgres = postgres.as_ref().filter(|_| strictness.all || is_newest);
        let with_sqlite = strictness.all || with_postgres.is_none();
        for database in with_sqlite.then_some(None).into_iter().chain(with_postgres.map(Some)) {
            let name = if database.is_some() { "PostgreSQL" } else { "SQLite" };
            step::say(&format!("      {}, Redis, {name}", pair.title()));
            let mut pytest = built.pytest(&environment, &folder);
            pytest.env("NOVA_SONIC_REDIS_URL", redis.url());
            // Nothing of this machine's own databases.
            for (variable, value) in database.map(Postgres::variables).into_iter().flatten() {
                pytest.env(variable, value).env("NOVA_SONIC_DATABASE", "postgresql");
            }
            tally += judged(limited(&mut pytest))?;
        }
    }
    Ok(tally)
}

/// A Python of the newest pair that has the Django app, its servers and Channels.
pub(crate) fn django_python(
    built: &Built<'_>,
    wheel: &Path,
    strictness: Strictness,
) -> Result<PathBuf, Failure> {
    let newest = matrix::newest(&interpreter::found(), strictness.complete)?;
    let environment = pair_environment(built, &newest)?;
    environment.install_wheel(wheel)?;
    Ok(environment.python())
}

/// What happens to the Django app when somebody, or something, means it no good; on the newest pair.
pub(crate) fn abuse(built: &Built<'_>, wheel: &Path, strictness: Strictness) -> Result<Tally, Failure> {
    let folder = tests(ABUSE)?;
    let newest = matrix::newest(&interpreter::found(), strictness.complete)?;
    let environment = pair_environment(built, &newest)?;
    environment.install_wheel(wheel)?;
    let redis = Redis::start()?;
    step::say(&format!("      {}, Redis, uvicorn and gunicorn", newest.title()));
    judged(limited(built.pytest(&environment, &folder).env("NOVA_SONIC_REDIS_URL", redis.url())))
}

/// The files with which AWS is set up, by linters and by what they amount to.
pub(crate) fn setup(target: &Path) -> Result<Tally, Failure> {
    let folder = tests(SETUP)?;
    let python = interpreter::any()?;
    let pins = [folder.join("requirements.txt")];
    let environment = Environment::prepare(target.join("python/setup"), &python.program, &pins)?;
    let mut pytest = environment.module(&["pytest", "--color=no", "-p", "no:cacheprovider"]);
    judged(pytest.current_dir(folder))
}

/// The programs of the guide, in every language but Rust, whose own have tests of their own.
pub(crate) fn docs(built: &Built<'_>, wheel: &Path, strictness: Strictness) -> Result<Tally, Failure> {
    let folder = tests(DOCS)?;
    node::install(&folder)?;
    let newest = matrix::newest(&interpreter::found(), strictness.complete)?;
    let pins = [requirements("docs.txt"), requirements(&format!("django-{}.txt", newest.django))];
    let environment = built.environment("docs", &newest.python.program, &pins)?;
    environment.install_wheel(wheel)?;
    let redis = Redis::start()?;
    let program = std::env::current_exe().map_err(|error| {
        Failure::new(format!("cannot find this program ({error})"), "run it from where it was built")
    })?;
    let mut pytest = built.pytest(&environment, &folder);
    pytest
        .env("NOVA_SONIC_REDIS_URL", redis.url())
        .env("NOVA_SONIC_WHEEL", wheel)
        .env("NOVA_SONIC_XTASK", program);
    judged(limited(&mut pytest))
}

/// The interpreter of the newest pair, with what `pins` name and the wheel.
pub(crate) fn bench_environment(target: &Path, pins: &Path, wheel: &Path) -> Result<PathBuf, Failure> {
    let newest = matrix::newest(&interpreter::found(), false)?;
    step::say(&format!("      {}", newest.title()));
    let environment = Environment::prepare(
        target.join("python/bench"),
        &newest.python.program,
        &[requirements(&format!("django-{}.txt", newest.django)), pins.to_owned()],
    )?;
    environment.install_wheel(wheel)?;
    Ok(environment.python())
}

/// An interpreter that the AWS SDK for Python runs on, 3.12 if it is here, with what `pins` name and the wheel.
pub(crate) fn sdk_environment(target: &Path, pins: &Path, wheel: &Path) -> Result<PathBuf, Failure> {
    const OLDEST: u32 = 12;
    let python = interpreter::found().into_iter().find(|python| python.minor >= OLDEST).ok_or_else(|| {
        Failure::new(
            format!("the AWS SDK for Python needs Python 3.{OLDEST}, which is not here"),
            "install it, for example with pyenv",
        )
    })?;
    step::say(&format!("      Python 3.{}", python.minor));
    let environment =
        Environment::prepare(target.join("python/bench-sdk"), &python.program, &[pins.to_owned()])?;
    environment.install_wheel(wheel)?;
    Ok(environment.python())
}

fn pair_environment(built: &Built<'_>, pair: &Pair) -> Result<Environment, Failure> {
    let name = format!("django-{}-python-3.{}", pair.django, pair.python.minor);
    let pins = [requirements("django.txt"), requirements(&format!("django-{}.txt", pair.django))];
    built.environment(&name, &pair.python.program, &pins)
}

fn tests(folder: &str) -> Result<PathBuf, Failure> {
    let folder = tools::root().join(folder);
    tools::need_path(&folder, "the tests of this suite")?;
    Ok(folder)
}

/// A test that hangs says where, and the others still run.
fn limited(pytest: &mut Command) -> &mut Command {
    pytest.args(["--timeout", MOST_SECONDS])
}

/// Runs pytest; a failed run without a count is one failure.
fn judged(pytest: &mut Command) -> Result<Tally, Failure> {
    let outcome = child::run_and_keep(pytest)?;
    Ok(Tally::of_pytest(&outcome.output).judged_by(outcome.status.success()))
}
