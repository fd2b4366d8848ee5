//! `NativeConnection`: the way to the service that conversations with the same settings share.

use std::sync::{Arc, PoisonError};

use napi_derive::napi;
use nova_sonic_core::{
    client::{Client, ClientBuilder, ClientError, Connections, VoiceEvents, VoiceSession},
    session::SessionConfig,
};
use tokio::sync::OnceCell;

use crate::keys::{AskedFor, GivenAtOpening, Kept, NativeKeys};

/// How the service is reached. What is left out comes from the environment, as with any AWS SDK.
#[napi(object, object_to_js = false)]
#[derive(Clone, Default)]
pub struct NativeRoute {
    pub region: Option<String>,
    pub model: Option<String>,
    pub endpoint: Option<String>,
    pub profile: Option<String>,
    /// Certificate authorities in PEM, trusted instead of the system's.
    pub ca: Option<String>,
    /// Whether all conversations share one connection.
    pub shared: bool,
    /// Whether JavaScript has the credentials.
    pub gives_keys: bool,
}

/// The way to the service. Made once for all conversations with the same settings.
#[napi]
pub struct NativeConnection {
    way: Arc<Way>,
}

pub(crate) struct Way {
    route: NativeRoute,
    client: OnceCell<Client>,
    kept: Kept,
}

#[napi]
impl NativeConnection {
    /// Nothing is read and nothing is sent before the first conversation is opened.
    #[napi(constructor)]
    pub fn new(route: NativeRoute) -> Self {
        Self { way: Arc::new(Way { route, client: OnceCell::new(), kept: Kept::default() }) }
    }
}

#[napi]
impl NativeConnection {
    /// Credentials for conversations that a relay opens from now on.
    #[napi]
    pub fn keep(&self, keys: NativeKeys) {
        *self.way.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(keys.into_credentials());
    }
}

impl NativeConnection {
    pub(crate) fn way(&self) -> Arc<Way> {
        Arc::clone(&self.way)
    }
}

impl Way {
    pub(crate) async fn open(
        &self,
        config: SessionConfig,
        keys: &AskedFor,
    ) -> Result<(VoiceSession, VoiceEvents), ClientError> {
        let client = self.client().await?;
        if self.route.gives_keys {
            client.with_credentials_provider(keys.clone()).open(config).await
        } else {
            client.open(config).await
        }
    }

    pub(crate) async fn client(&self) -> Result<&Client, ClientError> {
        self.client.get_or_try_init(|| self.build()).await
    }

    async fn build(&self) -> Result<Client, ClientError> {
        let NativeRoute { region, model, endpoint, profile, ca, shared, gives_keys } = self.route.clone();
        let mut builder = Client::builder();
        builder = region.into_iter().fold(builder, ClientBuilder::region);
        builder = model.into_iter().fold(builder, ClientBuilder::model_id);
        builder = endpoint.into_iter().fold(builder, ClientBuilder::endpoint_url);
        builder = profile.into_iter().fold(builder, ClientBuilder::profile_name);
        builder = ca.into_iter().fold(builder, ClientBuilder::ca_certificates_pem);
        if shared {
            builder = builder.connections(Connections::Shared);
        }
        if gives_keys {
            builder = builder.credentials_provider(GivenAtOpening(Arc::clone(&self.kept)));
        }
        builder.build().await
    }
}
