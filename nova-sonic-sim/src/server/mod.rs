//! Sockets: TLS and plain, HTTP/2, HTTP/1.1 and WebSocket, down to one answer for each request.

mod answer;
mod http_stream;
mod listener;
mod query;
mod relay;
mod reply;
mod tls;
mod websocket;

pub(crate) use listener::{Listener, Security};
pub(crate) use tls::CertificateAuthority;
pub use tls::TlsError;
