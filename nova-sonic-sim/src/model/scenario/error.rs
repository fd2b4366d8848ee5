//! What can be wrong with a scenario.

use std::{io, path::PathBuf};

use nova_sonic_core::error::ErrorCode;
use thiserror::Error;

/// A scenario that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// A file of the scenario could not be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The scenario or one of its recordings.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The text is not JSON, or does not have a scenario's shape.
    #[error("{field}: {reason}")]
    Invalid {
        /// Path of the field, such as `turns[0].say[1].text`.
        field: String,
        /// What is wrong with it, with line and column where the JSON itself is wrong.
        reason: String,
    },
    /// A recording is no mono 16-bit WAV file, or too long.
    #[error("{field}: {} is not a recording that can be used: {reason}", path.display())]
    Recording {
        /// Path of the field that names it.
        field: String,
        /// The recording.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No scenario of this name is built in.
    #[error("there is no scenario {name:?}; built in are {}", known.join(", "))]
    Unknown {
        /// The name.
        name: String,
        /// Those that there are.
        known: &'static [&'static str],
    },
}

impl ScenarioError {
    /// The stable code.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Unreadable { .. } => ErrorCode::FileInaccessible,
            Self::Recording { .. } => ErrorCode::WavInvalid,
            Self::Invalid { .. } | Self::Unknown { .. } => ErrorCode::ConfigurationInvalid,
        }
    }
}
