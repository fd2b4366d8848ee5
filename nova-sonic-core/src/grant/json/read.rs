//! The browser's half. Nothing in an answer is trusted, and no error repeats a value of it.

use base64_simd::{AsOut, STANDARD};
use zeroize::Zeroizing;

use super::{
    super::{
        ClockOffset, Grant, GrantError, Keys,
        credentials::{check_access_key, check_secret_key, check_session_token},
        issue::{open_before, whole_second},
    },
    KEY_DIGITS, SERVICE, SIGNING_KEY_MODE, VERSION,
    value::Value,
};
use crate::{
    json::Defect,
    scope::ModelId,
    secret::SecretText,
    sigv4::SigningKey,
    time::{Date, Timestamp},
};

/// The most that is read, bytes: four times the longest token that is taken.
const ANSWER_LIMIT: usize = 64 * 1024;
/// The most keys that are taken: a day and a half touches three dates.
const KEY_LIMIT: usize = 4;
/// Longest region and model id taken, bytes.
const REGION_LIMIT: usize = 32;
const MODEL_LIMIT: usize = 2048;

pub(in crate::grant) fn read(json: &[u8], received: Timestamp) -> Result<Grant, GrantError> {
    if json.len() > ANSWER_LIMIT {
        return Err(GrantError::AnswerTooLong { length: json.len(), limit: ANSWER_LIMIT });
    }
    let mut answer =
        Value::read(json).map_err(|Defect { line, column, .. }| GrantError::NotJson { line, column })?;
    if !matches!(answer, Value::Object(_)) {
        return Err(GrantError::NotAnObject);
    }
    match text(&mut answer, "mode")? {
        None => plain(&mut answer, received),
        Some(mode) if mode.expose() == SIGNING_KEY_MODE => with_signing_keys(&mut answer, received),
        Some(_) => Err(GrantError::FieldInvalid { field: "mode" }),
    }
}

fn with_signing_keys(answer: &mut Value, received: Timestamp) -> Result<Grant, GrantError> {
    if !matches!(present(answer, "version")?, Value::Number(VERSION)) {
        return Err(GrantError::FieldInvalid { field: "version" });
    }
    if required(answer, "service")?.expose() != SERVICE {
        return Err(GrantError::FieldInvalid { field: "service" });
    }
    let region = region(answer)?;
    let Some(model_id) = model_id(answer)? else { return Err(GrantError::FieldMissing { field: "modelId" }) };
    let Some(server_time) = moment(answer, "serverTime")? else {
        return Err(GrantError::FieldMissing { field: "serverTime" });
    };
    let Some(open_before) = moment(answer, "openBefore")? else {
        return Err(GrantError::FieldMissing { field: "openBefore" });
    };
    let keys = signing_keys(answer, &region)?;
    let date = server_time.date();
    if !keys.iter().any(|key| key.date() == date) {
        return Err(GrantError::KeyMissing { date });
    }
    let parts =
        Parts { region, model_id, keys: Keys::Derived(keys), server_time, open_before: Some(open_before) };
    parts.grant(answer, ClockOffset::between(received, server_time))
}

fn plain(answer: &mut Value, received: Timestamp) -> Result<Grant, GrantError> {
    let secret = required(answer, "secretAccessKey")?;
    check_secret_key(&secret).map_err(|_| GrantError::FieldInvalid { field: "secretAccessKey" })?;
    let server_time = moment(answer, "serverTime")?;
    let parts = Parts {
        region: region(answer)?,
        model_id: model_id(answer)?.unwrap_or_else(|| ModelId::default().as_str().to_owned()),
        keys: Keys::Secret(secret),
        server_time: server_time.unwrap_or_else(|| whole_second(received)),
        open_before: moment(answer, "openBefore")?,
    };
    let clock =
        server_time.map_or(ClockOffset::ZERO, |server_time| ClockOffset::between(received, server_time));
    parts.grant(answer, clock)
}

/// What differs between the forms.
struct Parts {
    region: String,
    model_id: String,
    keys: Keys,
    server_time: Timestamp,
    open_before: Option<Timestamp>,
}

impl Parts {
    /// Reads what both forms have.
    fn grant(self, answer: &mut Value, clock: ClockOffset) -> Result<Grant, GrantError> {
        let access_key_id = required(answer, "accessKeyId")?.expose().to_owned();
        check_access_key(&access_key_id).map_err(|_| GrantError::FieldInvalid { field: "accessKeyId" })?;
        let session_token = required(answer, "sessionToken")?;
        check_session_token(&session_token)
            .map_err(|_| GrantError::FieldInvalid { field: "sessionToken" })?;
        let Some(expiration) = moment(answer, "expiration")? else {
            return Err(GrantError::FieldMissing { field: "expiration" });
        };
        let Self { region, model_id, keys, server_time, open_before: told } = self;
        let open_before = match told {
            Some(told) => told,
            None => open_before(server_time, expiration)?,
        };
        if server_time > open_before || open_before > expiration {
            return Err(GrantError::TimesDisordered);
        }
        Ok(Grant {
            region,
            model_id,
            access_key_id,
            session_token,
            keys,
            server_time,
            open_before,
            expiration,
            clock,
        })
    }
}

fn present(answer: &mut Value, field: &'static str) -> Result<Value, GrantError> {
    answer.take(field).ok_or(GrantError::FieldMissing { field })
}

fn required(answer: &mut Value, field: &'static str) -> Result<SecretText, GrantError> {
    text(answer, field)?.ok_or(GrantError::FieldMissing { field })
}

fn text(answer: &mut Value, field: &'static str) -> Result<Option<SecretText>, GrantError> {
    match answer.take(field) {
        None => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(_) => Err(GrantError::FieldInvalid { field }),
    }
}

fn moment(answer: &mut Value, field: &'static str) -> Result<Option<Timestamp>, GrantError> {
    let Some(text) = text(answer, field)? else { return Ok(None) };
    match Timestamp::parse(text.expose()) {
        Some(moment) => Ok(Some(whole_second(moment))),
        None => Err(GrantError::FieldInvalid { field }),
    }
}

/// Its partition does not matter here: whoever issued the grant knew it.
fn region(answer: &mut Value) -> Result<String, GrantError> {
    let region = required(answer, "region")?;
    let region = region.expose();
    let of_region = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(1..=REGION_LIMIT).contains(&region.len()) || !region.bytes().all(of_region) {
        return Err(GrantError::FieldInvalid { field: "region" });
    }
    Ok(region.to_owned())
}

/// A model, an inference profile, or the ARN of one.
fn model_id(answer: &mut Value) -> Result<Option<String>, GrantError> {
    let Some(id) = text(answer, "modelId")? else { return Ok(None) };
    let id = id.expose();
    let of_id = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b':' | b'/' | b'-' | b'_');
    let begins = id.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if !begins || id.len() > MODEL_LIMIT || !id.bytes().all(of_id) {
        return Err(GrantError::FieldInvalid { field: "modelId" });
    }
    Ok(Some(id.to_owned()))
}

/// One key for each of a few dates.
fn signing_keys(answer: &mut Value, region: &str) -> Result<Vec<SigningKey>, GrantError> {
    const INVALID: GrantError = GrantError::FieldInvalid { field: "signingKeys" };
    let Value::List(list) = present(answer, "signingKeys")? else { return Err(INVALID) };
    if !(1..=KEY_LIMIT).contains(&list.len()) {
        return Err(INVALID);
    }
    let mut keys: Vec<SigningKey> = Vec::with_capacity(list.len());
    for mut entry in list {
        let (Some(Value::Text(date)), Some(Value::Text(digits))) = (entry.take("date"), entry.take("key"))
        else {
            return Err(INVALID);
        };
        let date = Date::parse(date.expose()).ok_or(INVALID)?;
        if keys.last().is_some_and(|last| last.date() >= date) {
            return Err(INVALID);
        }
        keys.push(SigningKey::from_bytes(*key_bytes(digits.expose()).ok_or(INVALID)?, date, region));
    }
    Ok(keys)
}

fn key_bytes(digits: &str) -> Option<Zeroizing<[u8; 32]>> {
    if digits.len() != KEY_DIGITS {
        return None;
    }
    let mut bytes = Zeroizing::new([0; 33]);
    let decoded = STANDARD.decode(digits.as_bytes(), bytes.as_mut_slice().as_out()).ok()?;
    Some(Zeroizing::new(*decoded.first_chunk::<32>().filter(|_| decoded.len() == 32)?))
}
