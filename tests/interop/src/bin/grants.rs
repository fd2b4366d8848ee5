//! Issues one grant with the broker, as a backend does: a task on standard input, the answer on standard output, both
//! JSON. The tests for Node and Python give what they get to AWS's own SDKs.

use std::{
    error::Error,
    io::{Write, read_to_string, stdin, stdout},
};

use nova_sonic_core::{
    broker::{CredentialBroker, Subject},
    grant::GrantMode,
    scope::{Cidr, ModelId, Region, ScopePolicy},
    secret::SecretText,
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Task {
    /// Where STS is, and the file with the certificate authority that it is trusted by.
    endpoint_url: String,
    ca: String,
    access_key_id: String,
    secret_access_key: String,
    /// The role to be assumed; without one, a federation token is asked for.
    role_arn: Option<String>,
    region: String,
    model_id: String,
    #[serde(default)]
    source_cidrs: Vec<String>,
    /// Whether the secret is handed out, for SDKs that need it.
    plain: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let task: Task = serde_json::from_str(&read_to_string(stdin())?)?;
    let networks =
        task.source_cidrs.iter().map(|network| Cidr::parse(network)).collect::<Result<Vec<_>, _>>()?;
    let scope = ScopePolicy::new(Region::parse(&task.region)?, ModelId::parse(&task.model_id)?);
    let builder = CredentialBroker::builder()
        .scope(scope.source_cidrs(networks))
        .mode(if task.plain { GrantMode::Plain } else { GrantMode::SigningKeys })
        .session_name_key(SecretText::new("a key for names in tests, long enough for one".to_owned()))
        .static_credentials(&task.access_key_id, SecretText::new(task.secret_access_key), None)
        .endpoint_url(task.endpoint_url)
        .ca_certificates_pem(std::fs::read(task.ca)?);
    let broker = match task.role_arn {
        Some(role) => builder.assume_role(role),
        None => builder.federation_token(),
    }
    .build()
    .await?;

    let issued = broker.issue(&Subject::new("child-7")?).await?;
    let grant: Value = serde_json::from_slice(&issued.grant.write_json())?;
    let answer = json!({ "grant": grant, "session_name": issued.record.subject_hash });
    writeln!(stdout(), "{answer}")?;
    Ok(())
}
