//! Where there are no Unix sockets, there are no private services.

use crate::{Done, failure::Failure};

/// A private Redis, which cannot be made here.
#[derive(Debug)]
pub(crate) enum Redis {}

/// A private PostgreSQL, which cannot be made here.
#[derive(Debug)]
pub(crate) enum Postgres {}

/// Nothing asks for it here.
pub(crate) const fn need_redis() -> Done {
    Ok(())
}

impl Redis {
    pub(crate) fn start() -> Result<Self, Failure> {
        Err(Failure::new(
            "a private Redis listens on a Unix socket, and this system has none",
            "run these tests on Linux or macOS",
        ))
    }

    pub(crate) fn start_with(_options: &[&str]) -> Result<Self, Failure> {
        Self::start()
    }

    pub(crate) fn url(&self) -> String {
        match *self {}
    }
}

impl Postgres {
    pub(crate) const fn start() -> Result<Option<Self>, Failure> {
        Ok(None)
    }

    pub(crate) fn variables(&self) -> [(&'static str, String); 3] {
        match *self {}
    }
}
