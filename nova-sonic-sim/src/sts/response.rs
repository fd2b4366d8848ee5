//! The XML of STS.

use std::borrow::Cow;

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
    // tokens are long and need no escape
    let text = if text.chars().all(|letter| replacement(letter).is_none()) {
        Cow::Borrowed(text)
    } else {
        let letters = text
            .chars()
            .map(|letter| replacement(letter).map_or_else(|| Cow::Owned(letter.to_string()), Cow::Borrowed));
        Cow::Owned(letters.collect())
    };
    format!("<{name}>{text}</{name}>")
}

/// What stands for a character that XML does not take as it is.
const fn replacement(character: char) -> Option<&'static str> {
    match character {
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '&' => Some("&amp;"),
        '"' => Some("&quot;"),
        // no document of XML 1.0 may hold these
        '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' => Some("\u{fffd}"),
        _ => None,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_and_elements_taken_out() {
        assert_eq!(element("Arn", "a/b=+é"), "<Arn>a/b=+é</Arn>");
        assert_eq!(
            element("Message", "'<a>' & \"b\"\u{1}"),
            "<Message>'&lt;a&gt;' &amp; &quot;b&quot;\u{fffd}</Message>"
        );
        let document = "<A><B>1</B><C><B>2</B></C></A>";
        assert_eq!(without_element(document, "B"), "<A><C><B>2</B></C></A>");
        assert_eq!(without_element(document, "D"), document);
    }
}
