//! Many signed-in browsers that ask one endpoint as fast as it answers.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderName, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::{Failure, measure::now};

/// Longest answer that is read, bytes.
const MOST_BYTES: usize = 64 * 1024;

/// Who asks, and for what. Each request is another browser's, in turn, so that nobody meets a limit.
#[derive(Debug)]
pub struct Browsers {
    path: String,
    header: HeaderName,
    values: Vec<String>,
    next: AtomicUsize,
    answer: &'static str,
}

impl Browsers {
    /// Browsers that are told apart by the value of this header; every answer must hold `answer`.
    pub fn new(path: &str, header: HeaderName, values: Vec<String>, answer: &'static str) -> Self {
        Self { path: path.to_owned(), header, values, next: AtomicUsize::new(0), answer }
    }

    fn request(&self, host: SocketAddr) -> Result<Request<Empty<Bytes>>, Failure> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let value = self.values.get(turn % self.values.len().max(1)).ok_or("nobody is signed in")?;
        Ok(Request::get(&self.path)
            .header(header::HOST, host.to_string())
            .header(header::ACCEPT, "*/*")
            .header(header::ACCEPT_ENCODING, "gzip, deflate, br")
            .header(
                header::USER_AGENT,
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            )
            .header(header::REFERER, format!("http://{host}/story/"))
            .header(&self.header, value)
            .header("sec-fetch-site", "same-origin")
            .header("sec-fetch-mode", "cors")
            .header("sec-fetch-dest", "empty")
            .body(Empty::new())?)
    }
}

/// What one round of load showed.
#[derive(Clone, Debug, Default)]
pub struct Round {
    /// How long it was.
    pub elapsed: Duration,
    /// How long each answer took, shortest first.
    pub latencies: Vec<Duration>,
}

impl Round {
    /// Answers per second.
    pub fn per_second(&self) -> f64 {
        // Far fewer answers than a float counts exactly.
        u32::try_from(self.latencies.len()).map_or(f64::NAN, f64::from) / self.elapsed.as_secs_f64()
    }

    /// The time within which `percent` of the answers came, in ms.
    pub fn percentile(&self, percent: usize) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let at = (self.latencies.len() * percent / 100).min(last);
        self.latencies.get(at).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1e3)
    }
}

/// Asks for `duration` over `connections` at once, each with one request under way.
///
/// # Errors
///
/// The server cannot be reached, or an answer is not the one expected.
pub async fn ask(
    server: SocketAddr,
    browsers: &Arc<Browsers>,
    connections: usize,
    duration: Duration,
) -> Result<Round, Failure> {
    let start = now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let browsers = Arc::clone(browsers);
        tasks.spawn(async move { one_connection(server, &browsers, start + duration).await });
    }
    let mut latencies = Vec::new();
    while let Some(task) = tasks.join_next().await {
        latencies.append(&mut task??);
    }
    let elapsed = start.elapsed();
    latencies.sort();
    Ok(Round { elapsed, latencies })
}

async fn one_connection(
    server: SocketAddr,
    browsers: &Browsers,
    end: Instant,
) -> Result<Vec<Duration>, Failure> {
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let mut latencies = Vec::new();
    while now() < end {
        let request = browsers.request(server)?;
        let start = now();
        answer(&mut sender, request, browsers.answer).await?;
        latencies.push(start.elapsed());
    }
    drop(sender);
    // The server may have closed first; every answer was read.
    let _ = driver.await;
    Ok(latencies)
}

async fn answer(
    sender: &mut SendRequest<Empty<Bytes>>,
    request: Request<Empty<Bytes>>,
    expected: &str,
) -> Result<(), Failure> {
    sender.ready().await?;
    let response: Response<hyper::body::Incoming> = sender.send_request(request).await?;
    let status = response.status();
    let body = http_body_util::Limited::new(response.into_body(), MOST_BYTES).collect().await?.to_bytes();
    if status == StatusCode::OK && body.windows(expected.len()).any(|part| part == expected.as_bytes()) {
        return Ok(());
    }
    // An answer without what was asked for holds no secret.
    let start = body.get(..body.len().min(200)).unwrap_or_default();
    Err(format!("{status} instead of credentials: {}", String::from_utf8_lossy(start)).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_answered() {
        let latencies = (1..=200).map(Duration::from_millis).collect();
        let round = Round { elapsed: Duration::from_secs(2), latencies };
        assert!((round.per_second() - 100.0).abs() < 1e-9);
        assert!((round.percentile(50) - 101.0).abs() < 1e-9);
        assert!((round.percentile(99) - 199.0).abs() < 1e-9);
        assert!((round.percentile(100) - 200.0).abs() < 1e-9);
    }

    #[test]
    fn browsers_take_turns() {
        let browsers = Browsers::new("/", header::COOKIE, vec!["a".to_owned(), "b".to_owned()], "");
        let host = SocketAddr::from(([127, 0, 0, 1], 80));
        let cookies: Vec<_> =
            (0..3).map(|_| browsers.request(host).unwrap().headers()[header::COOKIE].clone()).collect();
        assert_eq!(cookies, ["a", "b", "a"]);
    }
}
