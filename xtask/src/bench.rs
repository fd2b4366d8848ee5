//! What a frame, a session, credentials and a page cost, beside the physical floor and the AWS SDKs.

use std::path::PathBuf;
use std::process::Command;

use clap::Subcommand;

use crate::{
    Done, child,
    failure::Failure,
    node, node_package,
    python::suites,
    python::wheel::{self, Profile},
    service::Redis,
    step,
    step::Steps,
    tools::{self, Workspace},
    web,
};

/// Options of `cargo xtask bench`; without a name, all benches run.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Fail when a budget is broken.
    #[arg(long)]
    check: bool,
    #[command(subcommand)]
    bench: Option<Bench>,
}

#[derive(Clone, Debug, Subcommand)]
enum Bench {
    /// Nanoseconds of one frame, against the floor, the SDK's crates and the SDK for JavaScript (`--no-node`: without).
    Frame(PassedOn),
    /// Allocations of a conversation under way.
    Allocations(PassedOn),
    /// CPU and memory of many conversations at once, against the bare SDK.
    Sessions(PassedOn),
    /// CPU and memory of the relay, both legs, and how much later sound comes for it.
    Relay(PassedOn),
    /// Requests per second and memory of the Django view, against one written with boto3 and Django REST framework.
    Django(PassedOn),
    /// CPU and memory of many conversations in Python, against the AWS SDK for Python.
    Python(PassedOn),
    /// CPU and memory of conversations in Node, against the AWS SDK for JavaScript.
    Node(PassedOn),
    /// Delays, CPU, memory and size of a page that talks, against one with the SDK for JavaScript.
    Browser(PassedOn),
}

#[derive(Clone, Debug, Default, clap::Args)]
struct PassedOn {
    /// Arguments of the bench itself; `-- --help` lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
}

impl Bench {
    fn all() -> Vec<Self> {
        vec![
            Self::Frame(PassedOn::default()),
            Self::Allocations(PassedOn::default()),
            Self::Sessions(PassedOn::default()),
            Self::Relay(PassedOn::default()),
            Self::Django(PassedOn::default()),
            Self::Python(PassedOn::default()),
            Self::Node(PassedOn::default()),
            Self::Browser(PassedOn::default()),
        ]
    }

    const fn title(&self) -> &'static str {
        match self {
            Self::Frame(_) => "One frame: encode, sign and decode",
            Self::Allocations(_) => "Allocations of a conversation under way",
            Self::Sessions(_) => "Many conversations in real time",
            Self::Relay(_) => "Many conversations through the relay",
            Self::Django(_) => "Credentials from a Django project",
            Self::Python(_) => "Many conversations in Python",
            Self::Node(_) => "Many conversations in Node",
            Self::Browser(_) => "A page that talks",
        }
    }

    fn run(&self, check: bool) -> Done {
        let (program, PassedOn { arguments }) = match self {
            Self::Frame(passed_on) => ("frame", passed_on),
            Self::Allocations(passed_on) => ("allocations", passed_on),
            Self::Sessions(passed_on) => ("sessions", passed_on),
            Self::Relay(passed_on) => ("relayed", passed_on),
            Self::Django(passed_on) => ("django", passed_on),
            Self::Python(passed_on) => return python(check, &passed_on.arguments),
            Self::Node(passed_on) => return node_sessions(check, &passed_on.arguments),
            Self::Browser(passed_on) => return browser(check, &passed_on.arguments),
        };
        let mut cargo =
            tools::cargo(&["run", "--release", "--package", "nova-sonic-benches", "--bin", program, "--"]);
        if check {
            cargo.arg("--check");
        }
        cargo.args(arguments);
        // Held until the bench has ended.
        let mut _redis = None;
        match self {
            Self::Frame(_) if !arguments.iter().any(|argument| argument == "--no-node") => {
                install_javascript_sdk()?;
            }
            Self::Django(_) => {
                let Projects { python, folder, simulator, redis } = projects()?;
                cargo.arg("--python").arg(python).arg("--projects").arg(folder);
                cargo.arg("--simulator").arg(simulator).arg("--redis-url").arg(redis.url());
                _redis = Some(redis);
            }
            Self::Relay(_) => {
                cargo.arg("--relay").arg(relay()?);
            }
            Self::Frame(_)
            | Self::Allocations(_)
            | Self::Sessions(_)
            | Self::Python(_)
            | Self::Node(_)
            | Self::Browser(_) => {}
        }
        child::run(&mut cargo, "the lines above say which budget was broken or what did not build")
    }
}

pub(crate) fn run(arguments: &Arguments) -> Done {
    let benches = arguments.bench.clone().map_or_else(Bench::all, |one| vec![one]);
    let mut steps = Steps::new(benches.len());
    for bench in &benches {
        steps.begin(bench.title());
        bench.run(arguments.check)?;
    }
    Ok(())
}

/// The package as it is shipped, beside the AWS SDK for Python.
fn python(check: bool, arguments: &[String]) -> Done {
    let folder = tools::root().join("benches/python");
    tools::need_path(&folder, "the clients that are compared")?;
    let target = Workspace::load()?.target();
    step::say("      building the server and the wheel");
    child::run(
        &mut tools::cargo(&["build", "--release", "--package", "nova-sonic-benches", "--bin", "sessions"]),
        "mend what the compiler names above",
    )?;
    let server = target.join("release").join(format!("sessions{}", std::env::consts::EXE_SUFFIX));
    let wheel = wheel::build(Profile::Release, &target.join("python/bench-wheel"), &target)?;
    let program = suites::sdk_environment(&target, &folder.join("requirements.txt"), &wheel)?;
    let mut bench = Command::new(program);
    bench.arg(folder.join("bench.py")).arg("--server").arg(server);
    bench.args(check.then_some("--check")).args(arguments);
    child::run(&mut bench, "the lines above say which budget was broken or what went wrong")
}

/// The package for Node as it is shipped, and the SDK, against the server of the bench of sessions.
fn node_sessions(check: bool, arguments: &[String]) -> Done {
    let target = Workspace::load()?.target();
    node_package::release(&target)?;
    install_javascript_sdk()?;
    child::run(
        &mut tools::cargo(&["build", "--release", "--package", "nova-sonic-benches", "--bin", "sessions"]),
        "mend what the compiler names above",
    )?;
    let server = target.join("release").join(format!("sessions{}", std::env::consts::EXE_SUFFIX));
    let mut node = Command::new("node");
    node.arg("sessions.mjs").arg("--server").arg(server).args(check.then_some("--check")).args(arguments);
    node.current_dir(tools::root().join("benches/node"));
    child::run(&mut node, "the lines above say which budget was broken or what went wrong")
}

/// The package as it is shipped, in Chromium.
fn browser(check: bool, arguments: &[String]) -> Done {
    let folder = tools::root().join("benches/browser");
    tools::need_path(&folder, "the pages that are compared")?;
    tools::need_chromium()?;
    if child::answer("openssl", &["version"]).is_none() {
        return Err(Failure::new(
            "the bench makes its certificate with openssl, which is not on the PATH",
            "install the package openssl",
        ));
    }
    step::say("      building the browser package");
    web::package(&Workspace::load()?.target())?;
    node::install(&folder)?;
    // its browser is that of the browser's own tests
    node::install(&tools::root().join("tests/browser"))?;
    let mut node = Command::new("node");
    node.arg("bench.mjs").args(check.then_some("--check")).args(arguments).current_dir(folder);
    child::run(&mut node, "the lines above say which budget was broken or what went wrong")
}

/// The relay's program, as its users get it.
fn relay() -> Result<PathBuf, Failure> {
    step::say("      building the relay as its users get it");
    child::run(
        &mut tools::cargo(&["build", "--release", "--package", "relay"]),
        "mend what the compiler names above",
    )?;
    let target = Workspace::load()?.target();
    Ok(target.join("release").join(format!("relay{}", std::env::consts::EXE_SUFFIX)))
}

/// What the comparison with Node needs.
fn install_javascript_sdk() -> Done {
    let folder = tools::root().join("benches/node");
    tools::need_path(&folder, "the comparison with the AWS SDK for JavaScript")?;
    node::install(&folder)
        .map_err(|failure| failure.or("leave it out with `cargo xtask bench frame --no-node`"))
}

/// What the comparison of Django views needs.
#[derive(Debug)]
struct Projects {
    python: PathBuf,
    folder: PathBuf,
    simulator: PathBuf,
    redis: Redis,
}

fn projects() -> Result<Projects, Failure> {
    let folder = tools::root().join("benches/django");
    tools::need_path(&folder, "the projects that are compared")?;
    let target = Workspace::load()?.target();
    step::say("      building the simulator and the wheel as their users get them");
    child::run(
        &mut tools::cargo(&["build", "--release", "--package", "nova-sonic-sim"]),
        "mend what the compiler names above",
    )?;
    let simulator = target.join("release").join(format!("nova-sonic-sim{}", std::env::consts::EXE_SUFFIX));
    let wheel = wheel::build(Profile::Release, &target.join("python/bench-wheel"), &target)?;
    let python = suites::bench_environment(&target, &folder.join("requirements.txt"), &wheel)?;
    // The bench gives the server under test the first core for itself.
    let redis = Redis::start_with(&["--server_cpulist", "1"])?;
    Ok(Projects { python, folder, simulator, redis })
}
