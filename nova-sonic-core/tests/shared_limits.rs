//! Limits that several processes share, in a real Redis.

#![cfg(all(feature = "redis", unix))]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "outside of the test functions themselves, too, a test stops at the first surprise"
)]

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use nova_sonic_core::{
    broker::{
        BrokerError, CredentialBroker, LimitKind, Limits, Outcome, Patience, SharedDemand, SharedKeys,
        SharedLimitKind, SharedLimits, SharedLimitsError, SharedVerdict, Subject,
    },
    error::ErrorCode,
    scope::{ModelId, Region, ScopePolicy},
    secret::SecretText,
};

/// `redis-server` until it is dropped.
struct Redis {
    process: Child,
    folder: tempfile::TempDir,
}

impl Redis {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let redis = Self { process: serve(folder.path()), folder };
        redis.answers().await;
        redis
    }

    /// Ended at once, and begun anew with nothing in it.
    async fn restart(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.process = serve(self.folder.path());
        self.answers().await;
    }

    async fn answers(&self) {
        let up = async {
            while tokio::net::UnixStream::connect(self.folder.path().join("redis.sock")).await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), up).await.expect("redis-server comes up");
    }

    fn limits(&self) -> SharedLimits {
        SharedLimits::new(&format!("unix://{}/redis.sock?db=0", self.folder.path().display())).unwrap()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn serve(folder: &Path) -> Child {
    drop(std::fs::remove_file(folder.join("redis.sock")));
    Command::new("redis-server")
        .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
        .arg(folder.join("redis.sock"))
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server is on the PATH (on Debian the package redis-server)")
}

fn keys(subject: &str) -> SharedKeys {
    SharedKeys::with_prefix("test", subject, "192.0.2.1")
}

fn admitted(verdict: SharedVerdict) -> u64 {
    let SharedVerdict::Admitted { generation } = verdict else { unreachable!("{verdict:?}") };
    generation
}

fn refused(verdict: SharedVerdict) -> (SharedLimitKind, Duration) {
    let SharedVerdict::Refused { kind, retry_after } = verdict else { unreachable!("{verdict:?}") };
    (kind, retry_after)
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_ask_at_once_let_through_exactly_as_many_as_allowed() {
    let redis = Redis::start().await;
    let processes: Vec<_> = (0..4).map(|_| Arc::new(redis.limits())).collect();
    let demand = SharedDemand { per_minute: 5, total_per_minute: Some(12), ..SharedDemand::default() };
    let mut asking = Vec::new();
    for attempt in 0..200 {
        let limits = Arc::clone(&processes[attempt % 4]);
        asking.push(tokio::spawn(async move {
            let (keys, token) = (keys(&format!("user-{}", attempt % 3)), format!("token-{attempt}"));
            // one after the other for each subject: who meets the lock comes again
            loop {
                let verdict = limits.admit(&keys, &demand, &token).await.unwrap();
                if let SharedVerdict::Admitted { generation } = verdict {
                    limits.settle(&keys, &demand, &token, generation, Outcome::Succeeded).await.unwrap();
                    return true;
                } else if refused(verdict).0 != SharedLimitKind::InFlight {
                    return false;
                }
                tokio::task::yield_now().await;
            }
        }));
    }
    let mut through = 0;
    for task in asking {
        through += u32::from(task.await.unwrap());
    }
    assert_eq!(through, 12);
}

#[tokio::test]
async fn one_request_of_a_subject_is_served_at_a_time_and_only_its_holder_ends_it() {
    let redis = Redis::start().await;
    let (limits, demand, ada) = (redis.limits(), SharedDemand::default(), keys("ada"));
    let generation = admitted(limits.admit(&ada, &demand, "mine").await.unwrap());
    assert_eq!(admitted(limits.admit(&ada, &demand, "mine").await.unwrap()), generation, "asked again");
    let (kind, retry_after) = refused(limits.admit(&ada, &demand, "another").await.unwrap());
    assert_eq!((kind, retry_after), (SharedLimitKind::InFlight, Duration::from_secs(1)));
    limits.settle(&ada, &demand, "another", generation, Outcome::Unknown).await.unwrap();
    refused(limits.admit(&ada, &demand, "another").await.unwrap());
    limits.settle(&ada, &demand, "mine", generation, Outcome::Unknown).await.unwrap();
    admitted(limits.admit(&ada, &demand, "another").await.unwrap());
    admitted(limits.admit(&keys("grace"), &demand, "third").await.unwrap());
}

#[tokio::test]
async fn failures_in_a_row_open_the_breaker_and_one_trial_closes_it() {
    let redis = Redis::start().await;
    let limits = redis.limits();
    let demand = SharedDemand {
        failures: 2,
        pause: Duration::from_secs(3),
        per_minute: 100,
        ..SharedDemand::default()
    };
    let failed = Outcome::Failed(ErrorCode::ServiceUnavailable);
    for (subject, outcome) in [("a", failed), ("b", Outcome::Succeeded), ("c", failed), ("d", failed)] {
        let generation = admitted(limits.admit(&keys(subject), &demand, subject).await.unwrap());
        limits.settle(&keys(subject), &demand, subject, generation, outcome).await.unwrap();
    }
    let (kind, retry_after) = refused(limits.admit(&keys("e"), &demand, "e").await.unwrap());
    assert_eq!(kind, SharedLimitKind::Breaker);
    assert!(retry_after <= demand.pause);
    tokio::time::sleep(demand.pause).await;
    let trial = admitted(limits.admit(&keys("f"), &demand, "f").await.unwrap());
    assert_eq!(
        refused(limits.admit(&keys("g"), &demand, "g").await.unwrap()).0,
        SharedLimitKind::Breaker,
        "one trial at a time"
    );
    limits.settle(&keys("f"), &demand, "f", trial, Outcome::Succeeded).await.unwrap();
    admitted(limits.admit(&keys("g"), &demand, "g").await.unwrap());
}

#[tokio::test]
async fn a_redis_that_began_anew_is_asked_over_a_connection_made_anew() {
    let mut redis = Redis::start().await;
    let (limits, demand) = (redis.limits(), SharedDemand::default());
    admitted(limits.admit(&keys("ada"), &demand, "before").await.unwrap());
    redis.restart().await;
    admitted(limits.admit(&keys("ada"), &demand, "after").await.unwrap());
}

/// A broker of one process; STS is out of reach.
async fn broker(limits: SharedLimits, per_minute: u32) -> CredentialBroker {
    let secret = || SecretText::new("sixteen bytes, or more".to_owned());
    let region = Region::parse("us-east-1").unwrap();
    let builder = CredentialBroker::builder()
        .scope(ScopePolicy::new(region, ModelId::default()))
        .assume_role("arn:aws:iam::123456789012:role/nova-sonic-voice")
        .session_name_key(secret())
        .static_credentials("AKIDEXAMPLE", secret(), None)
        .endpoint_url("http://127.0.0.1:9")
        .patience(Patience::default().attempts(1))
        .limits(Limits::default().per_minute(per_minute))
        .shared_limits(limits, "test");
    builder.build().await.unwrap()
}

async fn error_of(broker: &CredentialBroker, subject: &str) -> BrokerError {
    broker.issue(&Subject::new(subject).unwrap()).await.unwrap_err()
}

#[tokio::test]
async fn brokers_of_several_processes_count_together_and_share_the_breaker() {
    let redis = Redis::start().await;
    let (one, other) = (broker(redis.limits(), 1).await, broker(redis.limits(), 1).await);
    assert_eq!(error_of(&one, "ada").await.code(), ErrorCode::ConnectionFailed);
    let BrokerError::Limit(refusal) = error_of(&other, "ada").await else { unreachable!() };
    assert_eq!((refusal.kind, refusal.limit), (LimitKind::PerMinute, 1));
    for subject in ["b", "c", "d", "e"] {
        assert_eq!(error_of(&one, subject).await.code(), ErrorCode::ConnectionFailed, "{subject}");
    }
    let refused = error_of(&other, "f").await;
    assert_eq!(refused.code(), ErrorCode::CredentialsUnavailable);
    assert!(refused.retry_after().unwrap() <= Duration::from_secs(10));
    let (one, other) = (one.metrics(), other.metrics());
    assert_eq!((one.failed, other.failed), (5, 0));
    assert_eq!((other.refused_by_limit, other.refused_by_breaker, other.sts_calls), (1, 1, 0));
}

#[tokio::test]
async fn a_request_that_nobody_waits_for_any_more_gives_its_place_back() {
    let redis = Redis::start().await;
    let broker = broker(redis.limits(), 100).await;
    let subject = Subject::new("ada").unwrap();
    for patience in 0..20 {
        // given up sooner or later: when Redis has not been asked, is asked, has let in, or is told how it ended
        let _ = tokio::time::timeout(Duration::from_micros(250 * patience), broker.issue(&subject)).await;
    }
    let free = async {
        while matches!(error_of(&broker, "ada").await, BrokerError::Limit(_)) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), free)
        .await
        .expect("the place is free before its lock ends");
}

#[tokio::test]
async fn a_broker_that_cannot_ask_its_limits_issues_nothing() {
    let limits = SharedLimits::new("redis://127.0.0.1:1/0").unwrap();
    let broker = broker(limits, 1).await;
    let error = error_of(&broker, "ada").await;
    assert_eq!((error.code(), error.retryable()), (ErrorCode::LimitsUnavailable, true));
    assert_eq!(broker.metrics().sts_calls, 0);
}

#[test]
fn each_runtime_has_a_connection_of_its_own() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let redis = runtime().block_on(Redis::start());
    let (limits, demand) = (redis.limits(), SharedDemand::default());
    for subject in ["first", "second"] {
        admitted(runtime().block_on(limits.admit(&keys(subject), &demand, "t")).unwrap());
    }
}

#[tokio::test]
async fn without_redis_nobody_is_let_in_and_the_error_names_no_address() {
    let limits = SharedLimits::new("redis://ada:lovelace@127.0.0.1:1/0").unwrap();
    let error = limits.admit(&keys("ada"), &SharedDemand::default(), "t").await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::LimitsUnavailable);
    for told in [error.to_string(), format!("{error:?}"), format!("{limits:?}")] {
        assert!(!told.contains("lovelace") && !told.contains("127.0.0.1"), "{told}");
    }
    assert_eq!(SharedLimits::new("lovelace").unwrap_err(), SharedLimitsError::Address);
}
