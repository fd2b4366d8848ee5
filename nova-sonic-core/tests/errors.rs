//! What the service's own words mean, by the shared vectors.

#![expect(clippy::unwrap_used, reason = "a vector that cannot be read fails the test")]

use std::collections::HashSet;

use nova_sonic_core::error::{ErrorCode, ServiceError, ServiceException};
use serde_json::Value;

fn vectors() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/errors/service.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn each_text_of_the_service_gets_its_code() {
    for vector in vectors() {
        let text = |name: &str| vector[name].as_str().unwrap();
        let error = ServiceError::new(ServiceException::parse(text("exception")), text("message"));
        assert_eq!(error.code().as_str(), text("code"), "{vector}");
        assert_eq!(error.retryable(), vector["retryable"], "{vector}");
        assert_eq!(error.blame().as_str(), text("blame"), "{vector}");
        assert_eq!(
            error.idle_limit_seconds().map(u64::from),
            vector["idle_limit_seconds"].as_u64(),
            "{vector}"
        );
        assert_eq!(error.request_id(), vector["request_id"].as_str(), "{vector}");
        assert_eq!(
            error.stream_continues(),
            vector["stream_continues"].as_bool().unwrap_or(false),
            "{vector}"
        );
    }
}

#[test]
fn every_code_that_the_service_can_cause_has_a_vector() {
    let covered: HashSet<String> =
        vectors().iter().map(|vector| vector["code"].as_str().unwrap().to_owned()).collect();
    let names: HashSet<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    assert!(covered.iter().all(|code| names.contains(code.as_str())), "{covered:?}");
    for code in ["input_idle", "backend_transient", "content_filtered", "protocol_violated", "clock_skewed"] {
        assert!(covered.contains(code), "{code}");
    }
}

#[test]
fn a_strangers_text_fills_no_log() {
    let long = "x".repeat(100_000);
    let error =
        ServiceError::new(ServiceException::Other(String::new()), &format!("RequestId={long} : \u{7}{long}"));
    assert_eq!(error.message().chars().count(), 600);
    assert_eq!(error.request_id(), None);
    let bell = ServiceError::new(ServiceException::Throttling, "slow\u{7} \u{1b}[31mdown");
    assert_eq!(bell.message(), "slow [31mdown");
}
