//! The first twelve bytes of a frame, on which everything else depends.

use super::{WireError, checksum::crc32};

/// Length of the prelude: two lengths and their checksum.
pub const PRELUDE_BYTES: usize = 12;

/// Length of the checksum that ends a frame.
pub(super) const TRAILER_BYTES: usize = 4;

/// Length of a frame without headers and payload.
pub const FRAME_OVERHEAD: usize = PRELUDE_BYTES + TRAILER_BYTES;

/// The lengths of a frame, believed only after their checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Prelude {
    /// Length of the whole frame, both checksums included.
    pub(super) total: usize,
    /// Length of the headers.
    pub(super) headers: usize,
}

impl Prelude {
    pub(super) fn read(bytes: &[u8; PRELUDE_BYTES], limit: usize) -> Result<Self, WireError> {
        let &[t0, t1, t2, t3, h0, h1, h2, h3, c0, c1, c2, c3] = bytes;
        let stated = u32::from_be_bytes([c0, c1, c2, c3]);
        let computed = crc32(&[t0, t1, t2, t3, h0, h1, h2, h3]);
        if stated != computed {
            return Err(WireError::PreludeCorrupt { stated, computed });
        }
        let total = length(u32::from_be_bytes([t0, t1, t2, t3]));
        let headers = length(u32::from_be_bytes([h0, h1, h2, h3]));
        if total > limit {
            return Err(WireError::FrameTooLarge { total, limit });
        }
        if headers > total.saturating_sub(FRAME_OVERHEAD) || total < FRAME_OVERHEAD {
            return Err(WireError::LengthsContradict { total, headers });
        }
        Ok(Self { total, headers })
    }

    /// The prelude's bytes; `None` if a length does not fit into 32 bits.
    pub(super) fn write(self) -> Option<[u8; PRELUDE_BYTES]> {
        let mut bytes = [0; PRELUDE_BYTES];
        let (lengths, checksum) = bytes.split_at_mut(8);
        let (total, headers) = lengths.split_at_mut(4);
        total.copy_from_slice(&u32::try_from(self.total).ok()?.to_be_bytes());
        headers.copy_from_slice(&u32::try_from(self.headers).ok()?.to_be_bytes());
        checksum.copy_from_slice(&crc32(lengths).to_be_bytes());
        Some(bytes)
    }
}

/// A length of the wire as a length of memory; one that does not fit is beyond every limit anyway.
fn length(wire: u32) -> usize {
    usize::try_from(wire).unwrap_or(usize::MAX)
}
