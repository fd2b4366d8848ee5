//! What a broker is made of, kept so that it can be made again after a fork.

use std::{collections::BTreeMap, ffi::OsString, fs, path::PathBuf};

use nova_sonic_core::{
    broker::{BrokerError, CredentialBroker, Limits, Patience},
    grant::GrantMode,
    scope::ScopePolicy,
    secret::SecretText,
};
use pyo3::prelude::*;

use crate::error;

/// The arguments of a broker, read and not yet checked together.
pub(crate) struct Settings {
    pub(crate) scope: ScopePolicy,
    pub(crate) role_arn: Option<String>,
    pub(crate) federation_token: bool,
    pub(crate) session_name_key: SecretText,
    pub(crate) mode: GrantMode,
    pub(crate) external_id: Option<String>,
    pub(crate) source_identity: bool,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) limits: Option<Limits>,
    pub(crate) endpoint_url: Option<String>,
    pub(crate) ca_certificates: Option<Vec<u8>>,
    pub(crate) profile_name: Option<String>,
    pub(crate) keys: Option<Keys>,
    pub(crate) patience: Patience,
}

/// The backend's own credentials, given as they are.
pub(crate) struct Keys {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: SecretText,
    pub(crate) session_token: Option<SecretText>,
}

impl Settings {
    /// Makes a broker. Reads the shared configuration; nothing is sent.
    pub(crate) async fn build(&self) -> Result<CredentialBroker, BrokerError> {
        let mut builder = CredentialBroker::builder()
            .scope(self.scope.clone())
            .session_name_key(copied(&self.session_name_key))
            .mode(self.mode)
            .patience(self.patience)
            .source_identity(self.source_identity);
        if let Some(role_arn) = &self.role_arn {
            builder = builder.assume_role(role_arn);
        }
        if self.federation_token {
            builder = builder.federation_token();
        }
        if let Some(external_id) = &self.external_id {
            builder = builder.external_id(external_id);
        }
        for (key, value) in &self.tags {
            builder = builder.tag(key, value);
        }
        builder = match self.limits {
            Some(limits) => builder.limits(limits),
            None => builder.without_limits(),
        };
        if let Some(endpoint_url) = &self.endpoint_url {
            builder = builder.endpoint_url(endpoint_url);
        }
        if let Some(certificates) = &self.ca_certificates {
            builder = builder.ca_certificates_pem(certificates.clone());
        }
        if let Some(profile_name) = &self.profile_name {
            builder = builder.profile_name(profile_name);
        }
        if let Some(Keys { access_key_id, secret_access_key, session_token }) = &self.keys {
            let token = session_token.as_ref().map(copied);
            builder = builder.static_credentials(access_key_id, copied(secret_access_key), token);
        }
        builder.build().await
    }
}

impl Keys {
    /// The keys, if they were given whole.
    pub(crate) fn given(
        py: Python<'_>,
        access_key_id: Option<String>,
        secret_access_key: Option<SecretText>,
        session_token: Option<SecretText>,
    ) -> PyResult<Option<Self>> {
        match (access_key_id, secret_access_key, session_token) {
            (Some(access_key_id), Some(secret_access_key), session_token) => {
                Ok(Some(Self { access_key_id, secret_access_key, session_token }))
            }
            (None, None, None) => Ok(None),
            (None, ..) => {
                Err(error::configuration(py, "aws_access_key_id", "is missing beside its secret or token"))
            }
            (Some(_), None, _) => {
                Err(error::configuration(py, "aws_secret_access_key", "is missing beside its key id"))
            }
        }
    }
}

/// The certificates at the path, or where the environment says they are, by the variables that boto3 reads.
pub(crate) fn certificates(py: Python<'_>, path: Option<PathBuf>) -> PyResult<Option<Vec<u8>>> {
    const VARIABLES: [&str; 2] = ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"];
    let set = |variable: &&str| std::env::var_os(variable).filter(|value: &OsString| !value.is_empty());
    let (name, path) = match path {
        Some(path) => ("ca_bundle", path),
        None => match VARIABLES.iter().find_map(|variable| Some((*variable, set(variable)?))) {
            Some((variable, path)) => (variable, path.into()),
            None => return Ok(None),
        },
    };
    // The path was the operator's own word; it helps to see it.
    let unreadable =
        |why| error::configuration(py, name, &format!("cannot be read: {why} ({})", path.display()));
    fs::read(&path).map(Some).map_err(unreadable)
}

/// A second copy of a secret, wiped like the first: a broker that is made again needs it again.
fn copied(secret: &SecretText) -> SecretText {
    SecretText::new(secret.expose().to_owned())
}
