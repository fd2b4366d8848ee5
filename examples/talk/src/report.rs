//! What is said at the end.

use std::{path::Path, time::Duration};

use nova_sonic_core::event::TokenCounts;
use serde::Serialize;

use crate::{
    console::{self, Console},
    error::TalkError,
    record::{Kept, Words},
};

/// The conversation goes straight to the service, not over a relay.
const TRANSPORT: &str = "direct";

#[derive(Serialize)]
struct Report<'kept> {
    ok: bool,
    transport: &'static str,
    transcript: &'kept [Words],
    turn_latency_ms: Vec<u64>,
    interruptions: u32,
    usage: Usage,
    answer: Answer<'kept>,
    closed: &'kept str,
}

#[derive(Serialize)]
struct Usage {
    input: Tokens,
    output: Tokens,
}

#[derive(Serialize)]
struct Tokens {
    speech: u64,
    text: u64,
}

#[derive(Serialize)]
struct Answer<'kept> {
    path: Option<&'kept Path>,
    seconds: f64,
}

#[derive(Serialize)]
struct Refusal<'error> {
    ok: bool,
    error: Reason<'error>,
}

#[derive(Serialize)]
struct Reason<'error> {
    code: &'error str,
    message: &'error str,
}

/// Says how a conversation went.
pub(crate) fn success(console: Console, kept: &Kept, closed: &str) {
    if console.is_json() {
        print(&report(kept, closed));
        return;
    }
    let latencies: Vec<String> = milliseconds(kept).iter().map(|latency| format!("{latency} ms")).collect();
    let (input, output) = (&kept.usage.input, &kept.usage.output);
    console.tell("");
    console.tell(&format!(
        "turn latency   {}",
        if latencies.is_empty() { "-".into() } else { latencies.join(", ") }
    ));
    console.tell(&format!("interruptions  {}", kept.interruptions));
    console.tell(&format!(
        "tokens         {} speech and {} text in, {} speech and {} text out",
        input.speech, input.text, output.speech, output.text
    ));
    files(kept, |line| console.tell(line));
    console.tell(&format!("closed         {closed}"));
}

/// Says why it went wrong, and what there is of it all the same.
pub(crate) fn failure(console: Console, kept: Option<&Kept>, error: &TalkError) {
    let (code, sentence) = (error.code(), error.sentence());
    console::warn(&format!("error [{code}]: {sentence}"));
    if let Some(kept) = kept {
        files(kept, console::warn);
    }
    if console.is_json() {
        print(&Refusal { ok: false, error: Reason { code, message: &sentence } });
    }
}

fn files(kept: &Kept, tell: impl Fn(&str)) {
    if let Some((path, duration)) = &kept.answer {
        tell(&format!("answer         {} ({:.1} s)", path.display(), duration.as_secs_f64()));
    }
    if let Some(path) = &kept.transcript_path {
        tell(&format!("transcript     {} ({} lines)", path.display(), kept.transcript.len()));
    }
}

fn report<'kept>(kept: &'kept Kept, closed: &'kept str) -> Report<'kept> {
    let tokens = |counts: &TokenCounts| Tokens { speech: counts.speech, text: counts.text };
    let (path, duration) = match &kept.answer {
        Some((path, duration)) => (Some(path.as_path()), *duration),
        None => (None, Duration::ZERO),
    };
    Report {
        ok: true,
        transport: TRANSPORT,
        transcript: &kept.transcript,
        turn_latency_ms: milliseconds(kept),
        interruptions: kept.interruptions,
        usage: Usage { input: tokens(&kept.usage.input), output: tokens(&kept.usage.output) },
        answer: Answer { path, seconds: duration.as_secs_f64() },
        closed,
    }
}

fn milliseconds(kept: &Kept) -> Vec<u64> {
    kept.turn_latency.iter().map(|latency| u64::try_from(latency.as_millis()).unwrap_or(u64::MAX)).collect()
}

fn print(object: &impl Serialize) {
    match serde_json::to_string(object) {
        Ok(json) => console::print_json(&json),
        // only a path that is no Unicode
        Err(error) => console::print_json(
            &serde_json::json!({ "ok": false, "error": { "code": "internal", "message": error.to_string() } }).to_string(),
        ),
    }
}
