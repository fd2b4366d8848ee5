//! A local AWS for voice: STS and Nova Sonic on localhost.

pub mod model;
