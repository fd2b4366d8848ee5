//! The official STS client: real limits, real errors, and credentials that Bedrock then takes.

use aws_sdk_bedrockruntime::error::ProvideErrorMetadata;
use aws_sdk_sts::types::Tag;
use nova_sonic_sim::DEFAULT_ACCESS_KEY_ID;

use crate::support::{ROLE, SONIC, bedrock, open_whole, simulator, sonic_only, sts, temporary, user, within};

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
        (
            "reserved tag",
            valid().tags(Tag::builder().key("aws:team").value("v").build().unwrap()),
            "InvalidParameterValue",
            "reserved for use by AWS",
        ),
        (
            "transitive tag",
            valid().transitive_tag_keys("team"),
            "InvalidParameterValue",
            "is not among the tags",
        ),
    ] {
        let error = call.send().await.err().unwrap();
        assert_eq!(error.code(), Some(code), "{name}");
        assert!(error.message().unwrap().contains(text), "{name}: {error:?}");
    }
}

/// What IAM's grammar refuses, in its words.
#[tokio::test]
async fn malformed_policies_are_told_from_long_ones() {
    let simulator = simulator(|_| {}).await;
    let client = sts(&simulator, user());
    let statement =
        |rest: &str| format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",{rest}}}]}}"#);
    for (policy, text) in [
        ("no json".to_owned(), "Syntax errors in policy."),
        (r#"{"Version":"2020-01-01","Statement":[]}"#.to_owned(), "The policy version is not valid."),
        (statement(r#""Action":"*","Resource":"*","Principal":"*""#), "should not specify a principal"),
        (statement(r#""Action":"Invoke","Resource":"*""#), "must be prefaced by a vendor"),
        (statement(r#""Action":"*","Resource":"sonic""#), "must be in ARN format"),
        (statement(r#""Action":"*","Resource":"arn:amazon:s3:::b""#), "Partition \"amazon\" is not valid"),
        (statement(r#""Sid":"a b","Action":"*","Resource":"*""#), "must be alpha-numeric"),
        (
            statement(r#""Action":"*","Resource":"*","Condition":{"Sometimes":{"a":"b"}}"#),
            "Invalid Condition type",
        ),
    ] {
        let call = client.assume_role().role_arn(ROLE).role_session_name("ns-alice").policy(policy);
        let error = call.send().await.err().unwrap();
        assert_eq!(error.code(), Some("MalformedPolicyDocument"), "{error:?}");
        assert!(error.message().unwrap().contains(text), "{error:?}");
    }
    // a policy may be long and still not be too large: white space is not packed
    let padded = statement(r#""Action":"*","Resource":"*""#);
    let padded = format!("{padded}{}", " ".repeat(2048 - padded.len()));
    for (policy, code) in [(padded.clone(), None), (padded + " ", Some("ValidationError"))] {
        let call = client.assume_role().role_arn(ROLE).role_session_name("ns-alice").policy(policy);
        assert_eq!(
            call.send().await.err().and_then(|error| error.code().map(str::to_owned)).as_deref(),
            code
        );
    }
}

#[tokio::test]
async fn tokens_are_as_long_as_what_they_carry_or_as_was_asked() {
    let simulator = simulator(|_| {}).await;
    let client = sts(&simulator, user());
    let call = || client.assume_role().role_arn(ROLE).role_session_name("ns-alice");
    let mut lengths = Vec::new();
    for call in [call(), call().policy(sonic_only()), call().minimum_session_token_size(4000)] {
        let answer = call.send().await.unwrap();
        let token = answer.credentials().unwrap().session_token().to_owned();
        assert_eq!(answer.session_token_size(), Some(i32::try_from(token.len()).unwrap()));
        assert!((1..=100).contains(&answer.session_token_utilization().unwrap()));
        assert!(token.contains(['+', '/', '=']));
        lengths.push(token.len());
    }
    assert!(lengths[0] >= 700 && lengths[1] > lengths[0], "{lengths:?}");
    assert!((4000..=4096).contains(&lengths[2]), "{lengths:?}");
    let error = call().minimum_session_token_size(4097).send().await.err().unwrap();
    assert_eq!(error.code(), Some("ValidationError"));
}

#[tokio::test]
async fn a_session_token_may_do_all_that_the_user_may() {
    let simulator = simulator(|_| {}).await;
    let client = sts(&simulator, user());
    let session = client.get_session_token().duration_seconds(900).send().await.unwrap();
    let session = temporary(session.credentials().unwrap());
    assert!(open_whole(&bedrock(&simulator, session.clone()), "amazon.nova-2-5-sonic").await.is_ok());
    let again = sts(&simulator, session).get_session_token().send().await.err().unwrap();
    assert_eq!(again.message(), Some("Cannot call GetSessionToken with session credentials"));
    for seconds in [899, 129_601] {
        let error = client.get_session_token().duration_seconds(seconds).send().await.err().unwrap();
        assert_eq!(error.code(), Some("ValidationError"), "{seconds}");
    }
}

#[tokio::test]
async fn the_oldest_of_too_many_credentials_are_forgotten() {
    let simulator = simulator(|config| config.max_remembered_credentials = 8).await;
    let client = sts(&simulator, user());
    let call = client.assume_role().role_arn(ROLE).role_session_name("ns-alice").duration_seconds(900);
    let mut issued = Vec::new();
    for _ in 0..9 {
        issued.push(temporary(call.clone().send().await.unwrap().credentials().unwrap()));
    }
    assert_eq!(simulator.state().credentials_remembered, 8);
    for (number, known) in [(0, false), (1, true), (8, true)] {
        let answer = sts(&simulator, issued[number].clone()).get_caller_identity().send().await;
        assert_eq!(answer.is_ok(), known, "{number}");
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
