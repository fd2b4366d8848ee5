//! What stands between this program and a service.

use std::{fs, io::Write, net::TcpListener, thread};

use nova_sonic_sim::{DEFAULT_ACCESS_KEY_ID, DEFAULT_SECRET_ACCESS_KEY, Simulator, SimulatorConfig};
use tokio::{net::TcpSocket, runtime::Runtime};

use crate::{program::Talk, sounds};

pub(crate) fn with_keys() -> Talk {
    Talk::new()
        .say(sounds::question())
        .args(&["--fast"])
        .env("AWS_ACCESS_KEY_ID", DEFAULT_ACCESS_KEY_ID)
        .env("AWS_SECRET_ACCESS_KEY", DEFAULT_SECRET_ACCESS_KEY)
}

fn simulator() -> (Runtime, Simulator) {
    let runtime = Runtime::new().expect("a runtime");
    let simulator = runtime.block_on(Simulator::start(SimulatorConfig::default())).expect("a simulator");
    (runtime, simulator)
}

#[test]
fn another_service_is_reached_by_endpoint_and_certificate() {
    let (_runtime, simulator) = simulator();
    let talk = with_keys();
    let ca = talk.file("ca.pem");
    fs::write(&ca, simulator.ca_pem()).unwrap();
    let (url, ca) = (simulator.https_url(), ca.display().to_string());
    let ended = talk.args(&["--endpoint", &url, "--ca", &ca, "--region", "us-east-1"]).run();
    assert_eq!(ended.success()["closed"], "hangup");
    assert_eq!(simulator.streams().len(), 1);
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let (_runtime, simulator) = simulator();
    let ended = with_keys().args(&["--endpoint", &simulator.https_url(), "--region", "us-east-1"]).run();
    ended.assert_failed("tls_refused");
    assert!(simulator.streams().is_empty());
}

#[test]
fn certificates_that_are_none_are_refused() {
    for (text, code) in [(Some("not PEM"), "configuration_invalid"), (None, "file_inaccessible")] {
        let talk = with_keys();
        let ca = talk.file("ca.pem");
        if let Some(text) = text {
            fs::write(&ca, text).unwrap();
        }
        let ca = ca.display().to_string();
        talk.args(&["--endpoint", "https://localhost:9", "--ca", &ca, "--region", "us-east-1"])
            .run()
            .assert_failed(code);
    }
}

#[test]
fn a_wrong_region_is_an_error() {
    let (_runtime, simulator) = simulator();
    let url = simulator.http_url();
    with_keys()
        .args(&["--endpoint", &url, "--region", "eu-west-3"])
        .run()
        .assert_failed("credentials_invalid");
    with_keys().args(&["--endpoint", &url, "--region", "Virginia"]).run().assert_failed("region_unknown");
    with_keys().args(&["--endpoint", &url]).run().assert_failed("region_unknown");
    assert!(simulator.streams().is_empty());
}

#[test]
fn wrong_keys_and_no_keys_are_errors() {
    let (_runtime, simulator) = simulator();
    let arguments = ["--endpoint", &simulator.http_url(), "--region", "us-east-1"];
    let wrong = with_keys().env("AWS_SECRET_ACCESS_KEY", "mistyped").args(&arguments).run();
    wrong.assert_failed("credentials_invalid");
    assert!(!wrong.stderr.contains("mistyped"), "a secret is never printed");
    Talk::new().say(sounds::question()).args(&arguments).run().assert_failed("credentials_missing");
}

#[test]
fn an_unknown_voice_and_model_are_errors() {
    let talk = || Talk::new().say(sounds::question()).simulate("story").args(&["--fast"]);
    talk().args(&["--voice", "nobody"]).run().assert_failed("voice_unknown");
    talk().args(&["--voice", "no body"]).run().assert_failed("configuration_invalid");
    talk().args(&["--model", "amazon.nova-9"]).run().assert_failed("model_not_found");
    talk().args(&["--system", ""]).run().assert_failed("configuration_invalid");
}

#[test]
fn a_scenario_that_is_none_is_an_error() {
    let talk = || Talk::new().say(sounds::question()).args(&["--fast"]);
    talk().simulate("opera").run().assert_failed("configuration_invalid");
    talk().simulate("opera.json").run().assert_failed("file_inaccessible");
    talk().simulate_json(&serde_json::json!({ "name": 7 })).run().assert_failed("configuration_invalid");
}

#[test]
fn an_endpoint_that_is_no_service_is_an_error() {
    // held, so that nobody else gets it, and not listened at
    let held = TcpSocket::new_v4().expect("a socket");
    held.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let endpoint = format!("https://{}", held.local_addr().expect("an address"));
    let nobody = with_keys().args(&["--endpoint", &endpoint, "--region", "us-east-1"]).run();
    nobody.assert_failed("connection_failed");

    let other = TcpListener::bind("localhost:0").expect("a port");
    let port = other.local_addr().expect("an address").port();
    thread::spawn(move || {
        for stream in other.incoming().flatten() {
            // whether it is read does not matter
            let _ = (&stream).write_all(b"220 mail.example.com ESMTP\r\n");
        }
    });
    for scheme in ["https", "http"] {
        let endpoint = format!("{scheme}://localhost:{port}");
        let ended = with_keys().args(&["--endpoint", &endpoint, "--region", "us-east-1"]).run();
        ended.assert_failed("connection_failed");
    }
}

#[test]
fn files_that_cannot_be_written_are_errors_before_anybody_is_called() {
    let talk = with_keys().args(&["--endpoint", "https://localhost:9", "--region", "us-east-1"]);
    fs::create_dir(talk.file("transcript.jsonl")).unwrap();
    let ended = talk.run();
    ended.assert_failed("file_inaccessible");
    assert!(ended.is_tidy());
}

#[test]
fn mistakes_on_the_command_line_have_an_exit_code_of_their_own() {
    for arguments in [
        &["--fast"][..],
        &["--in", "a.wav", "--fast", "--microphone-pace"],
        &["--in", "a.wav", "--simulate", "--endpoint", "https://localhost:9"],
        &["--in", "a.wav", "--fast", "--interrupt", "b.wav"],
        &["--in", "a.wav", "--scenario", "story"],
        &["--in", "a.wav", "--tool", "rocket"],
        &["--in", "a.wav", "--patience", "0"],
    ] {
        let ended = Talk::new().args(arguments).run();
        assert_eq!(ended.status.code(), Some(2), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stdout.is_empty() && ended.stderr.contains("--help"), "{}", ended.stderr);
    }
}
