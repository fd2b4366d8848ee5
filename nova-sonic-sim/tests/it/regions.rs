//! Regions: what a signature is scoped to, what a host is named, and what a policy pins.

use aws_credential_types::Credentials;
use nova_sonic_sim::Simulator;

use crate::{
    request::Call,
    support::{ROLE, simulator, sonic_only, user},
};

fn models(region: &'static str) -> Call {
    Call { region, ..Call::bedrock("GET", "/foundation-models", "") }
}

async fn two_regions() -> Simulator {
    simulator(|config| config.also_regions = vec!["us-west-2".to_owned()]).await
}

async fn scoped(simulator: &Simulator, policy: &str) -> Credentials {
    let parameters = [("RoleArn", ROLE), ("RoleSessionName", "ns-alice"), ("Policy", policy)];
    Call::sts("AssumeRole", &parameters).send(simulator, &user()).await.credentials()
}

#[tokio::test]
async fn a_region_that_is_not_played_is_none_to_sign_for() {
    let simulator = two_regions().await;
    for (region, status) in [("us-east-1", 200), ("us-west-2", 200), ("eu-north-1", 403)] {
        let answer = models(region).send(&simulator, &user()).await;
        assert_eq!(answer.status, status, "{region}");
        if status == 403 {
            let (_, code, message) = answer.refusal();
            assert_eq!(code, "InvalidSignatureException");
            assert_eq!(message, "Credential should be scoped to a valid region, not 'eu-north-1'.");
        }
    }
    let arn =
        models("us-west-2").send(&simulator, &user()).await.json()["modelSummaries"][0]["modelArn"].clone();
    assert_eq!(arn, "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-2-sonic-v1:0");
}

#[tokio::test]
async fn a_host_that_names_a_region_takes_signatures_for_that_one() {
    let simulator = two_regions().await;
    for (host, region, status) in [
        ("bedrock.us-west-2.amazonaws.com", "us-west-2", 200),
        ("bedrock.us-west-2.amazonaws.com", "us-east-1", 403),
        ("bedrock.us-east-1.amazonaws.com", "us-west-2", 403),
        ("bedrock.eu-north-1.amazonaws.com", "eu-north-1", 403),
    ] {
        let call = Call { host: host.to_owned(), ..models(region) };
        assert_eq!(call.send(&simulator, &user()).await.status, status, "{host} {region}");
    }
    for (host, region, status) in [
        ("sts.us-west-2.amazonaws.com", "us-west-2", 200),
        ("sts.us-west-2.amazonaws.com", "us-east-1", 403),
        ("sts.amazonaws.com", "us-east-1", 200),
        ("sts.eu-north-1.amazonaws.com", "us-east-1", 403),
    ] {
        let call = Call { host: host.to_owned(), region, ..Call::sts("GetCallerIdentity", &[]) };
        let answer = call.send(&simulator, &user()).await;
        assert_eq!(answer.status, status, "{host} {region}: {}", answer.text());
        if status == 403 {
            assert_eq!(answer.refusal().1, "SignatureDoesNotMatch");
        }
    }
}

#[tokio::test]
async fn a_policy_can_pin_the_region() {
    let simulator = two_regions().await;
    let pinned = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*",
        "Condition":{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}}}"#;
    let pinned = scoped(&simulator, pinned).await;
    assert_eq!(models("us-east-1").send(&simulator, &pinned).await.status, 200);
    assert_eq!(models("us-west-2").send(&simulator, &pinned).await.refusal().1, "AccessDeniedException");

    // the policy that this project ships, on the same model of another region
    let shipped = scoped(&simulator, &sonic_only()).await;
    for (region, code) in [("us-east-1", "ValidationException"), ("us-west-2", "AccessDeniedException")] {
        let invoke = Call::bedrock("POST", "/model/amazon.nova-2-sonic-v1%3A0/invoke", "{}");
        let answer = Call { region, ..invoke }.send(&simulator, &shipped).await;
        assert_eq!(answer.refusal().1, code, "{region}");
    }
}

#[tokio::test]
async fn a_signature_is_for_one_service() {
    let simulator = two_regions().await;
    let bedrock = Call { service: "sts", ..models("us-east-1") };
    let sts = Call { service: "bedrock", ..Call::sts("GetCallerIdentity", &[]) };
    let iam = Call {
        body: "Action=ListUsers&Version=2010-05-08".to_owned(),
        service: "bedrock",
        ..Call::sts("", &[])
    };
    for (call, code, service) in [
        (bedrock, "InvalidSignatureException", "bedrock"),
        (sts, "SignatureDoesNotMatch", "sts"),
        (iam, "SignatureDoesNotMatch", "iam"),
    ] {
        let (status, seen, message) = call.send(&simulator, &user()).await.refusal();
        assert_eq!((status, seen.as_str()), (403, code));
        assert_eq!(message, format!("Credential should be scoped to correct service: '{service}'."));
    }
}

#[tokio::test]
async fn sts_can_be_switched_off_in_a_region() {
    let simulator = simulator(|config| {
        config.also_regions = vec!["ap-east-1".to_owned()];
        config.sts_disabled_regions = vec!["ap-east-1".to_owned()];
    })
    .await;
    let call = Call { region: "ap-east-1", ..Call::sts("GetCallerIdentity", &[]) };
    let (status, code, message) = call.send(&simulator, &user()).await.refusal();
    assert_eq!((status, code.as_str()), (403, "RegionDisabledException"));
    assert!(
        message.starts_with("STS is not activated in this region for account:123456789012."),
        "{message}"
    );
}

#[tokio::test]
async fn other_partitions_have_arns_and_certificates_of_their_own() {
    let simulator = simulator(|config| config.region = "us-gov-west-1".to_owned()).await;
    let call = Call { region: "us-gov-west-1", ..Call::sts("GetCallerIdentity", &[]) };
    let arn = call.send(&simulator, &user()).await.element("Arn").unwrap();
    assert_eq!(arn, "arn:aws-us-gov:iam::123456789012:user/backend");
    let arn = models("us-gov-west-1").send(&simulator, &user()).await.json()["modelSummaries"][0]["modelArn"]
        .clone();
    assert_eq!(arn, "arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/amazon.nova-2-sonic-v1:0");
}
