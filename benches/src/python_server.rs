//! One Django project under uvicorn with one worker, on a core of its own. Linux only.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::Failure;

/// How long a server may take to accept its first connection.
const START: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(50);

/// Runs until it is dropped.
#[derive(Debug)]
pub struct PythonServer {
    process: Child,
    address: SocketAddr,
}

/// What all servers of one comparison share.
#[derive(Debug)]
pub struct Environment<'a> {
    /// The interpreter.
    pub python: &'a Path,
    /// The folder with the projects.
    pub folder: &'a Path,
    /// What the projects read.
    pub variables: &'a [(String, String)],
}

impl Environment<'_> {
    /// `python …` in the folder of the projects, on one core.
    pub fn python(&self, core: usize) -> Command {
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", &core.to_string()]).arg(self.python);
        command.current_dir(self.folder).stdin(Stdio::null());
        // Nothing of this machine's own configuration.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
            command.env_remove(name);
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts the project and waits until it accepts connections.
    ///
    /// # Errors
    ///
    /// The server ends, or does not come up.
    pub fn serve(&self, project: &str, core: usize) -> Result<PythonServer, Failure> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = self.python(core);
        command.args(["-m", "uvicorn", &format!("{project}.asgi:application"), "--workers", "1"]);
        command.args(["--host", "127.0.0.1", "--port", &address.port().to_string()]);
        command.args(["--loop", "uvloop", "--http", "httptools", "--lifespan", "off"]);
        command.args(["--no-access-log", "--log-level", "warning"]);
        let mut server = PythonServer { process: command.spawn()?, address };
        for _ in 0..START.as_millis() / PAUSE.as_millis() {
            if let Some(status) = server.process.try_wait()? {
                return Err(format!("the server of {project} ended with {status}: see above").into());
            }
            if TcpStream::connect(address).is_ok() {
                return Ok(server);
            }
            std::thread::sleep(PAUSE);
        }
        Err(format!("the server of {project} did not come up").into())
    }
}

impl PythonServer {
    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// CPU time so far, all threads, user and system.
    ///
    /// # Errors
    ///
    /// The process is gone.
    pub fn cpu(&self) -> Result<Duration, Failure> {
        // Fields 14 and 15, counted from 1; the second is a name in parentheses that may hold anything.
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        let (_, fields) = stat.rsplit_once(')').ok_or("no name in /proc/…/stat")?;
        let mut fields = fields.split_whitespace().skip(11);
        let ticks: u64 = [fields.next(), fields.next()]
            .into_iter()
            .map(|field| Ok::<u64, Failure>(field.ok_or("a short /proc/…/stat")?.parse()?))
            .sum::<Result<u64, Failure>>()?;
        Ok(Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second()))
    }

    /// Resident memory, in KiB.
    ///
    /// # Errors
    ///
    /// The process is gone.
    pub fn resident_kib(&self) -> Result<u64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse()?)
    }
}

impl Drop for PythonServer {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is not left behind.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
