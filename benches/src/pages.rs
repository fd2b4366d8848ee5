//! Many pages that talk through a relay, in real time: what they hear, and when.

use std::{
    io::{self, Write},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use nova_sonic_core::{
    relay::{ClientCodec, FrameKind, SUBPROTOCOL},
    session::{Output, Session, SessionConfig},
    time::Tick,
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::{Failure, material, measure::now};

/// What the pages' process is told to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the bench's own message")]
pub struct Visit {
    /// Where the relay listens.
    pub address: String,
    /// What lets a page in.
    pub ticket: String,
    /// How many pages.
    pub sessions: u32,
    /// Seconds between the last connection and the window.
    pub warm_up: u64,
    /// Seconds that are measured.
    pub window: u64,
}

/// What they saw in the window.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the bench's own message")]
pub struct Sight {
    /// Length of the window, seconds.
    pub wall: f64,
    /// Messages of sound sent.
    pub sent: u64,
    /// Messages of sound received.
    pub received: u64,
    /// Delay of an answer's sound behind the earliest one of its conversation, ms: of half of them at most this.
    pub median_delay: f64,
    /// Of 99 in 100 at most this.
    pub late_delay: f64,
}

#[derive(Debug, Default)]
struct Seen {
    opened: AtomicU32,
    failed: AtomicU32,
    measuring: AtomicU32,
    sent: AtomicU64,
    received: AtomicU64,
    delays: Mutex<Vec<f64>>,
}

/// Shares no factor with 32 or 40 ms, so that pages do not march in step.
const SPACING: Duration = Duration::from_micros(5_370);
const PATIENCE: Duration = Duration::from_mins(1);

/// Reads a [`Visit`] from standard input, does it, writes a line when the window begins and its [`Sight`] at the end.
///
/// # Errors
///
/// A page was not let in, or not all were in time.
pub fn run() -> Result<(), Failure> {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    let visit: Visit = serde_json::from_str(&line)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let sight = runtime.block_on(watch(visit))?;
    runtime.shutdown_background();
    serde_json::to_writer(io::stdout(), &sight)?;
    Ok(())
}

async fn watch(visit: Visit) -> Result<Sight, Failure> {
    let seen = Arc::new(Seen::default());
    let visit = Arc::new(visit);
    for _ in 0..visit.sessions {
        let (seen, visit) = (Arc::clone(&seen), Arc::clone(&visit));
        tokio::spawn(async move {
            let outcome = talk(&visit, &seen).await;
            seen.failed.fetch_add(1, Relaxed);
            complain(&outcome.err().unwrap_or_else(|| "the relay ended the conversation".into()));
        });
        tokio::time::sleep(SPACING).await;
    }
    let deadline = now() + PATIENCE;
    while seen.opened.load(Relaxed) < visit.sessions {
        if now() > deadline || seen.failed.load(Relaxed) > 0 {
            let opened = seen.opened.load(Relaxed);
            return Err(format!("only {opened} of {} pages hear something", visit.sessions).into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_secs(visit.warm_up)).await;
    seen.measuring.store(1, Relaxed);
    let (start, sent, received) = (now(), seen.sent.load(Relaxed), seen.received.load(Relaxed));
    writeln!(io::stdout(), "begin")?;
    tokio::time::sleep(Duration::from_secs(visit.window)).await;
    seen.measuring.store(2, Relaxed);
    let (wall, sent, received) = (
        start.elapsed().as_secs_f64(),
        seen.sent.load(Relaxed) - sent,
        seen.received.load(Relaxed) - received,
    );
    // each page hands in its delays when it sees that the window is over
    tokio::time::sleep(Duration::from_millis(500)).await;
    let failed = seen.failed.load(Relaxed);
    if failed > 0 {
        return Err(format!("{failed} of {} conversations failed", visit.sessions).into());
    }
    let mut delays = std::mem::take(&mut *seen.delays.lock().unwrap_or_else(PoisonError::into_inner));
    delays.sort_by(f64::total_cmp);
    let at = |percent: usize| delays.get(delays.len() * percent / 100).copied().unwrap_or(f64::NAN);
    Ok(Sight { wall, sent, received, median_delay: at(50), late_delay: at(99) })
}

async fn talk(visit: &Visit, seen: &Seen) -> Result<(), Failure> {
    let mut request =
        format!("ws://{}/relay?ticket={}", visit.address, visit.ticket).into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    let stream = TcpStream::connect(&visit.address).await?;
    stream.set_nodelay(true)?;
    let (mut socket, _) = client_async(request, stream).await?;
    open(&mut socket).await?;
    let sound: Vec<u8> =
        material::samples(material::FRAME_SAMPLES).iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let sound = Message::binary(sound);
    let mut ticks = tokio::time::interval(Duration::from_millis(material::FRAME_MILLIS));
    let mut arrivals: Vec<Instant> = Vec::new();
    let mut heard = false;
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                socket.send(sound.clone()).await?;
                seen.sent.fetch_add(1, Relaxed);
            }
            message = socket.next() => match message {
                Some(Ok(Message::Binary(bytes))) if bytes.len() == material::ANSWER_SAMPLES * 2 => {
                    seen.received.fetch_add(1, Relaxed);
                    if !std::mem::replace(&mut heard, true) {
                        seen.opened.fetch_add(1, Relaxed);
                    }
                    match seen.measuring.load(Relaxed) {
                        1 => arrivals.push(now()),
                        2 if !arrivals.is_empty() => {
                            let delays = delays(&std::mem::take(&mut arrivals));
                            seen.delays.lock().unwrap_or_else(PoisonError::into_inner).extend(delays);
                        }
                        _ => {}
                    }
                }
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Err(format!("closed with {}: {}", u16::from(frame.code), frame.reason).into());
                }
                Some(Ok(Message::Close(None))) | None => return Ok(()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
            },
        }
    }
}

/// What a session says before its first sound.
async fn open(socket: &mut WebSocketStream<TcpStream>) -> Result<(), Failure> {
    let mut session = Session::new(SessionConfig::default(), [7; 32], Tick::ZERO)?;
    let (mut codec, mut out) = (ClientCodec::new(), Vec::new());
    while let Some(output) = session.poll_output() {
        if let Output::Send(event) = output {
            let message = match codec.encode(&event, &mut out)? {
                FrameKind::Text => Message::text(std::str::from_utf8(&out)?),
                FrameKind::Binary => Message::binary(out.clone()),
            };
            socket.send(message).await?;
        }
    }
    Ok(())
}

/// How much later than the earliest one each came, were they sent every 40 ms, in ms.
#[expect(clippy::cast_precision_loss, reason = "counts of seconds are far below 2^52")]
fn delays(arrivals: &[Instant]) -> Vec<f64> {
    let Some(first) = arrivals.first() else { return Vec::new() };
    let millis = material::ANSWER_MILLIS as f64;
    let late = |(index, at): (usize, &Instant)| {
        at.duration_since(*first).as_secs_f64() * 1_000.0 - index as f64 * millis
    };
    let late: Vec<f64> = arrivals.iter().enumerate().map(late).collect();
    let earliest = late.iter().copied().fold(f64::INFINITY, f64::min);
    late.into_iter().map(|late| late - earliest).collect()
}

#[expect(clippy::print_stderr, reason = "a page that fails must say why, and stdout is the bench's")]
fn complain(failure: &Failure) {
    eprintln!("a page failed: {failure}");
}
