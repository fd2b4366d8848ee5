//! `VoiceClient`: how to reach the service.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use aws_credential_types::provider::SharedCredentialsProvider;
use nova_sonic_core::{
    client::{Client, ClientError, Connections},
    secret::SecretText,
};
use pyo3::{exceptions::PyTypeError, intern, prelude::*};
use tokio::sync::OnceCell;

use super::credentials;
use crate::{
    argument::{Given, given, name},
    error,
    runtime::{self, Generation},
    settings::{self, Keys},
};

/// Reaches the service for any number of conversations, which share its idle connections. Make one, keep it.
///
/// >>> from nova_sonic import VoiceClient
/// >>> client = VoiceClient(region_name="us-east-1")
/// >>> client
/// <VoiceClient model_id='amazon.nova-2-sonic-v1:0'>
///
/// Credentials are ``aws_access_key_id``, ``aws_secret_access_key`` and ``aws_session_token`` if given, those of
/// ``boto3_session`` (asked for at each conversation, so that it can refresh them), those of ``profile_name``, or what
/// the usual chain of an AWS SDK finds. The region is otherwise that of the boto3 session, the profile or ``AWS_REGION``;
/// ``endpoint_url`` that of ``AWS_ENDPOINT_URL_BEDROCK_RUNTIME`` or ``AWS_ENDPOINT_URL``, and ``ca_bundle`` that of
/// ``AWS_CA_BUNDLE`` or ``REQUESTS_CA_BUNDLE``.
///
/// With ``shared_connection=True`` all conversations go over one HTTP/2 connection: less memory and fewer handshakes, but
/// each waits for the lost packets of the others.
///
/// Making one checks the arguments and sends nothing. It is made anew after a fork.
#[pyclass(frozen, module = "nova_sonic", name = "VoiceClient")]
pub(crate) struct PyVoiceClient {
    settings: Arc<Settings>,
    model_id: String,
    region_name: String,
    /// Locked only while attached to the interpreter and never across a call into it, as a fork demands.
    made: Mutex<(Generation, Arc<Workshop>)>,
}

struct Settings {
    region_name: Option<String>,
    model_id: Option<String>,
    endpoint_url: Option<String>,
    ca_certificates: Option<Vec<u8>>,
    profile_name: Option<String>,
    credentials: Option<SharedCredentialsProvider>,
    connections: Connections,
}

/// Where the client of a process is made when it is first needed.
pub(crate) struct Workshop {
    settings: Arc<Settings>,
    client: OnceCell<Client>,
}

impl Settings {
    async fn build(&self) -> Result<Client, ClientError> {
        let mut builder = Client::builder().connections(self.connections);
        if let Some(region_name) = &self.region_name {
            builder = builder.region(region_name);
        }
        if let Some(model_id) = &self.model_id {
            builder = builder.model_id(model_id);
        }
        if let Some(endpoint_url) = &self.endpoint_url {
            builder = builder.endpoint_url(endpoint_url);
        }
        if let Some(certificates) = &self.ca_certificates {
            builder = builder.ca_certificates_pem(certificates.clone());
        }
        if let Some(profile_name) = &self.profile_name {
            builder = builder.profile_name(profile_name);
        }
        if let Some(credentials) = &self.credentials {
            builder = builder.credentials_provider(credentials.clone());
        }
        // the thread of the runtime rests by itself: sound need not wait a second time
        Ok(builder.build().await?.for_resting_thread())
    }
}

impl Workshop {
    pub(crate) async fn client(&self) -> Result<&Client, ClientError> {
        self.client.get_or_try_init(|| self.settings.build()).await
    }
}

impl PyVoiceClient {
    /// The client of this process.
    pub(crate) fn workshop(&self, generation: Generation) -> Arc<Workshop> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.0 != generation {
            let anew = Workshop { settings: Arc::clone(&self.settings), client: OnceCell::new() };
            runtime::abandon(std::mem::replace(&mut *made, (generation, Arc::new(anew))));
        }
        Arc::clone(&made.1)
    }
}

#[pymethods]
impl PyVoiceClient {
    #[new]
    #[pyo3(signature = (*, region_name = None, model_id = None, endpoint_url = None, ca_bundle = None,
        profile_name = None, aws_access_key_id = None, aws_secret_access_key = None, aws_session_token = None,
        boto3_session = None, shared_connection = Given::of(false)))]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python, each with a name at the call")]
    fn new(
        py: Python<'_>,
        region_name: Option<Given<name::RegionName, String>>,
        model_id: Option<Given<name::ModelId, String>>,
        endpoint_url: Option<Given<name::EndpointUrl, String>>,
        ca_bundle: Option<Given<name::CaBundle, PathBuf>>,
        profile_name: Option<Given<name::ProfileName, String>>,
        aws_access_key_id: Option<Given<name::AwsAccessKeyId, String>>,
        aws_secret_access_key: Option<Given<name::AwsSecretAccessKey, SecretText>>,
        aws_session_token: Option<Given<name::AwsSessionToken, SecretText>>,
        boto3_session: Option<Bound<'_, PyAny>>,
        shared_connection: Given<name::SharedConnection, bool>,
    ) -> PyResult<Self> {
        let keys = Keys::given(
            py,
            given(aws_access_key_id),
            given(aws_secret_access_key),
            given(aws_session_token),
        )?;
        let mut region_name = given(region_name);
        if let Some(session) = &boto3_session {
            if keys.is_some() {
                return Err(error::configuration(
                    py,
                    "boto3_session",
                    "is one source of credentials too many",
                ));
            }
            if region_name.is_none() {
                region_name = region_of(session)?;
            }
        }
        let credentials = match keys {
            Some(keys) => Some(credentials::of_keys(&keys)),
            None => boto3_session.map(|session| credentials::of_session(session.unbind())),
        };
        let model_id = given(model_id);
        if model_id.as_ref().is_some_and(String::is_empty) {
            return Err(error::configuration(py, "model_id", "is empty"));
        }
        let settings = Arc::new(Settings {
            region_name,
            model_id,
            endpoint_url: given(endpoint_url),
            ca_certificates: settings::certificates(py, given(ca_bundle))?,
            profile_name: given(profile_name),
            credentials,
            connections: if shared_connection.value { Connections::Shared } else { Connections::Each },
        });
        let client = runtime::once(py, settings.build())?.map_err(|why| error::client(py, &why))?;
        let (model_id, region_name) = (client.model_id().to_owned(), client.region().to_owned());
        let workshop = Workshop { settings: Arc::clone(&settings), client: OnceCell::new_with(Some(client)) };
        Ok(Self {
            settings,
            model_id,
            region_name,
            made: Mutex::new((runtime::generation(), Arc::new(workshop))),
        })
    }

    /// The model that conversations are held with.
    #[getter]
    fn model_id(&self) -> &str {
        &self.model_id
    }

    /// The region that conversations are held in.
    #[getter]
    fn region_name(&self) -> &str {
        &self.region_name
    }

    fn __repr__(&self) -> String {
        format!("<VoiceClient model_id='{}'>", self.model_id)
    }

    /// Refused: it holds keys, and connections that belong to this process.
    #[expect(clippy::unused_self, reason = "a method, to Python")]
    fn __reduce__(&self) -> PyResult<String> {
        Err(PyTypeError::new_err("a VoiceClient cannot be pickled or copied: make one in each process"))
    }
}

impl Drop for PyVoiceClient {
    /// What a fork has left of another process's client is not safe to take apart.
    fn drop(&mut self) {
        self.workshop(runtime::generation());
    }
}

/// The region of a session of boto3, which has it as an attribute, or of botocore.
fn region_of(session: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    let py = session.py();
    if let Some(region) = session.getattr_opt(intern!(py, "region_name"))? {
        return region.extract();
    }
    session.call_method1(intern!(py, "get_config_variable"), ("region",))?.extract()
}
