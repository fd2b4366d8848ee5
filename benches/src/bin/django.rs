//! The endpoint that hands out credentials: ours, and the same one written with boto3 and Django REST framework.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    sync::Arc,
    time::Duration,
};

use clap::{Parser, ValueEnum};
use http::{HeaderName, header};
use nova_sonic_benches::{
    Failure,
    http_load::{Browsers, Round, ask},
    measure::median,
    python_server::{Environment, PythonServer},
    report::{Budgets, conditions, table},
};

/// How many times the requests of the peer.
const BUDGET: f64 = 3.0;
/// Where every project has its endpoint.
const PATH: &str = "/api/aws-credentials/";
/// The servers have this core for themselves; everything else is on another.
const SERVER_CORE: usize = 0;
const OTHER_CORE: usize = 1;

/// What credentials cost a Django project.
#[derive(Parser)]
struct Arguments {
    /// Fail when a budget is broken.
    #[arg(long)]
    check: bool,
    /// The interpreter with everything installed.
    #[arg(long)]
    python: PathBuf,
    /// The folder with the projects.
    #[arg(long)]
    projects: PathBuf,
    /// The simulator's program.
    #[arg(long)]
    simulator: PathBuf,
    /// Where Redis is, as Django's cache takes it.
    #[arg(long)]
    redis_url: String,
    /// Which projects to measure, by the names of their folders.
    #[arg(long, value_delimiter = ',', default_values_t = ["peer", "ours", "front", "floor"].map(str::to_owned))]
    only: Vec<String>,
    /// How users are known, a table each.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [SignIn::Token, SignIn::Session])]
    sign_in: Vec<SignIn>,
    /// How often each project is measured, in turns.
    #[arg(long, default_value_t = 7)]
    rounds: u32,
    /// Seconds of each round.
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
    /// Connections, each with one request under way.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Users that are signed in. Each may ask 6 times a minute.
    #[arg(long, default_value_t = 10_000)]
    accounts: u32,
}

/// How the users of a project are known.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SignIn {
    /// By a signed token, which needs no database; little of Django is in the way.
    Token,
    /// By Django's session in cache and database, behind the middleware that `startproject` writes.
    Session,
}

impl SignIn {
    const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Session => "session",
        }
    }

    /// The header of each account, from the lines that `prepare.py` prints.
    fn headers(self, accounts: &str) -> (HeaderName, Vec<String>) {
        let pairs = accounts.lines().filter_map(|line| line.split_once(' '));
        match self {
            Self::Token => {
                (header::AUTHORIZATION, pairs.map(|(_, token)| format!("Bearer {token}")).collect())
            }
            Self::Session => (header::COOKIE, pairs.map(|(id, _)| format!("sessionid={id}")).collect()),
        }
    }
}

/// What is measured, and what it showed.
struct Subject {
    name: &'static str,
    project: &'static str,
    answer: &'static str,
    server: Option<PythonServer>,
    rounds: Vec<Seen>,
}

/// One round: under load, and then one request at a time.
struct Seen {
    load: Round,
    alone: Round,
    /// CPU time of one request under load, in ms.
    cpu: f64,
    /// Share of its core that the server had.
    busy: f64,
}

fn subjects() -> [Subject; 4] {
    let subject = |name, project, answer| Subject { name, project, answer, server: None, rounds: Vec::new() };
    [
        subject("boto3 + DRF", "peer", "\"sessionToken\""),
        subject("nova_sonic.django", "ours", "\"sessionToken\""),
        subject("nova_sonic.django in front", "front", "\"sessionToken\""),
        subject("nothing (Django alone)", "floor", "\"nothing\""),
    ]
}

fn main() -> Result<ExitCode, Failure> {
    let arguments = Arguments::parse();
    conditions("Credentials from a Django project");
    let here = rustix::thread::sched_getaffinity(None)?;
    let mut other = rustix::thread::CpuSet::new();
    other.set(OTHER_CORE);
    if here.is_set(OTHER_CORE) && here.is_set(SERVER_CORE) {
        rustix::thread::sched_setaffinity(None, &other)?;
    } else {
        return Err("this bench needs two cores: one for the server, one for all that it talks to".into());
    }
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(measure(&arguments))
}

async fn measure(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let folder = std::env::temp_dir().join(format!("nova-sonic-bench-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let folder = Removed(folder);
    let simulator = Simulator::start(&arguments.simulator, &folder.0)?;
    let mut variables = simulator.variables()?;
    variables.push(("BENCH_REDIS_URL".to_owned(), arguments.redis_url.clone()));
    variables.push(("BENCH_DATABASE".to_owned(), folder.0.join("bench.sqlite3").display().to_string()));
    let projects = fs::canonicalize(&arguments.projects)?;
    let python = &arguments.python;
    let environment = Environment { python, folder: &projects, variables: &variables };
    let accounts = sign_in(&environment, arguments.accounts)?;

    let mut budgets = Budgets::default();
    for sign_in in &arguments.sign_in {
        let mut variables = variables.clone();
        variables.push(("BENCH_SIGN_IN".to_owned(), sign_in.name().to_owned()));
        let environment = Environment { python, folder: &projects, variables: &variables };
        let subjects = in_turns(&environment, *sign_in, &accounts, arguments).await?;
        print(&subjects, *sign_in, &mut budgets)?;
    }
    Ok(budgets.verdict(arguments.check))
}

/// All projects, up at once and asked in turns.
async fn in_turns(
    environment: &Environment<'_>,
    sign_in: SignIn,
    accounts: &str,
    arguments: &Arguments,
) -> Result<[Subject; 4], Failure> {
    let mut subjects = subjects();
    for subject in &mut subjects {
        if arguments.only.iter().any(|name| name == subject.project) {
            subject.server = Some(environment.serve(subject.project, SERVER_CORE)?);
        }
    }
    let browsers = subjects.each_ref().map(|subject| {
        let (header, values) = sign_in.headers(accounts);
        Arc::new(Browsers::new(PATH, header, values, subject.answer))
    });
    // The first round warms up, and is not counted.
    for round in 0..=arguments.rounds {
        for (subject, browsers) in subjects.iter_mut().zip(&browsers) {
            let Some(server) = &subject.server else { continue };
            let seen = one_round(server, browsers, arguments)
                .await
                .map_err(|failure| format!("{}: {failure}", subject.name))?;
            if round > 0 {
                subject.rounds.push(seen);
            }
        }
    }
    Ok(subjects)
}

async fn one_round(
    server: &PythonServer,
    browsers: &Arc<Browsers>,
    arguments: &Arguments,
) -> Result<Seen, Failure> {
    let duration = Duration::from_secs_f64(arguments.seconds);
    let before = server.cpu()?;
    let load = ask(server.address(), browsers, arguments.connections, duration).await?;
    let used = server.cpu()?.saturating_sub(before).as_secs_f64();
    let alone = ask(server.address(), browsers, 1, duration / 4).await?;
    let busy = used / load.elapsed.as_secs_f64();
    Ok(Seen { cpu: busy / load.per_second() * 1e3, busy, load, alone })
}

/// Makes the accounts: session id and token, one account a line.
fn sign_in(environment: &Environment<'_>, accounts: u32) -> Result<String, Failure> {
    let output = environment
        .python(SERVER_CORE)
        .args(["prepare.py", &accounts.to_string()])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("prepare.py ended with {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

#[expect(clippy::print_stdout, reason = "the table is what the bench is run for")]
fn print(subjects: &[Subject; 4], sign_in: SignIn, budgets: &mut Budgets) -> Result<(), Failure> {
    let [peer, ours, front, _] = subjects;
    let peer_memory = memory(peer)?;
    let mut rows = Vec::new();
    for subject in subjects.iter().filter(|subject| subject.server.is_some()) {
        let middle = |figure: fn(&Seen) -> f64| median(subject.rounds.iter().map(figure).collect());
        // Each round beside the peer's of the same moment, so that what disturbs the machine disturbs both.
        let beside = subject.rounds.iter().zip(&peer.rounds);
        let ratio = median(beside.map(|(it, peer)| it.load.per_second() / peer.load.per_second()).collect());
        let memory = memory(subject)?;
        let of_peer = memory / peer_memory;
        let mut verdict = String::new();
        if [ours.project, front.project].contains(&subject.project) && peer.server.is_some() {
            let less = budgets.at_most("memory beside the peer's", of_peer, 1.0);
            verdict = format!("memory {less}");
            // Behind sessions, both sides mostly wait for the same database, cache and middleware.
            if subject.project == ours.project && sign_in == SignIn::Token {
                let more = budgets.at_least("requests per second beside the peer's", ratio, BUDGET);
                verdict = format!("requests {more}, {verdict}");
            }
        }
        rows.push([
            subject.name.to_owned(),
            format!("{:.0}", middle(|seen| seen.load.per_second())),
            format!("{ratio:.2}"),
            format!("{:.1}", middle(|seen| seen.load.percentile(50))),
            format!("{:.1}", middle(|seen| seen.load.percentile(99))),
            format!("{:.2}", middle(|seen| seen.alone.percentile(50))),
            format!("{:.2}", middle(|seen| seen.cpu)),
            format!("{:.0}", 100.0 * middle(|seen| seen.busy)),
            format!("{memory:.0}"),
            format!("{of_peer:.2}"),
            verdict,
        ]);
    }
    println!("### Signed in by {}\n", sign_in.name());
    table(HEADING, &rows);
    Ok(())
}

const HEADING: [&str; 11] = [
    "view",
    "requests/s",
    "x peer",
    "p50 ms",
    "p99 ms",
    "alone ms",
    "CPU ms/request",
    "CPU %",
    "RSS MiB",
    "x peer",
    "budgets",
];

fn memory(subject: &Subject) -> Result<f64, Failure> {
    let kib = subject.server.as_ref().map_or(Ok(0), PythonServer::resident_kib)?;
    Ok(f64::from(u32::try_from(kib)?) / 1024.0)
}

/// A folder that goes when it is dropped.
struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        // What cannot be removed lies in the system's folder for what nobody needs.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// AWS, as far as this bench needs it.
struct Simulator {
    process: Child,
    said: serde_json::Value,
}

impl Simulator {
    fn start(program: &Path, folder: &Path) -> Result<Self, Failure> {
        let mut process = Command::new(program)
            .args(["--json", "--https-port", "0", "--http-port", "0", "--ca"])
            .arg(folder.join("ca.pem"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(output) = process.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let mut simulator = Self { process, said: serde_json::Value::Null };
        simulator.said = serde_json::from_str(&line)?;
        Ok(simulator)
    }

    /// What both sides read: where AWS is, and the keys of the backend.
    fn variables(&self) -> Result<Vec<(String, String)>, Failure> {
        let names = [
            ("AWS_ENDPOINT_URL_STS", "https"),
            ("AWS_CA_BUNDLE", "ca"),
            ("AWS_ACCESS_KEY_ID", "access_key_id"),
            ("AWS_SECRET_ACCESS_KEY", "secret_access_key"),
            ("AWS_REGION", "region"),
            ("AWS_DEFAULT_REGION", "region"),
            ("BENCH_ROLE_ARN", "role_arn"),
        ];
        names
            .into_iter()
            .map(|(variable, name)| {
                let value = self.said.get(name).and_then(serde_json::Value::as_str);
                let value = value.ok_or_else(|| format!("the simulator does not say its {name}"))?;
                Ok((variable.to_owned(), value.to_owned()))
            })
            .collect()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is not left behind.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
