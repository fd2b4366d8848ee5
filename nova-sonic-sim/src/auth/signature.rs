//! The signature that a request must have, computed by `aws-sigv4`.

use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4::{self, calculate_signature, generate_signing_key},
};
use http::request::Parts;
use nova_sonic_core::time::Timestamp;
use sha2::{Digest, Sha256};

use super::AuthError;

/// A request as its signature sees it.
pub(super) struct SignedRequest<'a> {
    pub(super) parts: &'a Parts,
    /// Path and query; the query as signed, without the signature itself.
    pub(super) path_and_query: String,
    pub(super) signed_headers: Vec<&'a str>,
    pub(super) payload_hash: String,
    pub(super) signed_at: Timestamp,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
}

impl SignedRequest<'_> {
    /// Whether `signature` is right, for the host with or without its port.
    ///
    /// The JavaScript SDK signs a custom endpoint's host without the port that the connection then sends.
    pub(super) fn verify(&self, secret: &str, signature: &str) -> Result<(), AuthError> {
        let host = host(self.parts).ok_or(AuthError::Mismatch)?;
        let bare = strip_port(host);
        let candidates = [host, bare];
        for candidate in candidates.iter().take(if host == bare { 1 } else { 2 }) {
            let expected = self.expected(secret, candidate)?;
            if same(expected.as_bytes(), signature.as_bytes()) {
                return Ok(());
            }
        }
        Err(AuthError::Mismatch)
    }

    fn expected(&self, secret: &str, host: &str) -> Result<String, AuthError> {
        if self.signed_headers.contains(&":authority") {
            self.with_authority(secret, host)
        } else {
            self.with_host(secret, host)
        }
    }

    /// What `aws-sigv4` computes for the same request.
    fn with_host(&self, secret: &str, host: &str) -> Result<String, AuthError> {
        let mut headers = self.header_values(host)?;
        headers.retain(|(name, _)| *name != ":authority");
        let uri = format!("https://{}{}", strip_port(host), self.path_and_query);
        let request = SignableRequest::new(
            self.parts.method.as_str(),
            uri,
            headers.iter().map(|(name, value)| (*name, value.as_ref())),
            SignableBody::Precomputed(self.payload_hash.clone()),
        )
        .map_err(|_| AuthError::Mismatch)?;

        let mut settings = SigningSettings::default();
        // sign exactly what the client signed: it adds a date header unless told otherwise
        let unsigned_date = !self.signed_headers.contains(&"x-amz-date");
        settings.excluded_headers =
            Some(unsigned_date.then_some(Cow::Borrowed("x-amz-date")).into_iter().collect());
        let identity = Credentials::new("unused", secret, None, None, "nova-sonic-sim").into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(system_time(self.signed_at))
            .settings(settings)
            .build()
            .map_err(|_| AuthError::Mismatch)?
            .into();
        let (_, signature) = sign(request, &params).map_err(|_| AuthError::Mismatch)?.into_parts();
        Ok(signature)
    }

    /// The JavaScript SDK's habit over HTTP/2: a signed header literally named `:authority`.
    ///
    /// No Rust HTTP type can hold such a header, so the canonical request is written here; keys and
    /// signature are still those of `aws-sigv4`. Such requests carry no query.
    fn with_authority(&self, secret: &str, host: &str) -> Result<String, AuthError> {
        if self.path_and_query.contains('?') {
            return Err(AuthError::Mismatch);
        }
        let headers = self.header_values(host)?.into_iter().map(|(name, value)| {
            let trimmed: Vec<&str> = value.split_whitespace().collect();
            format!("{name}:{}\n", trimmed.join(" "))
        });
        let canonical = format!(
            "{}\n{}\n\n{}\n{}\n{}",
            self.parts.method,
            self.path_and_query.replace('%', "%25"),
            headers.collect::<String>(),
            self.signed_headers.join(";"),
            self.payload_hash
        );

        let time = String::from_utf8_lossy(&self.signed_at.basic_format()).into_owned();
        let scope = format!("{}/{}/{}/aws4_request", self.signed_at.date(), self.region, self.service);
        let digest = hex::encode(Sha256::digest(canonical.as_bytes()));
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{digest}");
        let key = generate_signing_key(secret, system_time(self.signed_at), self.region, self.service);
        Ok(calculate_signature(key, to_sign.as_bytes()))
    }

    /// The signed headers' values, in the order in which they were signed.
    fn header_values<'h>(&'h self, host: &'h str) -> Result<Vec<(&'h str, Cow<'h, str>)>, AuthError> {
        let mut values = Vec::with_capacity(self.signed_headers.len());
        for name in &self.signed_headers {
            if matches!(*name, "host" | ":authority") {
                values.push((*name, Cow::Borrowed(host)));
                continue;
            }
            let mut found = self.parts.headers.get_all(*name).iter().peekable();
            if found.peek().is_none() {
                let text = format!("'{name}' is named in SignedHeaders but missing from the request.");
                return Err(AuthError::Scope(text));
            }
            for value in found {
                let value = value.to_str().map_err(|_| AuthError::Mismatch)?;
                values.push((*name, Cow::Borrowed(value)));
            }
        }
        Ok(values)
    }
}

/// Hex SHA-256, as signatures write it.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A timestamp for the crates that want the standard library's type.
pub(super) fn system_time(timestamp: Timestamp) -> SystemTime {
    let millis = u64::try_from(timestamp.unix_millis()).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}

/// Whether both are the same, in time that does not tell how much of them is.
pub(super) fn same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).fold(0, |differences, (left, right)| differences | (left ^ right)) == 0
}

/// The host that a request is addressed to, without its port.
pub(crate) fn host_name(parts: &Parts) -> &str {
    strip_port(host(parts).unwrap_or_default())
}

/// HTTP/2 names the host in the request target, HTTP/1.1 in a header.
fn host(parts: &Parts) -> Option<&str> {
    parts.uri.authority().map_or_else(
        || parts.headers.get(http::header::HOST)?.to_str().ok(),
        |authority| Some(authority.as_str()),
    )
}

fn strip_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((bare, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !bare.is_empty() => bare,
        Some(_) | None => host,
    }
}
