//! Issues grants and signs with what a browser has of them: one task a line on standard input, one answer a line on
//! standard output, both JSON. The tests for Python compare the signatures with those of AWS's own code.
//!
//! Only a grant's own JSON goes from the one half to the other, so nothing is signed but with derived keys.

use std::{
    error::Error,
    io::{BufRead, Write, stdin, stdout},
};

use nova_sonic_core::{
    grant::{Grant, GrantMode, TemporaryCredentials},
    scope::{ModelId, Region, ScopePolicy},
    secret::SecretText,
    sigv4::{ChunkSigner, DatePrecision, StreamRequest},
    time::Timestamp,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// What is issued, and what is to be signed with it. Times are ms since 1970.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Task {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    region: String,
    model_id: String,
    issued: i64,
    expiration: i64,
    /// When the stream is opened.
    opened: i64,
    /// Where, if not at the region's own endpoint.
    endpoint: Option<String>,
    /// Whether frames are dated to the millisecond.
    milliseconds: bool,
    frames: Vec<Frame>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Frame {
    at: i64,
    /// In hexadecimal digits.
    payload: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = stdout().lock();
    for line in stdin().lock().lines() {
        let task: Task = serde_json::from_str(&line?)?;
        let grant = issue(&task)?;
        writeln!(out, "{}", sign(&task, &grant)?)?;
    }
    Ok(())
}

/// The server's half: all that it passes on is the answer to a browser.
fn issue(task: &Task) -> Result<String, Box<dyn Error>> {
    let policy = ScopePolicy::new(Region::parse(&task.region)?, ModelId::parse(&task.model_id)?);
    let credentials = TemporaryCredentials {
        access_key_id: task.access_key_id.clone(),
        secret_access_key: SecretText::new(task.secret_access_key.clone()),
        session_token: SecretText::new(task.session_token.clone()),
        expiration: Timestamp::from_unix_millis(task.expiration),
    };
    let issued = Timestamp::from_unix_millis(task.issued);
    let grant = Grant::issue(GrantMode::SigningKeys, credentials, &policy, issued)?;
    Ok(std::str::from_utf8(&grant.write_json())?.to_owned())
}

/// The browser's half.
fn sign(task: &Task, answer: &str) -> Result<Value, Box<dyn Error>> {
    let grant = Grant::read_json(answer.as_bytes(), Timestamp::from_unix_millis(task.issued))?;
    let (region, model) = (grant.region().to_owned(), grant.model_id().to_owned());
    let dates: Vec<String> = grant.signing_dates().map(|date| date.to_string()).collect();
    let opened = grant.signing_time(Timestamp::from_unix_millis(task.opened));
    let credentials = grant.into_signing_credentials();

    let mut request = StreamRequest::new(&region, &model);
    if let Some(endpoint) = &task.endpoint {
        request = request.with_endpoint(endpoint);
    }
    let url = request.presign(&credentials, opened)?;
    let precision = if task.milliseconds { DatePrecision::Millisecond } else { DatePrecision::Second };
    let mut signer =
        ChunkSigner::new(credentials.keys, &region, *url.signature(), opened).with_precision(precision);
    let mut chunks = Vec::new();
    for frame in &task.frames {
        let chunk = signer.sign(&hex::decode(&frame.payload)?, Timestamp::from_unix_millis(frame.at))?;
        chunks.push(hex::encode(chunk.signature.as_bytes()));
    }
    let grant: Value = serde_json::from_str(answer)?;
    Ok(json!({ "grant": grant, "dates": dates, "url": url.expose(), "chunks": chunks }))
}
