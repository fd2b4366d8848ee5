//! Builds for wasm32-unknown-unknown, with rustup's target or with Debian's compiler.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{child, failure::Failure, step, tools};

const TARGET: &str = "wasm32-unknown-unknown";
const DEBIAN_PACKAGES: &[&str] = &["rustc-web", "cargo-web", "rust-web-src", "lld-19"];
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
/// The first version of it that has all of [`SMALLEST`] and builds what the workspace's own `rust-version` asks for.
const DEBIAN_OLDEST: (u32, u32) = (1, 95);
const DEBIAN_LINKER: &str = "/usr/bin/wasm-ld-19";

/// SHA-256 without its loops unrolled: a frame takes longer by a few microseconds, and the module is shorter by 7 kB.
const SMALL: &str = "--cfg sha2_backend_soft=\"compact\"";
/// Only where the standard library is built anew can what its panics would print be left out.
const SMALLEST: &str = " -Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none";

/// Which compiler builds for the web.
#[derive(Clone, Copy, Debug)]
enum Toolchain {
    /// The default compiler, with the target's standard library installed.
    Installed,
    /// Debian's compiler for browsers, which builds the standard library from its sources.
    Debian,
}

/// What a library for the web is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To see that it builds.
    Check,
    /// To be downloaded: as small as the compiler at hand makes it.
    Download,
}

impl Purpose {
    /// Cargo's folder for the profile.
    const fn folder(self) -> &'static str {
        match self {
            Self::Check => "debug",
            Self::Download => "wasm",
        }
    }
}

/// Builds the library of a package for the web and says where it is.
pub(crate) fn build(package: &str, purpose: Purpose, target: &Path) -> Result<PathBuf, Failure> {
    let toolchain = toolchain()?;
    let mut cargo = match toolchain {
        Toolchain::Installed => tools::cargo(&["build"]),
        Toolchain::Debian => debian_cargo(),
    };
    if purpose == Purpose::Download {
        cargo.args(["--profile", "wasm"]);
        let mut flags = SMALL.to_owned();
        if matches!(toolchain, Toolchain::Debian) {
            cargo.arg("-Zbuild-std-features=optimize_for_size");
            flags.push_str(SMALLEST);
        }
        cargo.env("RUSTFLAGS", flags);
    }
    // Another compiler must not meet the files of the first in the same folder.
    let target = target.join(match toolchain {
        Toolchain::Installed => "wasm",
        Toolchain::Debian => "wasm-debian",
    });
    cargo.args(["--package", package, "--lib", "--target", TARGET]).env("CARGO_TARGET_DIR", &target);
    child::run(
        &mut cargo,
        "the code does not build for browsers: keep clocks, sockets and threads out of it",
    )?;
    let library = format!("{}.wasm", package.replace('-', "_"));
    Ok(target.join(TARGET).join(purpose.folder()).join(library))
}

fn toolchain() -> Result<Toolchain, Failure> {
    let libraries = child::answer("rustc", &["--print", "target-libdir", "--target", TARGET]);
    if libraries.is_some_and(|folder| Path::new(&folder).exists()) {
        return Ok(Toolchain::Installed);
    }
    if has_debian() || (tools::apt_install(DEBIAN_PACKAGES)? && has_debian()) {
        step::say("      with Debian's compiler for browsers, which first builds the standard library");
        return Ok(Toolchain::Debian);
    }
    let (major, minor) = DEBIAN_OLDEST;
    Err(Failure::new(
        format!("no compiler here builds for {TARGET}"),
        format!(
            "run `rustup target add {TARGET}`, or on Debian `sudo apt-get update && sudo apt-get install {}`, \
             which must bring version {major}.{minor} or newer",
            DEBIAN_PACKAGES.join(" ")
        ),
    ))
}

/// Whether Debian's compiler is there with all that it needs, and not too old: its releases begin with one that is.
fn has_debian() -> bool {
    let is_new = |program| {
        let found = child::answer(program, &["--version"]);
        found.as_deref().and_then(release).is_some_and(|version| version >= DEBIAN_OLDEST)
    };
    let sources = child::answer(DEBIAN_RUSTC, &["--print", "sysroot"])
        .is_some_and(|sysroot| Path::new(&sysroot).join("lib/rustlib/src/rust/library/std").exists());
    is_new(DEBIAN_RUSTC) && is_new(DEBIAN_CARGO) && sources && Path::new(DEBIAN_LINKER).exists()
}

/// The 1 and the 96 of `rustc 1.96.0 (a1b2c3d4e 2026-05-25)`, and of cargo's answer.
fn release(answer: &str) -> Option<(u32, u32)> {
    tools::version(answer.split_whitespace().nth(1)?)
}

fn debian_cargo() -> Command {
    let mut cargo = tools::cargo_at(DEBIAN_CARGO, &["build", "-Zbuild-std=std,panic_abort"]);
    cargo
        .env("RUSTC", DEBIAN_RUSTC)
        .env("RUSTDOC", "/usr/bin/rustdoc")
        // Building the standard library is not yet stable, and Debian's compiler is a stable one.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", DEBIAN_LINKER)
        // rustup's proxy points these at its own toolchain.
        .env_remove("LD_LIBRARY_PATH")
        .env_remove("RUSTUP_TOOLCHAIN");
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_tells_its_release_and_anything_else_tells_none() {
        assert_eq!(
            release("rustc 1.85.0 (4d91de4e4 2025-02-17) (built from a source tarball)"),
            Some((1, 85))
        );
        assert_eq!(release("cargo 1.96.0-nightly (abcdef123 2026-04-01)"), Some((1, 96)));
        assert!(
            release("rustc 1.85.0").unwrap() < DEBIAN_OLDEST
                && release("rustc 1.100.0").unwrap() > DEBIAN_OLDEST
        );
        assert_eq!(release("rustc"), None);
        assert_eq!(release("error: no override"), None);
    }
}
