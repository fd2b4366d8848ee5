//! Who answers: AWS, another endpoint, or a simulator inside this program.

use std::{fs, path::Path, sync::Arc};

use aws_credential_types::Credentials;
use nova_sonic_core::client::{Client, ClientBuilder};
use nova_sonic_sim::{
    DEFAULT_ACCESS_KEY_ID, DEFAULT_SECRET_ACCESS_KEY, Simulator, SimulatorConfig,
    model::{Scenario, ScenarioError},
};

use crate::{arguments::Partner, error::TalkError};

/// A client, and the simulator that it talks to, which ends with it.
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) simulator: Option<Simulator>,
}

/// Prepares to talk to whom the arguments name.
pub(crate) async fn prepare(partner: &Partner) -> Result<Connection, TalkError> {
    let mut builder = Client::builder();
    if let Some(model) = &partner.model {
        builder = builder.model_id(model);
    }
    let (builder, simulator) =
        if partner.simulate { simulated(builder, partner).await? } else { (real(builder, partner)?, None) };
    Ok(Connection { client: builder.build().await?, simulator })
}

fn real(mut builder: ClientBuilder, partner: &Partner) -> Result<ClientBuilder, TalkError> {
    if let Some(region) = &partner.region {
        builder = builder.region(region);
    }
    if let Some(endpoint) = &partner.endpoint {
        builder = builder.endpoint_url(endpoint);
    }
    if let Some(path) = &partner.ca {
        let pem = fs::read(path).map_err(|source| TalkError::File {
            operation: "read",
            path: path.clone(),
            source,
        })?;
        builder = builder.ca_certificates_pem(pem);
    }
    Ok(builder)
}

async fn simulated(
    builder: ClientBuilder,
    partner: &Partner,
) -> Result<(ClientBuilder, Option<Simulator>), TalkError> {
    let mut config = SimulatorConfig::default();
    config.conversation.scenario = Arc::new(scenario(&partner.scenario)?);
    if let Some(region) = &partner.region {
        config.region.clone_from(region);
    }
    let builder = builder.region(&config.region);
    let simulator = Simulator::start(config).await?;
    let builder = builder
        .endpoint_url(simulator.https_url())
        .ca_certificates_pem(simulator.ca_pem())
        .credentials_provider(Credentials::from_keys(DEFAULT_ACCESS_KEY_ID, DEFAULT_SECRET_ACCESS_KEY, None));
    Ok((builder, Some(simulator)))
}

/// A built-in scenario by its name, any other from its file.
fn scenario(name: &str) -> Result<Scenario, ScenarioError> {
    match Scenario::named(name) {
        Err(unknown) => match Scenario::from_file(Path::new(name)) {
            // what looks like a name is meant as one
            Err(ScenarioError::Unreadable { .. }) if !name.contains(['.', '/', '\\']) => Err(unknown),
            read => read,
        },
        known => known,
    }
}
