//! The relay behind any WebSocket library (feature `relay`): who may talk, one connection for each socket, and the
//! stream to the service behind it.
//!
//! The library that holds the socket gives what comes to [`RelayConnection::receive_text`] and
//! [`RelayConnection::receive_binary`], and sends what [`RelayConnection::next`] says. One task for each socket is
//! enough:
//!
//! ```no_run
//! use nova_sonic_core::relay_handler::{RelayConnection, RelayHandler, RelayMessage};
//! # trait Socket { async fn receive(&mut self) -> Option<Frame>; async fn send(&mut self, frame: Frame); }
//! # enum Frame { Text(String), Binary(Vec<u8>), Close(u16, String) }
//!
//! async fn serve(handler: &RelayHandler, subject: &str, socket: &mut impl Socket) {
//!     let connection = handler.connect(subject);
//!     loop {
//!         tokio::select! {
//!             frame = socket.receive() => match frame {
//!                 Some(Frame::Text(text)) => connection.receive_text(&text),
//!                 Some(Frame::Binary(bytes)) => connection.receive_binary(&bytes),
//!                 Some(Frame::Close(..)) | None => break,
//!             },
//!             message = connection.next() => match message {
//!                 Some(RelayMessage::Text(text)) => socket.send(Frame::Text(text)).await,
//!                 Some(RelayMessage::Binary(bytes)) => socket.send(Frame::Binary(bytes)).await,
//!                 Some(RelayMessage::Close { code, reason }) => socket.send(Frame::Close(code, reason)).await,
//!                 Some(RelayMessage::ToolCall { id, .. }) => {
//!                     let _ = connection.tool_result(&id, r#"{"sky":"blue"}"#);
//!                 }
//!                 Some(_) => {}
//!                 None => break,
//!             },
//!         }
//!     }
//!     connection.gone();
//!     // the service's last words: until then the record is not complete
//!     while connection.next().await.is_some() {}
//!     println!("{} tokens", connection.record().exchange.usage.total_tokens());
//! }
//! ```
//!
//! Nothing here logs, and nothing waits in memory for a client that does not read: while [`RelayConnection::next`] is
//! not asked, nothing is read from the service. Give a send that blocks a limit of its own, such as 30 s.

mod connection;
mod handler;
#[cfg(feature = "redis")]
mod ledger;
mod link;
mod message;
mod places;
mod record;
mod state;

pub use connection::RelayConnection;
pub use handler::RelayHandler;
#[cfg(feature = "redis")]
pub use ledger::RelayLedger;
pub use message::RelayMessage;
pub use record::RelayRecord;
