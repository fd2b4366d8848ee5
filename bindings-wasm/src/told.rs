//! What the relay tells the application, as the text of a JSON object: `{"type":…,…}`.

/// A word of the relay, whose message is `{"relay":{…}}`: `{"relay":{…},"type":"relay"}`.
pub(crate) fn relayed(message: &str) -> String {
    let mut told = message.trim_end().strip_suffix('}').unwrap_or("{\"relay\":null").to_owned();
    told.push_str(",\"type\":\"relay\"}");
    told
}
