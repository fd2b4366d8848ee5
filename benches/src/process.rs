//! What a process has cost so far, read from Linux; and processes on chosen cores.

use std::{
    collections::HashMap,
    fs,
    process::{Command, Stdio},
    time::Duration,
};

use crate::Failure;

/// CPU time of every thread of this process, to the nanosecond, where `getrusage` and `/proc/self/stat` may count
/// in ticks of 10 ms.
#[derive(Debug)]
pub struct CpuTimes(HashMap<String, Duration>);

impl CpuTimes {
    /// As of now.
    ///
    /// # Errors
    ///
    /// The kernel keeps no `schedstat`.
    pub fn read() -> Result<Self, Failure> {
        let mut times = HashMap::new();
        for task in fs::read_dir("/proc/self/task")? {
            let task = task?;
            // a thread may end between the two reads
            let Ok(line) = fs::read_to_string(task.path().join("schedstat")) else { continue };
            let on_cpu = line.split(' ').next().ok_or("schedstat is empty")?.parse()?;
            let thread = task.file_name().to_string_lossy().into_owned();
            times.insert(thread, Duration::from_nanos(on_cpu));
        }
        if times.is_empty() {
            return Err("this kernel keeps no schedstat, which the CPU time is read from".into());
        }
        Ok(Self(times))
    }

    /// Time spent since `earlier` by the threads that are still there; workers of a runtime do not end.
    pub fn since(&self, earlier: &Self) -> Duration {
        let before = |thread| earlier.0.get(thread).copied().unwrap_or_default();
        self.0.iter().map(|(thread, now)| now.saturating_sub(before(thread))).sum()
    }
}

/// Memory of this process that is resident, in KiB.
///
/// # Errors
///
/// The kernel does not say.
pub fn resident_kib() -> Result<u64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

/// This program once more, on one `core` if it is said which, with pipes to talk through.
///
/// # Errors
///
/// The program does not know where it lies.
pub fn again(core: Option<usize>) -> Result<Command, Failure> {
    let program = std::env::current_exe()?;
    let mut command = match core {
        Some(core) => {
            let mut command = Command::new("taskset");
            command.arg("-c").arg(core.to_string()).arg(program);
            command
        }
        None => Command::new(program),
    };
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    Ok(command)
}
