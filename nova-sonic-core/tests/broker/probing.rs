//! The probe on a simulator that behaves, and on ones that do not.

use std::time::Duration;

use nova_sonic_core::{
    broker::CredentialBroker,
    probe::{ProbeResult, ProbeSettings, probe},
    scope::{Region, ScopePolicy},
    secret::SecretText,
};
use nova_sonic_sim::{AccessKey, Simulator, StsFault, StsFaultKind};

use crate::{
    scripted::Scripted,
    stage::{ACCOUNT, ROLE, bare, broker, builder, simulator, simulator_with, within},
};

async fn results(simulator: &Simulator, broker: &CredentialBroker) -> Vec<ProbeResult> {
    let settings = ProbeSettings::default().endpoint_url(simulator.https_url());
    let results = within(probe(broker, &settings)).await;
    for result in &results {
        let text = format!("{result:?}");
        assert!(!text.contains(ACCOUNT) && !text.contains("arn:"), "{text}");
        assert!(result.passed || result.advice.is_some(), "who fails says what to do: {text}");
    }
    results
}

fn failed(results: &[ProbeResult]) -> Vec<&'static str> {
    results.iter().filter(|result| !result.passed).map(|result| result.check).collect()
}

#[tokio::test]
async fn what_a_broker_issues_opens_a_stream_and_nothing_else() {
    let simulator = simulator().await;
    for broker in [
        broker(&simulator).await,
        bare(&simulator.https_url())
            .ca_certificates_pem(simulator.ca_pem())
            .federation_token()
            .build()
            .await
            .unwrap(),
    ] {
        let results = results(&simulator, &broker).await;
        let checks: Vec<_> = results.iter().map(|result| result.check).collect();
        assert_eq!(
            checks,
            [
                "scope_is_narrow",
                "credentials_issued",
                "clock_agrees",
                "backend_credentials_last",
                "grant_made",
                "stream_opens",
                "stream_in_another_region",
                "invoke_another_model",
                "invoke_with_response_stream",
                "assume_role_again",
                "federation_token_again",
                "caller_identity",
            ]
        );
        assert_eq!(failed(&results), [""; 0], "{results:#?}");
        assert!(results.iter().all(|result| !result.seen.starts_with("not reached")), "{results:#?}");
    }
    assert_eq!(simulator.streams().len(), 2, "one stream for each");
    assert!(simulator.streams().iter().all(|stream| stream.input_ended));
}

/// What answers at the address of STS drops the policy: its credentials may do everything.
#[tokio::test]
async fn a_policy_that_got_lost_on_the_way_is_found() {
    let simulator = simulator_with(|config| {
        let mut key = AccessKey::new("ASIAEXAMPLEEXAMPLE00", "unbounded");
        key.session_token = Some(SecretText::new("token".to_owned()));
        config.access_keys.push(key);
    })
    .await;
    let expiration = simulator.clock().timestamp().after(Duration::from_mins(15));
    let answer = format!(
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAEXAMPLEEXAMPLE00</AccessKeyId>\
         <SecretAccessKey>unbounded</SecretAccessKey><SessionToken>token</SessionToken>\
         <Expiration>{expiration}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
    );
    let sts = Scripted::start("200 OK", "", answer).await;
    let broker = bare(&sts.url).assume_role(ROLE).build().await.unwrap();
    let settings =
        ProbeSettings::default().endpoint_url(simulator.https_url()).ca_certificates_pem(simulator.ca_pem());
    let results = within(probe(&broker, &settings)).await;
    let failed = failed(&results);
    for check in
        ["invoke_another_model", "invoke_with_response_stream", "assume_role_again", "caller_identity"]
    {
        assert!(failed.contains(&check), "{check}: {results:#?}");
    }
    assert!(!failed.contains(&"stream_opens"), "{results:#?}");
}

#[tokio::test]
async fn a_dangerous_scope_is_called_so() {
    let simulator = simulator().await;
    let scope = ScopePolicy::dangerous_any_model(Region::parse("us-east-1").unwrap());
    let broker = builder(&simulator).scope(scope).build().await.unwrap();
    assert_eq!(failed(&results(&simulator, &broker).await), ["scope_is_narrow"]);
}

#[tokio::test]
async fn trouble_is_a_result_with_advice() {
    let simulator = simulator().await;
    let refusal =
        StsFaultKind::Error { code: "AccessDenied".to_owned(), message: String::new(), status: 403 };
    simulator.sts_faults([StsFault::new(refusal)]);
    let refused = results(&simulator, &broker(&simulator).await).await;
    assert_eq!(failed(&refused), ["credentials_issued"]);
    assert!(refused[1].seen.contains("role_not_assumable"), "{refused:#?}");

    simulator.sts_faults([StsFault::new(StsFaultKind::ClockSkewMs(120_000))]);
    let skewed = results(&simulator, &broker(&simulator).await).await;
    assert!(failed(&skewed).contains(&"clock_agrees"), "{skewed:#?}");
}
