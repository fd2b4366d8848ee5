//! Tables and budgets.

use std::process::ExitCode;

/// What was promised, and whether it held.
#[derive(Debug, Default)]
pub struct Budgets {
    broken: Vec<String>,
    held: usize,
}

impl Budgets {
    /// Notes that `value` must not exceed `limit`; says so in a cell of a table.
    pub fn at_most(&mut self, what: &str, value: f64, limit: f64) -> String {
        self.note(what, value, limit, shown(value) <= limit, "≤")
    }

    /// Notes that `value` must reach `limit`; says so in a cell of a table.
    pub fn at_least(&mut self, what: &str, value: f64, limit: f64) -> String {
        self.note(what, value, limit, shown(value) >= limit, "≥")
    }

    fn note(&mut self, what: &str, value: f64, limit: f64, holds: bool, sign: &str) -> String {
        if holds {
            self.held += 1;
            return format!("{sign} {limit} ok");
        }
        self.broken.push(format!("{what}: {value:.2}, budget {sign} {limit}"));
        format!("{sign} {limit} BROKEN")
    }

    /// Prints the verdict; fails only when `check` asks for it.
    #[expect(clippy::print_stdout, reason = "the verdict is what the bench is run for")]
    pub fn verdict(&self, check: bool) -> ExitCode {
        for broken in &self.broken {
            println!("budget broken: {broken}");
        }
        println!("{} budgets held, {} broken", self.held, self.broken.len());
        if check && !self.broken.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}

/// A ratio as the tables show it. The third decimal of a measurement is noise: one page of memory, one tick of a clock.
fn shown(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// Prints rows under a heading, in Markdown, numbers to the right.
#[expect(clippy::print_stdout, reason = "the table is what the bench is run for")]
pub fn table<const COLUMNS: usize>(heading: [&str; COLUMNS], rows: &[[String; COLUMNS]]) {
    let widths: Vec<usize> = (0..COLUMNS)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.chain(heading.get(column).map(|cell| cell.chars().count())).max().unwrap_or(0)
        })
        .collect();
    let line = |cells: Vec<&str>| {
        let cells = cells.iter().zip(&widths).map(|(cell, width)| {
            let number = cell.starts_with(|first: char| first.is_ascii_digit());
            if number { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        println!("| {} |", cells.collect::<Vec<_>>().join(" | "));
    };
    line(heading.to_vec());
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    line(rule.iter().map(String::as_str).collect());
    for row in rows {
        line(row.iter().map(String::as_str).collect());
    }
    println!();
}

/// Which machine, which moment: printed before the tables.
#[expect(clippy::print_stdout, reason = "figures without conditions say nothing")]
pub fn conditions(what: &str) {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or("unknown");
    println!("## {what}\n");
    println!(
        "{cores} cores,{}; load average {load} before the start\n",
        model.trim_start_matches(['\t', ':'])
    );
}
