//! What the SDK reports, in this library's words.

use std::error::Error;

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

/// The last cause says most; hyper and the SDK wrap it in sentences that say nothing.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let text = causes(error).last().map(ToString::to_string).unwrap_or_default();
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
