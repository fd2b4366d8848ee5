//! The programs of the guide for Rust: `docs/guides/rust.md` shows regions of these files, and `tests` runs them.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "enums of the library are open, and a program cares for a few of them"
)]

pub mod credentials;
pub mod talk;
pub mod tools;
