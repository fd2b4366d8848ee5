//! Nothing that is secret and nothing that is said reaches a log, whatever its level.
//!
//! One target is not ours and is left out, as the client's documentation tells operators to do.
//!
//! A binary of its own: the subscriber is the whole process's.

#![expect(
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test may panic anywhere, and waits for some events among many"
)]

use std::sync::{Arc, Mutex, PoisonError};

use aws_credential_types::Credentials;
use nova_sonic_core::{
    event::{Role, ToolSpec},
    secret::SecretText,
    session::{Event, SessionConfig, Stage},
};
use nova_sonic_interop::{builder, in_time, listen, simulator_with, utterance};
use nova_sonic_sim::{AccessKey, model::Scenario};
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt::MakeWriter,
    prelude::*,
};

const SECRET: &str = "secret-0f1e2d3c4b5a";
const TOKEN: &str = "token-5a4b3c2d1e0f";
const SAID: &str = "My rabbit is called Archibald.";
const ANSWERED: &str = "Archibald hops into the moonlight.";
const PROMPT: &str = "You are a hedgehog with a monocle.";
const RESULT: &str = "carrot-cake";

/// Everything that was logged, line by line.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
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
    fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_and_no_word_is_logged() {
    let log = Log::default();
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(log.clone());
    let filter = Targets::new().with_default(LevelFilter::TRACE).with_target("aws_sigv4", LevelFilter::DEBUG);
    tracing_subscriber::registry().with(filter).with(layer).init();

    let sound = converse().await;
    failed_opening().await;

    let lines = log.lines();
    assert!(lines.iter().any(|line| line.contains("TRACE")), "everything is captured");
    assert!(lines.iter().any(|line| line.contains("aws_smithy")), "what the SDK logs is captured");
    let base64 = base64_simd::STANDARD.encode_to_string(sound);
    let forbidden = [SECRET, TOKEN, "Archibald", "monocle", RESULT, base64.get(..48).expect("a frame")];
    let mut targets: Vec<(&str, &str)> = Vec::new();
    for line in &lines {
        for word in forbidden {
            if line.contains(word) {
                targets.push((word, line.get(..160.min(line.len())).unwrap_or(line)));
            }
        }
    }
    assert!(
        targets.is_empty(),
        "{} lines: {:#?}",
        targets.len(),
        targets.iter().take(20).collect::<Vec<_>>()
    );
}

/// Speech, a tool, and an answer; the first frame of the speech.
async fn converse() -> Vec<u8> {
    let scenario = Scenario::from_json(&format!(
        r#"{{ "name": "rabbit", "otherwise": "listen", "turns": [ {{ "user": "{SAID}",
            "say": [ {{ "text": "{ANSWERED}" }} ], "tools": [ {{ "name": "bake" }} ],
            "then": [ {{ "text": "It is {{{{result.cake}}}}." }} ] }} ] }}"#
    ))
    .expect("a legal scenario");
    let simulator = simulator_with(scenario, |config| {
        let mut key = AccessKey::new("ASIAREDACTION", SECRET);
        key.session_token = Some(SecretText::new(TOKEN.to_owned()));
        config.access_keys.push(key);
    })
    .await
    .expect("a free port");
    let keys = Credentials::from_keys("ASIAREDACTION", SECRET, Some(TOKEN.to_owned()));
    let client = builder(&simulator).credentials_provider(keys).build().await.expect("a client");
    let tool = ToolSpec::new("bake", "Bakes.", r#"{ "type": "object" }"#).expect("a tool");
    let config = SessionConfig::default().system_prompt(PROMPT).tools(vec![tool]);
    let (voice, mut events) = in_time(client.open(config)).await.expect("no hang").expect("an open stream");
    let sound = utterance(800);
    voice.send_audio(&sound).await.expect("an open session");
    let heard = in_time(listen(&mut events, |event| match event {
        Event::ToolCall { id, .. } => {
            voice.send_tool_result(id, &format!(r#"{{ "cake": "{RESULT}" }}"#)).expect("a call that waits");
        }
        Event::Transcript { role: Role::Assistant, stage: Stage::Final, text, .. }
            if text.contains(RESULT) =>
        {
            voice.hang_up();
        }
        _ => {}
    }));
    let heard = heard.await.expect("it ends");
    assert!(heard.said(&Role::User, Stage::Final).contains("Archibald"), "{heard:?}");
    sound.iter().take(512).flat_map(|sample| sample.to_le_bytes()).collect()
}

/// A refusal, whose error would quote what it can.
async fn failed_opening() {
    let simulator = simulator_with(Scenario::parrot(), |_| {}).await.expect("a free port");
    let keys = Credentials::from_keys("ASIANOBODY", SECRET, Some(TOKEN.to_owned()));
    let client = builder(&simulator).credentials_provider(keys).build().await.expect("a client");
    let error = client.open(SessionConfig::default().system_prompt(PROMPT)).await.expect_err("a refusal");
    for text in [error.to_string(), format!("{error:?}"), format!("{client:?}")] {
        assert!(!text.contains(SECRET) && !text.contains(TOKEN) && !text.contains("monocle"), "{text}");
    }
}
