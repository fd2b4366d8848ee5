//! The official STS client: real limits, real errors, and credentials that Bedrock then takes.

use aws_sdk_bedrockruntime::error::ProvideErrorMetadata;
use aws_sdk_sts::types::Tag;
use nova_sonic_sim::DEFAULT_ACCESS_KEY_ID;

use crate::support::{SONIC, bedrock, open_whole, simulator, sts, temporary, user, within};

const ROLE: &str = "arn:aws:iam::123456789012:role/nova-sonic-voice";

fn sonic_only() -> String {
    let allowed = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-2-sonic-v1:0";
    format!(
        r#"{{"Version":"2012-10-17","Statement":[
        {{"Effect":"Allow","Action":["bedrock:InvokeModel","bedrock:InvokeModelWithBidirectionalStream"],"Resource":"{allowed}",
          "Condition":{{"StringEquals":{{"aws:RequestedRegion":"us-east-1"}},"Bool":{{"aws:SecureTransport":"true"}},
          "DateLessThan":{{"aws:CurrentTime":"2099-01-01T00:00:00Z"}}}}}},
        {{"Effect":"Deny","NotAction":["bedrock:InvokeModel","bedrock:InvokeModelWithBidirectionalStream"],"Resource":"*"}},
        {{"Effect":"Deny","Action":"*","NotResource":"{allowed}"}}]}}"#
    )
}

#[tokio::test]
async fn an_assumed_role_opens_what_its_session_policy_allows() {
    let simulator = simulator(|_| {}).await;
    let call = sts(&simulator, user())
        .assume_role()
        .role_arn(ROLE)
        .role_session_name("ns-alice")
        .duration_seconds(900);
    let answer = call.policy(sonic_only()).source_identity("ns-alice").send().await.unwrap();
    let issued = answer.credentials().unwrap();
    assert!(issued.access_key_id().starts_with("ASIA") && issued.access_key_id().len() == 20);
    let lifetime = issued.expiration().secs() - simulator.clock().timestamp().unix_seconds();
    assert!((895..=900).contains(&lifetime), "{lifetime}");
    assert_eq!(answer.source_identity(), Some("ns-alice"));
    #[expect(deprecated, reason = "every other SDK still reads it")]
    let packed = answer.packed_policy_size().unwrap();
    assert!((1..100).contains(&packed), "{packed}");
    let arn = answer.assumed_role_user().unwrap().arn();
    assert_eq!(arn, "arn:aws:sts::123456789012:assumed-role/nova-sonic-voice/ns-alice");

    let client = bedrock(&simulator, temporary(issued));
    let mut body = open_whole(&client, SONIC).await.unwrap();
    while within(body.recv()).await.unwrap().is_some() {}
    assert_eq!(simulator.ended_stream(0).await.principal_arn, arn);
    let denied = open_whole(&client, "amazon.nova-2-5-sonic").await.err().unwrap();
    assert_eq!(denied.code(), Some("AccessDeniedException"));
    assert!(denied.message().unwrap().ends_with("with an explicit deny in a session policy"));

    // a token must not mint tokens, but may always ask who it is
    let narrowed = sts(&simulator, temporary(issued));
    let again = narrowed.assume_role().role_arn(ROLE).role_session_name("again").send().await.err().unwrap();
    assert_eq!(again.code(), Some("AccessDenied"));
    let identity = narrowed.get_caller_identity().send().await.unwrap();
    assert_eq!((identity.arn(), identity.account()), (Some(arn), Some("123456789012")));
    assert!(identity.user_id().unwrap().ends_with(":ns-alice"));
}

#[tokio::test]
async fn assume_role_refuses_what_aws_refuses() {
    let simulator = simulator(|config| config.roles[0].external_id = Some("42".to_owned())).await;
    let client = sts(&simulator, user());
    let valid = || client.assume_role().role_arn(ROLE).role_session_name("alice").external_id("42");
    valid().send().await.unwrap();
    let many_tags =
        (0..51).map(|number| Tag::builder().key(format!("k{number}")).value("v").build().unwrap());
    let long_tags =
        (0..9).map(|number| Tag::builder().key(format!("k{number}")).value("v".repeat(256)).build().unwrap());
    let same_tags = ["Team", "team"].map(|key| Tag::builder().key(key).value("v").build().unwrap());
    for (name, call, code, text) in [
        ("short", valid().duration_seconds(899), "ValidationError", "Value '899' at 'durationSeconds'"),
        ("long", valid().duration_seconds(3601), "ValidationError", "MaxSessionDuration set for this role"),
        ("longest", valid().duration_seconds(43_201), "ValidationError", "less than or equal to 43200"),
        ("name", valid().role_session_name("a b"), "ValidationError", "regular expression pattern"),
        ("name length", valid().role_session_name("a"), "ValidationError", "greater than or equal to 2"),
        ("no name", client.assume_role().role_arn(ROLE), "ValidationError", "Member must not be null"),
        ("unknown role", valid().role_arn(format!("{ROLE}x")), "AccessDenied", "sts:AssumeRole on resource"),
        ("external id", valid().external_id("43"), "AccessDenied", "sts:AssumeRole on resource"),
        ("source identity", valid().source_identity("aws:me"), "ValidationError", "sourceIdentity"),
        ("policy length", valid().policy(" ".repeat(2049)), "ValidationError", "less than or equal to 2048"),
        ("policy", valid().policy("{}"), "MalformedPolicyDocument", "Syntax errors in policy"),
        (
            "many tags",
            valid().set_tags(Some(many_tags.collect())),
            "ValidationError",
            "less than or equal to 50",
        ),
        (
            "long tags",
            valid().set_tags(Some(long_tags.collect())),
            "PackedPolicyTooLarge",
            "of allotted space",
        ),
        (
            "same tags",
            valid().set_tags(Some(same_tags.into())),
            "InvalidParameterValue",
            "Duplicate tag keys",
        ),
    ] {
        let error = call.send().await.err().unwrap();
        assert_eq!(error.code(), Some(code), "{name}");
        assert!(error.message().unwrap().contains(text), "{name}: {error:?}");
    }
}

#[tokio::test]
async fn chained_roles_last_an_hour_at_most() {
    let simulator = simulator(|config| config.roles[0].max_session_seconds = 43_200).await;
    let first = sts(&simulator, user())
        .assume_role()
        .role_arn(ROLE)
        .role_session_name("first")
        .duration_seconds(43_200);
    let first = first.send().await.unwrap();
    let client = sts(&simulator, temporary(first.credentials().unwrap()));
    let second = client.assume_role().role_arn(ROLE).role_session_name("second");
    let error = second.clone().duration_seconds(3601).send().await.err().unwrap();
    assert!(error.message().unwrap().contains("1 hour session limit for roles assumed by role chaining"));
    second.duration_seconds(3600).send().await.unwrap();
}

#[tokio::test]
async fn a_federation_token_grants_only_what_its_policy_allows() {
    let simulator = simulator(|_| {}).await;
    let client = sts(&simulator, user());
    let bare = client.get_federation_token().name("alice").send().await.unwrap();
    let denied =
        open_whole(&bedrock(&simulator, temporary(bare.credentials().unwrap())), SONIC).await.err().unwrap();
    assert_eq!(denied.code(), Some("AccessDeniedException"));

    let scoped = client
        .get_federation_token()
        .name("alice")
        .duration_seconds(900)
        .policy(sonic_only())
        .send()
        .await
        .unwrap();
    let user = scoped.federated_user().unwrap();
    assert_eq!(user.arn(), "arn:aws:sts::123456789012:federated-user/alice");
    let credentials = temporary(scoped.credentials().unwrap());
    assert!(open_whole(&bedrock(&simulator, credentials.clone()), SONIC).await.is_ok());

    let again = sts(&simulator, credentials).get_federation_token().name("bob").send().await.err().unwrap();
    assert_eq!(again.code(), Some("AccessDenied"));
    let long = client.get_federation_token().name("a".repeat(33)).send().await.err().unwrap();
    assert_eq!(long.code(), Some("ValidationError"));
}

#[tokio::test]
async fn roles_cannot_ask_for_federation_tokens() {
    let simulator = simulator(|_| {}).await;
    let role =
        sts(&simulator, user()).assume_role().role_arn(ROLE).role_session_name("role").send().await.unwrap();
    let client = sts(&simulator, temporary(role.credentials().unwrap()));
    let error = client.get_federation_token().name("alice").send().await.err().unwrap();
    assert_eq!(error.message(), Some("Cannot call GetFederationToken with session credentials"));
}

#[tokio::test]
async fn wrong_keys_are_refused_in_the_words_of_sts() {
    use aws_sdk_bedrockruntime::config::Credentials;
    let simulator = simulator(|_| {}).await;
    for (key, code) in
        [("AKIANOBODY", "InvalidClientTokenId"), (DEFAULT_ACCESS_KEY_ID, "SignatureDoesNotMatch")]
    {
        let client = sts(&simulator, Credentials::new(key, "wrong", None, None, "test"));
        let error = client.get_caller_identity().send().await.err().unwrap();
        assert_eq!(error.code(), Some(code));
    }
    let calls: Vec<_> = simulator.calls().into_iter().map(|call| call.action).collect();
    assert_eq!(calls, ["GetCallerIdentity", "GetCallerIdentity"]);
}
