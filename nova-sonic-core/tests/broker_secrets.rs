//! Nothing that is secret reaches a log, an error or a `Debug` text, whatever the broker goes through.
//!
//! Everything is logged, down to `trace`. One target of the SDK is known to log session tokens at that level, and the
//! broker's documentation tells operators to filter it; no other may.
//!
//! A binary of its own: the subscriber is the whole process's.

#![cfg(all(feature = "broker", feature = "client"))]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "outside of the test functions themselves, too, a test stops at the first surprise"
)]

use std::{
    error::Error,
    fmt::Debug,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use nova_sonic_core::{
    broker::{CredentialBroker, CredentialBrokerBuilder, Patience, Subject},
    grant::GrantMode,
    probe::{ProbeSettings, probe},
    scope::{ModelId, Region, ScopePolicy},
    secret::SecretText,
};
use nova_sonic_sim::{AccessKey, Simulator, SimulatorConfig, StsFault, StsFaultKind};
use tracing_subscriber::{fmt::MakeWriter, layer::SubscriberExt, util::SubscriberInitExt};

const BACKEND_KEY: &str = "ASIABACKENDEXAMPLE00";
const BACKEND_SECRET: &str = "secret-0f1e2d3c4b5a69788796";
const BACKEND_TOKEN: &str = "token-5a4b3c2d1e0f11223344";
const NAMES_KEY: &str = "names-key-66778899aabbccdd";
const WHO: &str = "archibald@example.com";
/// In the text of a refusal: the SDK logs it, but no error passes it on.
const WORD_OF_STS: &str = "word-of-sts-99aabbccdd";
const ROLE: &str = "arn:aws:iam::123456789012:role/nova-sonic-voice";

/// Everything that was logged, event by event: the layer writes each in one go.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let event = String::from_utf8_lossy(bytes).into_owned();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    fn events(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What must appear nowhere, and what was shown.
#[derive(Default)]
struct Shown {
    secrets: Vec<String>,
    /// Useless without a secret; one target of the SDK logs them.
    tokens: Vec<String>,
    texts: Vec<String>,
}

impl Shown {
    fn debug(&mut self, value: &impl Debug) {
        self.texts.push(format!("{value:?}"));
        self.texts.push(format!("{value:#?}"));
    }

    fn error(&mut self, error: &(impl Error + 'static)) {
        self.debug(error);
        let mut next: Option<&dyn Error> = Some(error);
        while let Some(cause) = next {
            self.texts.push(format!("{cause} {cause:?}"));
            next = cause.source();
        }
    }

    /// The secrets of a grant, out of the only text that holds them.
    fn secrets_of(&mut self, json: &[u8]) {
        let json: serde_json::Value = serde_json::from_slice(json).unwrap();
        self.secrets.extend(json["secretAccessKey"].as_str().map(str::to_owned));
        self.tokens.extend(json["sessionToken"].as_str().map(str::to_owned));
        for key in json["signingKeys"].as_array().into_iter().flatten() {
            let base64 = key["key"].as_str().unwrap();
            let bytes = base64_simd::STANDARD.decode_to_vec(base64).unwrap();
            self.secrets.extend([base64.to_owned(), hex::encode(&bytes), format!("{bytes:?}")]);
        }
    }
}

async fn simulator() -> Simulator {
    let mut config = SimulatorConfig::default();
    config.conversation.answer_speed = 40;
    let mut key = AccessKey::new(BACKEND_KEY, BACKEND_SECRET);
    key.session_token = Some(SecretText::new(BACKEND_TOKEN.to_owned()));
    config.access_keys.push(key);
    Simulator::start(config).await.unwrap()
}

fn builder(simulator: &Simulator) -> CredentialBrokerBuilder {
    CredentialBroker::builder()
        .scope(ScopePolicy::new(Region::parse("us-east-1").unwrap(), ModelId::default()))
        .assume_role(ROLE)
        .session_name_key(SecretText::new(NAMES_KEY.to_owned()))
        .endpoint_url(simulator.https_url())
        .ca_certificates_pem(simulator.ca_pem())
        .static_credentials(
            BACKEND_KEY,
            SecretText::new(BACKEND_SECRET.to_owned()),
            Some(SecretText::new(BACKEND_TOKEN.to_owned())),
        )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_logged_or_printed_on_any_path() {
    let log = Log::default();
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(log.clone());
    let filter = tracing_subscriber::EnvFilter::new("trace,nova_sonic_sim=off");
    tracing_subscriber::registry().with(filter).with(layer).init();

    let simulator = simulator().await;
    let mut shown = Shown::default();
    shown.secrets.extend([BACKEND_SECRET, NAMES_KEY, WHO].map(str::to_owned));
    shown.tokens.push(BACKEND_TOKEN.to_owned());
    let who = Subject::new(WHO).unwrap();
    shown.debug(&who);
    for mode in [GrantMode::SigningKeys, GrantMode::Plain] {
        let builder = builder(&simulator).mode(mode);
        shown.debug(&builder);
        let broker = builder.build().await.unwrap();
        let issued = broker.issue(&who).await.unwrap();
        shown.secrets_of(&issued.grant.write_json());
        shown.debug(&issued);
        shown.debug(&issued.record);
        shown.debug(&broker);
        shown.debug(&broker.metrics());
        let second = broker.issue(&who).await;
        shown.debug(&second);
        shown.error(&Subject::new("").unwrap_err());
    }
    let broker = builder(&simulator).build().await.unwrap();
    let settings = ProbeSettings::default().endpoint_url(simulator.https_url());
    shown.debug(&settings);
    shown.debug(&probe(&broker, &settings).await);
    trouble(&simulator, &mut shown).await;

    assert!(shown.secrets.len() >= 7 && shown.tokens.len() == 3, "there was something to hide");
    for text in &shown.texts {
        for secret in shown.secrets.iter().chain(&shown.tokens) {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        for word in [WORD_OF_STS, "123456789012", "arn:"] {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }
    let events = log.events();
    assert!(events.iter().any(|event| event.contains("TRACE")), "everything is captured");
    assert!(events.iter().any(|event| event.contains("aws_smithy")), "what the SDK logs is captured");
    for secret in &shown.secrets {
        let leak = events.iter().find(|event| event.contains(secret));
        assert!(leak.is_none(), "{secret} in {leak:?}");
    }
    let of_sdk = |event: &String| event.contains("TRACE") && event.contains("aws_sigv4");
    let with_token = |event: &&String| shown.tokens.iter().any(|token| event.contains(token));
    let leaks: Vec<_> = events.iter().filter(with_token).collect();
    assert!(leaks.iter().all(|event| of_sdk(event)), "{:?}", leaks.iter().find(|event| !of_sdk(event)));
    assert!(!leaks.is_empty(), "aws_sigv4 no longer logs tokens: take the warning out of the documentation");
}

/// Every way to fail, with an error that would quote what it can.
async fn trouble(simulator: &Simulator, shown: &mut Shown) {
    let message = format!("User: {ROLE} {WORD_OF_STS} is not authorized");
    let refusal = StsFaultKind::Error { code: "AccessDenied".to_owned(), message, status: 403 };
    for kind in [
        refusal,
        StsFaultKind::Throttle,
        StsFaultKind::Status(503),
        StsFaultKind::Hang,
        StsFaultKind::Cut,
        StsFaultKind::MalformedXml,
        StsFaultKind::Missing("SessionToken".to_owned()),
        StsFaultKind::ExpiresInSeconds(90_000),
        StsFaultKind::ClockSkewMs(600_000),
    ] {
        simulator.sts_faults([StsFault::new(kind.clone())]);
        let patience = Patience::default()
            .attempts(1)
            .response(Duration::from_millis(500))
            .total(Duration::from_millis(800));
        let broker = builder(simulator).patience(patience).build().await.unwrap();
        let error = broker.issue(&Subject::new(WHO).unwrap()).await.unwrap_err();
        shown.texts.push(error.advice().to_owned());
        shown.error(&error);
        shown.debug(&broker);
    }
    simulator.sts_faults([]);
    let wrong = builder(simulator)
        .static_credentials(BACKEND_KEY, SecretText::new("another".to_owned()), None)
        .build()
        .await
        .unwrap();
    shown.error(&wrong.issue(&Subject::new(WHO).unwrap()).await.unwrap_err());
}
