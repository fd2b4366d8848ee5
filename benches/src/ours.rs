//! The same conversation by `nova_sonic_core::client`: a few of them in tasks of the runtime that is there, many as a
//! server holds them, with a worker for each core. In the application's code, as in the bare one, there is a timer for
//! each microphone.

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
    client: Client,
    workers: Option<Workers>,
    samples: Arc<[i16]>,
}

/// From so many conversations on, workers pay: below it none of their threads would rest.
const MANY: u32 = 8;

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
        let workers = (task.sessions >= MANY).then(|| Workers::start(&client, cores)).transpose()?;
        Ok(Self { client, workers, samples: material::samples(material::FRAME_SAMPLES).into() })
    }

    /// Starts a conversation.
    pub fn converse(&self, counters: Arc<Counters>) {
        let samples = Arc::clone(&self.samples);
        let work = |client| async move {
            let outcome = converse(client, samples, &counters).await;
            counters.ended(outcome);
        };
        match &self.workers {
            Some(workers) => workers.spawn(work),
            None => drop(tokio::spawn(work(self.client.clone()))),
        }
    }
}

async fn converse(client: Client, samples: Arc<[i16]>, counters: &Counters) -> Result<(), Failure> {
    let mut config = SessionConfig::default();
    // the bare client keeps nothing of what it has sent; three seconds of sound are 96 kB a conversation
    config.timing.recent_audio = Duration::ZERO;
    let (voice, mut events) = client.open(config).await?;
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
