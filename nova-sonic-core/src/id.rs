//! Identifiers: cheap to copy, never mixed up, minted from a caller's seed.

use std::{borrow::Borrow, fmt, ops::Deref, sync::Arc};

use sha2::{Digest, Sha256};

macro_rules! identifier {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps an identifier as it came from the wire or from [`IdMint`].
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The identifier's text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

identifier! {
    /// The client's name for a prompt, `promptName`: repeated on every later event.
    PromptName
    /// The client's name for one content block, `contentName`.
    ContentName
    /// The server's name for one content block, `contentId`.
    ContentId
    /// The server's name for the stream, `sessionId`.
    SessionId
    /// The server's name for a completion, `completionId`: one spans the whole session in practice.
    CompletionId
    /// The server's name for one tool call, `toolUseId`.
    ToolUseId
}

/// Mints identifiers shaped like random UUIDs (version 4) from a seed: the same seed gives the same ones.
///
/// ```
/// use nova_sonic_core::id::IdMint;
/// let mut mint = IdMint::new([7; 32]);
/// let first = mint.next_uuid();
/// assert_eq!((first.len(), first.as_bytes()[14]), (36, b'4'));
/// assert_ne!(first, mint.next_uuid());
/// assert_eq!(first, IdMint::new([7; 32]).next_uuid());
/// ```
pub struct IdMint {
    seed: [u8; 32],
    minted: u64,
}

impl IdMint {
    /// A mint whose output is fixed by `seed`: 32 random bytes in production, a constant in a test.
    pub const fn new(seed: [u8; 32]) -> Self {
        Self { seed, minted: 0 }
    }

    /// The next identifier, 36 characters.
    pub fn next_uuid(&mut self) -> Arc<str> {
        let digest = Sha256::new().chain_update(self.seed).chain_update(self.minted.to_be_bytes()).finalize();
        self.minted += 1;
        let mut text = String::with_capacity(36);
        for (index, byte) in digest.iter().take(16).enumerate() {
            let byte = match index {
                6 => byte & 0x0f | 0x40,
                8 => byte & 0x3f | 0x80,
                _ => *byte,
            };
            if matches!(index, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            for nibble in [byte >> 4, byte & 0x0f] {
                text.push(char::from_digit(nibble.into(), 16).unwrap_or('0'));
            }
        }
        text.into()
    }
}

/// Redacted: who knows the seed knows every later identifier.
impl fmt::Debug for IdMint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdMint").field("minted", &self.minted).finish_non_exhaustive()
    }
}
