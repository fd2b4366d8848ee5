//! CPU and memory of whole conversations: the bare AWS SDK and this library's client, in turns.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, ExitCode},
};

use clap::{Parser, Subcommand};
use nova_sonic_benches::{
    Failure,
    fake_bedrock::{self, Address, Seen},
    load::{self, Connections, Cost, Mode, Task},
    material,
    measure::median,
    process::{self, Memory},
    report::{Budgets, conditions, table},
};
use nova_sonic_core::{codec::Encoder, sigv4::DatePrecision};

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
    /// How the streams travel: each over a connection of its own, or all of a client over a shared one.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Connections::Each, Connections::Shared])]
    connections: Vec<Connections>,
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
        for connections in &arguments.connections {
            let place = Place { pinned: *cores == 1, connections: *connections };
            conditions(&format!("Conversations, {place}"));
            let mut rows = Vec::new();
            let mut before = None;
            let mut counts = arguments.sessions.clone();
            counts.sort_unstable();
            for sessions in counts {
                let results = in_turns(arguments, place, sessions)?;
                rows.extend(compare(&results, place, &mut before, &mut budgets));
            }
            table(HEADING, &rows);
        }
    }
    Ok(budgets.verdict(arguments.check))
}

/// Under which circumstances.
#[derive(Clone, Copy)]
struct Place {
    pinned: bool,
    connections: Connections,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.pinned { "one pinned core, " } else { "two cores, " })?;
        f.write_str(match self.connections {
            Connections::Each => "a connection each",
            Connections::Shared => "shared connections",
        })
    }
}

const HEADING: [&str; 12] = [
    "sessions",
    "client",
    "CPU %/session",
    "each run",
    "x bare",
    "RSS MiB",
    "own MiB",
    "x bare",
    "sent/s",
    "received/s",
    "connections",
    "budgets",
];

/// The rows of one count, and this library's beside the better of the bare ones.
fn compare(
    results: &[Measured],
    place: Place,
    before: &mut Option<f64>,
    budgets: &mut Budgets,
) -> Vec<[String; 12]> {
    let least = |cost: fn(&Measured) -> f64| {
        let bare = results.iter().filter(|measured| measured.mode != Mode::Ours);
        bare.map(cost).fold(f64::INFINITY, f64::min)
    };
    let (bare_cpu, bare_memory) = (least(Measured::cpu), least(Measured::own_mebibytes));
    let mut rows = Vec::new();
    for measured in results {
        let sessions = measured.sessions;
        let what = |of: &str| format!("{of}, {sessions} sessions, {place}");
        let (cpu, memory) = (measured.cpu() / bare_cpu, measured.own_mebibytes() / bare_memory);
        let spoilt = measured.runs.iter().filter(|run| !run.held(sessions)).count();
        let mut verdict = Vec::new();
        if spoilt > 0 {
            let runs = measured.runs.len();
            verdict.push(format!("not in real time in {spoilt} of {runs} runs"));
        }
        if measured.mode == Mode::Ours && cpu.is_finite() {
            let limit = if matches!(sessions, 40 | 80) { 0.75 } else { 1.0 };
            verdict.push(format!("CPU {}", budgets.at_most(&what("CPU"), cpu, limit)));
            verdict.push(format!("memory {}", budgets.at_most(&what("memory"), memory, 1.0)));
            if let Some(before) = before.replace(measured.cpu()) {
                let growth = budgets.at_most(&what("CPU to that of fewer"), measured.cpu() / before, NOISE);
                verdict.push(format!("growth {growth}"));
            }
        } else if measured.mode == Mode::Ours {
            // nothing to compare is no pass
            let all = "runs in real time, of this or of the bare client";
            verdict.push(budgets.at_least(&what(all), 0.0, 1.0));
        }
        rows.push([
            sessions.to_string(),
            measured.mode.name().to_owned(),
            number(measured.cpu(), 3),
            measured.each(),
            number(cpu, 2),
            number(measured.most(|memory| memory.resident_kib), 1),
            number(measured.own_mebibytes(), 2),
            number(memory, 2),
            number(measured.rate(|cost| cost.sent), 2),
            number(measured.rate(|cost| cost.received), 2),
            measured.connections.to_string(),
            verdict.join(", "),
        ]);
    }
    rows
}

/// A dash for what was not measured.
fn number(value: f64, digits: usize) -> String {
    if value.is_finite() { format!("{value:.digits$}") } else { "-".to_owned() }
}

/// Two runs of the same differ by so much: growth below it is none.
const NOISE: f64 = 1.15;
/// How far a rate may be from real time.
const RATE_TOLERANCE: f64 = 0.02;
/// Share of the sound that must have arrived: a few frames are always under way.
const ARRIVED: f64 = 0.98;

/// One run of one client.
struct Run {
    cost: Cost,
    /// How much of the sound that the client counts as sent the server has heard.
    arrived: f64,
}

impl Run {
    /// Events per second and conversation.
    #[expect(clippy::cast_precision_loss, reason = "counts of seconds are far below 2^52")]
    fn rate(&self, events: u64, sessions: u32) -> f64 {
        events as f64 / self.cost.wall / f64::from(sessions)
    }

    /// A run only counts when its conversations were held in real time, and when what was sent arrived: one that
    /// falls behind reads and writes in larger pieces, and looks cheap.
    fn held(&self, sessions: u32) -> bool {
        let on_time = |events, millis: f64| {
            (self.rate(events, sessions) * millis / 1000.0 - 1.0).abs() <= RATE_TOLERANCE
        };
        on_time(self.cost.sent, 32.0) && on_time(self.cost.received, 40.0) && self.arrived >= ARRIVED
    }
}

/// What the rounds of one client with so many conversations gave.
struct Measured {
    mode: Mode,
    sessions: u32,
    runs: Vec<Run>,
    connections: u32,
}

impl Measured {
    fn held(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| run.held(self.sessions))
    }

    /// Share of a core for each conversation, percent: the least disturbed round.
    fn cpu(&self) -> f64 {
        self.held().map(|run| self.cpu_of(&run.cost)).fold(f64::INFINITY, f64::min)
    }

    fn cpu_of(&self, cost: &Cost) -> f64 {
        100.0 * cost.cpu / cost.wall / f64::from(self.sessions)
    }

    /// All rounds; those that do not count in parentheses.
    fn each(&self) -> String {
        let shown = |run: &Run| {
            let cpu = self.cpu_of(&run.cost);
            if run.held(self.sessions) { format!("{cpu:.3}") } else { format!("({cpu:.3})") }
        };
        self.runs.iter().map(shown).collect::<Vec<_>>().join(" ")
    }

    /// Heap and stacks in MiB: what conversations take. The rest of what is resident is the program's text, the same
    /// file for all, of which the kernel maps windows of up to 128 KiB as they are touched.
    fn own_mebibytes(&self) -> f64 {
        self.most(|memory| memory.anonymous_kib)
    }

    /// Most of some memory in the rounds that count, MiB.
    #[expect(clippy::cast_precision_loss, reason = "memory in KiB is far below 2^52")]
    fn most(&self, kib: impl Fn(&Memory) -> u64) -> f64 {
        let most = self.held().map(|run| kib(&run.cost.memory)).max();
        most.map_or(f64::INFINITY, |kib| kib as f64 / 1024.0)
    }

    /// Events per second and conversation, over all rounds.
    fn rate(&self, count: impl Fn(&Cost) -> u64) -> f64 {
        let rates: Vec<f64> = self.runs.iter().map(|run| run.rate(count(&run.cost), self.sessions)).collect();
        median(rates)
    }
}

/// Every mode once, then every mode again, so that a disturbed minute disturbs all.
fn in_turns(arguments: &Arguments, place: Place, sessions: u32) -> Result<Vec<Measured>, Failure> {
    // on two cores a current_thread runtime leaves one of them idle: no peer there
    let fair = |mode: &Mode| place.pinned || *mode != Mode::BareCurrentThread;
    let modes = arguments.modes.iter().copied().filter(fair);
    let mut results: Vec<_> =
        modes.map(|mode| Measured { mode, sessions, runs: Vec::new(), connections: 0 }).collect();
    for round in 1..=arguments.rounds.max(1) {
        for result in &mut results {
            progress(&format!("round {round}: {sessions} x {}, {place}", result.mode.name()));
            let (cost, seen) = once(arguments, place, result.mode, sessions)?;
            result.connections = seen.connections;
            result.runs.push(Run { arrived: arrived(&cost, seen)?, cost });
        }
    }
    Ok(results)
}

/// How much of the sound that the client counts as sent the server has heard.
#[expect(clippy::cast_precision_loss, reason = "bytes of minutes are far below 2^52")]
fn arrived(cost: &Cost, seen: Seen) -> Result<f64, Failure> {
    let mut frame = Vec::new();
    Encoder::new(material::signer(DatePrecision::Second)).encode(
        &material::audio_input(),
        material::opened(),
        &mut frame,
    )?;
    Ok(seen.bytes as f64 / (cost.sent_in_all as f64 * frame.len() as f64))
}

#[expect(clippy::print_stderr, reason = "the whole takes a quarter of an hour")]
fn progress(what: &str) {
    eprintln!("{what}");
}

/// A server and a client of their own for each run.
fn once(arguments: &Arguments, place: Place, mode: Mode, sessions: u32) -> Result<(Cost, Seen), Failure> {
    let mut server = Process::start(place.pinned.then_some(1), "server")?;
    let address: Address = serde_json::from_str(&server.line()?)?;
    let mut client = Process::start(place.pinned.then_some(0), "client")?;
    client.say(&serde_json::to_string(&Task {
        mode,
        sessions,
        connections: place.connections,
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
