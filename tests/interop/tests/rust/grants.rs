//! What the broker issues, used as a browser uses it: keys instead of a secret, over the WebSocket.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use nova_sonic_core::{
    broker::{CredentialBroker, Subject},
    codec::{Decoder, Encoder, Received},
    event::Role,
    grant::{Grant, GrantMode},
    scope::{ModelId, Region, ScopePolicy},
    secret::SecretText,
    session::{CloseReason, Event, Input, Output, Session, SessionConfig, Stage},
    sigv4::{ChunkSigner, StreamRequest},
    time::{Tick, Timestamp},
};
use nova_sonic_interop::{Heard, in_time, utterance};
use nova_sonic_sim::{
    DEFAULT_ACCESS_KEY_ID, DEFAULT_ROLE, DEFAULT_SECRET_ACCESS_KEY, Simulator, StreamEnd, Transport,
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

use crate::support::simulator;

type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// The answer to a browser, and the name that the session of its role has.
async fn issue(simulator: &Simulator, mode: GrantMode) -> (Vec<u8>, String) {
    let scope = ScopePolicy::new(Region::parse("us-east-1").expect("a region"), ModelId::default());
    let broker = CredentialBroker::builder()
        .scope(scope)
        .assume_role(format!("arn:aws:iam::123456789012:role/{DEFAULT_ROLE}"))
        .mode(mode)
        .session_name_key(SecretText::new("a key for names in tests, long enough for one".to_owned()))
        .static_credentials(
            DEFAULT_ACCESS_KEY_ID,
            SecretText::new(DEFAULT_SECRET_ACCESS_KEY.to_owned()),
            None,
        )
        .endpoint_url(simulator.https_url())
        .ca_certificates_pem(simulator.ca_pem())
        .build()
        .await
        .expect("a broker");
    let issued = in_time(broker.issue(&Subject::new("child-7").expect("a name"))).await.expect("no hang");
    let issued = issued.expect("credentials");
    (issued.grant.write_json().to_vec(), issued.record.subject_hash)
}

fn now(simulator: &Simulator) -> Timestamp {
    simulator.clock().timestamp()
}

async fn connect(simulator: &Simulator, url: &str) -> Result<Socket, Box<Error>> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(simulator.ca_pem().as_bytes()).expect("a certificate"))
        .expect("one");
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let socket = TcpStream::connect(simulator.https_address()).await.expect("a listener");
    let name = ServerName::try_from("localhost").expect("a name");
    let socket = TlsConnector::from(Arc::new(config)).connect(name, socket).await.expect("a trusted server");
    let request = url.into_client_request().expect("a URL");
    let opening = Box::pin(client_async(request, socket));
    in_time(opening).await.expect("no hang").map(|(socket, _)| socket).map_err(Box::new)
}

/// A page: a session, what signs and frames for it, and its socket.
struct Page<'a> {
    simulator: &'a Simulator,
    session: Session,
    encoder: Encoder,
    decoder: Decoder,
    socket: Socket,
    heard: Heard,
}

impl<'a> Page<'a> {
    /// Opens a stream with nothing but the answer that a server gave.
    async fn open(simulator: &'a Simulator, answer: &[u8]) -> Result<Self, Box<Error>> {
        let grant = Grant::read_json(answer, now(simulator)).expect("a grant");
        assert!(grant.may_open(now(simulator)));
        let (region, model) = (grant.region().to_owned(), grant.model_id().to_owned());
        let opened = grant.signing_time(now(simulator));
        let credentials = grant.into_signing_credentials();
        let endpoint = simulator.wss_url();
        let request = StreamRequest::new(&region, &model).with_endpoint(&endpoint);
        let url = request.presign(&credentials, opened).expect("a key for today");
        let signer = ChunkSigner::new(credentials.keys, &region, *url.signature(), opened);
        let socket = connect(simulator, url.expose()).await?;
        let session =
            Session::new(SessionConfig::default(), [7; 32], simulator.clock().tick()).expect("a session");
        Ok(Self {
            simulator,
            session,
            encoder: Encoder::new(signer),
            decoder: Decoder::new(),
            socket,
            heard: Heard::default(),
        })
    }

    fn tick(&self) -> Tick {
        self.simulator.clock().tick()
    }

    fn give(&mut self, input: Input<'_>) {
        let tick = self.tick();
        self.session.handle_input(tick, input).expect("an input in its place");
    }

    /// Does what the session wants done.
    async fn settle(&mut self) {
        while let Some(output) = self.session.poll_output() {
            let mut message = Vec::new();
            match output {
                Output::Send(event) => {
                    self.encoder.encode(&event, now(self.simulator), &mut message).expect("a key for today");
                }
                Output::EndInput => {
                    self.encoder.finish(now(self.simulator), &mut message).expect("a key for today");
                }
                Output::Emit(event) => {
                    self.heard.take(&event);
                    if let Event::Transcript { role: Role::Assistant, stage: Stage::Final, .. } = event {
                        self.give(Input::Hangup);
                    }
                }
                _ => {}
            }
            if !message.is_empty() {
                self.socket.send(Message::Binary(message.into())).await.expect("an open socket");
            }
        }
    }

    /// Says something, listens to the answer and hangs up.
    async fn converse(mut self) -> Heard {
        self.settle().await;
        self.give(Input::Connected);
        for second in utterance(1_000).chunks(8_000) {
            self.give(Input::Audio(second));
            self.settle().await;
        }
        while self.heard.closed.is_none() {
            let wait = self.session.poll_timeout().map_or(Duration::from_secs(1), |at| at.since(self.tick()));
            tokio::select! {
                message = self.socket.next() => match message.expect("a stream that is closed in order") {
                    Ok(Message::Binary(bytes)) => self.receive(&bytes),
                    Ok(Message::Close(_)) => self.give(Input::Disconnected),
                    other => panic!("{other:?}"),
                },
                () = tokio::time::sleep(wait) => self.give(Input::Timeout),
            }
            self.settle().await;
        }
        self.heard
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.decoder.push(bytes);
        while let Some(received) = self.decoder.poll() {
            match received.expect("an event") {
                Received::Event(event) => self.give(Input::Received(event)),
                Received::Exception(error) => panic!("{error}"),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn our_codec_opens_a_stream_with_keys_instead_of_a_secret() {
    let simulator =
        simulator(r#"{ "name": "hello", "turns": [ { "user": "A story!", "say": [ { "text": "Once upon a time." } ] } ] }"#)
            .await;
    for (number, mode) in [GrantMode::SigningKeys, GrantMode::Plain].into_iter().enumerate() {
        let (answer, name) = issue(&simulator, mode).await;
        let secret = b"secretAccessKey";
        let shows_secret = answer.windows(secret.len()).any(|window| window == secret);
        assert_eq!(shows_secret, mode == GrantMode::Plain);

        let page = Page::open(&simulator, &answer).await.expect("an open stream");
        let heard = in_time(page.converse()).await.expect("no hang");
        assert_eq!(heard.said(&Role::Assistant, Stage::Final), "Once upon a time.");
        assert!(heard.samples > 24_000 / 2, "half a second of sound at least: {}", heard.samples);
        assert_eq!(heard.closed, Some(CloseReason::Hangup));

        let record = in_time(simulator.ended_stream(number)).await.expect("it ends");
        assert_eq!(
            (record.transport, record.tls, record.end),
            (Transport::WebSocket, true, Some(StreamEnd::Completed))
        );
        assert_eq!(
            record.principal_arn,
            format!("arn:aws:sts::123456789012:assumed-role/{DEFAULT_ROLE}/{name}")
        );
    }
}

#[tokio::test]
async fn the_keys_open_no_other_model() {
    let simulator = simulator(r#"{ "name": "denied" }"#).await;
    let (answer, _) = issue(&simulator, GrantMode::SigningKeys).await;
    let text = String::from_utf8(answer).expect("JSON");
    let other = text.replace("amazon.nova-2-sonic-v1:0", "amazon.nova-2-5-sonic");
    assert_ne!(text, other);
    let Err(error) = Page::open(&simulator, other.as_bytes()).await else {
        panic!("another model was opened")
    };
    let Error::Http(response) = *error else { panic!("{error}") };
    assert_eq!(response.status(), 403);
    assert_eq!(response.headers()["x-amzn-errortype"], "AccessDeniedException");
    assert!(simulator.streams().is_empty());
}
