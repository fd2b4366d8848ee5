//! Everything in Python: the wheel, the environments it is tested in, and what is tested there.

pub(crate) mod environment;
pub(crate) mod interpreter;
pub(crate) mod lint;
pub(crate) mod matrix;
pub(crate) mod suites;
pub(crate) mod wheel;
