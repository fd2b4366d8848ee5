//! The same signatures by aws-sigv4.
#![expect(
    clippy::unwrap_used,
    reason = "outside of the test functions themselves, too, a test stops at the first surprise"
)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::{
    event_stream::{sign_empty_message, sign_message},
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4,
};
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_types::event_stream::Message;
use nova_sonic_core::time::Timestamp;

pub(crate) struct AwsSigner {
    identity: Identity,
    region: String,
}

impl AwsSigner {
    pub(crate) fn new(access_key_id: &str, secret: &str, token: Option<&str>, region: &str) -> Self {
        let credentials = Credentials::new(access_key_id, secret, token.map(str::to_owned), None, "test");
        Self { identity: credentials.into(), region: region.to_owned() }
    }

    /// The signature of the next frame, or of the empty one that ends the stream.
    pub(crate) fn chunk(&self, message: Option<&Message>, prior: &str, now: Timestamp) -> String {
        let params = self.params(()).time(system_time(now)).build().unwrap();
        let signed = match message {
            Some(message) => sign_message(message, prior, &params),
            None => sign_empty_message(prior, &params),
        };
        signed.unwrap().into_parts().1
    }

    /// The signature of a URL that can be opened for a minute.
    pub(crate) fn presign(&self, url: &str, host: &str, now: Timestamp) -> String {
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_mins(1));
        let params = self.params(settings).time(system_time(now)).build().unwrap().into();
        let headers = [("host", host)];
        let request =
            SignableRequest::new("GET", url, headers.into_iter(), SignableBody::Bytes(&[])).unwrap();
        sign(request, &params).unwrap().into_parts().1
    }

    fn params<S: Default>(&self, settings: S) -> v4::signing_params::Builder<'_, S> {
        v4::SigningParams::builder()
            .identity(&self.identity)
            .region(&self.region)
            .name("bedrock")
            .settings(settings)
    }
}

fn system_time(now: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(now.unix_millis().try_into().unwrap())
}
