//! Settings that cannot be, refused before anything is sent.

use nova_sonic_core::{client::Client, error::ErrorCode, event::ToolSpec, session::SessionConfig};
use nova_sonic_interop::{builder, user_keys};

use crate::support::{client, simulator};

#[tokio::test]
async fn regions_that_cannot_be_are_unknown() {
    for region in ["", "us", "us-east", "US-EAST-1", "us_east_1", "us-east-1.example.com", "us-east-123"] {
        let built = Client::builder().region(region).credentials_provider(user_keys()).build().await;
        assert_eq!(built.err().map(|error| error.code()), Some(ErrorCode::RegionUnknown), "{region}");
    }
    for region in ["us-east-1", "ap-northeast-1", "us-gov-west-1"] {
        Client::builder().region(region).credentials_provider(user_keys()).build().await.expect(region);
    }
}

#[tokio::test]
async fn certificates_that_are_none_are_refused_and_take_nothing_down() {
    let simulator = simulator(r#"{ "name": "certificates" }"#).await;
    let whole = simulator.ca_pem();
    let cut = whole.get(..whole.len() / 2).expect("ASCII");
    let body = whole.lines().nth(1).expect("a line");
    let altered = whole.replace(body, &"A".repeat(body.len()));
    for pem in ["", "no certificate", cut, altered.as_str()] {
        let error = builder(&simulator).ca_certificates_pem(pem).build().await.expect_err("no client");
        assert_eq!(error.code(), ErrorCode::ConfigurationInvalid, "{pem:?}: {error}");
    }
}

#[tokio::test]
async fn wrong_conversations_are_refused_before_a_stream_is_opened() {
    let simulator = simulator(r#"{ "name": "wrong" }"#).await;
    let client = client(&simulator).await;
    let tool = || ToolSpec::new("weather", "Tells the weather.", r#"{"type":"object"}"#).expect("a tool");
    for config in [
        SessionConfig::default().system_prompt(" "),
        SessionConfig::default().system_prompt("x".repeat(2_000_000)),
        SessionConfig::default().voice_id("no voice"),
        SessionConfig::default().tools(vec![tool(), tool()]),
    ] {
        let error = client.open(config).await.expect_err("no conversation");
        assert_eq!(error.code(), ErrorCode::ConfigurationInvalid, "{error}");
    }
    assert!(simulator.streams().is_empty() && simulator.calls().is_empty());
}
