//! What a browser signs with a grant is what AWS's own code signs with the secret.
#![expect(
    clippy::unwrap_used,
    reason = "outside of the test functions themselves, too, a test stops at the first surprise"
)]

mod aws_signer;

use std::time::{Duration, UNIX_EPOCH};

use aws_signer::AwsSigner;
use aws_sigv4::sign::v4::generate_signing_key;
use base64_simd::STANDARD;
use nova_sonic_core::{
    grant::{Grant, GrantMode, TemporaryCredentials},
    scope::{ModelId, Region, ScopePolicy},
    secret::SecretText,
    sigv4::{ChunkSigner, SignError, StreamRequest},
    time::Timestamp,
};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::Value;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const TOKEN: &str = "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMSJ+EXAMPLETOKEN==";
const ACCESS_KEY: &str = "ASIAIOSFODNN7EXAMPLE";
/// 2026-11-23T00:00:00Z.
const MIDNIGHT: i64 = 1_795_392_000_000;
const MINUTE: i64 = 60_000;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis)
}

/// A grant as a browser has it, which read it when its own clock was `skew` ms off.
fn in_browser(
    mode: GrantMode,
    secret: &str,
    token: &str,
    region: &str,
    issued: i64,
    life: i64,
    skew: i64,
) -> Grant {
    let policy = ScopePolicy::new(Region::parse(region).unwrap(), ModelId::default());
    let credentials = TemporaryCredentials {
        access_key_id: ACCESS_KEY.to_owned(),
        secret_access_key: SecretText::new(secret.to_owned()),
        session_token: SecretText::new(token.to_owned()),
        expiration: at(issued + life),
    };
    let grant = Grant::issue(mode, credentials, &policy, at(issued)).unwrap();
    Grant::read_json(&grant.write_json(), at(issued + skew)).unwrap()
}

/// Opens a stream and signs one frame for each moment, and compares all of it with aws-sigv4.
fn signs_like_aws(grant: Grant, secret: &str, token: &str, local_moments: &[Timestamp]) {
    let region = grant.region().to_owned();
    let aws = AwsSigner::new(ACCESS_KEY, secret, Some(token), &region);
    let moments: Vec<_> = local_moments.iter().map(|local| grant.signing_time(*local)).collect();
    let host =
        format!("bedrock-runtime.{region}.{}", Region::parse(&region).unwrap().partition().dns_suffix());
    let model = grant.model_id().to_owned();
    let credentials = grant.into_signing_credentials();
    let opened = *moments.first().unwrap();
    let url = StreamRequest::new(&region, &model).presign(&credentials, opened).unwrap();
    let (path, query) = url.expose().split_once('?').unwrap();
    assert!(path.starts_with(&format!("wss://{host}/")), "{path}");
    let mut prior = hex::encode(url.signature().as_bytes());
    assert_eq!(prior, aws.presign(&path.replacen("wss", "https", 1), &host, opened));
    assert!(query.contains(&format!("X-Amz-Signature={prior}")), "{path}");
    let mut chain = ChunkSigner::new(credentials.keys, &region, *url.signature(), opened);
    for now in moments {
        let signed = chain.sign(b"", now).unwrap();
        prior = aws.chunk(None, &prior, now);
        assert_eq!(hex::encode(signed.signature.as_bytes()), prior, "{now}");
    }
}

#[test]
fn every_minute_around_midnight_is_signed_like_aws_signs_it() {
    for minute in -20..=20 {
        for (mode, skew) in
            [(GrantMode::SigningKeys, 0), (GrantMode::SigningKeys, -3_700_000), (GrantMode::Plain, 90_500)]
        {
            let issued = MIDNIGHT + minute * MINUTE;
            let grant = in_browser(mode, SECRET, TOKEN, "us-east-1", issued, 15 * MINUTE, skew);
            let crosses = mode == GrantMode::SigningKeys && minute < 0;
            let dates = grant.signing_dates().count();
            assert_eq!(
                dates,
                if mode == GrantMode::Plain { 0 } else { 1 + usize::from(crosses) },
                "{minute}"
            );
            let local: Vec<_> = (0..=30).map(|step| at(issued + skew + step * MINUTE / 2)).collect();
            signs_like_aws(grant, SECRET, TOKEN, &local);
        }
    }
}

#[test]
fn a_browser_whose_clock_is_before_the_issue_signs_with_the_time_of_issue() {
    let issued = MIDNIGHT;
    let grant = in_browser(GrantMode::SigningKeys, SECRET, TOKEN, "us-east-1", issued, 15 * MINUTE, 0);
    let half_a_second_before = at(MIDNIGHT - 500);
    assert_eq!(grant.signing_time(half_a_second_before), at(MIDNIGHT));
    signs_like_aws(grant, SECRET, TOKEN, &[half_a_second_before, at(MIDNIGHT + 40)]);
}

#[test]
fn a_stream_is_opened_before_the_deadline_only() {
    let skew = 3_600_000;
    let grant = in_browser(GrantMode::SigningKeys, SECRET, TOKEN, "us-east-1", MIDNIGHT, 15 * MINUTE, skew);
    let deadline = MIDNIGHT + skew + 390_000;
    assert!(grant.may_open(at(MIDNIGHT + skew)) && grant.may_open(at(deadline - 1)));
    assert!(!grant.may_open(at(deadline)) && !grant.may_open(at(deadline + 1)));
}

#[test]
fn the_keys_are_for_no_other_service_region_or_day() {
    let grant =
        in_browser(GrantMode::SigningKeys, SECRET, TOKEN, "us-east-1", MIDNIGHT - 5 * MINUTE, 15 * MINUTE, 0);
    let json: Value = serde_json::from_slice(&grant.write_json()).unwrap();
    let keys: Vec<Vec<u8>> = json["signingKeys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| STANDARD.decode_to_vec(key["key"].as_str().unwrap()).unwrap())
        .collect();
    let midnight = UNIX_EPOCH + Duration::from_millis(u64::try_from(MIDNIGHT).unwrap());
    let mut same = Vec::new();
    for days in -3..=3_i32 {
        let noon = midnight - Duration::from_hours(24 * 10 + 12)
            + Duration::from_hours(24) * (10 + days).cast_unsigned();
        for region in ["us-east-1", "us-east-2", "us-west-2", "eu-north-1", "us-gov-west-1"] {
            for service in
                ["bedrock", "bedrock-agentcore", "bedrock-runtime", "sts", "iam", "s3", "transcribe", ""]
            {
                let theirs = generate_signing_key(SECRET, noon, region, service);
                if keys.iter().any(|ours| ours == theirs.as_ref()) {
                    same.push((days, region, service));
                }
            }
        }
    }
    assert_eq!(same, [(0, "us-east-1", "bedrock"), (1, "us-east-1", "bedrock")]);

    let credentials = grant.into_signing_credentials();
    let later = StreamRequest::new("us-east-1", "amazon.nova-2-sonic-v1:0")
        .presign(&credentials, at(MIDNIGHT + 24 * 60 * MINUTE));
    assert!(matches!(later, Err(SignError::KeyMissing { .. })), "{later:?}");
    let elsewhere =
        StreamRequest::new("us-west-2", "amazon.nova-2-sonic-v1:0").presign(&credentials, at(MIDNIGHT));
    assert!(matches!(elsewhere, Err(SignError::KeyMissing { .. })), "{elsewhere:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn grants_sign_like_aws(
        secret in "[A-Za-z0-9+/]{1,80}",
        token in "[A-Za-z0-9+/=._~-]{1,400}",
        region in select(vec!["us-east-1", "us-west-2", "ap-northeast-1", "eu-north-1", "us-gov-west-1", "cn-north-1", "eusc-de-east-1"]),
        plain in any::<bool>(),
        issued in prop_oneof![0..4_102_444_800_000_i64, MIDNIGHT - 25 * MINUTE..MIDNIGHT + 25 * MINUTE],
        life in 512_000..3_600_000_i64,
        skew in prop_oneof![Just(0_i64), -86_400_000..86_400_000_i64],
        steps in vec(0.0..1.0_f64, 1..5),
    ) {
        let mode = if plain { GrantMode::Plain } else { GrantMode::SigningKeys };
        let grant = in_browser(mode, &secret, &token, region, issued, life, skew);
        let last = grant.expiration().unix_millis() + 5 * MINUTE;
        let mut local: Vec<_> = steps.iter().map(|step| {
            #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "any moment between will do")]
            let millis = ((last - issued) as f64 * step) as i64;
            at(issued + skew + millis)
        }).collect();
        local.sort();
        signs_like_aws(grant, &secret, &token, &local);
    }
}
