//! Grants against the shared vectors: what is issued, what is read, and what is refused.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "outside of the test functions themselves, too, a test stops at the first surprise"
)]

mod scopes;

use nova_sonic_core::{
    grant::{Grant, GrantError, GrantMode, TemporaryCredentials},
    secret::SecretText,
    time::Timestamp,
};
use proptest::{collection::vec, prelude::*, sample::Index};
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

#[test]
fn the_token_is_moved_and_not_copied() {
    let policy = scope(&json!({ "region": "us-east-1", "model_ids": ["amazon.nova-2-sonic-v1:0"] })).unwrap();
    for mode in [GrantMode::SigningKeys, GrantMode::Plain] {
        let credentials = TemporaryCredentials {
            access_key_id: "ASIAEXAMPLE".to_owned(),
            secret_access_key: SecretText::new("wJalrXUtnFEMI".to_owned()),
            session_token: SecretText::new("IQoJb3JpZ2lu".to_owned()),
            expiration: Timestamp::from_unix_millis(900_000),
        };
        let place = credentials.session_token.expose().as_ptr();
        let grant = Grant::issue(mode, credentials, &policy, Timestamp::from_unix_millis(0)).unwrap();
        let moved = grant.into_signing_credentials().session_token.unwrap();
        assert_eq!(moved.expose().as_ptr(), place, "{mode:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    /// An answer with a few bytes changed, or with parts of another, is refused or is a grant that says what it says
    /// after being written and read again; and a local clock that says anything does no harm.
    #[test]
    fn whatever_is_read_is_a_whole_grant(
        which in any::<(Index, Index)>(),
        changes in vec((any::<Index>(), any::<u8>(), 0..3_u8), 0..4),
        cut in proptest::option::weighted(0.2, any::<(Index, Index)>()),
        received in prop_oneof![Just(1_795_352_400_000), any::<i64>()],
    ) {
        let answers = vectors("grants/readings.json");
        let answer = |which: Index| {
            let vector = which.get(&answers);
            vector["text"].as_str().map_or_else(|| vector["answer"].to_string(), str::to_owned).into_bytes()
        };
        let mut bytes = answer(which.0);
        if let Some((end, start)) = cut {
            let other = answer(which.1);
            bytes.truncate(end.index(bytes.len()));
            bytes.extend_from_slice(&other[start.index(other.len())..]);
        }
        for (place, byte, how) in changes {
            let place = place.index(bytes.len().max(1)).min(bytes.len());
            match how {
                0 => bytes.insert(place, byte),
                1 if place < bytes.len() => bytes[place] = byte,
                _ if place < bytes.len() => drop(bytes.remove(place)),
                _ => {}
            }
        }
        let received = Timestamp::from_unix_millis(received);
        if let Ok(grant) = Grant::read_json(&bytes, received) {
            prop_assert!(grant.signing_time(received) >= grant.server_time());
            prop_assert!(grant.server_time() <= grant.open_before() && grant.open_before() <= grant.expiration());
            let again = Grant::read_json(&grant.write_json(), grant.server_time());
            // years of five digits are beyond what JSON carries
            if grant.server_time().unix_millis() > 0 {
                let mut said = said(&grant);
                said["clock_offset_ms"] = 0.into();
                prop_assert_eq!(self::said(&again.unwrap()), said);
            }
        }
    }
}
