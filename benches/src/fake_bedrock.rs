//! A Bedrock that costs next to nothing: answers at once, then 40 ms of sound every 40 ms, and discards what it hears.

use std::{
    convert::Infallible,
    io::{BufRead, Write},
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, stream};
use http::{Request, Response};
use http_body_util::{BodyExt, StreamBody};
use hyper::{
    body::{Frame, Incoming},
    server::conn::http2,
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use nova_sonic_core::event::{ServerContent, ServerEvent, ServerIds};
use rustls::{ServerConfig, pki_types::PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::{Failure, material};

/// Its first line on standard output.
#[derive(Debug, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the bench's own message")]
pub struct Address {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    /// Its certificate, PEM.
    pub certificate: String,
}

/// What it answers to every line on standard input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the bench's own message")]
pub struct Seen {
    /// TLS connections so far.
    pub connections: u32,
    /// Streams so far.
    pub streams: u32,
    /// Bytes heard on them so far.
    pub bytes: u64,
}

#[derive(Debug, Default)]
struct Counters {
    connections: AtomicU32,
    streams: AtomicU32,
    bytes: AtomicU64,
}

/// Serves until standard input ends.
///
/// # Errors
///
/// No port, no certificate, or nobody who reads its first line.
pub fn run() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let counters = Arc::new(Counters::default());
    let (certificate, acceptor) = identity()?;
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
    say(&Address { port: listener.local_addr()?.port(), certificate })?;

    let seen = Arc::clone(&counters);
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        // dropped with the thread: the end of the input is the end of the server
        let _end = end;
        for _ in std::io::stdin().lock().lines().map_while(Result::ok) {
            let answer = Seen {
                connections: seen.connections.load(Relaxed),
                streams: seen.streams.load(Relaxed),
                bytes: seen.bytes.load(Relaxed),
            };
            if say(&answer).is_err() {
                return;
            }
        }
    });
    let answers = Answers::new()?;
    runtime.block_on(async {
        tokio::select! {
            _ = ended => Ok(()),
            failed = accept(listener, acceptor, answers, counters) => failed,
        }
    })
}

/// A certificate made for this run.
fn identity() -> Result<(String, TlsAcceptor), Failure> {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()])?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok((made.cert.pem(), TlsAcceptor::from(Arc::new(config))))
}

async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    answers: Answers,
    counters: Arc<Counters>,
) -> Result<(), Failure> {
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        counters.connections.fetch_add(1, Relaxed);
        tokio::spawn(serve(socket, acceptor.clone(), answers.clone(), Arc::clone(&counters)));
    }
}

/// Streams that a connection takes: hyper's limit is 200, and the SDK lets those beyond it wait in silence.
const STREAMS: u32 = 10_000;

/// A connection that breaks is the client's to report.
async fn serve(socket: TcpStream, acceptor: TlsAcceptor, answers: Answers, counters: Arc<Counters>) {
    let Ok(socket) = acceptor.accept(socket).await else { return };
    let service = service_fn(move |request: Request<Incoming>| {
        counters.streams.fetch_add(1, Relaxed);
        let (answers, counters) = (answers.clone(), Arc::clone(&counters));
        async move {
            tokio::spawn(discard(request.into_body(), counters));
            Ok::<_, Infallible>(
                Response::builder()
                    .header("content-type", "application/vnd.amazon.eventstream")
                    .body(StreamBody::new(answers.stream()))
                    .unwrap_or_else(|_| unreachable!("the one header is legal")),
            )
        }
    });
    let mut server = http2::Builder::new(TokioExecutor::new());
    server.max_concurrent_streams(STREAMS);
    let _ = server.serve_connection(TokioIo::new(socket), service).await;
}

async fn discard(mut body: Incoming, counters: Arc<Counters>) {
    while let Some(Ok(frame)) = body.frame().await {
        let heard = frame.data_ref().map_or(0, Bytes::len);
        counters.bytes.fetch_add(u64::try_from(heard).unwrap_or_default(), Relaxed);
    }
}

/// Frames that are made once.
#[derive(Clone, Debug)]
struct Answers {
    opening: Bytes,
    sound: Bytes,
}

impl Answers {
    fn new() -> Result<Self, Failure> {
        let sound = material::audio_output(material::ANSWER_SAMPLES);
        let ServerEvent::AudioOutput { ids, content_id, .. } = &sound else {
            return Err("the answer is no sound".into());
        };
        let extra = serde_json::Map::new();
        let mut opening = material::answer_frame(&ServerEvent::CompletionStart {
            ids: ServerIds::clone(ids),
            extra: extra.clone(),
        })?;
        opening.extend(material::answer_frame(&ServerEvent::ContentStart {
            ids: ids.clone(),
            content_id: content_id.clone(),
            role: nova_sonic_core::event::Role::Assistant,
            content: ServerContent::Audio { sample_rate_hertz: 24_000 },
            extra,
        })?);
        Ok(Self { opening: opening.into(), sound: material::answer_frame(&sound)?.into() })
    }

    fn stream(self) -> impl Stream<Item = Result<Frame<Bytes>, Infallible>> {
        let sound = self.sound;
        let ticks = tokio::time::interval(Duration::from_millis(material::ANSWER_MILLIS));
        let sounds = stream::unfold((ticks, sound), |(mut ticks, sound)| async move {
            ticks.tick().await;
            Some((Ok(Frame::data(sound.clone())), (ticks, sound)))
        });
        futures_util::StreamExt::chain(stream::iter([Ok(Frame::data(self.opening))]), sounds)
    }
}

fn say(line: &impl Serialize) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    serde_json::to_writer(&mut output, line)?;
    writeln!(output)?;
    output.flush()?;
    Ok(())
}
