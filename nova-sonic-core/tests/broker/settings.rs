//! What cannot work is refused when the broker is built.

use std::time::Duration;

use nova_sonic_core::{
    broker::{BrokerError, CredentialBroker, CredentialBrokerBuilder, Limits, Patience},
    error::ErrorCode,
    scope::{Cidr, ModelId, Region, ScopePolicy},
    secret::SecretText,
};

use crate::stage::{ROLE, bare, scope};

fn whole() -> CredentialBrokerBuilder {
    bare("https://localhost:1").assume_role(ROLE)
}

async fn problem(builder: CredentialBrokerBuilder) -> String {
    let error = builder.build().await.unwrap_err();
    assert!(!error.retryable(), "{error}");
    error.to_string()
}

#[tokio::test]
async fn each_wrong_setting_is_named() {
    let key = || SecretText::new("a key for names of sessions".to_owned());
    let gov = ScopePolicy::new(Region::parse("us-gov-west-1").unwrap(), ModelId::default());
    for (setting, builder) in vec![
        ("scope", CredentialBroker::builder().assume_role(ROLE).session_name_key(key())),
        ("role_arn", CredentialBroker::builder().scope(scope()).session_name_key(key())),
        ("role_arn", whole().federation_token()),
        ("role_arn", whole().assume_role("arn:aws:iam::123456789012:root")),
        ("role_arn", whole().scope(gov)),
        ("session_name_key", CredentialBroker::builder().scope(scope()).assume_role(ROLE)),
        ("session_name_key", whole().session_name_key(SecretText::new("short".to_owned()))),
        ("external_id", whole().external_id("two words")),
        ("external_id", bare("https://localhost:1").federation_token().external_id("story-player")),
        ("source_identity", bare("https://localhost:1").federation_token().source_identity(true)),
        ("tags", whole().tag("aws:team", "x")),
        ("endpoint_url", whole().endpoint_url("")),
        ("endpoint_url", whole().endpoint_url("localhost:18443")),
        ("endpoint_url", whole().endpoint_url("https://")),
        ("endpoint_url", whole().endpoint_url("https://:18443")),
        ("endpoint_url", whole().endpoint_url("https://ho st")),
        ("endpoint_url", whole().endpoint_url("https://user@localhost")),
        ("limits.per_minute", whole().limits(Limits::default().per_minute(0))),
        ("limits.per_day", whole().limits(Limits::default().per_day(0))),
        ("limits.subjects", whole().limits(Limits::default().subjects(0))),
        ("patience.total", whole().patience(Patience::default().total(Duration::ZERO))),
        ("patience.attempts", whole().patience(Patience::default().attempts(0))),
    ] {
        let text = problem(builder).await;
        assert!(text.starts_with(&format!("setting {setting} ")), "{setting}: {text}");
        assert!(!text.contains("123456789012"), "{text}");
    }
}

#[tokio::test]
async fn a_policy_that_is_too_long_for_sts_is_found_at_once() {
    let networks = (0..200).map(|number| Cidr::parse(&format!("203.0.113.{number}/32")).unwrap());
    let error = whole().scope(scope().source_cidrs(networks)).build().await.unwrap_err();
    assert!(matches!(error, BrokerError::Scope(_)), "{error}");
    assert_eq!(error.code(), ErrorCode::PolicyTooLarge);
}

#[tokio::test]
async fn certificates_that_are_none_are_an_error_and_no_panic() {
    for pem in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let error = whole().ca_certificates_pem(pem).build().await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::ConfigurationInvalid, "{pem:?}: {error}");
    }
}
