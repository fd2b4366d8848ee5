//! What the policies allow, by a policy engine that is not ours.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "outside of the test functions themselves, too, a test stops at the first surprise"
)]

#[path = "scope_engine/engine.rs"]
mod engine;
#[path = "scope_engine/expected.rs"]
mod expected;
mod scopes;

use std::collections::HashMap;

use engine::Engine;
use expected::{Expected, Question, Verdict};
use nova_sonic_core::time::Timestamp;
use proptest::{collection::vec, prelude::*, sample::select};
use scopes::{scope, vectors};
use serde_json::{Value, json};

/// Ours, and what a thief would try first: other ways to a model, other models, bearer keys, other credentials, data.
const ACTIONS: [&str; 40] = [
    "bedrock:InvokeModel",
    "BEDROCK:invokemodel",
    "bedrock:InvokeModelWithBidirectionalStream",
    "bedrock:InvokeModelWithResponseStream",
    "bedrock:InvokeModelX",
    "bedrock:Invoke",
    "bedrock:*",
    "bedrock:CallWithBearerToken",
    "bedrock:StartAsyncInvoke",
    "bedrock:CreateModelInvocationJob",
    "bedrock:CreateInferenceProfile",
    "bedrock:ListFoundationModels",
    "bedrock:GetFoundationModel",
    "bedrock:ApplyGuardrail",
    "bedrock:CountTokens",
    "bedrock:CreateFoundationModelAgreement",
    "bedrock:PutModelInvocationLoggingConfiguration",
    "bedrock:InvokeAgent",
    "bedrock:Retrieve",
    "bedrock-agentcore:InvokeAgentRuntime",
    "bedrock-mantle:CreateInference",
    "sts:AssumeRole",
    "sts:GetCallerIdentity",
    "sts:GetFederationToken",
    "sts:GetSessionToken",
    "sts:TagSession",
    "iam:CreateUser",
    "iam:CreateAccessKey",
    "iam:PassRole",
    "s3:GetObject",
    "s3:PutObject",
    "dynamodb:GetItem",
    "kms:Decrypt",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "lambda:InvokeFunction",
    "ec2:RunInstances",
    "logs:PutLogEvents",
    "polly:SynthesizeSpeech",
    "transcribe:StartStreamTranscription",
];

/// The scope's own ARNs, and others that differ from one of them in a single place.
fn resources(expected: &Expected) -> Vec<String> {
    let allowed = expected.own.iter().chain(expected.members.iter().map(|(_, arn)| arn)).cloned();
    let mut resources: Vec<String> = allowed.collect();
    let first = resources.first().cloned().unwrap_or_else(|| format!("{}x", expected.any.as_ref().unwrap()));
    for (from, to) in [
        (":bedrock:", ":bedrock-agentcore:"),
        (":bedrock:", ":s3:"),
        ("foundation-model/", "provisioned-model/"),
        ("foundation-model/", "custom-model/"),
        ("foundation-model/", "Foundation-Model/"),
        ("foundation-model/amazon.", "foundation-model/anthropic."),
        ("nova-2", "nova-3"),
        ("-sonic", "-pro"),
        ("::foundation", ":123456789012:foundation"),
        ("east", "west"),
        ("-1::", "-2::"),
        ("arn:aws", "arn:aws-cn"),
    ] {
        resources.push(first.replacen(from, to, 1));
    }
    resources.push(format!("{first}:300k"));
    resources.push(first.replace(&format!(":{}:", expected.region), "::"));
    resources.push(first.split_at(first.len() - 1).0.to_owned());
    resources.extend(expected.profile.iter().map(|profile| profile.replace("123456789012", "210987654321")));
    resources.extend(
        [
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-2-sonic-v1:0",
            "arn:aws:bedrock:::foundation-model/amazon.nova-2-sonic-v1:0",
            "arn:aws:bedrock:us-east-1:123456789012:async-invoke/abcdef123456",
            "arn:aws:s3:::bucket/key",
            "arn:aws:iam::123456789012:role/voice",
        ]
        .map(str::to_owned),
    );
    resources.sort();
    resources.dedup();
    resources
}

/// Where, when, how and from where: one that fits, and others that differ from it in a single place.
fn circumstances(expected: &Expected) -> Vec<Question> {
    let inside = expected.networks.first().map(|network| network.split('/').next().unwrap());
    let fits = Question {
        action: String::new(),
        resource: String::new(),
        requested_region: Some(expected.region.clone()),
        over_tls: Some(true),
        at: Some(Timestamp::from_unix_millis(expected.closes.unix_millis() - 1000)),
        from: Some(inside.unwrap_or("192.0.2.1").parse().unwrap()),
        through_profile: None,
    };
    let mut all = vec![
        Question { requested_region: Some("eu-west-3".to_owned()), ..fits.clone() },
        Question { requested_region: None, ..fits.clone() },
        Question { over_tls: Some(false), ..fits.clone() },
        Question { over_tls: None, ..fits.clone() },
        Question { at: Some(expected.closes), ..fits.clone() },
        Question {
            at: Some(Timestamp::from_unix_millis(expected.closes.unix_millis() + 86_400_000)),
            ..fits.clone()
        },
        Question { at: None, ..fits.clone() },
        Question { from: Some("198.51.100.1".parse().unwrap()), ..fits.clone() },
        Question { from: Some("2001:db9::1".parse().unwrap()), ..fits.clone() },
        Question { from: None, ..fits.clone() },
    ];
    for profile in
        expected.profile.iter().flat_map(|arn| [arn.clone(), arn.replace(":inference", "0:inference")])
    {
        let through_profile = Some(profile);
        let elsewhere = expected.members.last().map(|(region, _)| region.clone());
        all.push(Question { through_profile: through_profile.clone(), ..fits.clone() });
        all.push(Question { through_profile, requested_region: elsewhere, ..fits.clone() });
    }
    all.push(fits);
    all
}

#[test]
fn another_engine_allows_one_operation_on_the_named_arns_and_nothing_else() {
    let mut counts: HashMap<Verdict, usize> = HashMap::new();
    for vector in vectors("scope/policies.json") {
        let engine = Engine::new(vector["policy"].as_str().unwrap());
        let expected = Expected::of(&vector);
        let mut allowed = 0;
        for circumstance in circumstances(&expected) {
            for resource in resources(&expected) {
                for action in ACTIONS {
                    let asked = Question {
                        action: action.to_owned(),
                        resource: resource.clone(),
                        ..circumstance.clone()
                    };
                    let verdict = engine.verdict(&asked);
                    assert_eq!(verdict, expected.verdict(&asked), "{}: {asked:?}", vector["name"]);
                    *counts.entry(verdict).or_default() += 1;
                    allowed += usize::from(verdict == Verdict::Allowed);
                }
            }
        }
        assert!(allowed > 0, "{}: a policy that allows nothing", vector["name"]);
    }
    println!("{counts:?}");
    assert!(counts[&Verdict::Denied] > 100_000, "{counts:?}");
}

fn any_region() -> impl Strategy<Value = String> {
    select(vec!["us-east-1", "us-west-2", "eu-north-1", "ap-northeast-1", "us-gov-west-1", "eusc-de-east-1"])
        .prop_map(str::to_owned)
}

fn any_model() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("amazon.nova-2-sonic-v1:0".to_owned()),
        Just("amazon.nova-2-5-sonic".to_owned()),
        "[a-z]{4,9}\\.[a-z0-9]{1,5}(-[a-z0-9]{1,5}){0,3}(:[0-9]{1,2}){0,2}",
    ]
}

fn any_network() -> impl Strategy<Value = String> {
    prop_oneof![
        (any::<u32>(), 1..=32_u32).prop_map(|(bits, prefix)| {
            let mask = u32::MAX << (32 - prefix);
            format!("{}/{prefix}", std::net::Ipv4Addr::from_bits(bits & mask))
        }),
        (any::<u128>(), 1..=128_u32)
            .prop_map(|(bits, prefix)| {
                let mask = u128::MAX << (128 - prefix);
                format!("{}/{prefix}", std::net::Ipv6Addr::from_bits(bits & mask | 1 << 127))
            })
            .prop_filter("IPv6 that stands for IPv4", |network| !network.starts_with("::ffff:")),
    ]
}

/// A scope as the vectors spell it.
fn any_scope() -> impl Strategy<Value = Value> {
    let profile = proptest::option::of(vec(select(vec!["us-east-1", "us-east-2", "us-west-2"]), 1..3));
    (
        any_region(),
        vec(any_model(), 1..4),
        vec(any_network(), 0..4),
        proptest::option::of(1..2000_u32),
        profile,
        any::<bool>(),
    )
        .prop_map(|(region, models, networks, window, members, documented)| {
            let mut scope = json!({
                "region": region,
                "model_ids": models,
                "source_cidrs": networks,
                "documented_action_only": documented,
            });
            if let Some(window) = window {
                scope["open_window"] = window.into();
            }
            if let Some(members) =
                members.filter(|_| region.starts_with("us-") && !region.starts_with("us-gov"))
            {
                let id = format!("us.{}", models[0]);
                scope["inference_profile"] =
                    json!({ "account": "123456789012", "id": id, "members": members });
            }
            json!({ "scope": scope, "now": "2026-11-22T23:50:00Z", "expiration": "2026-11-23T00:05:00Z" })
        })
}

/// Changes one character of a text, takes one out, or puts one in.
fn altered(text: &str, at: prop::sample::Index, with: char, how: u8) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let at = at.index(characters.len());
    match how % 3 {
        0 => characters[at] = with,
        1 => drop(characters.remove(at)),
        _ => characters.insert(at, with),
    }
    characters.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 400, ..ProptestConfig::default() })]

    /// Whatever the scope, whatever is asked: the policy allows what the scope says, and nothing on another ARN.
    #[test]
    fn no_policy_allows_anything_but_its_scope(
        vector in any_scope(),
        changes in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), "[a-z0-9:/.*?$-]", any::<u8>()), 40),
    ) {
        let policy = scope(&vector["scope"]).unwrap();
        let text = policy.render(scopes::moment(&vector["now"]), scopes::moment(&vector["expiration"])).unwrap();
        let engine = Engine::new(&text);
        let expected = Expected::of(&vector);
        let (resources, circumstances) = (resources(&expected), circumstances(&expected));
        for (which, at, with, how) in changes {
            let resource = &resources[which.index(resources.len())];
            let resource = if how < 128 { resource.clone() } else { altered(resource, at, with.chars().next().unwrap(), how) };
            if iam_rs::Arn::parse(&resource).is_ok_and(|arn| arn.is_valid()) {
                let action = if how % 2 == 0 { expected.actions[0] } else { ACTIONS[at.index(ACTIONS.len())] };
                let circumstance = circumstances[at.index(circumstances.len())].clone();
                let asked = Question { action: action.to_owned(), resource, ..circumstance };
                prop_assert_eq!(engine.verdict(&asked), expected.verdict(&asked), "{:?} under {}", asked, text);
            }
        }
    }

    /// Whatever a model is said to be called: it is refused, or it is one model's ARN to the character.
    #[test]
    fn a_model_id_cannot_be_a_pattern(id in "[a-zA-Z0-9.:/*?${}\"\\\\ ,_-]{0,60}|[a-z]{1,5}\\.[a-z0-9.:*?$-]{1,20}") {
        let vector = json!({ "region": "us-east-1", "model_ids": [id] });
        if let Ok(policy) = scope(&vector) {
            let now = Timestamp::from_unix_millis(0);
            let text = policy.render(now, Timestamp::from_unix_millis(900_000)).unwrap();
            let policy: Value = serde_json::from_str(&text).unwrap();
            let arn = format!("arn:aws:bedrock:us-east-1::foundation-model/{id}");
            prop_assert_eq!(&policy["Statement"][0]["Resource"], &json!(arn));
            prop_assert_eq!(&policy["Statement"][2]["NotResource"], &json!(arn));
            prop_assert!(!id.contains(['*', '?', '$', '"', '\\', '{', '/', ' ']), "{}", id);
        }
    }
}
