//! One broker serves whichever tokio runtime asks, also when another one has stopped.

use std::time::Duration;

use nova_sonic_core::broker::Patience;
use tokio::runtime::{Builder, Runtime};

use crate::stage::{builder, simulator, subject};

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn a_runtime_that_stands_still_holds_nobody_up() {
    let service = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let simulator = service.block_on(simulator());
    let first = current_thread();
    // one attempt: a connection of a runtime that stands still would answer nothing until the time is over
    let patience =
        Patience::default().attempts(1).response(Duration::from_secs(10)).total(Duration::from_secs(10));
    let broker = first.block_on(builder(&simulator).patience(patience).build()).unwrap();
    first.block_on(broker.issue(&subject("on the first"))).unwrap();
    // the first one is alive, and drives nothing
    let second = current_thread();
    second.block_on(broker.issue(&subject("on the second"))).unwrap();
    drop(first);
    for number in 0..20 {
        current_thread().block_on(broker.issue(&subject(&number.to_string()))).unwrap();
    }
    service.block_on(broker.issue(&subject("on many threads"))).unwrap();
    assert_eq!((broker.metrics().issued, broker.metrics().retries), (23, 0));
    service.block_on(simulator.shutdown());
}

#[test]
fn without_a_runtime_there_is_an_error_and_no_panic() {
    let runtime = current_thread();
    let simulator = runtime.block_on(simulator());
    let broker = runtime.block_on(builder(&simulator).build()).unwrap();
    let alice = subject("alice");
    let mut issue = std::pin::pin!(broker.issue(&alice));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(Err(error)) = issue.as_mut().poll(&mut context) else {
        panic!("an error at once")
    };
    assert!(error.to_string().contains("tokio runtime"), "{error}");
}
