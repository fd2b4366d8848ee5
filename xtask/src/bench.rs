//! What a frame and a session cost, beside the physical floor and the AWS SDKs.

use std::process::Command;

use clap::Subcommand;

use crate::{Done, child, node, step::Steps, tools};

/// Options of `cargo xtask bench`; without a name, all benches run.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    bench: Option<Bench>,
}

#[derive(Clone, Debug, Subcommand)]
enum Bench {
    /// One audio event encoded, signed and decoded, against the floor and the SDK's crates.
    Frame(PassedOn),
    /// Many conversations at once, against the bare SDK.
    Sessions(PassedOn),
    /// The same frames with the JS SDK's codec and signer in Node.
    Node(PassedOn),
}

#[derive(Clone, Debug, Default, clap::Args)]
struct PassedOn {
    /// Arguments of the bench itself.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Done {
    let benches = arguments.bench.clone().map_or_else(
        || {
            vec![
                Bench::Frame(PassedOn::default()),
                Bench::Node(PassedOn::default()),
                Bench::Sessions(PassedOn::default()),
            ]
        },
        |one| vec![one],
    );
    let mut steps = Steps::new(benches.len());
    for bench in &benches {
        match bench {
            Bench::Frame(passed_on) => {
                steps.begin("One frame: encode, sign and decode");
                rust("frame", &passed_on.arguments)?;
            }
            Bench::Sessions(passed_on) => {
                steps.begin("Many sessions in real time");
                rust("sessions", &passed_on.arguments)?;
            }
            Bench::Node(passed_on) => {
                steps.begin("One frame in Node, with the AWS SDK for JavaScript");
                in_node(&passed_on.arguments)?;
            }
        }
    }
    Ok(())
}

fn rust(name: &str, arguments: &[String]) -> Done {
    let mut cargo =
        tools::cargo(&["run", "--release", "--package", "nova-sonic-benches", "--bin", name, "--"]);
    child::run(cargo.args(arguments), "the lines above say which limit was missed or what did not build")
}

fn in_node(arguments: &[String]) -> Done {
    let folder = tools::root().join("benches/node");
    tools::need_path(&folder.join("frame.mjs"), "the Node bench")?;
    node::install(&folder)?;
    child::run(
        Command::new("node").arg("frame.mjs").args(arguments).current_dir(&folder),
        "the lines above say what went wrong",
    )
}
