//! A simulator, a Redis, and relay processes.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use axum::{Json, Router, http::HeaderMap, routing::post};
use nova_sonic_core::{
    relay::ticket::{Ticket, TicketKey},
    secret::SecretText,
    time::Timestamp,
};
use nova_sonic_sim::{
    DEFAULT_ACCESS_KEY_ID, DEFAULT_SECRET_ACCESS_KEY, Simulator, SimulatorConfig, model::Scenario,
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    sync::mpsc,
};

const KEY: &str = "a key for tests, which is 32 bytes or longer";
/// Longest time that anything in these tests may take; a hang becomes a failure.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("no hang")
}

#[expect(clippy::disallowed_methods, reason = "tickets end by the calendar")]
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A second of a vowel and two of silence, at 16 kHz.
pub(crate) fn utterance() -> Vec<i16> {
    let saw = |index: usize| i16::try_from(index % 128 * 90).unwrap_or(0) - 5_760;
    let mut samples: Vec<i16> = (0..16_000).map(saw).collect();
    samples.resize(48_000, 0);
    samples
}

pub(crate) struct Stage {
    pub(crate) simulator: Simulator,
    redis: Child,
    folder: tempfile::TempDir,
}

impl Stage {
    /// With an answer that lasts while somebody is killed.
    pub(crate) async fn start() -> Self {
        Self::with(Scenario::story()).await
    }

    pub(crate) async fn with(scenario: Scenario) -> Self {
        let mut config = SimulatorConfig::default();
        config.conversation.scenario = Arc::new(scenario);
        let simulator = Simulator::start(config).await.expect("a free port");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("ca.pem"), simulator.ca_pem()).expect("a file");
        let redis = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
            .arg(folder.path().join("redis.sock"))
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is on the PATH (on Debian the package redis-server)");
        let up = async {
            while UnixStream::connect(folder.path().join("redis.sock")).await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        in_time(up).await;
        Self { simulator, redis, folder }
    }

    /// A process that lets two conversations of one subject be held at once.
    pub(crate) fn relay(&self) -> Relay {
        self.relay_with(&[])
    }

    pub(crate) fn relay_with(&self, options: &[&str]) -> Relay {
        Relay::start(&self.simulator.https_url(), self.folder.path(), options)
    }

    /// A file beside the others of the test.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("a plain name").to_owned()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        drop(self.redis.kill());
        drop(self.redis.wait());
    }
}

/// An application that answers every tool with this: its URL, and who asked it for what.
pub(crate) async fn application(answer: &'static str) -> (String, mpsc::UnboundedReceiver<(String, Value)>) {
    let (tell, asked) = mpsc::unbounded_channel();
    let tool = post(async move |headers: HeaderMap, Json(call): Json<Value>| {
        let shown = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        // whoever waits for it fails if it is not told
        let _ = tell.send((shown.to_owned(), call));
        answer
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/tools", listener.local_addr().expect("an address"));
    drop(tokio::spawn(async move { axum::serve(listener, Router::new().route("/tools", tool)).await }));
    (url, asked)
}

/// A ticket as the application would sign it.
pub(crate) fn sign(ticket: &Ticket) -> String {
    let key = TicketKey::new(&SecretText::new(KEY.to_owned())).expect("a long key");
    key.sign(ticket).expect("a short ticket")
}

/// One process of the program.
pub(crate) struct Relay {
    process: Child,
    pub(crate) address: String,
}

impl Relay {
    fn start(endpoint_url: &str, folder: &Path, options: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_relay"))
            .args([
                "--listen",
                "127.0.0.1:0",
                "--region",
                "us-east-1",
                "--per-subject",
                "2",
                "--threads",
                "1",
            ])
            .args(["--endpoint-url", endpoint_url, "--ca-certificates"])
            .arg(folder.join("ca.pem"))
            .args(options)
            .env("NOVA_SONIC_TICKET_KEY", KEY)
            .env("NOVA_SONIC_REDIS_URL", format!("unix://{}/redis.sock?db=0", folder.display()))
            .env("AWS_ACCESS_KEY_ID", DEFAULT_ACCESS_KEY_ID)
            .env("AWS_SECRET_ACCESS_KEY", DEFAULT_SECRET_ACCESS_KEY)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let out = process.stdout.take().expect("its output");
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on ").expect("the address").to_owned();
        Self { process, address }
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ran");
    }

    /// As a supervisor would.
    pub(crate) fn terminate(&self) {
        let told = Command::new("kill").arg(self.process.id().to_string()).status();
        assert!(told.expect("the shell's kill").success());
    }

    pub(crate) async fn ended(&mut self) -> ExitStatus {
        in_time(async {
            loop {
                if let Some(status) = self.process.try_wait().expect("a child") {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
    }

    pub(crate) async fn health(&self) -> String {
        let mut stream = TcpStream::connect(&self.address).await.expect("it listens");
        let request = format!("GET /health HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).await.expect("it reads");
        let mut answer = String::new();
        in_time(stream.read_to_string(&mut answer)).await.expect("it answers");
        answer
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
