//! A grant as JSON, both ways: nothing else writes its secrets.

mod read;
mod value;
mod write;

pub(super) use read::read;
pub(super) use write::write;

/// The form with signing keys.
const VERSION: u64 = 1;
/// How the form with signing keys calls itself.
const SIGNING_KEY_MODE: &str = "signing-key";
/// The only service that the keys are for.
const SERVICE: &str = "bedrock";
/// 32 bytes in base64.
const KEY_DIGITS: usize = 44;
