//! Headers: a name, a type, a value.

use std::fmt;

use super::WireError;

/// The value of a header, in one of the ten types of the format.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderValue<'a> {
    /// Types 0 and 1.
    Bool(bool),
    /// Type 2.
    Byte(i8),
    /// Type 3.
    Int16(i16),
    /// Type 4.
    Int32(i32),
    /// Type 5.
    Int64(i64),
    /// Type 6.
    Bytes(&'a [u8]),
    /// Type 7.
    Text(&'a str),
    /// Type 8, in milliseconds since 1970 began in UTC.
    Timestamp(i64),
    /// Type 9.
    Uuid([u8; 16]),
}

impl<'a> HeaderValue<'a> {
    /// The text, if this is one.
    pub const fn as_text(self) -> Option<&'a str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

/// Byte values show their length only: one of them is the signature of a live request.
impl fmt::Debug for HeaderValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Byte(value) => write!(f, "{value}"),
            Self::Int16(value) => write!(f, "{value}"),
            Self::Int32(value) => write!(f, "{value}"),
            Self::Int64(value) => write!(f, "{value}"),
            Self::Bytes(value) => write!(f, "[{} bytes]", value.len()),
            Self::Text(value) => write!(f, "{value:?}"),
            Self::Timestamp(value) => write!(f, "{value} ms"),
            Self::Uuid(value) => write!(f, "uuid {:032x}", u128::from_be_bytes(*value)),
        }
    }
}

/// One header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header<'a> {
    /// The name; those of the protocol begin with a colon.
    pub name: &'a str,
    /// The value.
    pub value: HeaderValue<'a>,
}

/// The headers of a frame, already checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Headers<'a>(&'a [u8]);

impl<'a> Headers<'a> {
    /// Reads every header of the block once, so that nobody meets a bad one later.
    pub(super) fn check(block: &[u8]) -> Result<(), WireError> {
        let mut rest = block;
        while !rest.is_empty() {
            let offset = block.len() - rest.len();
            read_header(&mut rest, offset)?;
        }
        Ok(())
    }

    /// The headers of a block that [`Headers::check`] has passed.
    pub(super) const fn of_checked(block: &'a [u8]) -> Self {
        Self(block)
    }

    /// The headers in their order.
    pub const fn iter(self) -> HeaderIter<'a> {
        HeaderIter(self.0)
    }

    /// The first header of that name, if it is text.
    pub fn text(self, name: &str) -> Option<&'a str> {
        self.iter().find(|header| header.name == name)?.value.as_text()
    }
}

impl<'a> IntoIterator for Headers<'a> {
    type Item = Header<'a>;
    type IntoIter = HeaderIter<'a>;

    fn into_iter(self) -> HeaderIter<'a> {
        self.iter()
    }
}

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|header| (header.name, header.value))).finish()
    }
}

/// The headers of a frame, one after the other.
#[derive(Clone, Debug)]
pub struct HeaderIter<'a>(&'a [u8]);

impl<'a> Iterator for HeaderIter<'a> {
    type Item = Header<'a>;

    fn next(&mut self) -> Option<Header<'a>> {
        read_header(&mut self.0, 0).ok()
    }
}

fn read_header<'a>(rest: &mut &'a [u8], offset: usize) -> Result<Header<'a>, WireError> {
    let truncated = || WireError::HeaderTruncated { offset };
    let (&[length], after) = rest.split_first_chunk().ok_or_else(truncated)?;
    let (name, after) = after.split_at_checked(length.into()).ok_or_else(truncated)?;
    let (&[kind], after) = after.split_first_chunk().ok_or_else(truncated)?;
    let text = |bytes| std::str::from_utf8(bytes).map_err(|_| WireError::HeaderNotText { offset });
    let name = text(name)?;
    let (bytes, after) = match kind {
        kind::TRUE | kind::FALSE => after.split_at_checked(0),
        kind::BYTE => after.split_at_checked(1),
        kind::INT16 => after.split_at_checked(2),
        kind::INT32 => after.split_at_checked(4),
        kind::INT64 | kind::TIMESTAMP => after.split_at_checked(8),
        kind::UUID => after.split_at_checked(16),
        kind::BYTES | kind::TEXT => split_counted(after),
        kind => return Err(WireError::HeaderTypeUnknown { offset, kind }),
    }
    .ok_or_else(truncated)?;
    let value = match kind {
        kind::TRUE => HeaderValue::Bool(true),
        kind::FALSE => HeaderValue::Bool(false),
        kind::BYTE => HeaderValue::Byte(i8::from_be_bytes(array(bytes))),
        kind::INT16 => HeaderValue::Int16(i16::from_be_bytes(array(bytes))),
        kind::INT32 => HeaderValue::Int32(i32::from_be_bytes(array(bytes))),
        kind::INT64 => HeaderValue::Int64(i64::from_be_bytes(array(bytes))),
        kind::TIMESTAMP => HeaderValue::Timestamp(i64::from_be_bytes(array(bytes))),
        kind::UUID => HeaderValue::Uuid(array(bytes)),
        kind::TEXT => HeaderValue::Text(text(bytes)?),
        _ => HeaderValue::Bytes(bytes),
    };
    *rest = after;
    Ok(Header { name, value })
}

/// Of bytes that are as many.
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.first_chunk().copied().unwrap_or([0; N])
}

/// A value whose length is before it, and what follows.
fn split_counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u16::from_be_bytes(*length).into())
}

/// The bytes that name the types.
pub(super) mod kind {
    pub(in crate::wire) const TRUE: u8 = 0;
    pub(in crate::wire) const FALSE: u8 = 1;
    pub(in crate::wire) const BYTE: u8 = 2;
    pub(in crate::wire) const INT16: u8 = 3;
    pub(in crate::wire) const INT32: u8 = 4;
    pub(in crate::wire) const INT64: u8 = 5;
    pub(in crate::wire) const BYTES: u8 = 6;
    pub(in crate::wire) const TEXT: u8 = 7;
    pub(in crate::wire) const TIMESTAMP: u8 = 8;
    pub(in crate::wire) const UUID: u8 = 9;
}
