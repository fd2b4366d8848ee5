//! Event-stream frames, both ways: lengths, headers and checksums, and nothing of what they carry.
//!
//! A frame is `total length (4) | length of the headers (4) | CRC-32 of these eight bytes (4) | headers | payload |
//! CRC-32 of everything before (4)`, all big endian; the checksum is the one of zlib. Source: Smithy 2.0, "Amazon
//! Event Stream Specification".
//!
//! [`FrameDecoder`] takes bytes in any split and gives frames that borrow from it; [`write_frame`] and, for those who
//! lay out the bytes themselves, [`seal`] make frames in the caller's buffer.

mod checksum;
mod decoder;
mod error;
mod header;
mod prelude;
mod writer;

pub use decoder::{DEFAULT_FRAME_LIMIT, Frame, FrameDecoder};
pub use error::WireError;
pub use header::{Header, HeaderIter, HeaderValue, Headers};
pub use prelude::{FRAME_OVERHEAD, PRELUDE_BYTES};
pub use writer::{seal, write_frame, write_header};
