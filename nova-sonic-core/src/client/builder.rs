//! Making a client.

use std::fmt;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use super::{Client, ClientError, Connections, connection::Settings};
use crate::{
    aws::{check_certificates, configured_endpoint, http_client},
    error::ErrorCode,
    session::Failure,
};

/// The model used unless another is named.
const DEFAULT_MODEL: &str = "amazon.nova-2-sonic-v1:0";

/// How to reach the service. Everything has a default: region and credentials come from the environment, as with
/// any AWS SDK.
#[derive(Clone, Default)]
pub struct ClientBuilder {
    region: Option<String>,
    model_id: Option<String>,
    endpoint_url: Option<String>,
    ca_certificates: Option<Vec<u8>>,
    credentials: Option<SharedCredentialsProvider>,
    profile_name: Option<String>,
    connections: Connections,
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("region", &self.region)
            .field("model_id", &self.model_id)
            .field("endpoint_url", &self.endpoint_url)
            .field("profile_name", &self.profile_name)
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    /// Sets the region. Default: `AWS_REGION`, or the profile's.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Sets the model. Default: `amazon.nova-2-sonic-v1:0`.
    #[must_use]
    pub fn model_id(mut self, model_id: impl Into<String>) -> Self {
        self.model_id = Some(model_id.into());
        self
    }

    /// Sets another endpoint than the region's, such as the simulator's. Default: `AWS_ENDPOINT_URL` and its kin.
    #[must_use]
    pub fn endpoint_url(mut self, endpoint_url: impl Into<String>) -> Self {
        self.endpoint_url = Some(endpoint_url.into());
        self
    }

    /// Trusts these certificate authorities, in PEM, and no others. Default: those of the system.
    #[must_use]
    pub fn ca_certificates_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_certificates = Some(pem.into());
        self
    }

    /// Sets where credentials come from: any provider of the AWS SDK. Default: the SDK's usual chain.
    #[must_use]
    pub fn credentials_provider(mut self, provider: impl ProvideCredentials + 'static) -> Self {
        self.credentials = Some(SharedCredentialsProvider::new(provider));
        self
    }

    /// Sets the profile of the shared configuration files. Default: `AWS_PROFILE`, or `default`.
    #[must_use]
    pub fn profile_name(mut self, profile_name: impl Into<String>) -> Self {
        self.profile_name = Some(profile_name.into());
        self
    }

    /// Sets how conversations share connections. Default: they do not.
    #[must_use]
    pub const fn connections(mut self, connections: Connections) -> Self {
        self.connections = connections;
        self
    }

    /// Reads the configuration. Credentials are asked for at each [`Client::open`], not here. Where region, endpoint
    /// and credentials are all set, nothing is read from the environment or from files.
    ///
    /// # Errors
    /// [`ErrorCode::RegionUnknown`] without a region or with one that cannot be, [`ErrorCode::ConfigurationInvalid`]
    /// for certificates that are none or an endpoint that is empty.
    pub async fn build(self) -> Result<Client, ClientError> {
        let roots = self.ca_certificates.as_deref();
        if let Some(pem) = roots {
            check_certificates(pem).map_err(Failure::from)?;
        }
        if self.endpoint_url.as_ref().is_some_and(String::is_empty) {
            return Err(Failure::new(ErrorCode::ConfigurationInvalid, "the endpoint's URL is empty").into());
        }
        let sdk_config = match (&self.region, &self.credentials, &self.endpoint_url, &self.profile_name) {
            (Some(region), Some(credentials), Some(endpoint_url), None) => SdkConfig::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new(region.clone()))
                .credentials_provider(credentials.clone())
                .endpoint_url(endpoint_url)
                .build(),
            _ => self.read_environment(http_client(roots).map_err(Failure::from)?).await,
        };
        let region = sdk_config.region().map(|region| region.as_ref().to_owned()).unwrap_or_default();
        check_region(&region)?;
        let model_id = self.model_id.unwrap_or_else(|| DEFAULT_MODEL.to_owned());
        let endpoint_url = self.endpoint_url.or_else(|| configured_endpoint(&sdk_config, "Bedrock Runtime"));
        let settings = Settings {
            sdk_config,
            endpoint_url,
            model_id,
            ca_certificates: self.ca_certificates,
            connections: self.connections,
        };
        Client::new(settings)
    }

    async fn read_environment(&self, http_client: SharedHttpClient) -> SdkConfig {
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client);
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile_name) = &self.profile_name {
            loader = loader.profile_name(profile_name);
        }
        if let Some(provider) = &self.credentials {
            loader = loader.credentials_provider(provider.clone());
        }
        if let Some(endpoint_url) = &self.endpoint_url {
            loader = loader.endpoint_url(endpoint_url);
        }
        loader.load().await
    }
}

/// The shape of a region's name; whether it offers the model only AWS can say.
fn check_region(region: &str) -> Result<(), Failure> {
    let unknown = |message: String| Err(Failure::new(ErrorCode::RegionUnknown, message));
    if region.is_empty() {
        return unknown("no region is configured".to_owned());
    }
    let parts: Vec<&str> = region.split('-').collect();
    let letters = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let number =
        |part: &&str| !part.is_empty() && part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    let shaped = parts.len() >= 3
        && parts.len() <= 5
        && parts.last().is_some_and(number)
        && parts.iter().rev().skip(1).all(letters);
    if shaped {
        Ok(())
    } else {
        unknown(format!("{:?} is no region", region.chars().take(40).collect::<String>()))
    }
}
