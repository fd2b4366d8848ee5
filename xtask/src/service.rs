//! Services that tests need, each a private instance that lives as long as the run: nothing of the machine's own is
//! touched, and nobody else can reach them, since they listen on a socket in a folder that is ours.

mod postgres;
mod redis;

use std::fs::File;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

pub(crate) use self::{
    postgres::Postgres,
    redis::{Redis, installed as need_redis},
};
use crate::{child::Background, failure::Failure, interrupt};

/// How long a service may take to answer for the first time.
const START: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

/// A folder of short name, which only its owner enters; the path of a socket has to fit into 108 bytes.
fn private_folder() -> Result<tempfile::TempDir, Failure> {
    tempfile::Builder::new().prefix("nova-sonic-").tempdir().map_err(|error| {
        Failure::new(
            format!("cannot make a temporary folder ({error})"),
            "check permissions and free space of the folder that TMPDIR names",
        )
    })
}

/// Starts a service that writes its log to `log`, and waits until `answers` is content.
fn start(mut command: Command, log: &Path, mut answers: impl FnMut() -> bool) -> Result<Background, Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |what: &str| {
        let said = std::fs::read_to_string(log).unwrap_or_default();
        let last: Vec<&str> = said.lines().rev().take(5).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        Failure::new(format!("{program} {what}"), format!("it said: {}", last.join(" / ")))
    };
    let output = File::create(log).map_err(|error| failed(&format!("cannot write its log ({error})")))?;
    let errors = output.try_clone().map_err(|error| failed(&format!("cannot write its log ({error})")))?;
    let mut running = Background::start(command.stdout(Stdio::from(output)).stderr(Stdio::from(errors)))?;
    for _ in 0..START.as_millis() / PAUSE.as_millis() {
        if interrupt::happened() {
            return Err(Failure::interrupted());
        }
        if running.has_ended() {
            return Err(failed("did not start"));
        }
        if answers() {
            return Ok(running);
        }
        std::thread::sleep(PAUSE);
    }
    Err(failed(&format!("did not answer within {} s", START.as_secs())))
}

/// Connects with a time limit on whatever is asked afterwards.
fn connect(socket: &Path) -> Option<UnixStream> {
    let stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    Some(stream)
}
