//! One entry for people and CI: `cargo xtask demo | test | build | bench | docs | lint`.
//!
//! Every command numbers its steps, installs or asks for what it needs in one sentence, and fails with what failed
//! and what to do about it.

mod bench;
mod beside;
mod build;
mod child;
mod demo;
mod docs;
mod failure;
mod hygiene;
mod interrupt;
mod lint;
mod node;
mod node_package;
mod python;
#[cfg_attr(not(unix), path = "service/elsewhere.rs")]
mod service;
mod step;
mod story;
mod tally;
mod test;
mod tools;
mod wasm;
mod web;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;

/// One entry for people and CI.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the story player on this machine, with the simulator or with AWS, and try it out.
    Demo(demo::Arguments),
    /// Run every test: Rust, wasm32, the browser package, the official SDKs in Node and Python, the packages for both, and
    /// the Django app.
    Test(test::Arguments),
    /// Build a package for users of another language.
    Build(build::Arguments),
    /// Measure what a frame and a session cost, beside the AWS SDKs.
    Bench(bench::Arguments),
    /// Check the guide and build its pages.
    Docs(docs::Arguments),
    /// Check formatting, lints, layers, features, documentation, licences.
    Lint,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = interrupt::forward_to_children().and_then(|()| match arguments.command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Build(arguments) => build::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Docs(arguments) => docs::run(&arguments),
        Command::Lint => lint::run(),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            step::report(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

/// What every command returns.
type Done = Result<(), Failure>;
