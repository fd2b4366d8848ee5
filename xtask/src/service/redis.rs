//! A private Redis.

use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::{Done, child, child::Background, failure::Failure};

/// Runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Redis {
    // Ends before its folder goes: fields are dropped in this order.
    _process: Background,
    folder: TempDir,
}

impl Redis {
    /// Starts `redis-server`, which keeps nothing on disk.
    pub(crate) fn start() -> Result<Self, Failure> {
        Self::start_with(&[])
    }

    /// The same with more options.
    pub(crate) fn start_with(options: &[&str]) -> Result<Self, Failure> {
        installed()?;
        let folder = super::private_folder()?;
        let socket = folder.path().join("redis.sock");
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocketperm", "700"]);
        command.arg("--unixsocket").arg(&socket).arg("--dir").arg(folder.path()).args(options);
        let process = super::start(command, &folder.path().join("redis.log"), || answers(&socket).is_some())?;
        Ok(Self { _process: process, folder })
    }

    /// Where it is, as Django's cache takes it.
    pub(crate) fn url(&self) -> String {
        format!("unix://{}/redis.sock?db=0", self.folder.path().display())
    }
}

/// That `redis-server` is there, also for tests that start it themselves.
pub(crate) fn installed() -> Done {
    match child::answer("redis-server", &["--version"]) {
        Some(_) => Ok(()),
        None => Err(Failure::new(
            "the limits are tested with a real Redis, and redis-server is not on the PATH",
            "install it (on Debian the package redis-server)",
        )),
    }
}

fn answers(socket: &Path) -> Option<()> {
    let mut stream = super::connect(socket)?;
    stream.write_all(b"PING\r\n").ok()?;
    let mut pong = [0; 7];
    stream.read_exact(&mut pong).ok()?;
    (pong == *b"+PONG\r\n").then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_answers_while_it_is_held_and_leaves_nothing_behind() {
        let redis = match Redis::start() {
            Ok(redis) => redis,
            Err(failure) => {
                assert!(failure.to_string().contains("install it"), "{failure}");
                return;
            }
        };
        let folder = redis.folder.path().to_owned();
        assert!(answers(&folder.join("redis.sock")).is_some());
        drop(redis);
        assert!(!folder.exists());
    }
}
