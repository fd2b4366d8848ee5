//! STS throttled, slow, silent and down: what is tried again, for how long, and when it is left alone.

use std::time::Duration;

use nova_sonic_core::{
    broker::{Breaker, BreakerState, BrokerError, CredentialBroker, Patience},
    error::ErrorCode,
};
use nova_sonic_sim::{FaultSchedule, Simulator, StsFault, StsFaultKind};
use tokio::{net::TcpSocket, time::Instant};

use crate::stage::{ROLE, bare, broker, builder, patience, simulator, sts_calls, subject, within};

fn of(kind: StsFaultKind) -> StsFault {
    StsFault::new(kind)
}

#[tokio::test]
async fn passing_trouble_is_passed_over() {
    let simulator = simulator().await;
    for kind in [
        StsFaultKind::Throttle,
        StsFaultKind::Status(500),
        StsFaultKind::Status(503),
        StsFaultKind::Status(429),
        StsFaultKind::Cut,
    ] {
        simulator.sts_faults([of(kind.clone()).when(FaultSchedule::First(2))]);
        let broker = broker(&simulator).await;
        let issued = within(broker.issue(&subject("alice"))).await.unwrap();
        assert_eq!(issued.record.attempts, 3, "{kind:?}");
        let metrics = broker.metrics();
        assert_eq!((metrics.issued, metrics.sts_calls, metrics.retries), (1, 3, 2), "{kind:?}");
    }
}

#[tokio::test]
async fn lasting_trouble_has_its_code_after_three_attempts() {
    let simulator = simulator().await;
    for (kind, code) in [
        (StsFaultKind::Throttle, ErrorCode::StsThrottled),
        (StsFaultKind::Status(500), ErrorCode::ServiceFailed),
        (StsFaultKind::Status(503), ErrorCode::ServiceUnavailable),
        (StsFaultKind::Cut, ErrorCode::ConnectionFailed),
    ] {
        simulator.sts_faults([of(kind)]);
        let before = sts_calls(&simulator);
        let error = within(broker(&simulator).await.issue(&subject("alice"))).await.unwrap_err();
        assert_eq!((error.code(), error.retryable()), (code, true), "{error}");
        assert_eq!(sts_calls(&simulator) - before, 3, "{error}");
    }
}

#[tokio::test]
async fn a_silent_sts_is_given_up_in_the_time_that_was_set() {
    let simulator = simulator().await;
    simulator.sts_faults([of(StsFaultKind::Hang)]);
    let patience = Patience::default().response(Duration::from_millis(300)).total(Duration::from_millis(800));
    let broker = builder(&simulator).patience(patience).build().await.unwrap();
    let began = Instant::now();
    let error = within(broker.issue(&subject("alice"))).await.unwrap_err();
    let took = began.elapsed();
    assert_eq!(error.code(), ErrorCode::OpenTimeout, "{error}");
    assert!((Duration::from_millis(300)..Duration::from_secs(5)).contains(&took), "{took:?}");
}

#[tokio::test]
async fn nobody_at_the_endpoint_is_no_mystery() {
    // held, so that nobody else gets it, and not listened at
    let held = TcpSocket::new_v4().unwrap();
    held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    for (url, code) in [
        (format!("https://{}", held.local_addr().unwrap()), ErrorCode::ConnectionFailed),
        ("https://nowhere.invalid".to_owned(), ErrorCode::ConnectionFailed),
    ] {
        let patience = patience().attempts(1);
        let broker = bare(&url).assume_role(ROLE).patience(patience).build().await.unwrap();
        let error = within(broker.issue(&subject("alice"))).await.unwrap_err();
        assert_eq!((error.code(), error.aws_name()), (code, None), "{url}: {error}");
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_is_refused_at_once() {
    let simulator = simulator().await;
    let broker = bare(&simulator.https_url()).assume_role(ROLE).build().await.unwrap();
    let error = within(broker.issue(&subject("alice"))).await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), (ErrorCode::TlsRefused, false), "{error}");
    assert_eq!(broker.metrics().sts_calls, 1, "asking again helps nobody");
}

#[tokio::test]
async fn a_source_of_credentials_that_never_answers_is_named() {
    #[derive(Debug)]
    struct Never;
    impl aws_credential_types::provider::ProvideCredentials for Never {
        fn provide_credentials<'a>(&'a self) -> aws_credential_types::provider::future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            aws_credential_types::provider::future::ProvideCredentials::new(std::future::pending())
        }
    }

    let simulator = simulator().await;
    let patience = Patience::default().total(Duration::from_millis(300));
    let broker = builder(&simulator).credentials_provider(Never).patience(patience).build().await.unwrap();
    let error = within(broker.issue(&subject("alice"))).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::CredentialsMissing);
    assert!(error.to_string().contains("in time"), "{error}");
    assert_eq!(sts_calls(&simulator), 0);
}

async fn with_breaker(simulator: &Simulator, pause: Duration) -> CredentialBroker {
    let patience = patience().attempts(1);
    builder(simulator).breaker(Breaker::new(3, pause)).patience(patience).build().await.unwrap()
}

#[tokio::test]
async fn an_open_breaker_leaves_sts_alone_and_lets_one_try() {
    let simulator = simulator().await;
    simulator.sts_faults([of(StsFaultKind::Status(503))]);
    let pause = Duration::from_secs(3);
    let broker = with_breaker(&simulator, pause).await;
    for number in 0..3 {
        let error = broker.issue(&subject(&number.to_string())).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::ServiceUnavailable);
    }
    for number in 3..50 {
        let error = broker.issue(&subject(&number.to_string())).await.unwrap_err();
        let BrokerError::Breaker(refusal) = &error else { panic!("{error}") };
        assert_eq!(
            (error.code(), refusal.last),
            (ErrorCode::CredentialsUnavailable, ErrorCode::ServiceUnavailable)
        );
        assert!(error.retry_after().is_some_and(|wait| wait <= pause), "{error:?}");
    }
    assert_eq!(sts_calls(&simulator), 3, "an open breaker asks nobody");
    simulator.sts_faults([of(StsFaultKind::DelayMs(200))]);
    tokio::time::sleep(pause).await;
    // nine at once: one tries, eight are told to come back
    let tries = (50..59).map(|number| {
        let broker = broker.clone();
        tokio::spawn(async move { broker.issue(&subject(&number.to_string())).await })
    });
    let mut issued = 0;
    for attempt in tries.collect::<Vec<_>>() {
        match within(attempt).await.unwrap() {
            Ok(_) => issued += 1,
            Err(error) => assert_eq!(error.code(), ErrorCode::CredentialsUnavailable, "{error}"),
        }
    }
    let metrics = broker.metrics();
    assert_eq!((issued, sts_calls(&simulator), metrics.breaker), (1, 4, BreakerState::Closed));
    assert_eq!((metrics.breaker_opened, metrics.failed, metrics.refused_by_breaker), (1, 3, 47 + 8));
}

#[tokio::test]
async fn whoever_goes_away_frees_his_place() {
    let simulator = simulator().await;
    simulator.sts_faults([of(StsFaultKind::Hang).when(FaultSchedule::First(1))]);
    let broker = broker(&simulator).await;
    let alice = subject("alice");
    let gone = tokio::time::timeout(Duration::from_millis(300), broker.issue(&alice)).await;
    assert!(gone.is_err(), "nobody answered");
    let metrics = broker.metrics();
    assert_eq!((metrics.abandoned, metrics.in_flight), (1, 0));
    within(broker.issue(&alice)).await.unwrap();
    assert_eq!(broker.metrics().breaker, BreakerState::Closed);
}
