//! Runs the program within a time limit, and looks at what it leaves behind.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

/// No run takes longer, however little of a processor it gets.
const LIMIT: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(20);

/// A run of the program that is being prepared. Its folder goes with it.
pub(crate) struct Talk {
    command: Command,
    folder: TempDir,
}

/// A run under way.
pub(crate) struct Running {
    child: Child,
    stdout: Reader,
    stderr: Reader,
    folder: TempDir,
}

/// A run that is over.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    folder: TempDir,
}

impl Talk {
    /// With no more of an environment than a new machine has, and with `--json`.
    pub(crate) fn new() -> Self {
        Self::for_people().args(&["--json"])
    }

    /// The same without `--json`.
    pub(crate) fn for_people() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_talk"));
        command.env_clear().env("AWS_EC2_METADATA_DISABLED", "true").env("HOME", folder.path());
        command.arg("--out").arg(folder.path().join("answer.wav"));
        command.arg("--transcript").arg(folder.path().join("transcript.jsonl"));
        Self { command, folder }
    }

    /// Says this recording.
    pub(crate) fn say(mut self, path: impl AsRef<Path>) -> Self {
        self.command.arg("--in").arg(path.as_ref());
        self
    }

    /// Talks to a simulator that plays this scenario.
    pub(crate) fn simulate(mut self, scenario: &str) -> Self {
        self.command.args(["--simulate", "--scenario", scenario]);
        self
    }

    /// Talks to a simulator that plays a scenario of its own.
    pub(crate) fn simulate_json(self, scenario: &Value) -> Self {
        let path = self.folder.path().join("scenario.json");
        fs::write(&path, scenario.to_string()).expect("a scenario");
        self.simulate(&path.display().to_string())
    }

    pub(crate) fn args(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// A file beside those that the program writes.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn start(mut self) -> Running {
        let mut child = self
            .command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let stdout = Reader::start(child.stdout.take().expect("a pipe"));
        let stderr = Reader::start(child.stderr.take().expect("a pipe"));
        Running { child, stdout, stderr, folder: self.folder }
    }

    pub(crate) fn run(self) -> Ended {
        self.start().end()
    }
}

impl Running {
    /// Waits until the transcript holds `words`.
    pub(crate) fn wait_for_words(&self, words: &str) {
        let transcript = self.folder.path().join("transcript.jsonl");
        wait_until(|| fs::read_to_string(&transcript).is_ok_and(|text| text.contains(words)), words);
    }

    /// Waits until standard error holds `words`.
    pub(crate) fn wait_for_message(&self, words: &str) {
        wait_until(|| self.stderr.so_far().contains(words), words);
    }

    /// Presses Ctrl-C.
    pub(crate) fn interrupt(&self) {
        let status = Command::new("kill").arg("-INT").arg(self.child.id().to_string()).status();
        assert!(status.expect("`kill`").success());
    }

    pub(crate) fn end(mut self) -> Ended {
        let mut status = None;
        let child = &mut self.child;
        let over = poll(|| {
            status = child.try_wait().expect("a child");
            status.is_some()
        });
        if !over {
            child.kill().expect("a child to end");
            panic!("the program was still running after {LIMIT:?}:\n{}", self.stderr.so_far());
        }
        Ended {
            status: status.expect("a status"),
            stdout: self.stdout.all(),
            stderr: self.stderr.all(),
            folder: self.folder,
        }
    }
}

impl Ended {
    /// The one object on standard output.
    pub(crate) fn report(&self) -> Value {
        let mut lines = self.stdout.lines();
        let (Some(object), None) = (lines.next(), lines.next()) else {
            panic!("not one line on standard output: {:?}\n{}", self.stdout, self.stderr)
        };
        serde_json::from_str(object).expect("JSON")
    }

    /// The report of a conversation that went well.
    pub(crate) fn success(&self) -> Value {
        let report = self.report();
        assert_eq!(self.status.code(), Some(0), "{}", self.stderr);
        assert_eq!(report["ok"], true, "{report}");
        report
    }

    /// Asserts that it failed with `code`, said so to people and to programs, and says what to do.
    pub(crate) fn assert_failed(&self, code: &str) {
        let report = self.report();
        assert_eq!(report["error"]["code"], code, "{report}\n{}", self.stderr);
        assert_eq!(report["ok"], false);
        assert_eq!(report.as_object().map(serde_json::Map::len), Some(2), "{report}");
        assert_eq!(self.status.code(), Some(1));
        let message = report["error"]["message"].as_str().expect("a sentence");
        assert!(self.stderr.contains(&format!("error [{code}]: {message}\n")), "{}", self.stderr);
        let (happened, advice) = message.rsplit_once(": ").expect("what happened and what to do");
        assert!(happened.len() > 10 && advice.len() > 15, "{message}");
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
    }

    /// The lines of the transcript's file.
    pub(crate) fn transcript(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.path().join("transcript.jsonl")).expect("a transcript");
        text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }

    pub(crate) fn has_transcript(&self) -> bool {
        self.folder.path().join("transcript.jsonl").exists()
    }

    /// The answer's samples at 24 kHz; `None` without a file.
    pub(crate) fn answer(&self) -> Option<Vec<i16>> {
        let path = self.folder.path().join("answer.wav");
        if !path.exists() {
            return None;
        }
        let mut reader = hound::WavReader::open(path).expect("a WAV file");
        assert_eq!(reader.spec().sample_rate, 24_000);
        assert_eq!((reader.spec().channels, reader.spec().bits_per_sample), (1, 16));
        Some(reader.samples().map(|sample| sample.expect("a sample")).collect())
    }

    /// Whether nothing but finished files is left.
    pub(crate) fn is_tidy(&self) -> bool {
        let names = fs::read_dir(self.folder.path()).expect("the folder");
        names
            .map(|entry| entry.expect("an entry").file_name())
            .all(|name| !name.to_string_lossy().contains(".part"))
    }
}

/// Reads a pipe to its end, so that the program never waits for its reader.
struct Reader {
    text: Arc<Mutex<String>>,
    thread: JoinHandle<()>,
}

impl Reader {
    fn start(pipe: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let shared = Arc::clone(&text);
        let thread = thread::spawn(move || {
            for line in BufReader::new(pipe).lines() {
                let line = line.expect("text");
                shared.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        Self { text, thread }
    }

    fn so_far(&self) -> String {
        self.text.lock().unwrap().clone()
    }

    fn all(self) -> String {
        self.thread.join().expect("a reader");
        std::mem::take(&mut *self.text.lock().unwrap())
    }
}

fn wait_until(is_so: impl FnMut() -> bool, what: &str) {
    assert!(poll(is_so), "after {LIMIT:?} still not: {what}");
}

fn poll(mut is_so: impl FnMut() -> bool) -> bool {
    for _ in 0..LIMIT.as_millis() / POLL.as_millis() {
        if is_so() {
            return true;
        }
        thread::sleep(POLL);
    }
    false
}
