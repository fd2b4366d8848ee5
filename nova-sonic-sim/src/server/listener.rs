//! One port: accepts connections and serves each on its own task.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use super::answer::answer;
use crate::service::{Connection, Service};

/// Connections held at once on one port; the next ones wait in the kernel's queue.
const CONNECTION_LIMIT: usize = 1024;
/// Time for a TLS handshake or the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Streams that one HTTP/2 connection may have open: more than any quota here, fewer than would hurt.
const HTTP2_STREAMS: u32 = 1024;

/// Whether a port speaks TLS.
#[derive(Clone, Debug)]
pub(crate) enum Security {
    Tls(Arc<ServerConfig>),
    Plain,
}

/// A bound port that is not served yet.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    security: Security,
}

impl Listener {
    pub(crate) async fn bind(address: IpAddr, port: u16, security: Security) -> io::Result<Self> {
        let socket = TcpListener::bind((address, port)).await?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address, security })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts until the service ends; dropping the future drops every connection.
    pub(crate) async fn serve(self, service: Arc<Service>) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.socket.accept(), if connections.len() < CONNECTION_LIMIT => match accepted {
                    Ok((stream, peer)) => {
                        connections.spawn(connection(stream, peer.ip(), self.security.clone(), Arc::clone(&service)));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "could not accept a connection");
                        // out of file descriptors, most likely: give some time to come back
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                },
                Some(_) = connections.join_next() => {}
                () = service.ended() => break,
            }
        }
        connections.shutdown().await;
    }
}

async fn connection(stream: TcpStream, peer: IpAddr, security: Security, service: Arc<Service>) {
    // a frame of sound must not wait for the next one
    let _ = stream.set_nodelay(true);
    match security {
        Security::Plain => serve(stream, peer, false, service).await,
        Security::Tls(config) => {
            match tokio::time::timeout(HEAD_TIMEOUT, TlsAcceptor::from(config).accept(stream)).await {
                Ok(Ok(stream)) => serve(stream, peer, true, service).await,
                Ok(Err(error)) => {
                    tracing::warn!(%peer, %error, "TLS handshake failed: does the client trust the simulator's CA?");
                }
                Err(_) => tracing::warn!(%peer, "TLS handshake timed out"),
            }
        }
    }
}

async fn serve<S>(stream: S, peer: IpAddr, tls: bool, service: Arc<Service>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (cut, mut cut_asked) = mpsc::channel(1);
    let connection = Connection { peer, tls, cut };
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(HTTP2_STREAMS)
        .max_header_list_size(64 * 1024);
    let serving = builder.serve_connection_with_upgrades(
        TokioIo::new(stream),
        service_fn(move |request| answer(Arc::clone(&service), connection.clone(), request)),
    );
    tokio::select! {
        result = serving => if let Err(error) = result {
            tracing::debug!(%peer, error = %error, "a connection ended early");
        },
        // the service keeps a sender, so this is a cut and never a hang-up
        Some(()) = cut_asked.recv() => tracing::debug!(%peer, "a connection was cut, as the scenario asks"),
    }
}
