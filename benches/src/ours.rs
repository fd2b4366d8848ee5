//! The same conversation by `nova_sonic_core::client`, as a server with many of them holds it: a worker for each core,
//! and in the application's code, as in the bare one, a timer for each microphone.

use std::{sync::Arc, time::Duration};

use aws_credential_types::Credentials;
use nova_sonic_core::{
    client::{Client, ClientBuilder, Workers},
    session::{Event, SessionConfig},
};

use crate::{
    Failure,
    load::{Connections, Counters, Task},
    material,
};

/// What the conversations of a process share.
#[derive(Debug)]
pub struct Service {
    workers: Workers,
    builder: ClientBuilder,
    connections: Connections,
    samples: Arc<[i16]>,
}

impl Service {
    /// The fake Bedrock of that task.
    ///
    /// # Errors
    ///
    /// The client cannot be made.
    pub async fn new(task: &Task) -> Result<Self, Failure> {
        let credentials =
            Credentials::new(material::ACCESS_KEY_ID, material::SECRET_ACCESS_KEY, None, None, "bench");
        let builder = Client::builder()
            .region(material::REGION)
            .model_id(material::MODEL_ID)
            .endpoint_url(format!("https://127.0.0.1:{}", task.port))
            .ca_certificates_pem(task.certificate.clone())
            .credentials_provider(credentials);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            workers: Workers::start(&builder.clone().build().await?, cores)?,
            builder,
            connections: task.connections,
            samples: material::samples(material::FRAME_SAMPLES).into(),
        })
    }

    /// Starts a conversation on the worker that has least to do.
    pub fn converse(&self, counters: Arc<Counters>) {
        let samples = Arc::clone(&self.samples);
        let own = (self.connections == Connections::Each).then(|| self.builder.clone());
        self.workers.spawn(move |client| async move {
            let outcome = converse(client, own, samples, &counters).await;
            counters.ended(outcome);
        });
    }
}

async fn converse(
    client: Client,
    own: Option<ClientBuilder>,
    samples: Arc<[i16]>,
    counters: &Counters,
) -> Result<(), Failure> {
    let client = match own {
        Some(builder) => builder.build().await?,
        None => client,
    };
    let (voice, mut events) = client.open({ let mut c = SessionConfig::default(); if let Some(v) = std::env::var("PROBE_RECENT").ok().and_then(|v| v.parse().ok()) { c.timing.recent_audio = Duration::from_millis(v); } c }).await?;
    counters.connected();
    let mut ticks = tokio::time::interval(Duration::from_millis(material::FRAME_MILLIS));
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                voice.send_audio(&samples).await?;
                counters.sent();
            }
            event = events.next() => match event {
                Some(Event::Audio { pcm, .. }) => counters.received(std::hint::black_box(pcm).len()),
                Some(Event::Error(failure)) => return Err(failure.to_string().into()),
                Some(_) => {}
                None => return Ok(()),
            },
        }
    }
}
