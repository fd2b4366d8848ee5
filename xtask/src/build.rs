//! What is handed to users of other languages.

use clap::Subcommand;

use crate::{
    Done, node_package,
    python::wheel::{self, Profile},
    step,
    step::Steps,
    tools::{self, Workspace},
    web,
};

/// Options of `cargo xtask build`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    package: Package,
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum Package {
    /// The wheel `nova-sonic`, for every Python from 3.10 on, into bindings-python/dist.
    Python {
        /// Compile it as tests do: sooner done, slower, larger.
        #[arg(long)]
        dev: bool,
    },
    /// The package `@nova-sonic/node`, for this platform, into bindings-node/dist.
    Node,
    /// The package `@nova-sonic/web`, for browsers, into bindings-wasm/dist.
    Web,
}

pub(crate) fn run(arguments: &Arguments) -> Done {
    let workspace = Workspace::load()?;
    match arguments.package {
        Package::Python { dev } => python(&workspace, dev),
        Package::Node => node_package::build(&workspace.target()),
        Package::Web => web::build(&workspace.target()),
    }
}

fn python(workspace: &Workspace, dev: bool) -> Done {
    let profile = if dev { Profile::Debug } else { Profile::Release };
    let mut steps = Steps::new(1);
    steps.begin("Build the Python package with maturin, and look into the wheel");
    let wheel = wheel::build(profile, &tools::root().join(wheel::DIST), &workspace.target())?;
    let shown = wheel.strip_prefix(tools::root()).unwrap_or(&wheel).display();
    let megabytes = wheel.metadata().map_or(0.0, |found| {
        // A wheel is far below the 2^53 bytes that a float counts exactly.
        u32::try_from(found.len() / 1000).map_or(f64::NAN, |kilobytes| f64::from(kilobytes) / 1000.0)
    });
    step::result(&format!("{shown} ({megabytes:.1} MB): install it with `python -m pip install {shown}`"));
    Ok(())
}
