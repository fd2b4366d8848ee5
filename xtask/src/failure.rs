//! What failed and what to do about it.

use std::fmt;
use std::process::ExitStatus;

/// Exit code of a command that was ended by Ctrl-C, as shells have it: 128 + SIGINT.
const INTERRUPTED: u8 = 130;

/// A command that did not succeed.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    advice: String,
    exit_code: u8,
}

impl Failure {
    /// `what` failed; `advice` says what to do.
    pub(crate) fn new(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what: what.into(), advice: advice.into(), exit_code: 1 }
    }

    /// A child process ended with something other than 0: its exit code becomes ours.
    pub(crate) fn of_child(line: &str, status: ExitStatus, advice: impl Into<String>) -> Self {
        let exit_code =
            status.code().and_then(|code| u8::try_from(code).ok()).filter(|code| *code != 0).unwrap_or(1);
        Self { what: format!("`{line}` ended with {status}"), advice: advice.into(), exit_code }
    }

    /// The person at the keyboard, or whoever runs CI, ended it.
    pub(crate) fn interrupted() -> Self {
        Self {
            what: "interrupted".to_owned(),
            advice: "run the same command again to start over".to_owned(),
            exit_code: INTERRUPTED,
        }
    }

    /// The same failure with a second way out.
    #[must_use]
    pub(crate) fn or(mut self, advice: &str) -> Self {
        if !self.is_interruption() {
            self.advice = format!("{}, or {advice}", self.advice);
        }
        self
    }

    /// Whether it was ended from outside, so that nothing more should be started.
    pub(crate) const fn is_interruption(&self) -> bool {
        self.exit_code == INTERRUPTED
    }

    /// The exit code to end with.
    pub(crate) const fn exit_code(&self) -> u8 {
        self.exit_code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.advice)
    }
}
