//! A simulator, and brokers that issue from it.

use std::{future::Future, time::Duration};

use aws_credential_types::Credentials;
use nova_sonic_core::{
    broker::{CredentialBroker, CredentialBrokerBuilder, Patience, Subject},
    scope::{ModelId, Region, ScopePolicy},
    secret::SecretText,
};
use nova_sonic_sim::{DEFAULT_ACCESS_KEY_ID, DEFAULT_SECRET_ACCESS_KEY, Simulator, SimulatorConfig};

pub(crate) const ROLE: &str = "arn:aws:iam::123456789012:role/nova-sonic-voice";
pub(crate) const ACCOUNT: &str = "123456789012";
const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) async fn simulator() -> Simulator {
    simulator_with(|_| {}).await
}

pub(crate) async fn simulator_with(change: impl FnOnce(&mut SimulatorConfig)) -> Simulator {
    let mut config = SimulatorConfig::default();
    config.conversation.answer_speed = 40;
    change(&mut config);
    Simulator::start(config).await.unwrap()
}

/// One model in the simulator's region.
pub(crate) fn scope() -> ScopePolicy {
    ScopePolicy::new(Region::parse("us-east-1").unwrap(), ModelId::default())
}

pub(crate) fn user_keys() -> Credentials {
    Credentials::from_keys(DEFAULT_ACCESS_KEY_ID, DEFAULT_SECRET_ACCESS_KEY, None)
}

/// A broker that lacks a call only, to be changed before it is built.
pub(crate) fn bare(endpoint_url: &str) -> CredentialBrokerBuilder {
    CredentialBroker::builder()
        .scope(scope())
        .session_name_key(SecretText::new("a key for names of sessions".to_owned()))
        .endpoint_url(endpoint_url)
        .credentials_provider(user_keys())
        .patience(patience())
}

/// Longer than a busy machine needs: no test that is not about time depends on it.
pub(crate) fn patience() -> Patience {
    Patience::default().connect(PATIENCE).response(PATIENCE).total(PATIENCE)
}

/// A broker that assumes the simulator's role.
pub(crate) fn builder(simulator: &Simulator) -> CredentialBrokerBuilder {
    bare(&simulator.https_url()).ca_certificates_pem(simulator.ca_pem()).assume_role(ROLE)
}

pub(crate) async fn broker(simulator: &Simulator) -> CredentialBroker {
    builder(simulator).build().await.unwrap()
}

pub(crate) fn subject(name: &str) -> Subject {
    Subject::new(name).unwrap()
}

/// Calls of STS that the simulator has answered or refused.
pub(crate) fn sts_calls(simulator: &Simulator) -> u64 {
    let counted = simulator.state().tally.sts.calls;
    counted.values().map(|of| of.succeeded + of.failed.values().sum::<u64>() + of.unanswered).sum()
}

/// `future`, or the end of the test if it takes too long.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE * 2, future).await.unwrap()
}
