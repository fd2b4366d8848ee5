//! Limits hold exactly, whatever comes at once: STS itself counts.

use nova_sonic_core::{
    broker::{BrokerError, LimitKind, Limits},
    error::ErrorCode,
};
use nova_sonic_sim::{StsFault, StsFaultKind};

use crate::stage::{broker, builder, simulator, sts_calls, subject, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_requests_of_one_subject_become_six() {
    let simulator = simulator().await;
    let broker = broker(&simulator).await;
    let (mut issued, mut in_flight, mut minute) = (0, 0_u64, 0_u64);
    // all but the first of each hundred come while one is being served
    for _ in 0..10 {
        let requests = (0..100).map(|_| {
            let broker = broker.clone();
            tokio::spawn(async move { broker.issue(&subject("alice")).await.map(drop) })
        });
        for request in requests.collect::<Vec<_>>() {
            let Err(error) = within(request).await.unwrap() else {
                issued += 1;
                continue;
            };
            let BrokerError::Limit(refusal) = &error else { panic!("{error}") };
            assert_eq!((error.code(), error.retryable()), (ErrorCode::LimitExceeded, true));
            assert!(error.retry_after().is_some_and(|wait| !wait.is_zero() && wait.as_secs() <= 60));
            in_flight += u64::from(refusal.kind == LimitKind::InFlight);
            minute += u64::from(refusal.kind == LimitKind::PerMinute);
        }
    }
    let sts = simulator.state().tally.sts;
    assert_eq!((issued, sts.issued, sts_calls(&simulator)), (6, 6, 6), "{in_flight} {minute}");
    assert_eq!(in_flight + minute, 994);
    assert!(sts.session_names.values().all(|name| name.most_in_flight == 1), "{sts:?}");
    assert_eq!(broker.metrics().refused_by_limit, 994);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_subjects_at_once_are_all_served_once() {
    let simulator = simulator().await;
    simulator.sts_faults([StsFault::new(StsFaultKind::DelayMs(50))]);
    let broker = broker(&simulator).await;
    let requests = (0..200).flat_map(|number| {
        [0, 1].map(|_| {
            let broker = broker.clone();
            tokio::spawn(async move { broker.issue(&subject(&format!("user-{number}"))).await.map(drop) })
        })
    });
    let (mut issued, mut refused) = (0, 0);
    for request in requests.collect::<Vec<_>>() {
        match within(request).await.unwrap() {
            Ok(()) => issued += 1,
            Err(BrokerError::Limit(refusal)) if refusal.kind == LimitKind::InFlight => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    let sts = simulator.state().tally.sts;
    assert_eq!(sts.session_names.len(), 200);
    assert!(sts.session_names.values().all(|name| name.most_in_flight == 1), "one at a time for each");
    assert_eq!((issued + refused, sts.issued), (400, issued));
    assert!(issued >= 200, "{issued}");
}

#[tokio::test]
async fn a_full_table_refuses_and_says_why() {
    let simulator = simulator().await;
    let broker = builder(&simulator).limits(Limits::default().subjects(2)).build().await.unwrap();
    for name in ["alice", "bob"] {
        broker.issue(&subject(name)).await.unwrap();
    }
    let error = broker.issue(&subject("carol")).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::SubjectsExceeded);
    assert!(error.to_string().contains('2') && error.retry_after().is_some(), "{error}");
    broker.issue(&subject("alice")).await.unwrap();
    assert_eq!((sts_calls(&simulator), broker.metrics().refused_by_table), (3, 1));
}

#[tokio::test]
async fn a_day_has_its_own_limit() {
    let simulator = simulator().await;
    let broker = builder(&simulator).limits(Limits::default().per_day(2)).build().await.unwrap();
    let alice = subject("alice");
    for _ in 0..2 {
        broker.issue(&alice).await.unwrap();
    }
    let error = broker.issue(&alice).await.unwrap_err();
    let BrokerError::Limit(refusal) = &error else { panic!("{error}") };
    assert_eq!((refusal.kind, refusal.limit), (LimitKind::PerDay, 2));
    assert!(refusal.retry_after.as_secs() > 86_000, "{refusal:?}");
}

#[tokio::test]
async fn an_application_that_limits_by_itself_is_not_limited() {
    let simulator = simulator().await;
    let broker = builder(&simulator).without_limits().build().await.unwrap();
    let requests = (0..20).map(|_| {
        let broker = broker.clone();
        tokio::spawn(async move { broker.issue(&subject("alice")).await.map(drop) })
    });
    for request in requests.collect::<Vec<_>>() {
        within(request).await.unwrap().unwrap();
    }
    assert_eq!((sts_calls(&simulator), broker.metrics().subjects), (20, 0));
}
