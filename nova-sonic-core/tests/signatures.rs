//! Signatures: those of AWS's own SDKs, from a secret and from derived keys alike.
#![expect(
    clippy::unwrap_used,
    reason = "outside of the test functions themselves, too, a test stops at the first surprise"
)]

mod aws_signer;

use aws_signer::AwsSigner;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use nova_sonic_core::{
    error::ErrorCode,
    secret::SecretText,
    sigv4::{ChunkSigner, SignError, Signature, SigningCredentials, SigningKey, SigningKeys, StreamRequest},
    time::{Date, Timestamp},
};
use proptest::{collection::vec, prelude::*};
use serde_json::Value;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const MODEL: &str = "amazon.nova-2-sonic-v1:0";
/// 2026-11-22T23:40:00Z.
const BEFORE_MIDNIGHT: i64 = 1_795_390_800_000;

fn vectors(file: &str) -> Value {
    let path = format!("{}/../tests/vectors/signatures/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn secret(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

fn credentials(keys: SigningKeys, token: Option<&str>) -> SigningCredentials {
    SigningCredentials { access_key_id: "AKIDEXAMPLE".to_owned(), session_token: token.map(secret), keys }
}

/// Keys for the dates and nothing else, as a browser gets them.
fn derived(dates: &[Date], region: &str) -> SigningKeys {
    let keys = dates.iter().map(|date| {
        let key = SigningKey::derive(&secret(SECRET), *date, region);
        SigningKey::from_bytes(*key.expose(), *date, region)
    });
    SigningKeys::from_derived(keys.collect())
}

fn aws(region: &str, token: Option<&str>) -> AwsSigner {
    AwsSigner::new("AKIDEXAMPLE", SECRET, token, region)
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis)
}

fn hex_of(signature: &Signature) -> String {
    hex::encode(signature.as_bytes())
}

/// The moment that a presigned URL names, `X-Amz-Date=YYYYMMDDThhmmssZ`, on 22 November 2026.
fn moment_of(text: &str) -> Timestamp {
    let midnight = 1_795_305_600;
    let part = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
    assert_eq!(&text[..9], "20261122T");
    at((midnight + part(9..11) * 3600 + part(11..13) * 60 + part(13..15)) * 1000 + 999)
}

#[test]
fn the_urls_of_the_sdk_for_javascript_are_reproduced_character_by_character() {
    let fixture = vectors("aws-js-sdk-websocket.json");
    for capture in fixture["captures"].as_array().unwrap() {
        let query = &capture["presign"]["query"];
        let token = query["X-Amz-Security-Token"].as_str();
        let now = moment_of(query["X-Amz-Date"].as_str().unwrap());
        for keys in [SigningKeys::from_secret(secret(SECRET)), derived(&[now.date()], "us-east-1")] {
            let mut request = StreamRequest::new("us-east-1", MODEL)
                .with_query_item("x-amz-user-agent", query["x-amz-user-agent"].as_str().unwrap())
                .with_unsigned_port();
            if let Some(endpoint) = capture["endpointOption"].as_str() {
                request = request.with_endpoint(endpoint);
            }
            let url = request.presign(&credentials(keys, token), now).unwrap();
            assert_eq!(url.expose(), capture["url"]);
            assert_eq!(hex_of(url.signature()), capture["presign"]["signature"]);
        }
    }
}

#[test]
fn published_keys_and_chains_are_reproduced() {
    let vectors = vectors("known-answers.json");
    for vector in vectors["signing_keys"].as_array().unwrap() {
        let date = Date::parse(vector["date"].as_str().unwrap()).unwrap();
        let key = hex::encode(SigningKey::derive(&secret(SECRET), date, "us-east-1").expose());
        assert!(key.starts_with(vector["starts"].as_str().unwrap()), "{key}");
        assert!(key.ends_with(vector["ends"].as_str().unwrap()), "{key}");
    }
}

#[test]
fn frames_around_midnight_are_signed_with_the_key_of_their_own_date() {
    let (today, tomorrow) = (Date::parse("20261122").unwrap(), Date::parse("20261123").unwrap());
    let seed = Signature::from_bytes([7; 32]);
    let both = derived(&[tomorrow, today], "us-east-1");
    let mut with_keys = ChunkSigner::new(both, "us-east-1", seed, at(BEFORE_MIDNIGHT));
    let whole = SigningKeys::from_secret(secret(SECRET));
    let mut with_secret = ChunkSigner::new(whole, "us-east-1", seed, at(BEFORE_MIDNIGHT));
    let mut prior = hex_of(&seed);
    let mut dates = Vec::new();
    for step in 0..=240 {
        let now = at(BEFORE_MIDNIGHT + step * 10_000);
        let signed = with_keys.sign(b"", now).unwrap();
        assert_eq!(signed, with_secret.sign(b"", now).unwrap());
        prior = aws("us-east-1", None).chunk(None, &prior, now);
        assert_eq!(hex_of(&signed.signature), prior, "{now}");
        dates.push(now.date());
    }
    dates.dedup();
    assert_eq!(dates, [today, tomorrow]);
}

#[test]
fn a_missing_key_is_an_error_that_leaves_the_chain_as_it_was() {
    let today = Date::parse("20261122").unwrap();
    let midnight = BEFORE_MIDNIGHT + 20 * 60_000;
    let keys = derived(&[today], "us-east-1");
    let seed = Signature::from_bytes([1; 32]);
    let mut signer = ChunkSigner::new(keys.clone(), "us-east-1", seed, at(BEFORE_MIDNIGHT));
    let mut undisturbed = ChunkSigner::new(keys.clone(), "us-east-1", seed, at(BEFORE_MIDNIGHT));

    let error = signer.sign(b"x", at(midnight)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::SigningKeyMissing);
    assert_eq!(error.to_string(), "no signing key for 20261123 in us-east-1");
    assert_eq!(
        signer.sign(b"x", at(midnight - 1)).unwrap(),
        undisturbed.sign(b"x", at(midnight - 1)).unwrap()
    );

    let elsewhere = StreamRequest::new("eu-north-1", MODEL);
    let refused = elsewhere.presign(&credentials(keys, None), at(BEFORE_MIDNIGHT)).unwrap_err();
    assert_eq!(refused, SignError::KeyMissing { date: today, region: "eu-north-1".to_owned() });
}

#[test]
fn signing_time_never_runs_backwards() {
    let opened = at(BEFORE_MIDNIGHT);
    let keys = SigningKeys::from_secret(secret(SECRET));
    let mut signer = ChunkSigner::new(keys, "us-east-1", Signature::from_bytes([0; 32]), opened);
    let mut date_of = |millis: i64| {
        let header = signer.sign(b"x", at(BEFORE_MIDNIGHT + millis)).unwrap().date_header;
        i64::from_be_bytes(*header.last_chunk().unwrap()) - BEFORE_MIDNIGHT
    };
    // before the request, on, back, just short of a second, into the next, back again
    let given = [-5_000, 3_000, 2_000, 3_999, 4_001, -86_400_000, i64::MIN / 2];
    assert_eq!(given.map(&mut date_of), [0, 3_000, 3_000, 3_000, 4_000, 4_000, 4_000]);
}

#[test]
fn a_port_is_signed_unless_it_goes_without_saying() {
    let keys = SigningKeys::from_secret(secret(SECRET));
    let credentials = credentials(keys, None);
    let now = at(BEFORE_MIDNIGHT);
    let signature_at =
        |request: StreamRequest<'_>| hex_of(request.presign(&credentials, now).unwrap().signature());
    let request = StreamRequest::new("us-east-1", MODEL);
    let at_port = |endpoint| request.clone().with_endpoint(endpoint);

    assert_eq!(signature_at(at_port("wss://localhost:443")), signature_at(at_port("wss://localhost")));
    assert_ne!(signature_at(at_port("wss://localhost:8443")), signature_at(at_port("wss://localhost")));
    assert_eq!(
        signature_at(at_port("wss://localhost:8443").with_unsigned_port()),
        signature_at(at_port("wss://localhost"))
    );
    let url = at_port("ws://localhost:80").presign(&credentials, now).unwrap();
    assert!(url.expose().starts_with("ws://localhost/model/"), "{}", url.expose());
}

#[test]
fn requests_that_cannot_be_signed_are_refused_by_what_is_wrong_with_them() {
    let keys = || SigningKeys::from_secret(secret(SECRET));
    let good = credentials(keys(), None);
    let request = StreamRequest::new("us-east-1", MODEL);
    let code = |request: StreamRequest<'_>, credentials: &SigningCredentials| {
        request.presign(credentials, at(0)).unwrap_err().code().as_str()
    };
    for region in ["", "us east", "us-east-1\n", "us-east-1/bedrock", "US-EAST-1"] {
        assert_eq!(code(StreamRequest::new(region, MODEL), &good), "region_unknown", "{region:?}");
    }
    for model in ["", ".", ".."] {
        assert_eq!(code(StreamRequest::new("us-east-1", model), &good), "configuration_invalid", "{model:?}");
    }
    assert_eq!(code(request.clone().with_endpoint("localhost:8443"), &good), "configuration_invalid");
    assert_eq!(
        code(request.clone().with_query_item("x-amz-signature", "00"), &good),
        "configuration_invalid"
    );
    for id in ["", "AKID/EXAMPLE", "AKID EXAMPLE"] {
        let bad = SigningCredentials { access_key_id: id.to_owned(), session_token: None, keys: keys() };
        assert_eq!(code(request.clone(), &bad), "credentials_invalid", "{id:?}");
    }
}

#[test]
fn a_signed_url_prints_without_what_opens_it() {
    let credentials = credentials(SigningKeys::from_secret(secret(SECRET)), Some("TESTTOKEN"));
    let url = StreamRequest::new("us-east-1", MODEL).presign(&credentials, at(BEFORE_MIDNIGHT)).unwrap();
    assert_eq!(
        format!("{url:?}"),
        "PresignedUrl(wss://bedrock-runtime.us-east-1.amazonaws.com/model/amazon.nova-2-sonic-v1%3A0/\
         invoke-with-bidirectional-stream-websocket?[redacted])"
    );
}

fn any_moment() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        (0..4_102_444_800_000_i64).prop_map(at),
        // twenty minutes around a midnight
        (0..2_400_000_i64).prop_map(|millis| at(BEFORE_MIDNIGHT + millis)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chains_are_those_of_aws(
        moments in vec((any_moment(), vec(any::<u8>(), 0..200)), 1..6),
        seed in any::<[u8; 32]>(),
        region in "[a-z]{2}-[a-z]{4,9}-[1-9]",
    ) {
        let mut moments = moments;
        moments.sort_by_key(|(moment, _)| *moment);
        let mut dates: Vec<_> = moments.iter().map(|(moment, _)| moment.date()).collect();
        dates.dedup();
        let seed = Signature::from_bytes(seed);
        let mut signer = ChunkSigner::new(derived(&dates, &region), &region, seed, at(0));
        let mut prior = hex_of(&seed);
        for (now, payload) in moments {
            let message = Message::new(payload).add_header(Header::new("some", HeaderValue::String("text".into())));
            let mut inner = Vec::new();
            aws_smithy_eventstream::frame::write_message_to(&message, &mut inner).unwrap();
            prior = aws(&region, None).chunk(Some(&message), &prior, now);
            prop_assert_eq!(hex_of(&signer.sign(&inner, now).unwrap().signature), prior.clone());
        }
    }

    #[test]
    fn presigned_urls_are_those_of_aws(
        now in any_moment(),
        region in "[a-z]{2}-[a-z]{4,9}-[1-9]",
        token in proptest::option::of("[ -~]{1,80}"),
        model in "[a-z0-9][a-z.:/%0-9-]{0,60}",
        agent in "[ -~]{0,40}",
        port in 1..=u16::MAX,
    ) {
        let keys = derived(&[now.date()], &region);
        let endpoint = format!("wss://localhost:{port}");
        let url = StreamRequest::new(&region, &model)
            .with_endpoint(&endpoint)
            .with_query_item("x-amz-user-agent", &agent)
            .presign(&credentials(keys, token.as_deref()), now)
            .unwrap();
        let (path, query) = url.expose().split_once('?').unwrap();
        let ours = query.split('&').filter(|item| item.starts_with("x-amz-user-agent")).collect::<String>();
        let unsigned = format!("{path}?{ours}").replacen("wss", "https", 1);
        let host = path.trim_start_matches("wss://").split('/').next().unwrap();
        prop_assert_eq!(hex_of(url.signature()), aws(&region, token.as_deref()).presign(&unsigned, host, now));
    }
}
