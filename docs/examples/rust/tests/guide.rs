//! The programs of the guide, with the simulator as AWS.

#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

use std::{
    io::{Read, Write},
    path::Path,
    sync::Arc,
};

use aws_credential_types::Credentials;
use axum::{Extension, Router};
use nova_sonic_core::{
    broker::CredentialBroker,
    client::Client,
    scope::{ModelId, Region, ScopePolicy},
    secret::SecretText,
};
use nova_sonic_guide::{credentials, talk, tools};
use nova_sonic_sim::{
    DEFAULT_ACCESS_KEY_ID, DEFAULT_SECRET_ACCESS_KEY, Simulator, SimulatorConfig, model::Scenario,
};

const RECORDING: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../../examples/talk/recordings/question.wav");
const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/docs/scenario.json");
const ROLE: &str = "arn:aws:iam::123456789012:role/nova-sonic-voice";
/// Bytes before the samples of a plain WAVE file.
const HEADER: usize = 44;

async fn simulator(scenario: Scenario) -> Simulator {
    let mut config = SimulatorConfig::default();
    config.conversation.scenario = Arc::new(scenario);
    config.speed = 8.0;
    Simulator::start(config).await.unwrap()
}

fn keys() -> Credentials {
    Credentials::from_keys(DEFAULT_ACCESS_KEY_ID, DEFAULT_SECRET_ACCESS_KEY, None)
}

async fn client(simulator: &Simulator) -> Client {
    let builder = Client::builder().region("us-east-1").endpoint_url(simulator.https_url());
    builder.ca_certificates_pem(simulator.ca_pem()).credentials_provider(keys()).build().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_is_answered_aloud() {
    let simulator = simulator(Scenario::story()).await;
    let client = client(&simulator).await;
    let file = std::fs::read(RECORDING).unwrap();
    let (samples, _) = file.split_at(HEADER).1.as_chunks();
    let question: Vec<i16> = samples.iter().copied().map(i16::from_le_bytes).collect();
    let answer = talk::ask(&client, &question).await.unwrap();
    assert!(answer.words.contains("lost her way home"), "{}", answer.words);
    assert!(answer.sound.len() > 24_000);
    // it needs this machine's own credentials only when it talks
    assert_eq!(talk::client().await.unwrap().model_id(), client.model_id());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_model_calls_a_function() {
    let simulator = simulator(Scenario::from_file(Path::new(SCENARIO)).unwrap()).await;
    let words = tools::explain(&client(&simulator).await, "What is an owl?").await.unwrap();
    assert!(words.contains("a bird that is awake at night"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endpoint_issues_credentials_to_those_who_are_signed_in() {
    let simulator = simulator(Scenario::story()).await;
    let ours = credentials::broker(ROLE, "sixteen bytes or more".to_owned()).await.unwrap();
    let scope = ScopePolicy::new(Region::parse("us-east-1").unwrap(), ModelId::default());
    assert_eq!(format!("{:?}", ours.scope()), format!("{scope:?}"));

    let broker = || async {
        CredentialBroker::builder()
            .scope(scope.clone())
            .assume_role(ROLE)
            .session_name_key(SecretText::new("sixteen bytes or more".to_owned()))
            .endpoint_url(simulator.https_url())
            .ca_certificates_pem(simulator.ca_pem())
            .credentials_provider(keys())
            .build()
            .await
            .unwrap()
    };
    let signed_in = credentials::routes(broker().await).layer(Extension(credentials::User("ada".to_owned())));
    let granted = ask(signed_in.clone(), "same-origin").await;
    assert!(granted.starts_with("HTTP/1.1 200") && granted.contains("signingKeys"), "{granted}");
    assert!(granted.contains("cache-control: no-store"), "{granted}");
    assert!(ask(signed_in, "cross-site").await.starts_with("HTTP/1.1 403"));
    assert!(ask(credentials::routes(broker().await), "same-origin").await.starts_with("HTTP/1.1 401"));
}

/// What a server with these routes answers to one request.
async fn ask(routes: Router, site: &'static str) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, routes).await });
    let answer = tokio::task::spawn_blocking(move || {
        let mut socket = std::net::TcpStream::connect(address).unwrap();
        let head = "GET /api/aws-credentials/ HTTP/1.1\r\nhost: localhost\r\nconnection: close";
        write!(socket, "{head}\r\nsec-fetch-site: {site}\r\n\r\n").unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = answer.await.unwrap();
    server.abort();
    answer
}
