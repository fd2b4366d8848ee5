//! Says what is being done: numbered steps with the time since the start, on standard error.

use std::time::{Duration, Instant};

use crate::failure::Failure;

/// The steps of one command.
#[derive(Debug)]
pub(crate) struct Steps {
    started: Instant,
    total: usize,
    at: usize,
}

impl Steps {
    /// `total` steps, counted from now.
    pub(crate) fn new(total: usize) -> Self {
        Self { started: now(), total, at: 0 }
    }

    /// Says that the next step begins.
    pub(crate) fn begin(&mut self, what: &str) {
        self.at += 1;
        say(&format!("[{}/{} {:6.1} s] {what}", self.at, self.total, self.elapsed().as_secs_f64()));
    }

    /// Time since the first step.
    pub(crate) fn elapsed(&self) -> Duration {
        now().duration_since(self.started)
    }
}

/// Says something to the person who waits.
#[expect(clippy::print_stderr, reason = "a command line tool tells its caller what it is doing")]
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}

/// Gives a result, on standard output.
#[expect(clippy::print_stdout, reason = "a command line tool gives its results on standard output")]
pub(crate) fn result(text: &str) {
    println!("{text}");
}

/// Says what failed and what to do.
pub(crate) fn report(failure: &Failure) {
    say(&format!("error: {failure}"));
}

#[expect(clippy::disallowed_methods, reason = "elapsed time on the terminal is the wall clock's")]
fn now() -> Instant {
    Instant::now()
}
