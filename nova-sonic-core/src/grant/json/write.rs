//! The one serialiser of secrets.

use base64_simd::{AsOut, STANDARD};
use zeroize::Zeroizing;

use super::{
    super::{Grant, Keys},
    KEY_DIGITS, SERVICE, SIGNING_KEY_MODE,
};

/// Measures, then writes: a buffer that grew would leave copies behind.
pub(in crate::grant) fn write(grant: &Grant) -> Zeroizing<Vec<u8>> {
    let mut length = 0;
    each_part(grant, &mut |part| length += part.len());
    let mut json = Zeroizing::new(Vec::with_capacity(length));
    each_part(grant, &mut |part| json.extend_from_slice(part.as_bytes()));
    json
}

/// Nothing needs escaping: every text was checked when the grant was made.
fn each_part(grant: &Grant, put: &mut dyn FnMut(&str)) {
    match &grant.keys {
        Keys::Derived(keys) => {
            put("{\"version\":1");
            for (name, text) in [
                ("mode", SIGNING_KEY_MODE),
                ("region", &grant.region),
                ("service", SERVICE),
                ("modelId", &grant.model_id),
                ("accessKeyId", &grant.access_key_id),
                ("sessionToken", grant.session_token.expose()),
            ] {
                field(put, name, text);
            }
            put(",\"signingKeys\":[");
            for (index, key) in keys.iter().enumerate() {
                put(if index == 0 { "{\"date\":\"" } else { ",{\"date\":\"" });
                put(key.date().as_str());
                put("\",\"key\":\"");
                let mut digits = Zeroizing::new([0; KEY_DIGITS]);
                put(STANDARD.encode_as_str(key.expose(), digits.as_mut_slice().as_out()));
                put("\"}");
            }
            put("]");
            for (name, moment) in [
                ("serverTime", grant.server_time),
                ("openBefore", grant.open_before),
                ("expiration", grant.expiration),
            ] {
                field(put, name, &moment.to_string());
            }
        }
        Keys::Secret(secret) => {
            put("{\"accessKeyId\":\"");
            put(&grant.access_key_id);
            put("\"");
            for (name, text) in [
                ("secretAccessKey", secret.expose()),
                ("sessionToken", grant.session_token.expose()),
                ("expiration", &grant.expiration.to_string()),
                ("region", &grant.region),
                ("modelId", &grant.model_id),
                ("serverTime", &grant.server_time.to_string()),
                ("openBefore", &grant.open_before.to_string()),
            ] {
                field(put, name, text);
            }
        }
    }
    put("}");
}

fn field(put: &mut dyn FnMut(&str), name: &str, text: &str) {
    for part in [",\"", name, "\":\"", text, "\""] {
        put(part);
    }
}
