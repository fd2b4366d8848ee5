//! What it means when a connection does not come about.

use std::error::Error;

use super::{Obstacle, causes};
use crate::error::ErrorCode;

/// Longest text of another library that is passed on, characters.
const TEXT_LIMIT: usize = 200;

/// Why nothing came back of a request.
pub(crate) fn broken_connection(error: &(dyn Error + 'static)) -> Obstacle {
    let inside_io = |cause: &'_ (dyn Error + 'static)| {
        let io = cause.downcast_ref::<std::io::Error>()?;
        io.get_ref()?.downcast_ref::<rustls::Error>().cloned()
    };
    let tls = causes(error)
        .find_map(|cause| cause.downcast_ref::<rustls::Error>().cloned().or_else(|| inside_io(cause)));
    if let Some(tls) = tls {
        return refused_tls(&tls);
    }
    if any_text(error, &["dns error", "failed to lookup address", "Name or service not known"]) {
        let text =
            "the endpoint's name could not be resolved: there is no such region or host, or no network";
        return Obstacle::new(ErrorCode::ConnectionFailed, text);
    }
    if any_text(error, &["invalid peer certificate", "UnknownIssuer", "certificate"]) {
        return Obstacle::new(ErrorCode::TlsRefused, "the server's certificate was refused");
    }
    if any_text(error, &["received corrupt message"]) {
        return Obstacle::new(
            ErrorCode::ConnectionFailed,
            "what answered at the endpoint does not speak TLS",
        );
    }
    let detail = innermost(error);
    Obstacle::new(ErrorCode::ConnectionFailed, format!("the connection could not be used: {detail}"))
}

fn refused_tls(error: &rustls::Error) -> Obstacle {
    let text = match error {
        rustls::Error::InvalidCertificate(reason) => {
            format!("the server's certificate was refused: {reason:?}")
        }
        rustls::Error::InvalidMessage(_) => {
            let text = "what answered at the endpoint does not speak TLS";
            return Obstacle::new(ErrorCode::ConnectionFailed, text);
        }
        other => format!("the TLS handshake failed: {other}"),
    };
    Obstacle::new(ErrorCode::TlsRefused, text.chars().take(TEXT_LIMIT).collect::<String>())
}

/// Whether an error or one of its causes says one of these.
pub(crate) fn any_text(error: &(dyn Error + 'static), fragments: &[&str]) -> bool {
    causes(error).any(|cause| {
        let text = cause.to_string();
        fragments.iter().any(|fragment| text.contains(fragment))
    })
}

/// The last cause says most; hyper and the SDK wrap it in sentences that say nothing.
pub(crate) fn innermost(error: &(dyn Error + 'static)) -> String {
    let text = causes(error).last().map(ToString::to_string).unwrap_or_default();
    text.chars().filter(|c| !c.is_control()).take(TEXT_LIMIT).collect()
}
