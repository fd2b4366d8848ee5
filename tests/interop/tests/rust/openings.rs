//! What stands in the way of a conversation: the right code, in time, and nothing left behind.

use std::time::Duration;

use aws_credential_types::Credentials;
use nova_sonic_core::{
    client::{Client, ClientError},
    error::ErrorCode,
    session::SessionConfig,
};
use nova_sonic_interop::{builder, in_time, simulator_with};
use nova_sonic_sim::{AccessKey, DEFAULT_ACCESS_KEY_ID, StreamEnd, model::Scenario};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpSocket},
};

use crate::support::{client, simulator};

async fn refusal(client: &Client) -> ClientError {
    let opened = in_time(client.open(SessionConfig::default())).await.expect("no hang");
    opened.expect_err("no conversation")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_have_the_code_of_their_exception() {
    for (name, message, code) in [
        ("AccessDeniedException", "not authorized", ErrorCode::AccessDenied),
        ("ThrottlingException", "Too many requests", ErrorCode::Throttled),
        ("ResourceNotFoundException", "no such model", ErrorCode::ModelNotFound),
        ("ServiceQuotaExceededException", "quota", ErrorCode::QuotaExceeded),
        ("ModelNotReadyException", "loading", ErrorCode::ModelNotReady),
        ("InternalServerException", "failed", ErrorCode::ServiceFailed),
        ("ServiceUnavailableException", "gone", ErrorCode::ServiceUnavailable),
    ] {
        let refuse = format!(r#"{{ "refuse": {{ "name": "{name}", "message": "{message}" }} }}"#);
        let simulator = simulator(&format!(r#"{{ "name": "refusal", "opening": {refuse} }}"#)).await;
        let error = refusal(&client(&simulator).await).await;
        assert_eq!(error.code(), code, "{name}: {error}");
        assert!(error.to_string().contains(message), "{name}: {error}");
        let ClientError::Failed(failure) = error else { panic!("{name}") };
        assert!(failure.request_id().is_some(), "{name}: AWS support asks for the request id");
    }
}

#[tokio::test]
async fn an_unknown_voice_is_named_as_such() {
    let simulator = simulator(r#"{ "name": "voices" }"#).await;
    let client = client(&simulator).await;
    // the service says so on the stream, after it has accepted it
    let code = match in_time(client.open(SessionConfig::default().voice_id("nobody"))).await.expect("no hang")
    {
        Err(error) => Some(error.code()),
        Ok((_voice, mut events)) => crate::support::heard(&mut events).await.failure(),
    };
    assert_eq!(code, Some(ErrorCode::VoiceUnknown));
}

#[tokio::test]
async fn an_unknown_model_is_no_mystery() {
    let simulator = simulator(r#"{ "name": "models" }"#).await;
    for (model, code) in [
        ("amazon.nova-9-sonic", ErrorCode::ModelNotFound),
        ("amazon.nova-sonic-v1:0", ErrorCode::ModelNotFound),
    ] {
        let client = builder(&simulator).model_id(model).build().await.expect("a client");
        assert_eq!(refusal(&client).await.code(), code, "{model}");
    }
}

#[tokio::test]
async fn keys_that_do_not_work_say_why() {
    let simulator = simulator_with(Scenario::parrot(), |config| {
        let mut expired = AccessKey::new("ASIAEXPIRED", "a-secret");
        expired.session_token = Some(nova_sonic_core::secret::SecretText::new("a-token".to_owned()));
        expired.expires_at = Some(nova_sonic_core::time::Timestamp::from_unix_millis(1));
        config.access_keys.push(expired);
    })
    .await
    .expect("a free port");
    let keys = |id: &str, secret: &str, token: Option<&str>| {
        Credentials::from_keys(id, secret, token.map(str::to_owned))
    };
    for (credentials, code) in [
        (keys(DEFAULT_ACCESS_KEY_ID, "wrong", None), ErrorCode::CredentialsInvalid),
        (keys("AKIANOBODY", "wrong", None), ErrorCode::CredentialsInvalid),
        (keys("ASIAEXPIRED", "a-secret", Some("a-token")), ErrorCode::CredentialsExpired),
        (keys("", "", None), ErrorCode::CredentialsMissing),
        (keys(DEFAULT_ACCESS_KEY_ID, "", None), ErrorCode::CredentialsMissing),
    ] {
        let id = credentials.access_key_id().to_owned();
        let client = builder(&simulator).credentials_provider(credentials).build().await.expect("a client");
        let error = refusal(&client).await;
        assert_eq!(error.code(), code, "{id:?}: {error}");
        assert!(!error.to_string().contains("a-secret") && !error.to_string().contains("a-token"), "{error}");
    }
}

#[tokio::test]
async fn a_clock_that_is_off_is_named_as_such() {
    let simulator = simulator_with(Scenario::parrot(), |config| config.clock_offset_millis = 400_000)
        .await
        .expect("a free port");
    let error = refusal(&client(&simulator).await).await;
    assert_eq!(error.code(), ErrorCode::ClockSkewed, "{error}");
}

#[tokio::test]
async fn a_quota_of_streams_is_throttling() {
    let simulator = simulator_with(Scenario::parrot(), |config| config.max_concurrent_streams = 1)
        .await
        .expect("a free port");
    let client = client(&simulator).await;
    let first = client.open(SessionConfig::default()).await.expect("one place");
    assert_eq!(refusal(&client).await.code(), ErrorCode::Throttled);
    drop(first);
    simulator.ended_stream(0).await;
    in_time(client.open(SessionConfig::default())).await.expect("no hang").expect("the place is free again");
}

#[tokio::test]
async fn a_closed_port_is_a_failed_connection() {
    // held, so that nobody else gets it, and not listened at
    let held = TcpSocket::new_v4().expect("a socket");
    held.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
    let url = format!("http://{}", held.local_addr().expect("an address"));
    let client = Client::builder()
        .region("us-east-1")
        .endpoint_url(url)
        .credentials_provider(nova_sonic_interop::user_keys())
        .build()
        .await
        .expect("a client");
    assert_eq!(refusal(&client).await.code(), ErrorCode::ConnectionFailed);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let simulator = simulator(r#"{ "name": "tls" }"#).await;
    let other = crate::support::simulator(r#"{ "name": "other" }"#).await;
    for pem in [None, Some(other.ca_pem())] {
        let mut builder = Client::builder()
            .region("us-east-1")
            .endpoint_url(simulator.https_url())
            .credentials_provider(nova_sonic_interop::user_keys());
        if let Some(pem) = pem {
            builder = builder.ca_certificates_pem(pem);
        }
        let error = refusal(&builder.build().await.expect("a client")).await;
        assert_eq!(error.code(), ErrorCode::TlsRefused, "{error}");
    }
    assert!(simulator.streams().is_empty());
}

/// A server that answers every connection with these bytes and leaves it open.
async fn stranger(answer: &'static [u8]) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.write_all(answer).await;
            open.push(socket);
        }
    });
    Client::builder()
        .region("us-east-1")
        .endpoint_url(url)
        .credentials_provider(nova_sonic_interop::user_keys())
        .build()
        .await
        .expect("a client")
}

#[tokio::test]
async fn strangers_are_told_from_the_service() {
    let page = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 13\r\n\r\n<html></html>";
    assert_eq!(refusal_or_end(&stranger(page).await).await, ErrorCode::ConnectionFailed, "a captive portal");
    let bad_gateway =
        b"HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 5\r\n\r\nsorry";
    let code = refusal_or_end(&stranger(bad_gateway).await).await;
    assert!([ErrorCode::ConnectionFailed, ErrorCode::ServiceUnknown].contains(&code), "{code}");
    assert_eq!(
        refusal_or_end(&stranger(b"SSH-2.0-OpenSSH_9.9\r\n").await).await,
        ErrorCode::ConnectionFailed
    );
}

/// How it fails, whether before or after what looks like an acceptance.
async fn refusal_or_end(client: &Client) -> ErrorCode {
    match in_time(client.open(SessionConfig::default())).await.expect("no hang") {
        Err(error) => error.code(),
        Ok((_voice, mut events)) => crate::support::heard(&mut events).await.failure().expect("a failure"),
    }
}

#[tokio::test]
async fn a_service_that_never_answers_is_given_up_in_time() {
    for opening in [r#""silence""#, r#"{ "delay_ms": 60000 }"#] {
        let simulator = simulator(&format!(r#"{{ "name": "mute", "opening": {opening} }}"#)).await;
        let mut config = SessionConfig::default();
        config.timing.open = Duration::from_millis(400);
        let error =
            in_time(client(&simulator).await.open(config)).await.expect("no hang").expect_err("nothing");
        assert_eq!(error.code(), ErrorCode::OpenTimeout);
    }
}

#[tokio::test]
async fn headers_that_come_late_or_only_after_the_first_event_are_waited_for() {
    for opening in [r#""await_first_event""#, r#"{ "delay_ms": 500 }"#] {
        let simulator = simulator(&format!(r#"{{ "name": "slow", "opening": {opening} }}"#)).await;
        let (voice, mut events) = crate::support::open(&simulator, SessionConfig::default()).await;
        voice.hang_up();
        crate::support::heard(&mut events).await;
        assert_eq!(simulator.ended_stream(0).await.end, Some(StreamEnd::Completed), "{opening}");
    }
}

#[tokio::test]
async fn an_opening_that_nobody_waits_for_leaves_nothing_behind() {
    let simulator = simulator(r#"{ "name": "slow", "opening": { "delay_ms": 3000 } }"#).await;
    let client = client(&simulator).await;
    tokio::select! {
        opened = client.open(SessionConfig::default()) => panic!("not given up: {opened:?}"),
        given_up = in_time(simulator.stream_when(0, |_| true)) => drop(given_up.expect("the service is asked")),
    }
    let record = in_time(simulator.ended_stream(0)).await.expect("the stream ends");
    assert!(matches!(record.end, Some(StreamEnd::Completed | StreamEnd::ClientGone)), "{record:?}");
}
