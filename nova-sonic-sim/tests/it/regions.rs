//! Regions: what a signature is scoped to, what a host is named, and what a policy pins.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use aws_smithy_types::{DateTime, date_time::Format};
use nova_sonic_sim::{DEFAULT_ACCESS_KEY_ID, DEFAULT_SECRET_ACCESS_KEY, Simulator};
use sha2::{Digest, Sha256};

use crate::{
    raw::now,
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

/// What a browser is given is such a key: it must be worth nothing outside its scope, whatever scope it claims.
#[tokio::test]
async fn a_key_derived_for_another_scope_makes_no_signature() {
    let simulator = two_regions().await;
    let time = now(&simulator);
    let stamp = DateTime::from(time).fmt(Format::DateTime).unwrap();
    let stamp =
        format!("{}Z", stamp.split('.').next().unwrap().trim_end_matches('Z').replace(['-', ':'], ""));
    let day = Duration::from_hours(24);
    for (key_time, region, service, status) in [
        (time, "us-east-1", "bedrock", 200),
        (time, "us-west-2", "bedrock", 403),
        (time, "us-east-1", "sts", 403),
        (time - day, "us-east-1", "bedrock", 403),
        (time + day, "us-east-1", "bedrock", 403),
    ] {
        let empty = hex::encode(Sha256::digest(b""));
        let canonical = format!(
            "GET\n/foundation-models\n\nhost:localhost\nx-amz-date:{stamp}\n\nhost;x-amz-date\n{empty}"
        );
        let scope = format!("{}/us-east-1/bedrock/aws4_request", &stamp[..8]);
        let digest = hex::encode(Sha256::digest(canonical));
        let to_sign = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}");
        let key = generate_signing_key(DEFAULT_SECRET_ACCESS_KEY, key_time, region, service);
        let signature = calculate_signature(key, to_sign.as_bytes());
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={DEFAULT_ACCESS_KEY_ID}/{scope}, SignedHeaders=host;x-amz-date, Signature={signature}"
        );
        let headers = vec![("authorization", authorization), ("x-amz-date", stamp.clone())];
        let answer = Call { headers, ..models("us-east-1") }.send_bare(&simulator).await;
        assert_eq!(answer.status, status, "{region} {service}: {}", answer.text());
        if status == 403 {
            let (_, code, message) = answer.refusal();
            assert_eq!(code, "InvalidSignatureException");
            assert!(message.starts_with("The request signature we calculated does not match"), "{message}");
        }
    }
}
