//! The XML of STS.

use super::{StsAnswer, StsError, session::TOKEN_LIMIT};
use crate::auth::IssuedCredentials;

/// Of its documents.
pub(crate) const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// The document of a call that succeeded.
pub(crate) fn success_xml(answer: &StsAnswer, request_id: &str) -> String {
    let StsAnswer { action, result } = answer;
    let metadata = format!("<ResponseMetadata>{}</ResponseMetadata>", element("RequestId", request_id));
    format!(
        "<{action}Response xmlns=\"{NAMESPACE}\"><{action}Result>{result}</{action}Result>{metadata}</{action}Response>"
    )
}

/// The document of a call that failed.
pub(crate) fn error_xml(namespace: &str, error: &StsError, request_id: &str) -> String {
    let side = if error.status.is_server_error() { "Receiver" } else { "Sender" };
    let inner = element("Type", side) + &element("Code", &error.code) + &element("Message", &error.message);
    let request_id = element("RequestId", request_id);
    format!("<ErrorResponse xmlns=\"{namespace}\"><Error>{inner}</Error>{request_id}</ErrorResponse>")
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
pub(crate) fn element(name: &str, text: &str) -> String {
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

/// What was issued, and how full its policies and its token are.
pub(super) fn credentials_xml(issued: &IssuedCredentials, packed_percent: usize) -> String {
    let inner = element("AccessKeyId", &issued.access_key_id)
        + &element("SecretAccessKey", issued.secret.expose())
        + &element("SessionToken", issued.session_token.expose())
        + &element("Expiration", &issued.expires_at.to_string());
    let mut result = format!("<Credentials>{inner}</Credentials>");
    if packed_percent > 0 {
        result += &element("PackedPolicySize", &packed_percent.to_string());
    }
    let size = issued.session_token.expose().len();
    result += &element("SessionTokenSize", &size.to_string());
    result + &element("SessionTokenUtilization", &(size * 100).div_ceil(TOKEN_LIMIT).to_string())
}
