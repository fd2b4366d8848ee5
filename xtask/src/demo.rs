//! The story player on this machine: built, started, tried out by a browser that talks, and ended with us.

mod exchange;
mod guide;
mod needs;
mod part;
pub(crate) mod setup;
mod stack;
mod stamp;

use std::path::Path;

use crate::{
    Done, child,
    demo::{
        exchange::Exchange,
        stack::{Partner, Plan, Stack},
    },
    failure::Failure,
    step,
    step::Steps,
    tools::{self, Workspace},
};

/// What the backend signs its cookies with, bytes.
const SECRET_BYTES: usize = 32;
/// With which one signs in where only the simulator answers; the page is reached from this machine alone.
const PASSWORD: &str = "a-story-please";
/// Where conversations cost money, nobody else on this machine knows it, bytes.
const PASSWORD_BYTES: usize = 6;

/// Options of `cargo xtask demo`.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Arguments {
    /// Hold one spoken conversation in a browser that nobody sees, say how it went, and end.
    #[arg(long)]
    headless: bool,
    /// Say how it went as one JSON object.
    #[arg(long, requires = "headless")]
    json: bool,
    /// Where the page is served: 8000 if nothing else is said, 0 for any free port.
    #[arg(long)]
    port: Option<u16>,
    /// Talk to Amazon Nova 2 Sonic, with the usual credentials (environment, profile, role), instead of the simulator.
    #[arg(long)]
    aws: bool,
    /// Talk through the application's own server only, as where a network lets nothing else through.
    #[arg(long)]
    relay_only: bool,
    /// Start without holding a conversation first to prove that it works.
    #[arg(long, conflicts_with = "headless")]
    unproven: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Done {
    if arguments.json {
        child::keep_standard_output_for_the_result();
    }
    let outcome = hold(arguments);
    if let Err(failure) = &outcome
        && arguments.json
    {
        step::result(&exchange::failed(failure).to_string());
    }
    outcome
}

fn hold(arguments: &Arguments) -> Done {
    let port = needs::port(arguments.port, arguments.headless)?;
    let interpreter = needs::programs()?;
    if arguments.aws {
        needs::aws()?;
    }
    if arguments.headless {
        tools::need_chromium()?;
    }
    let proven = arguments.headless || proof_is_possible(arguments);
    let workspace = Workspace::load()?;
    let target = workspace.target();
    let folder = target.join("demo");
    make_folder(&folder)?;

    let mut steps = Steps::new(3 + usize::from(!arguments.aws) + usize::from(proven));
    let partner = if arguments.aws {
        Partner::Aws
    } else {
        steps.begin("Build the simulator");
        Partner::Simulator(setup::simulator(&workspace)?)
    };
    steps.begin("Prepare the backend: Django with this clone's wheel, in an environment of its own");
    let environment = setup::python(&interpreter, &target)?;
    steps.begin("Build the browser package, and the page on top of it");
    setup::page(&target)?;
    if proven {
        setup::driver()?;
    }
    steps.begin(if arguments.aws { "Start the backend" } else { "Start the simulator and the backend" });
    // building took its time, and the port was nobody's meanwhile
    needs::port(Some(port), arguments.headless)?;
    let mut stack = Stack::start(&Plan {
        partner,
        environment: &environment,
        secret: setup::secret(&environment, SECRET_BYTES)?,
        password: if arguments.aws {
            setup::secret(&environment, PASSWORD_BYTES)?
        } else {
            PASSWORD.to_owned()
        },
        port,
        relay_only: arguments.relay_only,
        folder: &folder,
    })?;
    if proven {
        steps.begin("Hold one spoken conversation in a browser that nobody sees");
        let exchange = Exchange::hold(&mut stack, &folder)?;
        if arguments.headless {
            step::result(&if arguments.json { exchange.json().to_string() } else { exchange.told() });
            return exchange.judged();
        }
        step::say(&exchange.told());
        exchange.judged()?;
    }
    guide::give(&stack, arguments.aws);
    stack.watch()?;
    step::say("The story player has ended, and everything that it started.");
    Ok(())
}

/// Whether a conversation can show that everything works before somebody comes; where it cannot, says why.
fn proof_is_possible(arguments: &Arguments) -> bool {
    let reason = if arguments.unproven {
        return false;
    } else if arguments.aws {
        "a conversation with AWS costs money: `--headless` holds one"
    } else if !tools::has_chromium() {
        "no Chromium is here: install it, or name its program in the variable CHROMIUM"
    } else {
        return true;
    };
    step::say(&format!("      not trying it out first: {reason}"));
    false
}

fn make_folder(folder: &Path) -> Done {
    std::fs::create_dir_all(folder).map_err(|error| {
        Failure::new(
            format!("cannot make {} ({error})", folder.display()),
            "check permissions and free space",
        )
    })
}
