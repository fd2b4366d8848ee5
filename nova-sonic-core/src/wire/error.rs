//! What can be wrong with a frame.

use crate::error::ErrorCode;

/// Why bytes are not a frame, or why a frame cannot be written. Lengths are in bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The first twelve bytes do not agree with their checksum, so no length in them can be believed.
    #[error("checksum of the frame's lengths is {computed:08x}, the frame says {stated:08x}")]
    PreludeCorrupt {
        /// What the frame says.
        stated: u32,
        /// What its bytes give.
        computed: u32,
    },
    /// The frame does not agree with its checksum.
    #[error("checksum of the frame is {computed:08x}, the frame says {stated:08x}")]
    FrameCorrupt {
        /// What the frame says.
        stated: u32,
        /// What its bytes give.
        computed: u32,
    },
    /// The frame is longer than the limit.
    #[error("frame of {total} bytes is longer than the limit of {limit} bytes")]
    FrameTooLarge {
        /// The length of the whole frame.
        total: usize,
        /// The longest frame that is taken.
        limit: usize,
    },
    /// The frame says that it is shorter than the fixed parts of every frame, or than its own headers.
    #[error("frame of {total} bytes has no room for {headers} bytes of headers")]
    LengthsContradict {
        /// The length of the whole frame.
        total: usize,
        /// The length of its headers.
        headers: usize,
    },
    /// A header reaches beyond the block of headers.
    #[error("header at byte {offset} reaches beyond the headers of its frame")]
    HeaderTruncated {
        /// Where the header begins within the block.
        offset: usize,
    },
    /// A header has a type that the format does not know.
    #[error("header at byte {offset} has the unknown type {kind}")]
    HeaderTypeUnknown {
        /// Where the header begins within the block.
        offset: usize,
        /// The byte that names the type.
        kind: u8,
    },
    /// The name or the text of a header is not UTF-8.
    #[error("header at byte {offset} is not utf-8")]
    HeaderNotText {
        /// Where the header begins within the block.
        offset: usize,
    },
    /// The bytes ended within a frame.
    #[error("stream ended {missing} bytes before the end of a frame")]
    FrameTruncated {
        /// How many bytes the frame lacks at least.
        missing: usize,
    },
    /// More bytes came in than were read as frames.
    #[error("more than {limit} bytes wait to be read as frames")]
    BacklogFull {
        /// How many bytes the decoder holds at most.
        limit: usize,
    },
    /// The name of a header to be written is empty or longer than 255 bytes.
    #[error("name of a header has {length} bytes, not 1 to 255")]
    HeaderNameLength {
        /// The length of the name.
        length: usize,
    },
    /// The value of a header to be written is longer than the format allows.
    #[error("value of a header has {length} bytes, more than {limit}")]
    HeaderValueTooLong {
        /// The length of the value.
        length: usize,
        /// The longest value of the format.
        limit: usize,
    },
}

impl WireError {
    /// The stable code.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::PreludeCorrupt { .. } | Self::FrameCorrupt { .. } => ErrorCode::FrameCorrupt,
            Self::FrameTooLarge { .. } => ErrorCode::FrameTooLarge,
            Self::LengthsContradict { .. }
            | Self::HeaderTruncated { .. }
            | Self::HeaderTypeUnknown { .. }
            | Self::HeaderNotText { .. } => ErrorCode::FrameMalformed,
            Self::FrameTruncated { .. } => ErrorCode::FrameTruncated,
            Self::BacklogFull { .. } | Self::HeaderNameLength { .. } | Self::HeaderValueTooLong { .. } => {
                ErrorCode::Internal
            }
        }
    }
}
