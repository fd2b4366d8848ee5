//! What the tests of this crate share: a simulator, a client of it, and sound to say to it.

use std::{sync::Arc, time::Duration};

use aws_credential_types::Credentials;
use nova_sonic_core::{
    client::{Client, ClientBuilder, ClientError, VoiceEvents},
    error::ErrorCode,
    event::Role,
    session::{CloseReason, Event, Stage, State},
};
use nova_sonic_sim::{
    DEFAULT_ACCESS_KEY_ID, DEFAULT_SECRET_ACCESS_KEY, Simulator, SimulatorConfig, StartError, model::Scenario,
};

/// A simulator that plays `scenario` and sends its answers 40 times faster than they sound.
///
/// # Errors
/// [`StartError`] when no port is free.
pub async fn simulator(scenario: Scenario) -> Result<Simulator, StartError> {
    simulator_with(scenario, |_| {}).await
}

/// The same with a configuration that `change` has changed.
///
/// # Errors
/// [`StartError`] when no port is free.
pub async fn simulator_with(
    scenario: Scenario,
    change: impl FnOnce(&mut SimulatorConfig),
) -> Result<Simulator, StartError> {
    let mut config = SimulatorConfig::default();
    config.conversation.scenario = Arc::new(scenario);
    config.conversation.answer_speed = 40;
    change(&mut config);
    Simulator::start(config).await
}

/// The keys of the simulator's default user.
pub fn user_keys() -> Credentials {
    Credentials::from_keys(DEFAULT_ACCESS_KEY_ID, DEFAULT_SECRET_ACCESS_KEY, None)
}

/// A client of that simulator, to be changed before it is built.
pub fn builder(simulator: &Simulator) -> ClientBuilder {
    Client::builder()
        .region("us-east-1")
        .endpoint_url(simulator.https_url())
        .ca_certificates_pem(simulator.ca_pem())
        .credentials_provider(user_keys())
}

/// A client that trusts that simulator and signs as its default user.
///
/// # Errors
/// [`ClientError`] when the simulator's certificate cannot be read.
pub async fn client(simulator: &Simulator) -> Result<Client, ClientError> {
    builder(simulator).build().await
}

/// A sound like a vowel, `milliseconds` long, at 16 kHz.
pub fn vowel(milliseconds: usize) -> Vec<i16> {
    (0..milliseconds * 16)
        .map(|index| {
            let saw = |period: usize| i16::try_from(index % period * 12_000 / period).unwrap_or(0) - 6_000;
            saw(128) / 2 + saw(32) / 2
        })
        .collect()
}

/// The same sound and two seconds of silence, which end the turn.
pub fn utterance(milliseconds: usize) -> Vec<i16> {
    let mut samples = vowel(milliseconds);
    samples.resize(samples.len() + 32_000, 0);
    samples
}

/// Longest time that anything in these tests may take; a hang becomes a failure.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// `future`, or nothing if it takes too long.
pub async fn in_time<T>(future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(PATIENCE, future).await.ok()
}

/// What an application was told in one conversation.
#[derive(Debug, Default)]
pub struct Heard {
    /// Samples of the answers.
    pub samples: usize,
    /// Who said what, planned or spoken.
    pub words: Vec<(Role, Stage, String)>,
    /// How often the user interrupted.
    pub interruptions: usize,
    /// Errors after which the conversation went on.
    pub errors: Vec<ErrorCode>,
    /// Why it ended.
    pub closed: Option<CloseReason>,
    /// Every change of state.
    pub states: Vec<State>,
}

impl Heard {
    /// Takes one event in.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the rest says nothing about a conversation's content"
    )]
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::Audio { pcm, .. } => self.samples += pcm.len(),
            Event::Transcript { role, text, stage, .. } => {
                self.words.push((role.clone(), *stage, text.clone()));
            }
            Event::Interrupted { .. } => self.interruptions += 1,
            Event::Error(failure) => self.errors.push(failure.code()),
            Event::Closed { reason } => self.closed = Some(reason.clone()),
            Event::StateChanged { to, .. } => self.states.push(*to),
            _ => {}
        }
    }

    /// Everything that `role` said at this stage, in one text.
    pub fn said(&self, role: &Role, stage: Stage) -> String {
        let texts = self.words.iter().filter(|(who, when, _)| who == role && *when == stage);
        texts.map(|(_, _, text)| text.as_str()).collect()
    }

    /// The code of the failure that ended the conversation.
    pub fn failure(&self) -> Option<ErrorCode> {
        if let Some(CloseReason::Failed(failure)) = &self.closed { Some(failure.code()) } else { None }
    }
}

/// Listens to the end; `respond` sees each event first.
pub async fn listen(events: &mut VoiceEvents, mut respond: impl FnMut(&Event)) -> Heard {
    let mut heard = Heard::default();
    while let Some(event) = events.next().await {
        respond(&event);
        heard.take(&event);
    }
    heard
}
