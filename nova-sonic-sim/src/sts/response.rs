//! The XML of STS.

use super::{StsAnswer, StsError};
use crate::auth::IssuedCredentials;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// The document of a call that succeeded.
pub(crate) fn success_xml(answer: &StsAnswer, request_id: &str) -> String {
    let StsAnswer { action, result } = answer;
    let metadata = format!("<ResponseMetadata>{}</ResponseMetadata>", element("RequestId", request_id));
    format!(
        "<{action}Response xmlns=\"{NAMESPACE}\"><{action}Result>{result}</{action}Result>{metadata}</{action}Response>"
    )
}

/// The document of a call that failed.
pub(crate) fn error_xml(error: &StsError, request_id: &str) -> String {
    let side = if error.status.is_server_error() { "Receiver" } else { "Sender" };
    let inner = element("Type", side) + &element("Code", &error.code) + &element("Message", &error.message);
    let request_id = element("RequestId", request_id);
    format!("<ErrorResponse xmlns=\"{NAMESPACE}\"><Error>{inner}</Error>{request_id}</ErrorResponse>")
}

/// The document without the first element of this name, and without what is in it.
pub(crate) fn without_element(document: &str, name: &str) -> String {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let (Some(start), Some(end)) = (document.find(&open), document.find(&close)) else {
        return document.to_owned();
    };
    let (before, after) = (document.get(..start), document.get(end + close.len()..));
    before.unwrap_or_default().to_owned() + after.unwrap_or_default()
}

/// One element with a text in it.
pub(super) fn element(name: &str, text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            // no document of XML 1.0 may hold these
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    format!("<{name}>{escaped}</{name}>")
}

pub(super) fn credentials_xml(issued: &IssuedCredentials) -> String {
    let inner = element("AccessKeyId", &issued.access_key_id)
        + &element("SecretAccessKey", issued.secret.expose())
        + &element("SessionToken", issued.session_token.expose())
        + &element("Expiration", &issued.expires_at.to_string());
    format!("<Credentials>{inner}</Credentials>")
}
