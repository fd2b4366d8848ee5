//! What a frame and a session cost, beside the physical floor and the AWS SDKs.

use clap::Subcommand;

use crate::{Done, child, node, step::Steps, tools};

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
        ]
    }

    const fn title(&self) -> &'static str {
        match self {
            Self::Frame(_) => "One frame: encode, sign and decode",
            Self::Allocations(_) => "Allocations of a conversation under way",
            Self::Sessions(_) => "Many conversations in real time",
        }
    }

    fn run(&self, check: bool) -> Done {
        let (program, PassedOn { arguments }) = match self {
            Self::Frame(passed_on) => ("frame", passed_on),
            Self::Allocations(passed_on) => ("allocations", passed_on),
            Self::Sessions(passed_on) => ("sessions", passed_on),
        };
        if program == "frame" && !arguments.iter().any(|argument| argument == "--no-node") {
            install_javascript_sdk()?;
        }
        let mut cargo =
            tools::cargo(&["run", "--release", "--package", "nova-sonic-benches", "--bin", program, "--"]);
        if check {
            cargo.arg("--check");
        }
        child::run(cargo.args(arguments), "the lines above say which budget was broken or what did not build")
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

/// What the comparison with Node needs.
fn install_javascript_sdk() -> Done {
    let folder = tools::root().join("benches/node");
    tools::need_path(&folder, "the comparison with the AWS SDK for JavaScript")?;
    node::install(&folder)
        .map_err(|failure| failure.or("leave it out with `cargo xtask bench frame --no-node`"))
}
