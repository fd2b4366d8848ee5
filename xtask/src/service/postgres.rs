//! A private PostgreSQL.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::{child, child::Background, failure::Failure};

/// Where Debian keeps the programs of each version, off the PATH.
const DEBIAN: &str = "/usr/lib/postgresql";
/// Who owns every database of the cluster.
const USER: &str = "nova";

/// Runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Postgres {
    // Ends before its folder goes: fields are dropped in this order.
    _process: Background,
    folder: TempDir,
}

/// PostgreSQL refuses to run as root.
#[derive(Clone, Copy, Debug)]
struct Owner {
    user: u32,
    group: u32,
}

impl Postgres {
    /// Starts a new cluster, or nothing where PostgreSQL is not installed.
    pub(crate) fn start() -> Result<Option<Self>, Failure> {
        let Some(programs) = programs() else { return Ok(None) };
        let folder = super::private_folder()?;
        let owner = unprivileged_owner();
        if let Some(Owner { user, group }) = owner {
            std::os::unix::fs::chown(folder.path(), Some(user), Some(group)).map_err(|error| {
                Failure::new(
                    format!("cannot hand {} to another user ({error})", folder.path().display()),
                    "run this as a user other than root",
                )
            })?;
        }
        let data = folder.path().join("data");
        let command = |program: &str| {
            let mut command = Command::new(programs.join(program));
            command.arg("-D").arg(&data).current_dir(folder.path()).env_remove("PGDATA");
            if let Some(Owner { user, group }) = owner {
                command.uid(user).gid(group);
            }
            command
        };
        let mut make = command("initdb");
        make.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--username", USER]);
        make.stdout(std::process::Stdio::null());
        child::run(&mut make, "see above; without PostgreSQL the tests take SQLite")?;

        let mut serve = command("postgres");
        serve.arg("-k").arg(folder.path());
        for setting in ["listen_addresses=", "fsync=off", "full_page_writes=off", "max_connections=200"] {
            serve.args(["-c", setting]);
        }
        let socket = folder.path().join(".s.PGSQL.5432");
        let log = folder.path().join("postgres.log");
        let process = super::start(serve, &log, || is_ready(&programs, &socket))?;
        Ok(Some(Self { _process: process, folder }))
    }

    /// What a client needs to know, in the variables of libpq.
    pub(crate) fn variables(&self) -> [(&'static str, String); 3] {
        [
            ("PGHOST", self.folder.path().display().to_string()),
            ("PGUSER", USER.to_owned()),
            ("PGDATABASE", "postgres".to_owned()),
        ]
    }
}

fn is_ready(programs: &Path, socket: &Path) -> bool {
    let folder = socket.parent().unwrap_or(socket).to_string_lossy();
    let program = programs.join("pg_isready");
    child::answer(&program.to_string_lossy(), &["--host", &folder, "--quiet"]).is_some()
}

/// The folder of the newest version's programs.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir(DEBIAN).into_iter().flatten();
    let newest = versions
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter_map(|folder| Some((folder.file_name()?.to_str()?.parse::<u32>().ok()?, folder.join("bin"))))
        .max();
    let newest = newest.map(|(_, folder)| folder);
    let on_path = child::answer("pg_config", &["--bindir"]).map(PathBuf::from);
    newest.into_iter().chain(on_path).find(|folder| {
        ["initdb", "postgres", "pg_isready"].iter().all(|program| folder.join(program).exists())
    })
}

/// Somebody who owns next to nothing, when we are root.
fn unprivileged_owner() -> Option<Owner> {
    let id = |arguments: &[&str]| child::answer("id", arguments)?.parse::<u32>().ok();
    if id(&["-u"]) != Some(0) {
        return None;
    }
    ["postgres", "nobody"]
        .into_iter()
        .find_map(|name| Some(Owner { user: id(&["-u", name])?, group: id(&["-g", name])? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_serves_while_it_is_held_and_leaves_nothing_behind() {
        let Some(programs) = programs() else { return };
        let postgres = Postgres::start().unwrap().unwrap();
        let folder = postgres.folder.path().to_owned();
        assert!(is_ready(&programs, &folder.join(".s.PGSQL.5432")));
        drop(postgres);
        assert!(!folder.exists());
    }
}
