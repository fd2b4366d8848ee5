//! Roles: what they may do, and whom their trust policies let in.

use aws_credential_types::Credentials;
use nova_sonic_sim::{
    GUARDED_ROLE, NARROW_ROLE, Role, Simulator,
    policy::{PolicyDocument, TrustPolicy},
};

use crate::{
    raw,
    request::{Answer, Call},
    support::{ROLE, simulator, user},
};

fn arn(role: &str) -> String {
    format!("arn:aws:iam::123456789012:role/{role}")
}

/// What assuming a role leads to.
async fn assume(
    simulator: &Simulator,
    credentials: &Credentials,
    role: &str,
    parameters: &[(&str, &str)],
) -> Answer {
    let arn = arn(role);
    let parameters: Vec<_> =
        std::iter::once(("RoleArn", arn.as_str())).chain(parameters.iter().copied()).collect();
    Call::sts("AssumeRole", &parameters).send(simulator, credentials).await
}

#[tokio::test]
async fn the_narrow_role_opens_a_stream_and_nothing_else_even_without_a_session_policy() {
    let simulator = simulator(|_| {}).await;
    let narrow = assume(&simulator, &user(), NARROW_ROLE, &[("RoleSessionName", "ns-alice")]).await;
    let narrow = narrow.credentials();
    raw::open(&simulator, &narrow).await;
    let invoke = Call::bedrock("POST", "/model/amazon.nova-lite-v1%3A0/invoke", "{}");
    let again = Call::sts("AssumeRole", &[("RoleArn", ROLE), ("RoleSessionName", "again")]);
    for call in [invoke, again, Call::bedrock("GET", "/foundation-models", "")] {
        let (status, _, message) = call.send(&simulator, &narrow).await.refusal();
        assert!(status == 403 && message.contains("because no identity-based policy allows"), "{message}");
    }
}

#[tokio::test]
async fn the_guarded_role_takes_only_the_names_that_it_trusts() {
    let simulator = simulator(|_| {}).await;
    let name = |name| ("RoleSessionName", name);
    let tag = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "voice")];
    for (parameters, refused) in [
        (vec![name("ns-alice")], None),
        (vec![name("alice")], Some("sts:AssumeRole")),
        (vec![name("xns-alice")], Some("sts:AssumeRole")),
        (vec![name("ns-alice"), ("SourceIdentity", "ns-alice")], None),
        (vec![name("ns-alice"), ("SourceIdentity", "alice")], Some("sts:SetSourceIdentity")),
        (vec![name("ns-alice"), tag[0], tag[1]], None),
    ] {
        let answer = assume(&simulator, &user(), GUARDED_ROLE, &parameters).await;
        match refused {
            None => assert_eq!(answer.status, 200, "{parameters:?}: {}", answer.text()),
            Some(action) => {
                let (status, code, message) = answer.refusal();
                assert_eq!((status, code.as_str()), (403, "AccessDenied"));
                let role = arn(GUARDED_ROLE);
                let expected = format!(
                    "User: arn:aws:iam::123456789012:user/backend is not authorized to perform: {action} on resource: {role}"
                );
                assert_eq!(message, expected);
            }
        }
    }
}

/// One role with this trust policy's principal, action and condition; and a caller with this policy.
async fn with_trust(trust: &str, caller_may: &str) -> Simulator {
    let statement = format!(r#"{{"Statement":[{{"Effect":"Allow",{trust}}}]}}"#);
    let caller = format!(r#"{{"Statement":{{"Effect":"Allow","Action":"{caller_may}","Resource":"*"}}}}"#);
    simulator(|config| {
        let mut role = Role::new("guarded");
        role.trust = Some(TrustPolicy::parse(&statement).unwrap());
        config.roles = vec![role];
        config.access_keys[0].policy = Some(PolicyDocument::parse(&caller).unwrap());
    })
    .await
}

#[tokio::test]
async fn trust_is_by_account_or_by_name_and_nobody_else() {
    let may = ("sts:AssumeRole", "s3:*");
    for (principal, with_policy, without_policy) in [
        (r#"{"AWS":"arn:aws:iam::123456789012:root"}"#, 200, 403),
        (r#"{"AWS":"123456789012"}"#, 200, 403),
        (r#""*""#, 200, 403),
        // who is named needs no policy of his own
        (r#"{"AWS":["arn:aws:iam::123456789012:user/backend"]}"#, 200, 200),
        (r#"{"AWS":"arn:aws:iam::123456789012:user/other"}"#, 403, 403),
        (r#"{"AWS":"arn:aws:iam::999999999999:root"}"#, 403, 403),
        (r#"{"Service":"ec2.amazonaws.com"}"#, 403, 403),
    ] {
        let trust = format!(r#""Principal":{principal},"Action":"sts:AssumeRole""#);
        for (policy, status) in [(may.0, with_policy), (may.1, without_policy)] {
            let simulator = with_trust(&trust, policy).await;
            let answer = assume(&simulator, &user(), "guarded", &[("RoleSessionName", "ns-alice")]).await;
            assert_eq!(answer.status, status, "{principal} {policy}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn tags_and_source_identities_are_permissions_of_their_own() {
    let named = r#""Principal":{"AWS":"arn:aws:iam::123456789012:user/backend"},"Action":"#;
    let tag = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "voice")];
    let identity = [("SourceIdentity", "ns-alice")];
    for (actions, parameters, status) in [
        (r#""sts:AssumeRole""#, &tag[..], 403),
        (r#"["sts:AssumeRole","sts:TagSession"]"#, &tag[..], 200),
        (r#""sts:AssumeRole""#, &identity[..], 403),
        (r#"["sts:AssumeRole","sts:SetSourceIdentity"]"#, &identity[..], 200),
        (r#""sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"42"}}"#, &[][..], 403),
        (
            r#""sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"42"}}"#,
            &[("ExternalId", "42")][..],
            200,
        ),
        (
            r#"["sts:AssumeRole","sts:TagSession"],"Condition":{"StringEquals":{"aws:RequestTag/team":"sales"}}"#,
            &tag[..],
            403,
        ),
    ] {
        let simulator = with_trust(&format!("{named}{actions}"), "s3:*").await;
        let name = ("RoleSessionName", "ns-alice");
        let parameters: Vec<_> = std::iter::once(name).chain(parameters.iter().copied()).collect();
        let answer = assume(&simulator, &user(), "guarded", &parameters).await;
        assert_eq!(answer.status, status, "{actions} {parameters:?}: {}", answer.text());
    }
}

#[tokio::test]
async fn what_was_set_once_stays_through_the_chain() {
    let simulator = simulator(|_| {}).await;
    let first = [
        ("RoleSessionName", "ns-alice"),
        ("SourceIdentity", "ns-alice"),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "voice"),
        ("Tags.member.2.Key", "shift"),
        ("Tags.member.2.Value", "night"),
        ("TransitiveTagKeys.member.1", "team"),
    ];
    let first = assume(&simulator, &user(), "nova-sonic-voice", &first).await;
    assert_eq!(first.element("SourceIdentity").as_deref(), Some("ns-alice"));
    let first = first.credentials();

    let second = assume(&simulator, &first, "nova-sonic-voice", &[("RoleSessionName", "second")]).await;
    assert_eq!(second.element("SourceIdentity").as_deref(), Some("ns-alice"));
    let changed = [("RoleSessionName", "second"), ("SourceIdentity", "ns-bob")];
    let changed = assume(&simulator, &first, "nova-sonic-voice", &changed).await;
    assert!(changed.refusal().2.contains("sts:SetSourceIdentity"));
    let overridden =
        [("RoleSessionName", "second"), ("Tags.member.1.Key", "Team"), ("Tags.member.1.Value", "sales")];
    let overridden = assume(&simulator, &first, "nova-sonic-voice", &overridden).await;
    assert_eq!(overridden.refusal().1, "InvalidParameterValue");

    // `shift` was not handed on, `team` was: a policy of the third session can tell
    for (tag, status) in [("team", 200), ("shift", 403)] {
        let policy = format!(
            r#"{{"Statement":{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"StringLike":{{"aws:PrincipalTag/{tag}":"*"}}}}}}}}"#
        );
        let third = [("RoleSessionName", "third"), ("Policy", policy.as_str())];
        let third = assume(&simulator, &second.credentials(), "nova-sonic-voice", &third).await.credentials();
        let answer = Call::bedrock("GET", "/foundation-models", "").send(&simulator, &third).await;
        assert_eq!(answer.status, status, "{tag}: {}", answer.text());
    }
}

#[tokio::test]
async fn sessions_issued_before_a_moment_can_be_shut_out() {
    let revoke = r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*",
        "Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":"2099-01-01T00:00:00Z"}}}]}"#;
    let simulator = simulator(|config| {
        config.roles[0].policy = Some(PolicyDocument::parse(revoke).unwrap());
    })
    .await;
    let revoked = assume(&simulator, &user(), "nova-sonic-voice", &[("RoleSessionName", "ns-alice")]).await;
    let answer =
        Call::bedrock("GET", "/foundation-models", "").send(&simulator, &revoked.credentials()).await;
    assert_eq!(answer.refusal().1, "AccessDeniedException");
}

#[test]
fn the_built_in_documents_are_read() {
    let roles = Role::built_in();
    assert_eq!(roles.len(), 3);
    assert!(roles[0].policy.is_none() && roles[0].trust.is_none());
    assert!(roles[1].policy.is_some() && roles[1].trust.is_none());
    assert!(roles[2].policy.is_some() && roles[2].trust.is_some());
}
