//! Where a service is, by environment and profile.

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

/// The endpoint that environment and profile name for a service, by its id such as `STS`, or for all of them.
///
/// What is empty counts as not set: so an unset variable of a compose file comes out, and the SDK takes the process
/// down over it.
pub(crate) fn configured_endpoint(sdk_config: &SdkConfig, service_id: &str) -> Option<String> {
    let key =
        ServiceConfigKey::builder().service_id(service_id).env("AWS_ENDPOINT_URL").profile("endpoint_url");
    let of_service = sdk_config.service_config().zip(key.build().ok());
    let of_service = of_service.and_then(|(config, key)| config.load_config(key));
    let of_all = sdk_config.endpoint_url().map(str::to_owned);
    of_service.into_iter().chain(of_all).find(|url| !url.is_empty())
}
