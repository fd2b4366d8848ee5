//! Suites that mostly wait, run beside those that compile: by this program again, which keeps what it prints until the end.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::JoinHandle;

use crate::{Done, child, failure::Failure, step, tally::Tally};

/// A second run of this program.
#[derive(Debug)]
pub(crate) struct Beside {
    ended: JoinHandle<Done>,
    log: PathBuf,
    report: PathBuf,
}

/// What one suite of it came to.
#[derive(Debug, PartialEq)]
pub(crate) struct Reported {
    pub(crate) suite: String,
    pub(crate) tally: Tally,
    pub(crate) seconds: f64,
}

impl Beside {
    /// Starts `cargo xtask test` with `arguments`; its output and its report go into `folder`.
    pub(crate) fn start(arguments: &[&str], folder: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(folder).map_err(|error| unwritten(folder, &error))?;
        let (log, report) = (folder.join("beside.log"), folder.join("beside.report"));
        let _ = fs::remove_file(&report);
        let output = File::create(&log).map_err(|error| unwritten(&log, &error))?;
        let errors = output.try_clone().map_err(|error| unwritten(&log, &error))?;
        let program = std::env::current_exe().map_err(|error| {
            Failure::new(format!("cannot find this program ({error})"), "run it from where it was built")
        })?;
        let mut command = Command::new(program);
        command.arg("test").args(arguments).arg("--report").arg(&report).stdout(output).stderr(errors);
        let ended = std::thread::spawn(move || child::run(&mut command, "see what it printed"));
        Ok(Self { ended, log, report })
    }

    /// Waits for its end, prints what it printed, and gives what its suites came to; those that it does not name never ran.
    pub(crate) fn finish(self) -> Result<Vec<Reported>, Failure> {
        let outcome = self.ended.join().unwrap_or(Ok(()));
        step::say(&fs::read_to_string(&self.log).unwrap_or_default());
        if let Err(failure) = outcome
            && failure.is_interruption()
        {
            return Err(failure);
        }
        Ok(read(&fs::read_to_string(&self.report).unwrap_or_default()))
    }
}

/// Writes the report that [`Beside::finish`] reads.
pub(crate) fn write(path: &Path, suites: &[Reported]) -> Done {
    let lines: Vec<String> = suites
        .iter()
        .map(|Reported { suite, tally: Tally { passed, failed, skipped }, seconds }| {
            format!("{suite} {passed} {failed} {skipped} {seconds}")
        })
        .collect();
    fs::write(path, lines.join("\n")).map_err(|error| unwritten(path, &error))
}

fn read(report: &str) -> Vec<Reported> {
    report
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            let suite = words.next()?.to_owned();
            let mut count = || words.next()?.parse().ok();
            let tally = Tally { passed: count()?, failed: count()?, skipped: count()? };
            Some(Reported { suite, tally, seconds: words.next()?.parse().ok()? })
        })
        .collect()
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot write {} ({error})", path.display()), "free the space or the folder")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reported_is_what_is_read() {
        let tally = Tally { passed: 12, failed: 1, skipped: 3 };
        let told = vec![Reported { suite: "django".to_owned(), tally, seconds: 4.5 }];
        let path = std::env::temp_dir().join(format!("xtask-report-{}", std::process::id()));
        write(&path, &told).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(read(&text), told);
        assert_eq!(read("django 12 one 3 4.5\nhalf a li"), []);
    }
}
