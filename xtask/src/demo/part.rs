//! One program of the demo: started, listened to, and honest about how it ended.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::{Done, child::Background, failure::Failure, interrupt, step};

/// How long a program may take to be there.
const START: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(20);
/// How much of a log is shown of a program that has ended.
const LAST_LINES: usize = 12;

/// A program that runs until it is dropped, and writes what it says to a log.
#[derive(Debug)]
pub(crate) struct Part {
    name: &'static str,
    log: PathBuf,
    process: Background,
}

impl Part {
    /// Starts `command`; its log is a file of `folder`.
    pub(crate) fn start(name: &'static str, command: &mut Command, folder: &Path) -> Result<Self, Failure> {
        let log = folder.join(format!("{}.log", name.replace(' ', "-")));
        let unwritten = |error: &std::io::Error| {
            Failure::new(format!("cannot write {} ({error})", log.display()), "free the space or the folder")
        };
        let output = File::create(&log).map_err(|error| unwritten(&error))?;
        let errors = output.try_clone().map_err(|error| unwritten(&error))?;
        let process = Background::start(command.stdout(Stdio::from(output)).stderr(Stdio::from(errors)))?;
        Ok(Self { name, log, process })
    }

    /// Waits until `ready`, which is given what the program has said, gives something.
    pub(crate) fn when<T>(&mut self, mut ready: impl FnMut(&str) -> Option<T>) -> Result<T, Failure> {
        for _ in 0..START.as_millis() / PAUSE.as_millis() {
            if let Some(found) = ready(&self.said()) {
                return Ok(found);
            }
            self.check()?;
            std::thread::sleep(PAUSE);
        }
        self.show_last_lines();
        Err(Failure::new(
            format!("{} did not answer within {} s", self.name, START.as_secs()),
            format!("see above what it said; all of it is in {}", self.log.display()),
        ))
    }

    /// That it still runs, and that nobody has asked us to end.
    pub(crate) fn check(&mut self) -> Done {
        if interrupt::happened() {
            return Err(Failure::interrupted());
        }
        let Some(how) = self.process.ended() else { return Ok(()) };
        // A signal that ended both of us may have come to it first.
        if interrupt::happened() {
            return Err(Failure::interrupted());
        }
        self.show_last_lines();
        Err(Failure::new(
            format!("{} has ended by itself with {how}", self.name),
            format!("see above what it said last; all of it is in {}", self.log.display()),
        ))
    }

    /// How it ended by itself, in words; `None` while it runs.
    pub(crate) fn ended(&mut self) -> Option<String> {
        self.process.ended()
    }

    fn said(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    fn show_last_lines(&self) {
        let said = self.said();
        let lines: Vec<&str> = said.lines().collect();
        for line in lines.iter().skip(lines.len().saturating_sub(LAST_LINES)) {
            step::say(&format!("      {}: {line}", self.name));
        }
    }
}

impl Drop for Part {
    /// Whoever interrupted us has told every part to end as well: each may end in order, and is killed when that takes
    /// too long. Otherwise it is told to now.
    fn drop(&mut self) {
        while interrupt::happened() && !self.process.has_ended() {
            std::thread::sleep(PAUSE);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn part(folder: &Path, script: &str) -> Result<Part, Failure> {
        Part::start("the clock", Command::new("sh").args(["-c", script]), folder)
    }

    #[test]
    fn what_it_says_is_heard_while_it_runs() {
        let folder = tempfile::tempdir().unwrap();
        let mut clock = part(folder.path(), "echo tick; echo tock >&2; exec sleep 600").unwrap();
        let heard = clock.when(|said| said.contains("tock").then(|| said.lines().count())).unwrap();
        assert_eq!(heard, 2);
        clock.check().unwrap();
        drop(clock);
        assert_eq!(fs::read_to_string(folder.path().join("the-clock.log")).unwrap(), "tick\ntock\n");
    }

    #[test]
    fn one_that_ends_by_itself_is_named_with_how_it_ended() {
        let folder = tempfile::tempdir().unwrap();
        let mut clock = part(folder.path(), "echo out of order; exit 7").unwrap();
        let failure = clock.when(|said| said.contains("tick").then_some(())).unwrap_err().to_string();
        assert!(
            failure.starts_with("the clock has ended by itself with exit status: 7: see above"),
            "{failure}"
        );
        assert!(failure.ends_with("the-clock.log"), "{failure}");
    }
}
