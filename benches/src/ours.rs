//! The same conversation by `nova_sonic_core::client`, as a server with many of them holds it: a worker for each core,
//! and in the application's code, as in the bare one, a timer for each microphone.

use std::{sync::Arc, time::Duration};

use aws_credential_types::Credentials;
use nova_sonic_core::{
    client::{self, Client, Workers},
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
        let client = Client::builder()
            .region(material::REGION)
            .model_id(material::MODEL_ID)
            .endpoint_url(format!("https://127.0.0.1:{}", task.port))
            .ca_certificates_pem(task.certificate.clone())
            .credentials_provider(credentials)
            .connections(match task.connections {
                Connections::Each => client::Connections::Each,
                Connections::Shared => client::Connections::Shared,
            })
            .build()
            .await?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let samples = material::samples(material::FRAME_SAMPLES).into();
        Ok(Self { workers: Workers::start(&client, cores)?, samples })
    }

    /// Starts a conversation on the worker that has least to do.
    pub fn converse(&self, counters: Arc<Counters>) {
        let samples = Arc::clone(&self.samples);
        self.workers.spawn(move |client| async move {
            let outcome = converse(client, samples, &counters).await;
            counters.ended(outcome);
        });
    }
}

async fn converse(client: Client, samples: Arc<[i16]>, counters: &Counters) -> Result<(), Failure> {
    let (voice, mut events) = client.open(SessionConfig::default()).await?;
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
