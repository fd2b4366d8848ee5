//! Places and records that two processes share, in a real Redis.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use nova_sonic_core::relay_handler::{RelayHandler, RelayLedger, RelayMessage};
use nova_sonic_interop::{client, in_time};

use crate::{closed, rest, simulator};

/// `redis-server` until it is dropped.
struct Redis {
    process: Child,
    folder: tempfile::TempDir,
}

impl Redis {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("redis.sock");
        let process = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is on the PATH (on Debian the package redis-server)");
        let up = async {
            while tokio::net::UnixStream::connect(&socket).await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        in_time(up).await.expect("redis-server comes up");
        Self { process, folder }
    }

    fn ledger(&self) -> RelayLedger {
        let url = format!("unix://{}/redis.sock?db=0", self.folder.path().display());
        RelayLedger::new(&url, "test").expect("a good address")
    }

    fn stop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}

fn is_let_in(message: Option<&RelayMessage>) -> bool {
    matches!(message, Some(RelayMessage::Text(text)) if text.contains("ready"))
}

#[tokio::test]
async fn a_subject_has_its_share_in_all_processes_together() {
    let mut redis = Redis::start().await;
    let simulator = simulator("parrot").await;
    let client = client(&simulator).await.expect("a client");
    let process = || RelayHandler::new(client.clone()).per_subject(2).ledger(redis.ledger());
    let (here, there) = (process(), process());

    let (first, second) = (here.connect("ada"), there.connect("ada"));
    assert!(is_let_in(first.next().await.as_ref()) && is_let_in(second.next().await.as_ref()));
    let third = there.connect("ada");
    assert_eq!(closed(&rest(&third).await), Some((4008, "relay_limit_exceeded")));
    let other = there.connect("grace");
    assert!(is_let_in(other.next().await.as_ref()));

    first.gone();
    rest(&first).await;
    let freed = async {
        loop {
            let again = there.connect("ada");
            if is_let_in(again.next().await.as_ref()) {
                return again;
            }
        }
    };
    let again = in_time(freed).await.expect("a place that was given back is free");

    let ledger = redis.ledger();
    ledger.keep_record(&first.record(), Duration::from_mins(1)).await.expect("Redis is up");
    let kept = redis.ledger().record_json(first.id()).await.expect("Redis is up").expect("it was kept");
    assert!(kept.contains("client_gone") && kept.contains("ada"), "{kept}");
    assert_eq!(ledger.record_json("unknown").await.expect("Redis is up"), None);

    redis.stop();
    let uncounted = here.connect("grace");
    assert_eq!(closed(&rest(&uncounted).await), Some((4008, "limits_unavailable")));
    drop((second, other, again));
}
