//! What can end a conversation before its time.

use std::{io, path::PathBuf};

use nova_sonic_core::{audio::AudioError, client::ClientError, error::ErrorCode, session::Failure};
use nova_sonic_sim::{StartError, model::ScenarioError};
use thiserror::Error;

/// What can end a conversation before its time.
#[derive(Debug, Error)]
pub(crate) enum TalkError {
    /// A recording that cannot be said.
    #[error("{}: {source}", path.display())]
    Recording { path: PathBuf, source: AudioError },
    /// A sound file that cannot be opened or written; the error names it.
    #[error(transparent)]
    SoundFile(AudioError),
    /// Any other file.
    #[error("cannot {operation} {}: {}", path.display(), source.kind())]
    File { operation: &'static str, path: PathBuf, source: io::Error },
    /// The conversation could not be opened.
    #[error(transparent)]
    Opening(#[from] ClientError),
    /// The conversation broke.
    #[error(transparent)]
    Broken(#[from] Failure),
    /// The simulator's script.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The simulator.
    #[error(transparent)]
    Simulator(#[from] StartError),
    /// The user would not wait.
    #[error("interrupted before the conversation was over")]
    Interrupted,
}

impl TalkError {
    /// The error of the recording at `path`.
    pub(crate) fn recording(path: PathBuf, source: AudioError) -> Self {
        if matches!(source, AudioError::FileInaccessible { .. }) {
            Self::SoundFile(source)
        } else {
            Self::Recording { path, source }
        }
    }

    /// The library's code; only an interruption has one of its own.
    pub(crate) fn code(&self) -> &'static str {
        self.library_code().map_or("interrupted", ErrorCode::as_str)
    }

    /// What happened and what to do about it.
    pub(crate) fn sentence(&self) -> String {
        let request = if let Self::Opening(ClientError::Failed(failure)) | Self::Broken(failure) = self {
            failure.request_id().map(|id| format!(" (request id {id})"))
        } else {
            None
        };
        let request = request.unwrap_or_default();
        let advice = self.library_code().map_or("what had been received is kept", ErrorCode::advice);
        format!("{self}{request}: {advice}")
    }

    fn library_code(&self) -> Option<ErrorCode> {
        Some(match self {
            Self::Recording { source, .. } | Self::SoundFile(source) => source.code(),
            Self::File { .. } => ErrorCode::FileInaccessible,
            Self::Opening(error) => error.code(),
            Self::Broken(failure) => failure.code(),
            Self::Scenario(error) => error.code(),
            Self::Simulator(StartError::Bind { .. }) => ErrorCode::ConnectionFailed,
            // the region's name is all that a certificate depends on
            Self::Simulator(StartError::Tls(_) | _) => ErrorCode::RegionUnknown,
            Self::Interrupted => return None,
        })
    }
}
