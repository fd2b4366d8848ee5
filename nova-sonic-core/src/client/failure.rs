//! What the SDK reports, in this library's words.

use std::error::Error;

use super::guard::GuardError;
use crate::{error::ErrorCode, session::Failure};

/// Looks through an error and its causes.
pub(super) fn causes<'error>(
    error: &'error (dyn Error + 'static),
) -> impl Iterator<Item = &'error (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

fn any_text(error: &(dyn Error + 'static), fragments: &[&str]) -> bool {
    causes(error).any(|cause| {
        let text = cause.to_string();
        fragments.iter().any(|fragment| text.contains(fragment))
    })
}

/// Something between here and the service broke. `opening` tells a refused connection from a lost one.
pub(super) fn of_connection(error: &(dyn Error + 'static), opening: bool) -> Failure {
    if let Some(guard) = causes(error).find_map(|cause| cause.downcast_ref::<GuardError>()) {
        let code = match guard {
            GuardError::TooLarge { .. } => ErrorCode::FrameTooLarge,
            GuardError::NoStream => ErrorCode::ConnectionFailed,
            GuardError::TooShort { .. } => ErrorCode::FrameMalformed,
            GuardError::Truncated { .. } => ErrorCode::FrameTruncated,
        };
        return Failure::new(code, guard.to_string());
    }
    if let Some(tls) = causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
        return of_tls(tls);
    }
    let inside_io = causes(error)
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .find_map(|io| io.get_ref()?.downcast_ref::<rustls::Error>());
    if let Some(tls) = inside_io {
        return of_tls(tls);
    }
    if any_text(error, &["dns error", "failed to lookup address", "Name or service not known"]) {
        return Failure::new(
            ErrorCode::ConnectionFailed,
            "the endpoint's name could not be resolved: there is no such region or host, or no network",
        );
    }
    if any_text(error, &["invalid peer certificate", "UnknownIssuer", "certificate"]) {
        return Failure::new(ErrorCode::TlsRefused, "the server's certificate was refused");
    }
    if opening && any_text(error, &["received corrupt message"]) {
        return Failure::new(ErrorCode::ConnectionFailed, "what answered at the endpoint does not speak TLS");
    }
    if opening {
        let detail = innermost(error);
        return Failure::new(
            ErrorCode::ConnectionFailed,
            format!("the connection could not be opened: {detail}"),
        );
    }
    if any_text(error, &["close_notify"]) {
        return Failure::new(
            ErrorCode::ConnectionLost,
            "the other side closed the connection without a word",
        );
    }
    Failure::new(ErrorCode::ConnectionLost, format!("the connection broke: {}", innermost(error)))
}

fn of_tls(error: &rustls::Error) -> Failure {
    match error {
        rustls::Error::InvalidCertificate(reason) => {
            Failure::new(ErrorCode::TlsRefused, format!("the server's certificate was refused: {reason:?}"))
        }
        other => Failure::new(ErrorCode::TlsRefused, format!("the TLS handshake failed: {other}")),
    }
}

/// A frame that the SDK could not read.
pub(super) fn of_frame(error: &(dyn Error + 'static)) -> Failure {
    if any_text(error, &["checksum"]) {
        return Failure::new(ErrorCode::FrameCorrupt, "a frame's checksum does not match");
    }
    if any_text(error, &["unexpected end of stream"]) {
        return Failure::new(ErrorCode::FrameTruncated, "the stream ended inside a frame");
    }
    if any_text(error, &["failed to unmarshall"]) {
        return Failure::new(ErrorCode::EventInvalid, "a frame holds something else than the JSON agreed on");
    }
    Failure::new(ErrorCode::FrameMalformed, format!("a frame could not be read: {}", innermost(error)))
}

/// The last cause says most; hyper and the SDK wrap it in sentences that say nothing.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let text = causes(error).last().map(ToString::to_string).unwrap_or_default();
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
