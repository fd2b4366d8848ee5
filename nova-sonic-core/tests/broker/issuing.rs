//! What is issued opens a stream, in both of its forms.

use nova_sonic_core::{
    broker::BackendKind,
    client::Client,
    codec::{Decoder, Encoder, Received},
    grant::{Grant, GrantMode},
    session::{CloseReason, Event, SessionConfig},
    sigv4::{ChunkSigner, StreamRequest},
    time::Timestamp,
};
use nova_sonic_sim::{Simulator, StreamEnd, Transport};

use crate::stage::{ROLE, bare, broker, builder, scope, simulator, subject, user_keys, within};
use aws_credential_types::Credentials;
use futures_util::{SinkExt, StreamExt};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_tungstenite::{client_async, tungstenite::Message};

#[tokio::test]
async fn a_plain_grant_opens_a_stream_with_the_sdk() {
    let simulator = simulator().await;
    let broker = builder(&simulator).mode(GrantMode::Plain).build().await.unwrap();
    let issued = broker.issue(&subject("alice")).await.unwrap();
    let json: serde_json::Value = serde_json::from_slice(&issued.grant.write_json()).unwrap();
    let text = |name: &str| json[name].as_str().unwrap();
    let keys = Credentials::from_keys(
        text("accessKeyId"),
        text("secretAccessKey"),
        Some(text("sessionToken").to_owned()),
    );
    let client = Client::builder()
        .region(text("region"))
        .model_id(text("modelId"))
        .endpoint_url(simulator.https_url())
        .ca_certificates_pem(simulator.ca_pem())
        .credentials_provider(keys);
    let client = client.build().await.unwrap();
    let (voice, mut events) = within(client.open(SessionConfig::default())).await.unwrap();
    voice.hang_up();
    let mut closed = None;
    while let Some(event) = within(events.next()).await {
        if let Event::Closed { reason } = event {
            closed = Some(reason);
        }
    }
    assert_eq!(closed, Some(CloseReason::Hangup));
    let stream = within(simulator.ended_stream(0)).await;
    assert_eq!(stream.access_key_id, issued.record.access_key_id);
    let session = format!("assumed-role/nova-sonic-voice/{}", issued.record.subject_hash);
    assert!(stream.principal_arn.ends_with(&session), "{stream:?}");
}

#[tokio::test]
async fn a_grant_of_signing_keys_opens_a_stream_over_a_websocket() {
    let simulator = simulator().await;
    let issued = broker(&simulator).await.issue(&subject("alice")).await.unwrap();
    let json = issued.grant.write_json();
    assert!(!String::from_utf8_lossy(&json).contains("secretAccessKey"));
    let now = simulator.clock().timestamp();
    let grant = Grant::read_json(&json, now).unwrap();
    assert_eq!(grant.mode(), GrantMode::SigningKeys);
    Box::pin(talk_over_a_websocket(&simulator, grant, || simulator.clock().timestamp())).await;
    let stream = within(simulator.ended_stream(0)).await;
    assert_eq!((stream.transport, stream.tls, stream.input_ended), (Transport::WebSocket, true, true));
    assert_eq!((stream.end, stream.access_key_id), (Some(StreamEnd::Completed), issued.record.access_key_id));
}

/// Opens a stream with a grant, sends a short conversation and reads to its end.
pub(crate) async fn talk_over_a_websocket(simulator: &Simulator, grant: Grant, now: impl Fn() -> Timestamp) {
    let (region, model) = (grant.region().to_owned(), grant.model_id().to_owned());
    let credentials = grant.into_signing_credentials();
    let endpoint = simulator.wss_url();
    let url =
        StreamRequest::new(&region, &model).with_endpoint(&endpoint).presign(&credentials, now()).unwrap();

    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(simulator.ca_pem().as_bytes()).unwrap()).unwrap();
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let socket = TcpStream::connect(simulator.https_address()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let socket = tokio_rustls::TlsConnector::from(Arc::new(tls)).connect(name, socket).await.unwrap();
    let (mut socket, _) = Box::pin(within(client_async(url.expose(), socket))).await.unwrap();

    let mut encoder =
        Encoder::new(ChunkSigner::new(credentials.keys.clone(), &region, *url.signature(), now()));
    for event in conversation() {
        let mut frame = Vec::new();
        encoder.encode_json(event.as_bytes(), now(), &mut frame).unwrap();
        socket.send(Message::Binary(frame.into())).await.unwrap();
    }
    let mut last = Vec::new();
    encoder.finish(now(), &mut last).unwrap();
    socket.send(Message::Binary(last.into())).await.unwrap();
    let mut decoder = Decoder::new();
    while let Some(message) = within(socket.next()).await {
        match message.unwrap() {
            Message::Binary(bytes) => {
                decoder.push(&bytes);
                while let Some(received) = decoder.poll() {
                    let received = received.unwrap();
                    assert!(matches!(received, Received::Event(_)), "{received:?}");
                }
            }
            Message::Close(_) => break,
            Message::Text(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }
}

/// A conversation that ends before anybody speaks.
fn conversation() -> Vec<String> {
    let audio = r#"{"mediaType":"audio/lpcm","sampleRateHertz":24000,"sampleSizeBits":16,"channelCount":1,"voiceId":"tiffany","encoding":"base64","audioType":"SPEECH"}"#;
    let text = r#"{"mediaType":"text/plain"}"#;
    let events = [
        r#"{"sessionStart":{"inferenceConfiguration":{"maxTokens":1024,"topP":0.9,"temperature":0.7}}}"#
            .to_owned(),
        format!(
            r#"{{"promptStart":{{"promptName":"p","textOutputConfiguration":{text},"audioOutputConfiguration":{audio}}}}}"#
        ),
        format!(
            r#"{{"contentStart":{{"promptName":"p","contentName":"s","type":"TEXT","interactive":false,"role":"SYSTEM","textInputConfiguration":{text}}}}}"#
        ),
        r#"{"textInput":{"promptName":"p","contentName":"s","content":"Be brief."}}"#.to_owned(),
        r#"{"contentEnd":{"promptName":"p","contentName":"s"}}"#.to_owned(),
        r#"{"promptEnd":{"promptName":"p"}}"#.to_owned(),
        r#"{"sessionEnd":{}}"#.to_owned(),
    ];
    events.into_iter().map(|event| format!(r#"{{"event":{event}}}"#)).collect()
}

#[tokio::test]
async fn the_record_says_who_got_what_until_when() {
    let simulator = simulator().await;
    let broker = broker(&simulator).await;
    let (alice, bob) = (subject("alice"), subject("bob"));
    let issued = broker.issue(&alice).await.unwrap();
    let record = &issued.record;
    assert_eq!(record.subject_hash, broker.subject_hash(&alice));
    assert_ne!(record.subject_hash, broker.subject_hash(&bob));
    assert_eq!(
        (record.access_key_id.as_str(), record.expiration),
        (issued.grant.access_key_id(), issued.grant.expiration())
    );
    let lifetime = record.expiration.unix_seconds() - simulator.clock().timestamp().unix_seconds();
    assert!((890..=900).contains(&lifetime), "{lifetime}");
    assert!((-2..=2).contains(&record.clock_offset_seconds), "{record:?}");
    assert!(record.packed_policy_size.is_some_and(|percent| (1..=100).contains(&percent)), "{record:?}");
    assert!(record.request_id.is_some() && record.attempts == 1, "{record:?}");
    let another = broker.issue(&bob).await.unwrap().record;
    assert!(record.id.len() == 26 && record.id != another.id, "{} {}", record.id, another.id);
    let metrics = broker.metrics();
    assert_eq!((metrics.issued, metrics.sts_calls, metrics.retries, metrics.in_flight), (2, 2, 0, 0));
    assert_eq!((metrics.subjects, broker.backend_kind()), (2, BackendKind::LongTerm));
}

#[tokio::test]
async fn federation_tokens_open_the_same_and_no_more() {
    let simulator = simulator().await;
    let broker = bare(&simulator.https_url()).ca_certificates_pem(simulator.ca_pem()).federation_token();
    let broker = broker.build().await.unwrap();
    let issued = broker.issue(&subject("alice")).await.unwrap();
    let hash = issued.record.subject_hash.clone();
    let json = issued.grant.write_json();
    let grant = Grant::read_json(&json, simulator.clock().timestamp()).unwrap();
    Box::pin(talk_over_a_websocket(&simulator, grant, || simulator.clock().timestamp())).await;
    let stream = within(simulator.ended_stream(0)).await;
    assert!(stream.principal_arn.ends_with(&format!("federated-user/{hash}")), "{stream:?}");
}

#[tokio::test]
async fn a_role_takes_its_external_id_source_identity_and_tags() {
    let simulator = crate::stage::simulator_with(|config| {
        config.roles.first_mut().unwrap().external_id = Some("story-player".to_owned());
    })
    .await;
    let whole = builder(&simulator).external_id("story-player").source_identity(true).tag("team", "Märchen");
    let issued = whole.build().await.unwrap().issue(&subject("alice")).await.unwrap();
    assert!(issued.record.packed_policy_size > Some(0));
    let without = builder(&simulator).build().await.unwrap().issue(&subject("alice")).await.unwrap_err();
    assert_eq!(without.aws_name(), Some("AccessDenied"));
}

#[tokio::test]
async fn one_connection_and_one_load_of_credentials_serve_many_issues() {
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Debug)]
    struct Counted(Arc<AtomicUsize>);
    impl aws_credential_types::provider::ProvideCredentials for Counted {
        fn provide_credentials<'a>(&'a self) -> aws_credential_types::provider::future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            self.0.fetch_add(1, Ordering::Relaxed);
            aws_credential_types::provider::future::ProvideCredentials::ready(Ok(user_keys()))
        }
    }

    let simulator = simulator().await;
    let loads = Arc::new(AtomicUsize::new(0));
    let broker = builder(&simulator).credentials_provider(Counted(Arc::clone(&loads)));
    let broker = broker.scope(scope()).assume_role(ROLE).build().await.unwrap();
    for number in 0..20 {
        broker.issue(&subject(&number.to_string())).await.unwrap();
    }
    assert_eq!(loads.load(Ordering::Relaxed), 1);
}
