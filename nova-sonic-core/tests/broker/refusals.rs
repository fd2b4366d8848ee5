//! Every error of STS has its code, and AWS's own name.

use nova_sonic_core::{
    broker::{BackendKind, BackendProblem, BrokerError},
    error::{Blame, ErrorCode},
    secret::SecretText,
};
use nova_sonic_sim::{AccessKey, Simulator, StsFault, StsFaultKind};

use crate::stage::{ACCOUNT, ROLE, bare, broker, builder, simulator, simulator_with, sts_calls, subject};

async fn refusal(simulator: &Simulator) -> BrokerError {
    let error = broker(simulator).await.issue(&subject("alice")).await.unwrap_err();
    tells_nothing(&error);
    error
}

/// Neither account nor ARN is in an error, however it is printed.
fn tells_nothing(error: &BrokerError) {
    for text in [error.to_string(), format!("{error:?}"), error.advice().to_owned()] {
        assert!(!text.contains(ACCOUNT) && !text.contains("arn:"), "{text}");
    }
}

#[tokio::test]
async fn every_error_that_sts_documents_has_its_code() {
    let simulator = simulator().await;
    for (name, status, code, blame) in [
        ("AccessDenied", 403, ErrorCode::RoleNotAssumable, Blame::Caller),
        ("ExpiredToken", 403, ErrorCode::CredentialsExpired, Blame::Caller),
        ("ExpiredTokenException", 400, ErrorCode::CredentialsExpired, Blame::Caller),
        ("InvalidClientTokenId", 403, ErrorCode::CredentialsInvalid, Blame::Caller),
        ("SignatureDoesNotMatch", 403, ErrorCode::CredentialsInvalid, Blame::Caller),
        ("IncompleteSignature", 400, ErrorCode::CredentialsInvalid, Blame::Caller),
        ("MalformedPolicyDocument", 400, ErrorCode::PolicyRejected, Blame::Caller),
        ("PackedPolicyTooLarge", 400, ErrorCode::PolicyTooLarge, Blame::Caller),
        ("RegionDisabledException", 403, ErrorCode::RegionDisabled, Blame::Caller),
        ("ValidationError", 400, ErrorCode::StsRequestRejected, Blame::Caller),
        ("InvalidParameterValue", 400, ErrorCode::StsRequestRejected, Blame::Caller),
        ("OptInRequired", 403, ErrorCode::AccessDenied, Blame::Caller),
        ("SomethingNew", 418, ErrorCode::ServiceUnknown, Blame::Service),
    ] {
        let message = format!("User: arn:aws:iam::{ACCOUNT}:user/backend may not touch {ROLE}");
        let kind = StsFaultKind::Error { code: name.to_owned(), message, status };
        simulator.sts_faults([StsFault::new(kind)]);
        let before = sts_calls(&simulator);
        let error = refusal(&simulator).await;
        assert_eq!((error.code(), error.blame(), error.aws_name()), (code, blame, Some(name)), "{error}");
        assert!(!error.retryable() || code == ErrorCode::CredentialsExpired, "{error}");
        assert!(error.request_id().is_some(), "AWS support asks for it");
        assert_eq!(sts_calls(&simulator) - before, 1, "{name}: asking again helps nobody");
    }
}

#[tokio::test]
async fn what_the_simulator_itself_refuses_is_understood() {
    let simulator = simulator_with(|config| {
        let mut expired = AccessKey::new("ASIAEXPIREDEXAMPLE00", "a-secret");
        expired.session_token = Some(SecretText::new("a-token".to_owned()));
        expired.expires_at = Some(nova_sonic_core::time::Timestamp::from_unix_millis(1));
        config.access_keys.push(expired);
    })
    .await;
    let nobody = "arn:aws:iam::123456789012:role/nobody";
    let wrong = |id: &str, secret: &str| {
        builder(&simulator).static_credentials(id, SecretText::new(secret.to_owned()), None)
    };
    let expired = builder(&simulator).static_credentials(
        "ASIAEXPIREDEXAMPLE00",
        SecretText::new("a-secret".to_owned()),
        Some(SecretText::new("a-token".to_owned())),
    );
    for (name, builder, code) in [
        ("AccessDenied", builder(&simulator).assume_role(nobody), ErrorCode::RoleNotAssumable),
        ("InvalidClientTokenId", wrong("AKIANOBODYEXAMPLE000", "x"), ErrorCode::CredentialsInvalid),
        (
            "SignatureDoesNotMatch",
            wrong(nova_sonic_sim::DEFAULT_ACCESS_KEY_ID, "x"),
            ErrorCode::CredentialsInvalid,
        ),
        ("ExpiredToken", expired, ErrorCode::CredentialsExpired),
    ] {
        let broker = builder.build().await.unwrap();
        let error = broker.issue(&subject("alice")).await.unwrap_err();
        assert_eq!((error.aws_name(), error.code()), (Some(name), code), "{error}");
        tells_nothing(&error);
        if name == "ExpiredToken" {
            assert_eq!(broker.backend_kind(), BackendKind::Pasted);
            assert!(error.advice().contains("AWS_SESSION_TOKEN"), "{}", error.advice());
        }
    }
}

#[tokio::test]
async fn clocks_that_disagree_are_named_as_such() {
    for offset in [-600_000, 600_000] {
        let simulator = simulator_with(|config| config.clock_offset_millis = offset).await;
        let error = refusal(&simulator).await;
        assert_eq!(error.code(), ErrorCode::ClockSkewed, "{offset}: {error}");
        assert_eq!(sts_calls(&simulator), 1, "the SDK does not go on with a clock of its own");
    }
}

#[tokio::test]
async fn federation_tokens_need_long_term_keys_and_say_so_without_asking() {
    let simulator = simulator().await;
    let broker = bare(&simulator.https_url())
        .ca_certificates_pem(simulator.ca_pem())
        .federation_token()
        .static_credentials(
            "ASIAEXAMPLEEXAMPLE00",
            SecretText::new("a-secret".to_owned()),
            Some(SecretText::new("a-token".to_owned())),
        );
    let error = broker.build().await.unwrap().issue(&subject("alice")).await.unwrap_err();
    assert_eq!(error, BrokerError::BackendCredentials { problem: BackendProblem::Temporary });
    assert!(error.advice().contains("role"), "{}", error.advice());
    assert_eq!(sts_calls(&simulator), 0);
}

#[tokio::test]
async fn answers_that_cannot_be_are_refused() {
    let simulator = simulator().await;
    let missing = |name: &str| StsFaultKind::Missing(name.to_owned());
    for kind in [
        missing("Credentials"),
        missing("AccessKeyId"),
        missing("SecretAccessKey"),
        missing("SessionToken"),
        missing("Expiration"),
        StsFaultKind::MalformedXml,
        StsFaultKind::ExpiresInSeconds(-1),
        StsFaultKind::ExpiresInSeconds(1260),
        StsFaultKind::ExpiresInSeconds(43_200),
    ] {
        simulator.sts_faults([StsFault::new(kind.clone())]);
        let error = refusal(&simulator).await;
        assert!(matches!(error, BrokerError::AnswerInvalid { .. }), "{kind:?}: {error}");
        assert_eq!(error.code(), ErrorCode::StsAnswerInvalid, "{kind:?}");
    }
    // shorter than a stream: nobody can open one with it
    simulator.sts_faults([StsFault::new(StsFaultKind::ExpiresInSeconds(300))]);
    assert_eq!(refusal(&simulator).await.code(), ErrorCode::CredentialsExpired);
}

#[tokio::test]
async fn without_credentials_sts_is_not_asked_and_the_breaker_stays_closed() {
    #[derive(Debug)]
    struct Nothing;
    impl aws_credential_types::provider::ProvideCredentials for Nothing {
        fn provide_credentials<'a>(&'a self) -> aws_credential_types::provider::future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let error =
                aws_credential_types::provider::error::CredentialsError::not_loaded("the cupboard is bare");
            aws_credential_types::provider::future::ProvideCredentials::ready(Err(error))
        }
    }

    let simulator = simulator().await;
    let broker = builder(&simulator).credentials_provider(Nothing).build().await.unwrap();
    for number in 0..10 {
        let error = broker.issue(&subject(&number.to_string())).await.unwrap_err();
        assert_eq!(error, BrokerError::BackendCredentials { problem: BackendProblem::Missing });
        assert_eq!(error.code(), ErrorCode::CredentialsMissing);
    }
    assert_eq!(sts_calls(&simulator), 0);
    assert_eq!(broker.metrics().without_credentials, 10);
}
