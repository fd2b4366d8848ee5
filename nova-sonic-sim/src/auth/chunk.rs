//! The signature chain over the messages of a stream.
//!
//! Verified over the raw `:date` header, since the JavaScript SDK keeps milliseconds there and the Rust SDK
//! does not; for the same reason `aws-sigv4`'s own message signer, which cuts them off, cannot be asked.

use std::sync::Arc;

use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use aws_smithy_eventstream::frame::write_headers_to;
use aws_smithy_types::{
    DateTime,
    date_time::Format,
    event_stream::{Header, Message},
};
use nova_sonic_core::time::{Date, Timestamp};

use super::{
    AuthError, CLOCK_TOLERANCE, Caller, Identity,
    signature::{same, sha256_hex, system_time},
};

/// Why a signed message is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChunkError {
    /// It lacks `:date` or `:chunk-signature`.
    #[error("The request event is not signed: it needs the headers :date and :chunk-signature.")]
    Unsigned,
    #[error("{0}")]
    Refused(#[from] AuthError),
}

/// Verifies one stream's messages, each against the signature before it.
pub(crate) struct ChunkVerifier {
    identity: Arc<Identity>,
    region: String,
    prior: String,
    /// The signing key of the day last seen.
    key: Option<(Date, Vec<u8>)>,
}

impl ChunkVerifier {
    /// A chain that starts from the request's own signature.
    pub(crate) fn new(caller: &Caller) -> Self {
        Self {
            identity: Arc::clone(&caller.identity),
            region: caller.region.clone(),
            prior: caller.signature.clone(),
            key: None,
        }
    }

    /// Verifies the next message; an empty one ends the input and is signed too.
    pub(crate) fn verify(&mut self, message: &Message, now: Timestamp) -> Result<(), ChunkError> {
        let find = |name: &str| message.headers().iter().find(|header| header.name().as_str() == name);
        let date_header = find(":date").ok_or(ChunkError::Unsigned)?;
        let date = date_header.value().as_timestamp().map_err(|_| ChunkError::Unsigned)?;
        let signature = find(":chunk-signature").ok_or(ChunkError::Unsigned)?;
        let signature = signature.value().as_byte_array().map_err(|_| ChunkError::Unsigned)?;
        if self.identity.expired(now) {
            return Err(AuthError::Expired.into());
        }
        let signed_at = Timestamp::from_unix_millis(date.to_millis().map_err(|_| ChunkError::Unsigned)?);
        if signed_at.since(now) > CLOCK_TOLERANCE || now.since(signed_at) > CLOCK_TOLERANCE {
            return Err(AuthError::Scope(format!(
                "Signature expired: {signed_at} is more than 5 min. away from {now}"
            ))
            .into());
        }
        let expected = self.expected(date_header, signed_at, message.payload())?;
        if !same(expected.as_bytes(), hex::encode(signature).as_bytes()) {
            return Err(AuthError::Mismatch.into());
        }
        self.prior = expected;
        Ok(())
    }

    fn expected(
        &mut self,
        date_header: &Header,
        signed_at: Timestamp,
        payload: &[u8],
    ) -> Result<String, ChunkError> {
        let mut header_bytes = Vec::with_capacity(15);
        let written = write_headers_to(std::slice::from_ref(date_header), &mut header_bytes);
        written.map_err(|_| ChunkError::Unsigned)?;
        let time = basic_format(signed_at).ok_or(ChunkError::Unsigned)?;
        let date = signed_at.date();
        let scope = format!("{date}/{}/bedrock/aws4_request", self.region);
        let (header_hash, payload_hash) = (sha256_hex(&header_bytes), sha256_hex(payload));
        let prior = &self.prior;
        let to_sign =
            format!("AWS4-HMAC-SHA256-PAYLOAD\n{time}\n{scope}\n{prior}\n{header_hash}\n{payload_hash}");
        if self.key.as_ref().is_none_or(|(day, _)| *day != date) {
            let key =
                generate_signing_key(self.identity.secret(), system_time(signed_at), &self.region, "bedrock");
            self.key = Some((date, key.as_ref().to_vec()));
        }
        let key = self.key.as_ref().map_or(&[][..], |(_, key)| key);
        Ok(calculate_signature(key, to_sign.as_bytes()))
    }
}

/// `20261122T130248Z`, made by AWS's own formatter.
fn basic_format(timestamp: Timestamp) -> Option<String> {
    let extended = DateTime::from_secs(timestamp.unix_seconds()).fmt(Format::DateTime).ok()?;
    Some(extended.chars().filter(|character| !matches!(character, '-' | ':')).collect())
}

impl std::fmt::Debug for ChunkVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChunkVerifier").field("region", &self.region).finish_non_exhaustive()
    }
}
