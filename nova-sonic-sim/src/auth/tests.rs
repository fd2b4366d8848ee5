use std::time::Duration;

use http::{Request, request::Parts};
use nova_sonic_core::{secret::SecretText, time::Timestamp};
use proptest::prelude::*;

use super::{
    CredentialStore, Expectation, Permissions, SessionGrant, SignedBody, verify_headers, verify_presigned,
};
use crate::config::AccessKey;

/// 2026-11-22T13:02:48Z
const NOW: Timestamp = Timestamp::from_unix_millis(1_795_352_568_000);

fn store() -> CredentialStore {
    CredentialStore::new(vec![AccessKey::new("AKID", "secret")], "123456789012", "aws", 10, [0; 32])
}

fn parts(uri: &str, headers: &[(&str, String)]) -> Option<Parts> {
    let mut request = Request::post(uri);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    Some(request.body(()).ok()?.into_parts().0)
}

fn expected() -> Expectation<'static> {
    Expectation { service: "bedrock", regions: &["us-east-1"], now: NOW }
}

/// Text that is nearly right, or not at all.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("AKID/20261122/us-east-1/bedrock/aws4_request".to_owned()),
        Just("20261122T130248Z".to_owned()),
        Just("host;x-amz-date".to_owned()),
        Just(":authority;x-amz-date".to_owned()),
        Just("60".to_owned()),
        Just("0".repeat(64)),
        "[ -~]{0,40}",
        "[0-9TZ]{16}",
        "\\PC{0,12}",
    ]
}

proptest! {
    #[test]
    fn no_authorization_header_gets_in_or_panics(
        parameters in prop::array::uniform3(fragment()),
        date in fragment(),
        host in fragment(),
        path in "/[!-~]{0,20}",
    ) {
        let [credential, signed, signature] = parameters;
        let text = format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={signature}");
        let headers = [("authorization", text), ("x-amz-date", date), ("host", host)];
        if let Some(parts) = parts(&path, &headers) {
            prop_assert!(verify_headers(&parts, SignedBody::Events, &store(), &expected()).is_err());
        }
    }

    #[test]
    fn no_query_gets_in_or_panics(values in prop::array::uniform6(fragment()), host in fragment()) {
        let names = ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"];
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in names.iter().zip(&values) {
            let value = if *name == "Algorithm" { "AWS4-HMAC-SHA256" } else { value };
            query.append_pair(&format!("X-Amz-{name}"), value);
        }
        if let Some(parts) = parts(&format!("/model/x?{}", query.finish()), &[("host", host)]) {
            prop_assert!(verify_presigned(&parts, &store(), &expected()).is_err());
        }
    }
}

#[test]
fn expired_credentials_make_room_and_then_the_oldest() {
    let store = store();
    let mut keys = Vec::new();
    // the limit is 10: five that live a minute, then eight that live an hour
    for (count, seconds) in [(5, 60), (8, 3600)] {
        for _ in 0..count {
            let now = NOW.after(Duration::from_secs(keys.len() as u64 * 10));
            let grant = SessionGrant {
                principal: store.find("AKID", None).unwrap().principal().clone(),
                permissions: Permissions::default(),
                expires_at: now.after(Duration::from_secs(seconds)),
                token_bytes: 700,
            };
            let issued = store.issue(grant, now);
            assert!((700..800).contains(&issued.session_token.expose().len()));
            keys.push((issued.access_key_id, issued.session_token));
        }
    }
    let known = |(key, token): &(String, SecretText)| store.find(key, Some(token.expose())).is_ok();
    let known: Vec<bool> = keys.iter().map(known).collect();
    // at 120 s, when the last was issued, the first five have had their minute
    assert_eq!(known, [[false; 5].as_slice(), &[true; 8]].concat());
    assert_eq!(store.issued(), 8);
}

#[test]
fn a_request_that_is_right_but_for_its_signature_reaches_the_signature() {
    let text = |signed: &str| {
        let credential = "AKID/20261122/us-east-1/bedrock/aws4_request";
        format!(
            "AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={}",
            "0".repeat(64)
        )
    };
    for (signed, host) in [
        ("host;x-amz-date", "localhost:1"),
        (":authority;x-amz-date", "localhost:1"),
        ("host;x-amz-date", "[::1]:443"),
        ("host;x-amz-date", "::"),
        ("host;x-amz-date", "a b@c/d?e#f:80"),
        ("host;x-amz-date", ""),
        ("host;;x-amz-date", "localhost"),
        ("host;x-amz-date;Not A Name", "localhost"),
    ] {
        let headers = [
            ("authorization", text(signed)),
            ("x-amz-date", "20261122T130248Z".to_owned()),
            ("host", host.to_owned()),
        ];
        let parts = parts("/model/%41/../x//y", &headers).unwrap();
        let error = verify_headers(&parts, SignedBody::Events, &store(), &expected()).unwrap_err();
        assert_eq!(error.rest_name(), "InvalidSignatureException", "{signed} {host}: {error}");
    }
}
