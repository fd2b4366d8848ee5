//! The running story player: the simulator, and the backend that serves the page.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::{
    Done, child,
    demo::{part::Part, setup},
    failure::Failure,
    python::environment::Environment,
    tools,
};

/// How often it is looked whether everything still runs.
const PAUSE: Duration = Duration::from_millis(100);
/// How long the backend waits for conversations to close when it is told to end, seconds.
const GRACE: &str = "3";

/// Whose stories a visitor hears: an account of the demo's own database.
pub(crate) const USER: &str = "mila";

/// Who answers in the conversations.
#[derive(Debug)]
pub(crate) enum Partner {
    /// The simulator, of this program.
    Simulator(PathBuf),
    /// Amazon Nova 2 Sonic, with the credentials of our own environment.
    Aws,
}

/// How it is to run.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) partner: Partner,
    pub(crate) environment: &'a Environment,
    pub(crate) port: u16,
    pub(crate) relay_only: bool,
    /// With which the backend signs its cookies.
    pub(crate) secret: String,
    /// With which one signs in.
    pub(crate) password: String,
    /// Where the database, the logs and the simulator's certificate are.
    pub(crate) folder: &'a Path,
}

/// What runs; ended in order when it is dropped.
#[derive(Debug)]
pub(crate) struct Stack {
    // The backend ends first: it would look for the simulator.
    parts: Vec<Part>,
    port: u16,
    password: String,
}

impl Stack {
    /// Makes the database, starts everything and waits until it answers.
    pub(crate) fn start(plan: &Plan<'_>) -> Result<Self, Failure> {
        let (mut parts, mut simulator) = (Vec::new(), None);
        if let Partner::Simulator(program) = &plan.partner {
            let mut part =
                Part::start("the simulator", &mut simulator_command(program, plan.folder), plan.folder)?;
            simulator =
                Some(part.when(|said| said.lines().find_map(|line| serde_json::from_str(line).ok()))?);
            parts.push(part);
        }
        let simulator = simulator.as_ref();
        for arguments in
            [&["migrate", "--verbosity", "0"] as &[&str], &["seed", "--password", &plan.password]]
        {
            let mut manage = plan.backend(&["manage.py"], simulator);
            manage.args(arguments).stdout(Stdio::null());
            child::run_as_it_is(
                &mut manage,
                "see above; deleting target/demo/stories.sqlite3 begins with a new database",
            )?;
        }
        let port = plan.port.to_string();
        let mut serve = plan.backend(&["-m", "uvicorn", "story_player.asgi:application"], simulator);
        serve.args(["--host", "127.0.0.1", "--port", &port, "--lifespan", "off", "--no-access-log"]);
        serve.args(["--timeout-graceful-shutdown", GRACE]);
        let mut backend = Part::start("the backend", &mut serve, plan.folder)?;
        backend.when(|_| answers(plan.port).then_some(()))?;
        parts.insert(0, backend);
        Ok(Self { parts, port: plan.port, password: plan.password.clone() })
    }

    /// The page's address.
    pub(crate) fn address(&self) -> String {
        address(self.port)
    }

    /// With which one signs in.
    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    /// That everything runs.
    pub(crate) fn check(&mut self) -> Done {
        self.parts.iter_mut().try_for_each(Part::check)
    }

    /// Runs until somebody asks us to end; a part that ends before is a failure.
    pub(crate) fn watch(mut self) -> Done {
        loop {
            match self.check() {
                Ok(()) => std::thread::sleep(PAUSE),
                Err(failure) if failure.is_interruption() => return Ok(()),
                failed => return failed,
            }
        }
    }
}

impl Plan<'_> {
    /// A program of the backend, with all that it is to know.
    fn backend(&self, program: &[&str], simulator: Option<&Value>) -> Command {
        let mut command = Command::new(self.environment.python());
        command.args(program).env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUNBUFFERED", "1");
        command.current_dir(tools::root().join(setup::BACKEND));
        for name in ["DEBUG", "REDIS_URL", "STORY_FRONTEND", "STORY_SIMULATOR", "DJANGO_SETTINGS_MODULE"] {
            command.env_remove(name);
        }
        command
            .env("SECRET_KEY", &self.secret)
            .env("DATABASE_URL", format!("sqlite:///{}", self.folder.join("stories.sqlite3").display()))
            .env("STORY_ORIGIN", address(self.port))
            .env("STORY_TRANSPORT", if self.relay_only { "relay" } else { "auto" });
        if let Some(simulator) = simulator {
            pretend(&mut command, simulator);
        }
        command
    }
}

/// Makes the simulator a program's AWS, and nothing else: no file and no service of this machine has credentials for it.
fn pretend(command: &mut Command, simulator: &Value) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("AWS_") || name == "VOICE_ROLE_ARN") {
            command.env_remove(name);
        }
    }
    let nowhere = if cfg!(windows) { "NUL" } else { "/dev/null" };
    command
        .env("AWS_CONFIG_FILE", nowhere)
        .env("AWS_SHARED_CREDENTIALS_FILE", nowhere)
        .env("AWS_EC2_METADATA_DISABLED", "true");
    for (variable, field) in [
        ("STORY_SIMULATOR", "http"),
        ("AWS_REGION", "region"),
        ("AWS_ACCESS_KEY_ID", "access_key_id"),
        ("AWS_SECRET_ACCESS_KEY", "secret_access_key"),
        ("VOICE_ROLE_ARN", "role_arn"),
    ] {
        command.env(variable, simulator.get(field).and_then(Value::as_str).unwrap_or_default());
    }
}

/// The page's address, by the name that browsers take for a safe origin.
fn address(port: u16) -> String {
    format!("http://localhost:{port}")
}

fn simulator_command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.args([
        "--json",
        "--http-port",
        "0",
        "--https-port",
        "0",
        "--scenario",
        "storyteller",
        "--control",
    ]);
    command.arg("--ca").arg(folder.join("simulator-ca.pem")).current_dir(folder);
    command
}

/// Whether the backend answers with its login page.
fn answers(port: u16) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.write_all(b"GET /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(&status == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}
