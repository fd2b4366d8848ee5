//! Ctrl-C.

use std::{
    net::TcpListener,
    sync::{Arc, mpsc},
};

use nova_sonic_sim::{Simulator, SimulatorConfig, model::Scenario};
use serde_json::json;
use tokio::runtime::Builder;

use crate::{program::Talk, sounds, way_there::with_keys};

#[test]
fn ctrl_c_hangs_up_in_order_and_keeps_what_was_received() {
    let running = Talk::new().say(sounds::question()).simulate("story").start();
    running.wait_for_words("The little fox");
    running.interrupt();
    let ended = running.end();
    let report = ended.success();
    assert_eq!(report["closed"], "hangup");
    assert!(ended.answer().is_some_and(|samples| !samples.is_empty()));
    assert_eq!(ended.transcript().len(), report["transcript"].as_array().expect("a transcript").len());
    assert!(ended.is_tidy());
}

#[test]
fn ctrl_c_before_a_word_was_said_leaves_an_empty_answer() {
    let scenario = json!({ "name": "listener", "otherwise": "listen" });
    let running = Talk::new().say(sounds::question()).simulate_json(&scenario).start();
    running.wait_for_words("speech of");
    running.interrupt();
    let ended = running.end();
    assert_eq!(ended.success()["answer"]["seconds"], 0.0);
    assert_eq!(ended.answer(), Some(Vec::new()));
}

#[test]
fn a_second_ctrl_c_waits_for_nobody() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let mut config = SimulatorConfig::default();
    config.conversation.scenario = Arc::new(Scenario::story());
    let simulator = runtime.block_on(Simulator::start(config)).expect("a simulator");
    let running = with_keys().args(&["--endpoint", &simulator.http_url(), "--region", "us-east-1"]).start();
    running.wait_for_words("The little fox");
    // its one thread waits, so the service answers nothing more
    let (release, held) = mpsc::channel::<()>();
    runtime.spawn(async move { held.recv() });
    running.interrupt();
    running.wait_for_message("interrupt again");
    running.interrupt();
    let ended = running.end();
    assert_eq!(ended.status.code(), Some(130), "{}", ended.stderr);
    assert_eq!(ended.report()["error"]["code"], "interrupted");
    assert!(!ended.transcript().is_empty() && ended.is_tidy());
    drop(release);
}

#[test]
fn ctrl_c_is_heard_while_the_line_is_ringing() {
    let deaf = TcpListener::bind("localhost:0").expect("a port");
    let endpoint = format!("https://localhost:{}", deaf.local_addr().expect("an address").port());
    let talk = Talk::new().say(sounds::question()).args(&["--endpoint", &endpoint, "--region", "us-east-1"]);
    let talk = talk.env("AWS_ACCESS_KEY_ID", "a").env("AWS_SECRET_ACCESS_KEY", "b");
    let running = talk.start();
    // it has called, and nobody will answer
    let _line = deaf.accept().expect("a connection");
    running.interrupt();
    let ended = running.end();
    assert_eq!(ended.status.code(), Some(130), "{}", ended.stderr);
    assert_eq!(ended.report()["ok"], false);
    assert!(ended.answer().is_none() && ended.is_tidy());
}
