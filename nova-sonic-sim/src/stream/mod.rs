//! One bidirectional stream, the same for HTTP and WebSocket: signed messages in, frames out.

mod decoder;
mod driver;
mod frames;
mod inbound;
mod input;
mod outbound;

pub(crate) use driver::{Driver, OpenStream, StreamStart};
pub(crate) use frames::json_frame;
pub(crate) use inbound::{HttpInbound, Inbound, Received};
pub(crate) use outbound::{Outgoing, StreamBody, channel};
