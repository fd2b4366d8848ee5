//! What the tests of this crate share: a simulator, and sound to say to it.

use std::sync::Arc;

use nova_sonic_core::client::{Client, ClientError};
use nova_sonic_sim::{
    DEFAULT_ACCESS_KEY_ID, DEFAULT_SECRET_ACCESS_KEY, Simulator, SimulatorConfig, StartError, model::Scenario,
};

/// A simulator that plays `scenario` ten times faster than real time.
///
/// # Errors
/// [`StartError`] when no port is free.
pub async fn simulator(scenario: Scenario) -> Result<Simulator, StartError> {
    let mut config = SimulatorConfig::default();
    config.conversation.scenario = Arc::new(scenario);
    config.conversation.answer_speed = 40;
    Simulator::start(config).await
}

/// A client that trusts that simulator and signs as its default user.
///
/// # Errors
/// [`ClientError`] when the simulator's certificate cannot be read.
pub async fn client(simulator: &Simulator) -> Result<Client, ClientError> {
    Client::builder()
        .region("us-east-1")
        .endpoint_url(simulator.https_url())
        .ca_certificates_pem(simulator.ca_pem())
        .credentials_provider(aws_credential_types::Credentials::from_keys(
            DEFAULT_ACCESS_KEY_ID,
            DEFAULT_SECRET_ACCESS_KEY,
            None,
        ))
        .build()
        .await
}

/// A sound like a vowel, `milliseconds` long, at 16 kHz; then two seconds of silence, which end the turn.
pub fn utterance(milliseconds: usize) -> Vec<i16> {
    let mut samples: Vec<i16> = (0..milliseconds * 16)
        .map(|index| {
            let saw = |period: usize| i16::try_from(index % period * 12_000 / period).unwrap_or(0) - 6_000;
            saw(128) / 2 + saw(32) / 2
        })
        .collect();
    samples.resize(samples.len() + 32_000, 0);
    samples
}
