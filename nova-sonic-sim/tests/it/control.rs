//! The control path: what another process sees and changes.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use nova_sonic_sim::{FaultSchedule, Simulator, SimulatorConfig, StsFault, StsFaultKind};
use serde_json::{Value, json};

use crate::{
    raw,
    request::{Call, control, try_send},
    support::{ROLE, SONIC, bedrock, open_whole, simulator, user, within},
};

async fn controlled() -> Simulator {
    simulator(|config| config.control = true).await
}

fn assume(session_name: &str) -> Call {
    Call::sts("AssumeRole", &[("RoleArn", ROLE), ("RoleSessionName", session_name)])
}

async fn set_faults(simulator: &Simulator, faults: Value) {
    let answer = control(simulator, "POST", "faults", &json!({ "sts": faults }).to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test]
async fn it_is_closed_unless_asked_for() {
    let simulator = simulator(|_| {}).await;
    assert_eq!(control(&simulator, "GET", "state", "").await.refusal().1, "UnknownOperationException");
}

#[tokio::test]
async fn pages_in_browsers_cannot_reach_it() {
    let simulator = controlled().await;
    let state = Call::bedrock("GET", "/_simulator/state", "");
    assert_eq!(state.send_bare(&simulator).await.status, 200);
    for (header, value) in [("origin", "https://example.com"), ("sec-fetch-site", "cross-site")] {
        let page = Call { headers: vec![(header, value.to_owned())], ..state.clone() };
        assert_eq!(page.send_bare(&simulator).await.status, 403, "{header}");
    }
    let rebound = Call { host: "attacker.example:18080".to_owned(), ..state.clone() };
    assert_eq!(rebound.send_bare(&simulator).await.status, 403);
    let named = Call { host: "127.0.0.1:18080".to_owned(), ..state };
    assert_eq!(named.send_bare(&simulator).await.status, 200);
}

#[tokio::test]
async fn the_state_counts_what_was_asked_and_tells_no_secret() {
    let simulator = controlled().await;
    let issued = assume("ns-alice").send(&simulator, &user()).await.credentials();
    assume("ns-alice").send(&simulator, &user()).await;
    assume("a b").send(&simulator, &user()).await;
    Call::sts("Nonsense", &[]).send(&simulator, &user()).await;
    open_whole(&bedrock(&simulator, user()), "amazon.nova-9-sonic").await.err().unwrap();
    let mut body = open_whole(&bedrock(&simulator, user()), SONIC).await.unwrap();
    while within(body.recv()).await.unwrap().is_some() {}
    within(simulator.ended_stream(0)).await;

    let text = control(&simulator, "GET", "state", "").await.text();
    let state: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        state["sts"]["calls"],
        json!({
            "AssumeRole": {"succeeded": 2, "failed": {"ValidationError": 1}, "unanswered": 0},
            "-": {"succeeded": 0, "failed": {"InvalidAction": 1}, "unanswered": 0},
        })
    );
    assert_eq!((&state["sts"]["issued"], &state["sts"]["in_flight"]), (&json!(2), &json!(0)));
    assert_eq!(
        state["sts"]["session_names"]["ns-alice"],
        json!({"calls": 2, "issued": 2, "most_in_flight": 1})
    );
    assert_eq!(state["credentials_remembered"], 2);
    assert_eq!(
        state["streams"],
        json!({"opened": 1, "open": 0, "refused": {"ValidationException": 1}, "ended": {"completed": 1}})
    );
    let calls = control(&simulator, "GET", "calls", "").await.text();
    let streams = control(&simulator, "GET", "streams", "").await.text();
    assert!(calls.contains("InvalidAction") && streams.contains("user/backend"));
    for secret in [issued.secret_access_key(), issued.session_token().unwrap()] {
        assert!(![&text, &calls, &streams].iter().any(|seen| seen.contains(secret)));
    }

    control(&simulator, "POST", "reset", "").await;
    assert_eq!(simulator.state().tally, nova_sonic_sim::Tally::default());
}

#[tokio::test]
async fn faults_befall_the_calls_that_they_are_meant_for() {
    let simulator = controlled().await;
    set_faults(&simulator, json!([{"fault": "throttle", "when": {"first": 2}, "action": "AssumeRole"}]))
        .await;
    let identity = Call::sts("GetCallerIdentity", &[]);
    assert_eq!(identity.send(&simulator, &user()).await.status, 200);
    for status in [400, 400, 200] {
        let answer = assume("ns-alice").send(&simulator, &user()).await;
        assert_eq!(answer.status, status);
        if status == 400 {
            assert_eq!(answer.refusal(), (400, "Throttling".to_owned(), "Rate exceeded".to_owned()));
        }
    }
    for (fault, status, code) in [
        (json!({"status": 500}), 500, "InternalFailure"),
        (json!({"status": 503}), 503, "ServiceUnavailable"),
        (
            json!({"error": {"code": "RegionDisabledException", "status": 403}}),
            403,
            "RegionDisabledException",
        ),
    ] {
        set_faults(&simulator, json!([{ "fault": fault }])).await;
        let (seen, name, _) = identity.send(&simulator, &user()).await.refusal();
        assert_eq!((seen, name.as_str()), (status, code));
    }
    assert_eq!(simulator.state().tally.sts.faults["throttle"], 2);
    set_faults(&simulator, json!([])).await;
    assert_eq!(identity.send(&simulator, &user()).await.status, 200);
}

#[tokio::test]
async fn an_answer_can_be_damaged() {
    let simulator = controlled().await;
    set_faults(&simulator, json!([{"fault": "malformed_xml"}])).await;
    let answer = assume("ns-alice").send(&simulator, &user()).await;
    assert!(answer.status == 200 && !answer.text().ends_with("</AssumeRoleResponse>"));
    for element in ["Expiration", "SecretAccessKey", "Credentials"] {
        set_faults(&simulator, json!([{"fault": {"missing": element}}])).await;
        let answer = assume("ns-alice").send(&simulator, &user()).await;
        assert_eq!((answer.status, answer.element(element)), (200, None));
        assert!(answer.element("AssumedRoleUser").is_some());
    }
}

#[tokio::test]
async fn what_is_issued_can_have_expired_or_expire_early() {
    let simulator = controlled().await;
    let identity = Call::sts("GetCallerIdentity", &[]);
    for (seconds, code) in [(-60, Some("ExpiredToken")), (30, None)] {
        set_faults(&simulator, json!([{"fault": {"expires_in_seconds": seconds}}])).await;
        let credentials = assume("ns-alice").send(&simulator, &user()).await.credentials();
        let answer = identity.send(&simulator, &credentials).await;
        assert_eq!((answer.status != 200).then(|| answer.refusal().1).as_deref(), code);
    }
    let early = assume("ns-alice").send(&simulator, &user()).await.credentials();
    control(&simulator, "POST", "clock", r#"{"advance_ms":31000}"#).await;
    assert_eq!(identity.send(&simulator, &early).await.refusal().1, "ExpiredToken");
    assert!(simulator.clock().offset_millis() == 31_000);
    control(&simulator, "POST", "clock", r#"{"offset_ms":0}"#).await;
    assert_eq!(identity.send(&simulator, &early).await.status, 200);
}

#[tokio::test]
async fn the_clock_of_sts_alone_can_be_wrong() {
    let simulator = controlled().await;
    set_faults(&simulator, json!([{"fault": {"clock_skew_ms": 600_000}}])).await;
    let answer = assume("ns-alice").send(&simulator, &user()).await;
    let (status, code, message) = answer.refusal();
    assert_eq!((status, code.as_str()), (403, "SignatureDoesNotMatch"));
    assert!(message.starts_with("Signature expired: "), "{message}");
    let date = answer.headers["date"].to_str().unwrap();
    let said = aws_smithy_types::DateTime::from_str(date, aws_smithy_types::date_time::Format::HttpDate);
    let ahead = said.unwrap().secs() - simulator.clock().timestamp().unix_seconds();
    assert!((590..=601).contains(&ahead), "{ahead}");
    // Bedrock's clock is right
    raw::open(&simulator, &user()).await;
}

#[tokio::test]
async fn a_call_can_be_cut_off_or_left_hanging() {
    let simulator = controlled().await;
    let request = || {
        let call = assume("ns-alice");
        http::Request::post(call.path).header("host", call.host).body(bytes::Bytes::from(call.body).into())
    };
    simulator.sts_faults([StsFault::new(StsFaultKind::Cut).when(FaultSchedule::First(1))]);
    assert!(try_send(&simulator, request().unwrap()).await.is_err());
    simulator.sts_faults([StsFault::new(StsFaultKind::Hang)]);
    tokio::select! {
        answer = try_send(&simulator, request().unwrap()) => panic!("answered: {answer:?}"),
        () = async {
            while !simulator.state().tally.sts.faults.contains_key("hang") {
                tokio::task::yield_now().await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        } => {}
    }

    within(async {
        while simulator.state().tally.sts.in_flight > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(simulator.state().tally.sts.calls["AssumeRole"].unanswered, 2);
}

#[tokio::test]
async fn delays_let_calls_meet() {
    let simulator = controlled().await;
    simulator.sts_faults([StsFault::new(StsFaultKind::DelayMs(1_000))]);
    let (alice, bob, user) = (assume("ns-alice"), assume("ns-bob"), user());
    let (alice, bob) = tokio::join!(alice.send(&simulator, &user), bob.send(&simulator, &user));
    assert_eq!((alice.status, bob.status), (200, 200));
    let sts = simulator.state().tally.sts;
    assert_eq!((sts.most_in_flight, sts.session_names["ns-alice"].most_in_flight), (2, 1));
}

#[tokio::test]
async fn what_it_does_not_understand_it_says() {
    let simulator = controlled().await;
    for (method, verb, body, status, text) in [
        ("POST", "faults", r#"{"sts":[{"fault":"rain"}]}"#, 400, "sts[0].fault"),
        ("POST", "faults", r#"{"sts":[{"fault":"hang","whenever":1}]}"#, 400, "whenever"),
        ("POST", "faults", "", 400, "EOF"),
        ("POST", "clock", r#"{"advance_ms":"much"}"#, 400, "advance_ms"),
        ("GET", "secrets", "", 404, "GET /_simulator/secrets"),
        ("GET", "faults", "", 404, "GET /_simulator/faults"),
    ] {
        let answer = control(&simulator, method, verb, body).await;
        assert_eq!(answer.status, status, "{body}");
        assert!(answer.json()["error"]["message"].as_str().unwrap().contains(text), "{}", answer.text());
    }
    assert!(simulator.state().sts_faults.is_empty());
}

/// The program itself, as a test in another language starts it.
#[test]
fn the_program_opens_it_and_takes_faults_from_its_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_nova-sonic-sim"))
        .args(["--json", "--control", "--https-port", "0", "--http-port", "0"])
        .args(["--sts-faults", r#"[{"fault":"throttle","when":{"first":3}}]"#])
        .arg("--ca")
        .arg(folder.path().join("ca.pem"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    let url: http::Uri = line["control"].as_str().unwrap().parse().unwrap();
    assert_eq!(url.path(), "/_simulator/");

    let request = format!("GET /_simulator/state HTTP/1.1\r\nhost: {}\r\n\r\n", url.authority().unwrap());
    let mut socket = std::net::TcpStream::connect(("127.0.0.1", url.port_u16().unwrap())).unwrap();
    std::io::Write::write_all(&mut socket, request.as_bytes()).unwrap();
    let status_and_body = BufReader::new(socket).lines().map_while(Result::ok);
    let answer: Vec<String> = status_and_body.take_while(|line| !line.is_empty()).collect();
    assert_eq!(answer[0], "HTTP/1.1 200 OK");
    program.kill().unwrap();
    program.wait().unwrap();
}

#[test]
fn the_default_is_closed() {
    assert!(!SimulatorConfig::default().control);
}
