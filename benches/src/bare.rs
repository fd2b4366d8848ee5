//! A conversation by aws-sdk-bedrockruntime alone, as its user writes it: one task and one timer each, `serde_json`
//! and `base64` both ways.

use std::{sync::Arc, time::Duration};

use aws_credential_types::Credentials;
use aws_sdk_bedrockruntime::{
    Client,
    config::{BehaviorVersion, Config, Region},
    primitives::Blob,
    types::{
        BidirectionalInputPayloadPart, InvokeModelWithBidirectionalStreamInput,
        InvokeModelWithBidirectionalStreamOutput, error::InvokeModelWithBidirectionalStreamInputError,
    },
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use serde::Serialize;
use serde_json::json;
use tokio::sync::mpsc;

use crate::{
    Failure,
    load::{Connections, Counters, Task},
    material,
    peers::{audio_input_json, samples_of_answer},
};

type Sent = Result<InvokeModelWithBidirectionalStreamInput, InvokeModelWithBidirectionalStreamInputError>;

/// What the conversations of a process share.
#[derive(Debug)]
pub struct Service {
    endpoint: String,
    tls: TlsContext,
    shared: Option<Client>,
    pcm: Arc<[u8]>,
}

impl Service {
    /// The fake Bedrock of that task.
    ///
    /// # Errors
    ///
    /// Its certificate is none.
    pub fn new(task: &Task) -> Result<Self, Failure> {
        let trust = TrustStore::empty().with_pem_certificate(task.certificate.as_bytes());
        let mut service = Self {
            endpoint: format!("https://127.0.0.1:{}", task.port),
            tls: TlsContext::builder().with_trust_store(trust).build()?,
            shared: None,
            pcm: material::bytes_of(&material::samples(material::FRAME_SAMPLES)).into(),
        };
        if task.connections == Connections::Shared {
            service.shared = Some(service.client());
        }
        Ok(service)
    }

    /// Starts a conversation in a task of its own.
    pub fn converse(&self, counters: Arc<Counters>) {
        let client = self.shared.clone().unwrap_or_else(|| self.client());
        let pcm = Arc::clone(&self.pcm);
        tokio::spawn(async move {
            let outcome = converse(client, pcm, &counters).await;
            counters.ended(outcome);
        });
    }

    fn client(&self) -> Client {
        let credentials =
            Credentials::new(material::ACCESS_KEY_ID, material::SECRET_ACCESS_KEY, None, None, "bench");
        let http = Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(self.tls.clone())
            .build_https();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(material::REGION))
            .credentials_provider(credentials)
            .endpoint_url(&self.endpoint)
            .http_client(http)
            .build();
        Client::from_conf(config)
    }
}

async fn converse(client: Client, pcm: Arc<[u8]>, counters: &Counters) -> Result<(), Failure> {
    let (events, mut queue) = mpsc::channel::<Sent>(64);
    let prompt_name = material::PROMPT_NAME;
    for opening in [
        json!({"event": {"sessionStart": {"inferenceConfiguration": {"maxTokens": 1024, "topP": 0.9, "temperature": 0.7}}}}),
        json!({"event": {"promptStart": {"promptName": prompt_name, "audioOutputConfiguration": {
            "mediaType": "audio/lpcm", "sampleRateHertz": 24000, "sampleSizeBits": 16, "channelCount": 1,
            "voiceId": "tiffany", "encoding": "base64", "audioType": "SPEECH"}}}}),
        json!({"event": {"contentStart": {"promptName": prompt_name, "contentName": material::CONTENT_NAME,
            "type": "AUDIO", "interactive": true, "role": "USER", "audioInputConfiguration": {
            "mediaType": "audio/lpcm", "sampleRateHertz": 16000, "sampleSizeBits": 16, "channelCount": 1,
            "audioType": "SPEECH", "encoding": "base64"}}}}),
    ] {
        events.send(Ok(chunk(&opening)?)).await?;
    }
    let mut output = client
        .invoke_model_with_bidirectional_stream()
        .model_id(material::MODEL_ID)
        .body(futures_util::stream::poll_fn(move |context| queue.poll_recv(context)).into())
        .send()
        .await?;
    counters.connected();

    let mut ticks = tokio::time::interval(Duration::from_millis(material::FRAME_MILLIS));
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                events.send(Ok(chunk(&audio_input_json(prompt_name, &pcm))?)).await?;
                counters.sent();
            }
            received = output.body.recv() => match received? {
                Some(InvokeModelWithBidirectionalStreamOutput::Chunk(part)) => {
                    let json = part.bytes().ok_or("a chunk holds no bytes")?;
                    if let Some(samples) = samples_of_answer(json.as_ref())? {
                        counters.received(std::hint::black_box(samples).len());
                    }
                }
                Some(_) => {}
                None => return Ok(()),
            },
        }
    }
}

fn chunk(event: &impl Serialize) -> Result<InvokeModelWithBidirectionalStreamInput, Failure> {
    let bytes = Blob::new(serde_json::to_vec(event)?);
    let part = BidirectionalInputPayloadPart::builder().bytes(bytes).build();
    Ok(InvokeModelWithBidirectionalStreamInput::Chunk(part))
}
