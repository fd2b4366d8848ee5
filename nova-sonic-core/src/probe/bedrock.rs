//! What must be refused at Bedrock.

use aws_config::{BehaviorVersion, Region};
use aws_sdk_bedrockruntime::{
    Client as Sdk,
    config::{retry::RetryConfig, timeout::TimeoutConfig},
    error::{ProvideErrorMetadata, SdkError},
    primitives::Blob,
};

use super::{ProbeResult, result::Attempt, run::Probe};
use crate::{
    aws::{broken_connection, configured_endpoint, http_client},
    error::ErrorCode,
};

/// A model that is cheap, and not for speech.
const ANOTHER_MODEL: &str = "amazon.nova-micro-v1:0";
/// No model takes this: were it let through, it would cost nothing.
const NO_REQUEST: &str = "{}";

/// Calls of Bedrock with the issued credentials.
pub(super) struct Decoys<'a> {
    sdk: Sdk,
    model_id: &'a str,
}

impl<'a> Decoys<'a> {
    pub(super) async fn new(probe: &'a Probe<'_>) -> Result<Self, ProbeResult> {
        let http = http_client(probe.ca_certificates()).map_err(|untrusted| {
            let seen = format!("the certificate authorities {}", untrusted.problem);
            ProbeResult::failed("decoys_refused", "refused", seen, ErrorCode::ConfigurationInvalid.advice())
        })?;
        let loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(probe.broker.scope().region().as_str().to_owned()))
            .credentials_provider(probe.keys())
            .http_client(http);
        let sdk_config = loader.load().await;
        let set = probe.settings.endpoint_url.clone();
        let endpoint_url = set.or_else(|| configured_endpoint(&sdk_config, "Bedrock Runtime"));
        let mut config = aws_sdk_bedrockruntime::config::Builder::from(&sdk_config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(probe.settings.patience).build());
        config.set_endpoint_url(endpoint_url);
        Ok(Self { sdk: Sdk::from_conf(config.build()), model_id: probe.model_id() })
    }

    /// The intended action on a model that was not intended.
    pub(super) async fn invoke_another_model(&self) -> ProbeResult {
        let sent = self.sdk.invoke_model().model_id(ANOTHER_MODEL).body(Blob::new(NO_REQUEST)).send().await;
        attempt(sent.map(drop)).must_be_refused("invoke_another_model")
    }

    /// Another action on the intended model.
    pub(super) async fn invoke_with_response_stream(&self) -> ProbeResult {
        let call = self.sdk.invoke_model_with_response_stream();
        let sent = call.model_id(self.model_id).body(Blob::new(NO_REQUEST)).send().await;
        attempt(sent.map(drop)).must_be_refused("invoke_with_response_stream")
    }
}

/// What came of a call that is meant to be refused, of this service or of STS.
pub(super) fn attempt<E, R>(sent: Result<(), SdkError<E, R>>) -> Attempt
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match sent {
        Ok(()) => Attempt::Allowed,
        Err(SdkError::ServiceError(context)) => {
            let error = context.err();
            Attempt::of_refusal(error.code().unwrap_or_default(), error.message().unwrap_or_default())
        }
        Err(SdkError::ResponseError(_)) => {
            Attempt::FailedLater { name: "an answer that cannot be read".to_owned() }
        }
        Err(SdkError::TimeoutError(_)) => Attempt::NotReached { why: "no answer in time".to_owned() },
        Err(other) => Attempt::NotReached { why: broken_connection(&other).text },
    }
}
