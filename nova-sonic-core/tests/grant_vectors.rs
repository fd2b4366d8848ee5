//! Grants against the shared vectors: what is issued, what is read, and what is refused.

mod scopes;

use nova_sonic_core::{
    grant::{Grant, GrantError, GrantMode, TemporaryCredentials},
    secret::SecretText,
    time::Timestamp,
};
use scopes::{moment, scope, vectors};
use serde_json::{Value, json};

fn text(value: &Value) -> String {
    match value["repeat"].as_str() {
        Some(character) => character.repeat(value["times"].as_u64().unwrap().try_into().unwrap()),
        None => value.as_str().unwrap().to_owned(),
    }
}

fn issue(vector: &Value) -> Result<Grant, GrantError> {
    let credentials = &vector["credentials"];
    let credentials = TemporaryCredentials {
        access_key_id: text(&credentials["access_key_id"]),
        secret_access_key: SecretText::new(text(&credentials["secret_access_key"])),
        session_token: SecretText::new(text(&credentials["session_token"])),
        expiration: moment(&credentials["expiration"]),
    };
    let modes = [GrantMode::SigningKeys, GrantMode::Plain];
    let mode = modes.into_iter().find(|mode| mode.as_str() == vector["mode"]).unwrap();
    Grant::issue(mode, credentials, &scope(&vector["scope"]).unwrap(), moment(&vector["now"]))
}

fn named<'a>(vectors: &'a [Value], name: &Value) -> &'a Value {
    vectors
        .iter()
        .find(|vector| vector["name"] == *name)
        .unwrap_or_else(|| panic!("no vector is called {name}"))
}

/// What a grant says of itself, as the vectors spell it.
fn said(grant: &Grant) -> Value {
    json!({
        "mode": grant.mode().as_str(),
        "region": grant.region(),
        "model_id": grant.model_id(),
        "access_key_id": grant.access_key_id(),
        "server_time": grant.server_time().to_string(),
        "open_before": grant.open_before().to_string(),
        "expiration": grant.expiration().to_string(),
        "signing_dates": grant.signing_dates().map(|date| date.to_string()).collect::<Vec<_>>(),
        "clock_offset_ms": grant.clock_offset().millis(),
    })
}

#[test]
fn grants_are_written_to_the_character_without_growing_a_buffer() {
    for vector in vectors("grants/issued.json") {
        let name = &vector["name"];
        let json = issue(&vector).unwrap_or_else(|error| panic!("{name}: {error}")).write_json();
        assert_eq!(std::str::from_utf8(&json).unwrap(), vector["grant"], "{name}");
        assert_eq!(json.capacity(), json.len(), "{name}");
    }
}

#[test]
fn what_was_issued_is_read_again_and_written_the_same() {
    for vector in vectors("grants/issued.json") {
        let issued = issue(&vector).unwrap();
        let read = Grant::read_json(&issued.write_json(), issued.server_time()).unwrap();
        assert_eq!(said(&read), said(&issued), "{}", vector["name"]);
        assert_eq!(*read.write_json(), *issued.write_json(), "{}", vector["name"]);
    }
}

#[test]
fn there_is_a_key_for_every_date_that_a_signature_may_have() {
    let usual = &vectors("grants/issued.json")[0];
    for vector in vectors("grants/midnight.json") {
        let mut issuing = usual.clone();
        let expires =
            moment(&vector["now"]).unix_millis() + vector["lifetime_seconds"].as_i64().unwrap() * 1000;
        issuing["credentials"]["expiration"] = Timestamp::from_unix_millis(expires).to_string().into();
        issuing["now"] = vector["now"].clone();
        let grant = issue(&issuing).unwrap();
        let dates: Vec<_> = grant.signing_dates().map(|date| date.to_string()).collect();
        assert_eq!(json!(dates), vector["dates"], "{vector}");
    }
}

#[test]
fn credentials_that_would_disappoint_a_browser_are_refused() {
    let issued = vectors("grants/issued.json");
    for vector in vectors("grants/refusals.json") {
        let mut issuing = named(&issued, &vector["of"]).clone();
        for (field, value) in vector["credentials"].as_object().unwrap() {
            issuing["credentials"][field] = value.clone();
        }
        let error = issue(&issuing).err().unwrap_or_else(|| panic!("{} was issued", vector["name"]));
        assert_eq!(
            json!([error.code().as_str(), error.to_string()]),
            json!([vector["error"], vector["message"]])
        );
    }
}

#[test]
fn both_forms_and_those_of_others_are_read() {
    for vector in vectors("grants/readings.json") {
        let answer = vector["text"].as_str().map_or_else(|| vector["answer"].to_string(), str::to_owned);
        let grant = Grant::read_json(answer.as_bytes(), moment(&vector["received"]))
            .unwrap_or_else(|error| panic!("{}: {error}", vector["name"]));
        assert_eq!(said(&grant), vector["reads"], "{}", vector["name"]);
    }
}

#[test]
fn answers_that_are_no_grant_are_refused_without_repeating_them() {
    let readings = vectors("grants/readings.json");
    let noon = json!("2026-11-22T13:00:00Z");
    for vector in vectors("grants/malformed.json") {
        let answer = vector["text"].as_str().map_or_else(|| changed(&readings, &vector), str::to_owned);
        let received = moment(vector.get("received").unwrap_or(&noon));
        let error = Grant::read_json(answer.as_bytes(), received)
            .err()
            .unwrap_or_else(|| panic!("{vector} was read"));
        assert_eq!(
            json!([error.code().as_str(), error.to_string()]),
            json!([vector["error"], vector["message"]]),
            "{vector}"
        );
    }
}

/// The answer of a reading with one field less, or with other ones.
fn changed(readings: &[Value], vector: &Value) -> String {
    if let Some(answer) = vector.get("answer") {
        return answer.to_string();
    }
    let mut answer = named(readings, &vector["of"])["answer"].clone();
    let fields = answer.as_object_mut().unwrap();
    if let Some(field) = vector["without"].as_str() {
        assert!(fields.remove(field).is_some(), "{vector}");
    }
    for (field, value) in vector["with"].as_object().into_iter().flatten() {
        let value = if value["repeat"].is_string() { json!(text(value)) } else { value.clone() };
        fields.insert(field.clone(), value);
    }
    answer.to_string()
}

#[test]
fn an_answer_of_64_kib_is_read_and_a_longer_one_refused() {
    let answer = vectors("grants/readings.json")[0]["answer"].to_string();
    let limit = 64 * 1024;
    let padded = |length: usize| format!("{answer}{}", " ".repeat(length - answer.len()));
    let now = Timestamp::from_unix_millis(0);
    assert!(Grant::read_json(padded(limit).as_bytes(), now).is_ok());
    let error = Grant::read_json(padded(limit + 1).as_bytes(), now).unwrap_err();
    assert_eq!(error, GrantError::AnswerTooLong { length: limit + 1, limit });
}
