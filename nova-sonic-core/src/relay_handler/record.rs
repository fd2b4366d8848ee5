//! The record of one connection.

use std::fmt;

use serde_json::{Value, json};

use crate::{relay::ExchangeRecord, time::Timestamp};

/// What is worth keeping of one connection, by itself or in a database. Prints neither who spoke nor what was said.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct RelayRecord {
    /// Its own name, 32 hexadecimal digits drawn at random.
    pub id: String,
    /// Who spoke, as the application named them.
    pub subject: String,
    /// When the socket was opened.
    pub started: Timestamp,
    /// When both sides were done; `None` while it goes on.
    pub ended: Option<Timestamp>,
    /// What happened in between.
    pub exchange: ExchangeRecord,
}

impl RelayRecord {
    /// The record as JSON, with times as milliseconds since 1970; with what was said, if the rules keep it.
    pub fn to_json(&self) -> Value {
        let ExchangeRecord {
            session_id,
            usage,
            transcript,
            tool_calls,
            received_bytes,
            unreadable_events,
            end,
            ..
        } = &self.exchange;
        let transcript: Vec<Value> = transcript
            .iter()
            .map(|message| json!({ "role": message.role.as_str(), "text": message.text }))
            .collect();
        json!({
            "id": self.id,
            "subject": self.subject,
            "started": self.started.unix_millis(),
            "ended": self.ended.map(Timestamp::unix_millis),
            "sessionId": session_id.as_deref(),
            "usage": {
                "inputSpeech": usage.input.speech, "inputText": usage.input.text,
                "outputSpeech": usage.output.speech, "outputText": usage.output.text,
            },
            "transcript": transcript,
            "toolCalls": tool_calls,
            "receivedBytes": received_bytes,
            "unreadableEvents": unreadable_events,
            "closeCode": end.as_ref().and_then(|end| end.close_code),
            "reason": end.as_ref().map(|end| end.reason.as_str()),
        })
    }
}

impl fmt::Debug for RelayRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayRecord")
            .field("id", &self.id)
            .field("started", &self.started)
            .field("ended", &self.ended)
            .field("exchange", &self.exchange)
            .finish_non_exhaustive()
    }
}
