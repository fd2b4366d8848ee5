//! What the suites of one run share.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::time::Duration;

use crate::{
    Done, child,
    failure::Failure,
    interrupt, node_package,
    python::matrix::Strictness,
    python::suites::Built,
    python::wheel::{self, Profile},
    step,
    tools::{self, Workspace},
    web,
};

/// Built when the first suite asks for it.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) workspace: Workspace,
    pub(super) strictness: Strictness,
    /// Whether the story player is tested to its end.
    pub(super) thorough: bool,
    simulator: OnceCell<PathBuf>,
    wheel: OnceCell<PathBuf>,
    web_package: OnceCell<()>,
    pub(super) target: PathBuf,
}

impl Run {
    pub(super) fn new(all: bool, thorough: bool) -> Result<Self, Failure> {
        let workspace = Workspace::load()?;
        let target = workspace.target();
        let complete = std::env::var_os("CI").is_some_and(|value| value == "true");
        let strictness = Strictness { all, complete };
        Ok(Self {
            workspace,
            strictness,
            thorough,
            simulator: OnceCell::new(),
            wheel: OnceCell::new(),
            web_package: OnceCell::new(),
            target,
        })
    }

    /// The simulator, which the suites of other languages start for themselves; beside it, the programs of theirs that
    /// are written in Rust, and the native part of the package for Node: built together, they share their dependencies.
    pub(super) fn simulator(&self) -> Result<&PathBuf, Failure> {
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
    pub(super) fn wheel(&self) -> Result<&PathBuf, Failure> {
        if let Some(built) = self.wheel.get() {
            return Ok(built);
        }
        step::say("      building the wheel");
        let wheel = wheel::build(Profile::Debug, &self.target.join("python/wheel"), &self.target)?;
        Ok(self.wheel.get_or_init(|| wheel))
    }

    /// The browser package's `dist`.
    pub(super) fn web_package(&self) -> Done {
        if self.web_package.get().is_none() {
            step::say("      building the browser package");
            web::package(&self.target)?;
            self.web_package.get_or_init(|| ());
        }
        Ok(())
    }

    pub(super) fn built(&self) -> Result<Built<'_>, Failure> {
        Ok(Built { target: &self.target, simulator: self.simulator()? })
    }
}

/// Ends everything after `minutes`, and says what ran: a test that hangs is found by the program that it hangs in.
pub(super) fn end_after(minutes: u64) {
    const LONGEST_LINE: usize = 160;
    interrupt::end_after(Duration::from_secs(minutes * 60), move || {
        let listed = child::answer("ps", &["-A", "-o", "pid,ppid,etime,time,args"]).unwrap_or_default();
        let lines = listed.lines().filter(|line| !line.ends_with(']'));
        let lines: Vec<String> = lines.map(|line| line.chars().take(LONGEST_LINE).collect()).collect();
        step::say(&format!(
            "error: {minutes} minutes are over; this runs, and ends now:\n{}",
            lines.join("\n")
        ));
    });
}
