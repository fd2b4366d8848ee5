//! What a process has cost so far, and processes on chosen cores. Linux only.

use std::{
    fs,
    process::{Command, Stdio},
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::Failure;

/// CPU time of this process so far, all threads, user and system.
pub fn cpu_of_process() -> Duration {
    read(ClockId::ProcessCPUTime)
}

/// CPU time of this thread so far: what others do on the core meanwhile is not in it.
pub fn cpu_of_thread() -> Duration {
    read(ClockId::ThreadCPUTime)
}

fn read(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Memory of this process, in KiB.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Memory {
    /// All that is resident, the program's own text included.
    pub resident_kib: u64,
    /// Heap and stacks: what conversations take.
    pub anonymous_kib: u64,
}

impl Memory {
    /// What this process takes now.
    ///
    /// # Errors
    ///
    /// The system does not say.
    pub fn now() -> Result<Self, Failure> {
        let status = fs::read_to_string("/proc/self/status")?;
        let kib = |name: &str| -> Result<u64, Failure> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let value = line.ok_or_else(|| format!("the system does not say {name}"))?;
            Ok(value.trim().trim_end_matches("kB").trim().parse()?)
        };
        Ok(Self { resident_kib: kib("VmRSS:")?, anonymous_kib: kib("RssAnon:")? })
    }
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
