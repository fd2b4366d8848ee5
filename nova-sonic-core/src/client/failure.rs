//! What stands between here and the service, in this library's words.

use std::error::Error;

use crate::{
    aws::{Obstacle, Untrusted, any_text, broken_connection, innermost},
    error::ErrorCode,
    session::Failure,
};

/// The connection could not be opened.
pub(super) fn of_opening(error: &(dyn Error + 'static)) -> Failure {
    let Obstacle { code, text } = broken_connection(error);
    Failure::new(code, text)
}

/// The connection broke under a stream.
pub(super) fn of_connection(error: &(dyn Error + 'static)) -> Failure {
    let Obstacle { code, text } = broken_connection(error);
    if code == ErrorCode::TlsRefused {
        return Failure::new(code, text);
    }
    let text = if any_text(error, &["close_notify"]) {
        "the other side closed the connection without a word".to_owned()
    } else {
        format!("the connection broke: {}", innermost(error))
    };
    Failure::new(ErrorCode::ConnectionLost, text)
}

impl From<Untrusted> for Failure {
    fn from(Untrusted { problem }: Untrusted) -> Self {
        Self::new(ErrorCode::ConfigurationInvalid, format!("the certificate authorities {problem}"))
    }
}
