//! CPU and memory of the relay with both its legs, and how much later sound comes for it.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio},
};

use clap::{Parser, Subcommand};
use nova_sonic_benches::{
    Failure,
    fake_bedrock::{self, Address},
    material,
    measure::median,
    pages::{self, Sight, Visit},
    process,
    report::{Budgets, conditions, table},
};

/// What a conversation through the relay costs.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// Fail when a budget is broken or a row's rates did not hold.
    #[arg(long)]
    check: bool,
    /// The program of `examples/relay`.
    #[arg(long)]
    relay: Option<PathBuf>,
    /// How many conversations at once, a row each.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 10, 40, 80, 250])]
    sessions: Vec<u32>,
    /// How often each row is measured.
    #[arg(long, default_value_t = 2)]
    rounds: u32,
    /// Seconds measured.
    #[arg(long, default_value_t = 7)]
    window: u64,
    /// Seconds before them.
    #[arg(long, default_value_t = 3)]
    warm_up: u64,
}

#[derive(Subcommand)]
enum Part {
    /// The server's process; started by the bench itself.
    #[command(hide = true)]
    Server,
    /// The pages' process; started by the bench itself.
    #[command(hide = true)]
    Pages,
}

/// Conversations that one core has to hold.
const MANY: u32 = 250;
/// Most that sound may come later, ms.
const DELAY: f64 = 10.0;
/// How far a rate may be from real time.
const RATE_TOLERANCE: f64 = 0.02;
const KEY: &str = "a key for a bench, which is 32 bytes or longer";

fn main() -> Result<ExitCode, Failure> {
    let arguments = Arguments::parse();
    match arguments.part {
        Some(Part::Server) => fake_bedrock::run().map(|()| ExitCode::SUCCESS),
        Some(Part::Pages) => pages::run().map(|()| ExitCode::SUCCESS),
        None => measure(&arguments),
    }
}

/// One run.
struct Run {
    sight: Sight,
    /// CPU time of the relay in the window, seconds.
    cpu: f64,
    /// Heap and stacks of the relay at its end, KiB.
    anonymous_kib: f64,
}

impl Run {
    fn held(&self, sessions: u32) -> bool {
        let on_time = |rate: f64, millis: f64| (rate * millis / 1_000.0 - 1.0).abs() <= RATE_TOLERANCE;
        on_time(self.rate(self.sight.sent, sessions), 32.0)
            && on_time(self.rate(self.sight.received, sessions), 40.0)
    }

    /// Messages per second and conversation.
    #[expect(clippy::cast_precision_loss, reason = "counts of seconds are far below 2^52")]
    fn rate(&self, messages: u64, sessions: u32) -> f64 {
        messages as f64 / self.sight.wall / f64::from(sessions)
    }

    /// Share of a core for each conversation, percent.
    fn share(&self, sessions: u32) -> f64 {
        100.0 * self.cpu / self.sight.wall / f64::from(sessions)
    }
}

fn measure(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let relay =
        arguments.relay.as_ref().ok_or("say with --relay where the program of examples/relay lies")?;
    let mut budgets = Budgets::default();
    conditions(
        "The relay, both legs: a page's WebSocket, and HTTP/2 with TLS to the service; one pinned core",
    );
    let mut rows = Vec::new();
    for sessions in arguments.sessions.iter().copied() {
        let mut runs = Vec::new();
        for _ in 0..arguments.rounds.max(1) {
            runs.push(once(arguments, relay, sessions)?);
        }
        let held: Vec<&Run> = runs.iter().filter(|run| run.held(sessions)).collect();
        let least = |of: &dyn Fn(&Run) -> f64| held.iter().map(|run| of(run)).fold(f64::INFINITY, f64::min);
        let cpu = least(&|run| run.share(sessions));
        let late = least(&|run| run.sight.late_delay);
        let mut verdict = format!("in real time in {} of {} runs", held.len(), runs.len());
        if sessions == MANY {
            // per core: a whole one at most, and every conversation in real time
            let core = budgets.at_most(
                "share of a core that 250 conversations take, %",
                cpu * f64::from(MANY),
                100.0,
            );
            let delay =
                budgets.at_most("p99 of what sound is late by with 250 conversations, ms", late, DELAY);
            verdict = format!("{verdict}, a core {core}, delay {delay}");
        }
        rows.push([
            sessions.to_string(),
            format!("{cpu:.3}"),
            format!("{:.0}", 100.0 / cpu),
            format!("{:.1}", median(runs.iter().map(|run| run.sight.median_delay).collect())),
            format!("{late:.1}"),
            format!("{:.0}", least(&|run| run.anonymous_kib) / f64::from(sessions)),
            format!("{:.2}", median(runs.iter().map(|run| run.rate(run.sight.sent, sessions)).collect())),
            format!("{:.2}", median(runs.iter().map(|run| run.rate(run.sight.received, sessions)).collect())),
            verdict,
        ]);
    }
    table(
        [
            "sessions",
            "CPU %/session",
            "sessions/core",
            "late by, median ms",
            "p99 ms",
            "KiB/session",
            "sent/s",
            "received/s",
            "budgets",
        ],
        &rows,
    );
    Ok(budgets.verdict(arguments.check))
}

/// A service, a relay and pages of their own for each run: the relay on one core, the others on another.
fn once(arguments: &Arguments, relay: &PathBuf, sessions: u32) -> Result<Run, Failure> {
    let mut server = Process::start(process::again(Some(1))?.arg("server"), "server")?;
    let address: Address = serde_json::from_str(&server.line()?)?;
    let certificate = std::env::temp_dir().join(format!("relay-bench-{}.pem", std::process::id()));
    fs::write(&certificate, &address.certificate)?;
    let program = |core: &str| {
        let mut command = Command::new("taskset");
        command.args(["-c", core]).arg(relay);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.env("NOVA_SONIC_TICKET_KEY", KEY).env("RUST_LOG", "warn");
        command.env_remove("NOVA_SONIC_REDIS_URL");
        command.env("AWS_ACCESS_KEY_ID", material::ACCESS_KEY_ID);
        command.env("AWS_SECRET_ACCESS_KEY", material::SECRET_ACCESS_KEY);
        command
    };
    let ticket = Process::start(program("1").args(["--ticket-for", "bench"]), "relay")?.line()?;
    let mut relay = Process::start(
        program("0")
            .args(["--listen", "127.0.0.1:0", "--threads", "1", "--per-subject", "100000"])
            .args(["--region", material::REGION, "--ca-certificates"])
            .arg(&certificate)
            .arg("--endpoint-url")
            .arg(format!("https://127.0.0.1:{}", address.port)),
        "relay",
    )?;
    let listening = relay.line()?;
    let listening =
        listening.trim().strip_prefix("listening on ").ok_or("the relay does not say where it is")?;
    let mut pages = Process::start(process::again(Some(1))?.arg("pages"), "pages")?;
    pages.say(&serde_json::to_string(&Visit {
        address: listening.to_owned(),
        ticket: ticket.trim().to_owned(),
        sessions,
        warm_up: arguments.warm_up,
        window: arguments.window,
    })?)?;
    pages.line()?;
    let before = relay.cpu()?;
    let sight = serde_json::from_str(&pages.line()?)?;
    let cpu = relay.cpu()? - before;
    let anonymous_kib = relay.anonymous_kib()?;
    fs::remove_file(certificate)?;
    Ok(Run { sight, cpu, anonymous_kib })
}

/// A part of the bench in a process of its own, which ends with this value.
struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    part: &'static str,
}

impl Process {
    fn start(command: &mut Command, part: &'static str) -> Result<Self, Failure> {
        let mut child = command.spawn()?;
        let input = child.stdin.take().ok_or("the process has no input")?;
        let output = BufReader::new(child.stdout.take().ok_or("the process has no output")?);
        Ok(Self { child, input, output, part })
    }

    fn say(&mut self, line: &str) -> Result<(), Failure> {
        writeln!(self.input, "{line}")?;
        Ok(())
    }

    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err(format!("the {} has ended; what it said stands above", self.part).into());
        }
        Ok(line)
    }

    /// CPU time so far, all threads, user and system, seconds: nanoseconds of the scheduler (proc(5), `schedstat`).
    #[expect(clippy::cast_precision_loss, reason = "seconds in nanoseconds are far below 2^52")]
    fn cpu(&self) -> Result<f64, Failure> {
        let mut nanoseconds = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let spent = fs::read_to_string(task?.path().join("schedstat"))?;
            nanoseconds += spent.split(' ').next().ok_or("the system does not say")?.parse::<u64>()?;
        }
        Ok(nanoseconds as f64 / 1e9)
    }

    fn anonymous_kib(&self) -> Result<f64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        Ok(line.ok_or("the system does not say")?.trim().trim_end_matches("kB").trim().parse()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // it may have ended by itself, and there is nobody left to tell
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
