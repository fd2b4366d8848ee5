//! What is unchanged is not made again: a record of what something was made from lies beside it.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use crate::{Done, failure::Failure};

/// Folders that hold what was made or installed, not what things are made from.
const MADE: &[&str] = &["node_modules", "dist", "target", "__pycache__", ".git", ".mypy_cache"];

/// Runs `make`, unless `result` is there and was made from files of exactly these contents; whether it ran.
pub(crate) fn unless_unchanged(
    record: &Path,
    sources: &[PathBuf],
    result: &Path,
    make: impl FnOnce() -> Done,
) -> Result<bool, Failure> {
    let wanted = fingerprint(sources)?;
    if result.exists() && fs::read_to_string(record).is_ok_and(|found| found == wanted) {
        return Ok(false);
    }
    // Half of something must not pass for the whole of it.
    let _ = fs::remove_file(record);
    make()?;
    if let Some(folder) = record.parent() {
        fs::create_dir_all(folder).map_err(|error| unusable(folder, &error))?;
    }
    fs::write(record, wanted).map_err(|error| unusable(record, &error))?;
    Ok(true)
}

/// A number for the names and contents of all files in these files and folders.
pub(crate) fn fingerprint(sources: &[PathBuf]) -> Result<String, Failure> {
    let mut hasher = DefaultHasher::new();
    for source in sources {
        add(source, &mut hasher).map_err(|error| unusable(source, &error))?;
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn add(path: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    path.hash(hasher);
    if !path.is_dir() {
        fs::read(path)?.hash(hasher);
        return Ok(());
    }
    let mut entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    for entry in entries {
        let was_made =
            entry.file_name().and_then(|name| name.to_str()).is_some_and(|name| MADE.contains(&name));
        if !was_made {
            add(&entry, hasher)?;
        }
    }
    Ok(())
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        format!("{} ({error})", path.display()),
        "check its permissions and the free space of the disk",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether something was made again from the files in `folder`.
    fn made(folder: &Path) -> bool {
        let result = folder.join("result");
        let sources = [folder.join("sources")];
        unless_unchanged(&folder.join("record"), &sources, &result, || {
            fs::write(&result, "").unwrap();
            Ok(())
        })
        .unwrap()
    }

    #[test]
    fn only_what_has_changed_or_gone_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        fs::create_dir_all(folder.join("sources/dist")).unwrap();
        fs::write(folder.join("sources/a"), "one").unwrap();
        assert!(made(folder), "the first time");
        assert!(!made(folder), "nothing has changed");
        fs::write(folder.join("sources/dist/a"), "").unwrap();
        assert!(!made(folder), "what is made is not what it is made from");
        fs::write(folder.join("sources/a"), "two").unwrap();
        assert!(made(folder), "another content");
        fs::rename(folder.join("sources/a"), folder.join("sources/b")).unwrap();
        assert!(made(folder), "another name");
        fs::remove_file(folder.join("result")).unwrap();
        assert!(made(folder), "the result is gone");
    }

    #[test]
    fn what_failed_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let sources = [folder.path().to_owned()];
        let record = folder.path().join("target/record");
        let failed = unless_unchanged(&record, &sources, folder.path(), || Err(Failure::new("no", "yes")));
        assert!(failed.is_err());
        assert!(unless_unchanged(&record, &sources, folder.path(), || Ok(())).unwrap());
        assert!(!unless_unchanged(&record, &sources, folder.path(), || Ok(())).unwrap());
    }

    #[test]
    fn a_source_that_is_not_there_is_named() {
        let failure = fingerprint(&[PathBuf::from("no/such/source")]).unwrap_err().to_string();
        assert!(failure.starts_with("no/such/source ("), "{failure}");
    }
}
