//! CPU and memory of whole conversations: the bare AWS SDK and this library's client, in turns.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, ExitCode},
};

use clap::{Parser, Subcommand};
use nova_sonic_benches::{
    Failure,
    fake_bedrock::{self, Address, Seen},
    load::{self, Cost, Mode, Task},
    process,
    report::{Budgets, conditions, table},
};

/// What a conversation costs.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// Fail when a budget is broken or a row's rates did not hold.
    #[arg(long)]
    check: bool,
    /// How many conversations at once, a row each.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 10, 40, 80, 160, 400])]
    sessions: Vec<u32>,
    /// Cores for the client: 1 pins it, and the server to the other core; 2 lets both run where they like.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2])]
    cores: Vec<usize>,
    /// Who holds the conversations.
    #[arg(long, value_enum, value_delimiter = ',',
        default_values_t = [Mode::Bare, Mode::BareCurrentThread, Mode::Ours])]
    modes: Vec<Mode>,
    /// How often each row is measured, in turns.
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
    /// The client's process; started by the bench itself.
    #[command(hide = true)]
    Client,
}

fn main() -> Result<ExitCode, Failure> {
    let arguments = Arguments::parse();
    match arguments.part {
        Some(Part::Server) => fake_bedrock::run().map(|()| ExitCode::SUCCESS),
        Some(Part::Client) => load::run().map(|()| ExitCode::SUCCESS),
        None => measure(&arguments),
    }
}

fn measure(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let mut budgets = Budgets::default();
    for cores in &arguments.cores {
        let pinned = *cores == 1;
        conditions(if pinned { "Conversations, one pinned core" } else { "Conversations, two cores" });
        // on two cores a current_thread runtime leaves one of them idle: no peer there
        let modes = arguments.modes.iter().copied().filter(|mode| pinned || *mode != Mode::BareCurrentThread);
        let modes: Vec<Mode> = modes.collect();
        let mut rows = Vec::new();
        let mut ours_before: Option<f64> = None;
        for sessions in &arguments.sessions {
            let results = in_turns(arguments, &modes, *sessions, pinned)?;
            let bare = |cost: fn(&Measured) -> f64| {
                let bare = results.iter().filter(|measured| measured.mode != Mode::Ours);
                bare.map(cost).fold(f64::INFINITY, f64::min)
            };
            let (bare_cpu, bare_memory) = (bare(Measured::cpu), bare(Measured::mebibytes));
            for measured in &results {
                let what = |of: &str| format!("{of}, {sessions} sessions, {cores} core(s)");
                let (cpu, memory) = (measured.cpu() / bare_cpu, measured.mebibytes() / bare_memory);
                let mut verdict = measured.rates(&mut budgets, &what(measured.mode.name()));
                if measured.mode == Mode::Ours && bare_cpu.is_finite() {
                    let limit = if matches!(sessions, 40 | 80) { 0.75 } else { 1.0 };
                    verdict = format!("{verdict}, CPU {}", budgets.at_most(&what("CPU"), cpu, limit));
                    let held = budgets.at_most(&what("memory"), memory, 1.0);
                    verdict = format!("{verdict}, memory {held}");
                    if let Some(before) = ours_before.replace(measured.cpu()) {
                        let growth = measured.cpu() / before;
                        let held = budgets.at_most(&what("CPU beside fewer sessions"), growth, NOISE);
                        verdict = format!("{verdict}, growth {held}");
                    }
                }
                rows.push([
                    sessions.to_string(),
                    measured.mode.name().to_owned(),
                    format!("{:.3}", measured.cpu()),
                    measured.each(),
                    format!("{cpu:.2}"),
                    format!("{:.1}", measured.mebibytes()),
                    format!("{memory:.2}"),
                    format!("{:.2}", measured.mean(|cost| cost.sent)),
                    format!("{:.2}", measured.mean(|cost| cost.received)),
                    measured.connections.to_string(),
                    verdict,
                ]);
            }
        }
        table(HEADING, &rows);
    }
    Ok(budgets.verdict(arguments.check))
}

const HEADING: [&str; 11] = [
    "sessions",
    "client",
    "CPU %/session",
    "each run",
    "x bare",
    "RSS MiB",
    "x bare",
    "sent/s",
    "received/s",
    "connections",
    "budgets",
];

/// Two runs of the same differ by so much: growth below it is none.
const NOISE: f64 = 1.15;
/// How far a rate may be from real time.
const RATE_TOLERANCE: f64 = 0.02;

/// What the rounds of one client with so many conversations gave.
struct Measured {
    mode: Mode,
    sessions: u32,
    costs: Vec<Cost>,
    connections: u32,
}

impl Measured {
    /// Share of a core for each conversation, percent: the least disturbed round.
    fn cpu(&self) -> f64 {
        self.costs.iter().map(|cost| self.cpu_of(cost)).fold(f64::INFINITY, f64::min)
    }

    fn cpu_of(&self, cost: &Cost) -> f64 {
        100.0 * cost.cpu / cost.wall / f64::from(self.sessions)
    }

    fn each(&self) -> String {
        let each: Vec<_> = self.costs.iter().map(|cost| format!("{:.3}", self.cpu_of(cost))).collect();
        each.join(" ")
    }

    #[expect(clippy::cast_precision_loss, reason = "memory in KiB is far below 2^52")]
    fn mebibytes(&self) -> f64 {
        let most = self.costs.iter().map(|cost| cost.resident_kib).max().unwrap_or(0);
        most as f64 / 1024.0
    }

    /// Events per second and conversation.
    #[expect(clippy::cast_precision_loss, reason = "counts of seconds are far below 2^52")]
    fn mean(&self, count: impl Fn(&Cost) -> u64) -> f64 {
        let (events, seconds) = self
            .costs
            .iter()
            .fold((0.0, 0.0), |(events, seconds), cost| (events + count(cost) as f64, seconds + cost.wall));
        events / seconds / f64::from(self.sessions)
    }

    /// A row only counts when the conversations were held in real time.
    fn rates(&self, budgets: &mut Budgets, what: &str) -> String {
        let sent = self.mean(|cost| cost.sent) / 31.25;
        let received = self.mean(|cost| cost.received) / 25.0;
        let off = (sent - 1.0).abs().max((received - 1.0).abs());
        let held = budgets.at_most(&format!("rates off real time, {what}"), off, RATE_TOLERANCE);
        if held.ends_with("ok") { "rates ok".to_owned() } else { format!("rates {held}") }
    }
}

/// Every mode once, then every mode again, so that a disturbed minute disturbs all.
fn in_turns(
    arguments: &Arguments,
    modes: &[Mode],
    sessions: u32,
    pinned: bool,
) -> Result<Vec<Measured>, Failure> {
    let measured = |mode: &Mode| Measured { mode: *mode, sessions, costs: Vec::new(), connections: 0 };
    let mut results: Vec<_> = modes.iter().map(measured).collect();
    for _ in 0..arguments.rounds.max(1) {
        for result in &mut results {
            let (cost, seen) = once(arguments, result.mode, sessions, pinned)?;
            result.costs.push(cost);
            result.connections = seen.connections;
        }
    }
    Ok(results)
}

/// A server and a client of their own for each run.
fn once(arguments: &Arguments, mode: Mode, sessions: u32, pinned: bool) -> Result<(Cost, Seen), Failure> {
    let mut server = Process::start(pinned.then_some(1), "server")?;
    let address: Address = serde_json::from_str(&server.line()?)?;
    let mut client = Process::start(pinned.then_some(0), "client")?;
    client.say(&serde_json::to_string(&Task {
        mode,
        sessions,
        port: address.port,
        certificate: address.certificate,
        warm_up: arguments.warm_up,
        window: arguments.window,
    })?)?;
    let cost = serde_json::from_str(&client.line()?)?;
    server.say("seen")?;
    Ok((cost, serde_json::from_str(&server.line()?)?))
}

/// A part of the bench in a process of its own, which ends with this value.
struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    part: &'static str,
}

impl Process {
    fn start(core: Option<usize>, part: &'static str) -> Result<Self, Failure> {
        let mut child = process::again(core)?.arg(part).spawn()?;
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
}

impl Drop for Process {
    fn drop(&mut self) {
        // it may have ended by itself, and there is nobody left to tell
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
