//! Child processes: started, watched, and honest about how they ended.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use crate::{Done, failure::Failure, interrupt};

/// How a child ended, and what it wrote to its standard output.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The exit status, as the system gives it.
    pub(crate) status: ExitStatus,
    /// Standard output, which was also passed on while the child ran.
    pub(crate) output: String,
}

/// How long what a child has written may take to be passed on after its end.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Whether our standard output is kept for one result, which another program reads.
static RESULT_ONLY: AtomicBool = AtomicBool::new(false);

/// From now on what children print goes to standard error.
pub(crate) fn keep_standard_output_for_the_result() {
    RESULT_ONLY.store(true, Ordering::SeqCst);
}

/// Runs a child whose output goes where ours goes; anything but exit code 0 is a failure with `advice`.
pub(crate) fn run(command: &mut Command, advice: &str) -> Done {
    if RESULT_ONLY.load(Ordering::SeqCst) {
        command.stdout(std::io::stderr());
    }
    run_as_it_is(command, advice)
}

/// The same, with its output where `command` says.
pub(crate) fn run_as_it_is(command: &mut Command, advice: &str) -> Done {
    let status = finish(start(command)?, command)?;
    if status.success() { Ok(()) } else { Err(Failure::of_child(&line(command), status, advice)) }
}

/// Runs a child, passing on its standard output and keeping a copy; the caller judges the status.
pub(crate) fn run_and_keep(command: &mut Command) -> Result<Outcome, Failure> {
    let mut child = start(command.stdout(Stdio::piped()))?;
    let kept = Arc::new(Mutex::new(String::new()));
    let (reading, read) = mpsc::channel::<()>();
    if let Some(pipe) = child.stdout.take() {
        let kept = Arc::clone(&kept);
        std::thread::spawn(move || {
            pass_on(pipe, &kept);
            drop(reading);
        });
    }
    let status = finish(child, command)?;
    // A program that it left behind in a session of its own may hold the pipe for ever.
    let _ = read.recv_timeout(LAST_WORDS);
    let output = std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Outcome { status, output })
}

/// A child that runs beside us until it is dropped, and then ends with all that it started.
#[derive(Debug)]
pub(crate) struct Background(Child);

impl Background {
    /// Starts it; whether it came up is for the caller to find out.
    pub(crate) fn start(command: &mut Command) -> Result<Self, Failure> {
        start(command).map(Self)
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.ended().is_some()
    }

    /// How it ended by itself, in words; `None` while it runs.
    pub(crate) fn ended(&mut self) -> Option<String> {
        match self.0.try_wait() {
            Ok(status) => status.map(|status| status.to_string()),
            Err(error) => Some(error.to_string()),
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        interrupt::end(self.0.id());
        #[cfg(not(unix))]
        let _ = self.0.kill();
        // It cannot be lost: nobody else waits for it.
        let _ = self.0.wait();
        interrupt::child_ended(self.0.id());
    }
}

/// Asks a program something: its standard output when it is there and succeeds.
pub(crate) fn answer(program: &str, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The command as a person would type it.
pub(crate) fn line(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .map(|word| if word.contains(' ') { format!("'{word}'") } else { word.into_owned() })
        .collect::<Vec<_>>()
        .join(" ")
}

fn start(command: &mut Command) -> Result<Child, Failure> {
    if let Some(failure) = interrupt::reason() {
        return Err(failure);
    }
    // Nothing asks questions: in a process group of its own a child that read the terminal would be stopped by it.
    command.stdin(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let child = command.spawn().map_err(|error| {
        Failure::new(
            format!("cannot start `{}` ({error})", line(command)),
            "install the program or put it on the PATH",
        )
    })?;
    interrupt::child_started(child.id());
    Ok(child)
}

fn finish(mut child: Child, command: &Command) -> Result<ExitStatus, Failure> {
    let ended = child.wait();
    interrupt::child_ended(child.id());
    if let Some(failure) = interrupt::reason() {
        return Err(failure);
    }
    ended
        .map_err(|error| Failure::new(format!("lost sight of `{}` ({error})", line(command)), "run it again"))
}

fn pass_on(pipe: impl std::io::Read, kept: &Mutex<String>) {
    let mut pipe = BufReader::new(pipe);
    let mut bytes = Vec::new();
    while pipe.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
        // A closed standard output must not end the run: the counts are still wanted.
        let _ = if RESULT_ONLY.load(Ordering::SeqCst) {
            std::io::stderr().write_all(&bytes)
        } else {
            std::io::stdout().write_all(&bytes).and_then(|()| std::io::stdout().flush())
        };
        kept.lock().unwrap_or_else(PoisonError::into_inner).push_str(&String::from_utf8_lossy(&bytes));
        bytes.clear();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn the_exit_code_of_a_child_becomes_ours() {
        let failure = run(&mut shell("exit 7"), "look above").unwrap_err();
        assert_eq!(failure.exit_code(), 7);
        assert_eq!(failure.to_string(), "`sh -c 'exit 7'` ended with exit status: 7: look above");
    }

    #[test]
    fn a_child_that_a_signal_ended_has_failed() {
        assert_eq!(run(&mut shell("kill -TERM $$"), "look above").unwrap_err().exit_code(), 1);
    }

    #[test]
    fn output_is_kept_even_without_a_last_line_end_and_even_when_the_child_fails() {
        let outcome = run_and_keep(&mut shell("printf 'one\\ntwo'; exit 3")).unwrap();
        assert_eq!(outcome.output, "one\ntwo");
        assert_eq!(outcome.status.code(), Some(3));
    }

    #[test]
    fn a_program_left_behind_does_not_keep_us_waiting() {
        // It holds the pipe that is read to its end: this returns because the program was killed.
        assert_eq!(run_and_keep(&mut shell("sleep 600 & echo started")).unwrap().output, "started\n");
    }

    #[test]
    fn a_program_left_behind_in_a_session_of_its_own_does_not_either() {
        let folder = tempfile::tempdir().unwrap();
        let id = folder.path().join("id");
        let script = format!(
            "setsid sh -c 'echo $$ >{0}; sleep 600' & while ! [ -s {0} ]; do :; done; echo started",
            id.display()
        );
        assert_eq!(run_and_keep(&mut shell(&script)).unwrap().output, "started\n");
        let id = std::fs::read_to_string(id).unwrap();
        assert!(Command::new("kill").args(["--", &format!("-{}", id.trim())]).status().unwrap().success());
    }

    #[test]
    fn what_runs_in_the_background_ends_in_order_when_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let (up, ended) = (folder.path().join("up"), folder.path().join("ended"));
        let script = format!(
            "trap 'touch {}; exit' TERM; touch {}; while :; do sleep 0.01; done",
            ended.display(),
            up.display()
        );
        let mut background = Background::start(&mut shell(&script)).unwrap();
        while !up.exists() {
            assert!(!background.has_ended());
            std::thread::yield_now();
        }
        drop(background);
        assert!(ended.exists());
    }

    #[test]
    fn a_program_that_is_not_there_says_so() {
        let failure = run(&mut Command::new("no-such-program-here"), "").unwrap_err();
        assert!(failure.to_string().contains("cannot start `no-such-program-here`"), "{failure}");
    }
}
