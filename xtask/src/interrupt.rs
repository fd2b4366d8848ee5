//! Ctrl-C, and the end of the time there is: children end with us, and so do theirs.
//!
//! Each child leads a process group of its own. A signal that ends us is passed on to that group, which is given
//! time to end in order (a conversation closes its stream) before it is killed.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::{Done, failure::Failure};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static OUT_OF_TIME: AtomicBool = AtomicBool::new(false);
/// The process groups of the children that run now, by the process id of their leader.
static RUNNING: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Whether a signal has asked us to end.
pub(crate) fn happened() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Why nothing more should be started, if so.
pub(crate) fn reason() -> Option<Failure> {
    if happened() {
        return Some(Failure::interrupted());
    }
    OUT_OF_TIME.load(Ordering::SeqCst).then(|| {
        Failure::new("the time was over", "see above what ran then, and for how long; or run it alone")
    })
}

/// Gives everything that runs `time`: then says with `said` what it is that still runs, and ends it.
pub(crate) fn end_after(time: Duration, said: impl FnOnce() + Send + 'static) {
    std::thread::spawn(move || {
        std::thread::sleep(time);
        said();
        OUT_OF_TIME.store(true, Ordering::SeqCst);
        let leaders = running().clone();
        leaders.into_iter().for_each(end);
    });
}

/// Starts passing on the signals that end a program.
#[cfg(unix)]
pub(crate) fn forward_to_children() -> Done {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(|error| {
        Failure::new(format!("cannot listen for Ctrl-C ({error})"), "try again in another terminal")
    })?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            let again = INTERRUPTED.swap(true, Ordering::SeqCst);
            for leader in running().iter() {
                group::end(*leader, signal, again);
            }
        }
    });
    Ok(())
}

/// Nothing to pass on: the console of Windows sends Ctrl-C to every process attached to it.
#[cfg(not(unix))]
pub(crate) fn forward_to_children() -> Done {
    Ok(())
}

/// Notes that the process group of `leader` runs; kills it at once when a signal came before.
pub(crate) fn child_started(leader: u32) {
    running().insert(leader);
    #[cfg(unix)]
    if reason().is_some() {
        group::kill(leader);
    }
}

/// Asks the process group of `leader` to end in order; kills it when it takes too long. By SIGTERM: what a shell starts
/// in the background ignores SIGINT, and hands that down.
#[cfg(unix)]
pub(crate) fn end(leader: u32) {
    group::end(leader, signal_hook::consts::SIGTERM, happened());
}

/// Nothing that can be asked: a child ends by itself.
#[cfg(not(unix))]
pub(crate) fn end(_leader: u32) {}

/// Notes that `leader` has ended, and kills what it left behind in its group.
pub(crate) fn child_ended(leader: u32) {
    running().remove(&leader);
    #[cfg(unix)]
    group::kill(leader);
}

fn running() -> MutexGuard<'static, BTreeSet<u32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
mod group {
    use std::time::Duration;

    use rustix::process::{Pid, Signal, kill_process_group};

    /// How long a child may take to end in order.
    const GRACE: Duration = Duration::from_secs(10);

    pub(super) fn end(leader: u32, signal: i32, at_once: bool) {
        if at_once {
            kill(leader);
            return;
        }
        if let (Some(group), Some(signal)) = (group_of(leader), Signal::from_named_raw(signal)) {
            // The group may have ended by itself a moment ago: nothing is left to do then.
            let _ = kill_process_group(group, signal);
            std::thread::spawn(move || {
                std::thread::sleep(GRACE);
                if super::running().contains(&leader) {
                    kill(leader);
                }
            });
        }
    }

    pub(super) fn kill(leader: u32) {
        if let Some(group) = group_of(leader) {
            // An error says that nobody is left in the group, which is what was wanted.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    fn group_of(leader: u32) -> Option<Pid> {
        i32::try_from(leader).ok().and_then(Pid::from_raw)
    }
}
