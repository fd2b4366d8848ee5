//! The URL that opens a stream.

use std::fmt;

use hmac::Mac;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{
    SignError, Signature, SigningCredentials,
    endpoint::Endpoint,
    key::{SERVICE, TERMINATOR},
    signature::hex,
};
use crate::time::Timestamp;

/// For how long the URL can be opened, in seconds: what AWS's SDK for JavaScript asks for.
const EXPIRES_SECONDS: &str = "60";
/// SHA-256 of nothing: the request has no body.
const EMPTY_HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// What the signature itself puts into the query.
const RESERVED: [&str; 7] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
];

/// A stream to be opened over a WebSocket: model, region, and where.
///
/// ```
/// use nova_sonic_core::{secret::SecretText, sigv4::*, time::Timestamp};
/// let credentials = SigningCredentials {
///     access_key_id: "AKIDEXAMPLE".to_owned(),
///     session_token: None,
///     keys: SigningKeys::from_secret(SecretText::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned())),
/// };
/// let url = StreamRequest::new("us-east-1", "amazon.nova-2-sonic-v1:0")
///     .with_endpoint("wss://localhost:8443")
///     .presign(&credentials, Timestamp::from_unix_millis(1_795_352_567_281))?;
/// assert!(url.expose().starts_with(
///     "wss://localhost:8443/model/amazon.nova-2-sonic-v1%3A0/invoke-with-bidirectional-stream-websocket\
///      ?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20261122%2Fus-east-1%2Fbedrock%2Faws4_request"
/// ));
/// # Ok::<(), SignError>(())
/// ```
#[derive(Clone, Debug)]
pub struct StreamRequest<'a> {
    region: &'a str,
    model_id: &'a str,
    endpoint: Option<&'a str>,
    port_signed: bool,
    query: Vec<(&'a str, &'a str)>,
}

impl<'a> StreamRequest<'a> {
    /// A stream with a model, by its id or ARN, at the region's own endpoint.
    pub const fn new(region: &'a str, model_id: &'a str) -> Self {
        Self { region, model_id, endpoint: None, port_signed: true, query: Vec::new() }
    }

    /// The same at another place, such as `wss://localhost:8443`; `ws`, `https` and `http` will do as well.
    #[must_use]
    pub const fn with_endpoint(mut self, endpoint: &'a str) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    /// Signs the host without its port, as AWS's SDK for JavaScript does.
    ///
    /// Otherwise a port that is not the scheme's own is signed with the host, as clients send it in the `Host` header.
    #[must_use]
    pub const fn with_unsigned_port(mut self) -> Self {
        self.port_signed = false;
        self
    }

    /// Adds an item to the query, such as `x-amz-user-agent`; it is signed like the others.
    #[must_use]
    pub fn with_query_item(mut self, name: &'a str, value: &'a str) -> Self {
        self.query.push((name, value));
        self
    }

    /// Signs the request; the URL can be opened for 60 s from `now`.
    ///
    /// # Errors
    ///
    /// [`SignError`] if region, model, endpoint, access key id or a query item cannot be what they say, or no key is
    /// for the UTC date of `now`.
    pub fn presign(
        &self,
        credentials: &SigningCredentials,
        now: Timestamp,
    ) -> Result<PresignedUrl, SignError> {
        self.check(credentials)?;
        let Endpoint { scheme, host, port } = self.endpoint()?;
        let path =
            format!("/model/{}/invoke-with-bidirectional-stream-websocket", percent_encoded(self.model_id));

        let time = now.basic_format();
        let time = std::str::from_utf8(&time).unwrap_or_default();
        let scope = format!("{}/{}/{SERVICE}/{TERMINATOR}", now.date(), self.region);
        let mut query = self.query(credentials, time, &scope);
        let canonical_hash = Sha256::new()
            .chain_update("GET\n")
            .chain_update(path.replace('%', "%25"))
            .chain_update("\n")
            .chain_update(&*joined(&query))
            .chain_update("\nhost:")
            .chain_update(&host)
            .chain_update(if self.port_signed { &*port } else { "" })
            .chain_update("\n\nhost\n")
            .chain_update(EMPTY_HASH)
            .finalize();
        let mac = credentials
            .keys
            .mac(now.date(), self.region)?
            .chain_update(format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n"))
            .chain_update(hex(&canonical_hash.into()));
        let signature = Signature::from_bytes(mac.finalize().into_bytes().into());

        let digits = signature.to_hex();
        add(&mut query, "X-Amz-Signature", std::str::from_utf8(&digits).unwrap_or_default());
        let query = joined(&query);
        let origin = format!("{scheme}://{host}{port}");
        let mut url = Zeroizing::new(String::with_capacity(origin.len() + path.len() + 1 + query.len()));
        for part in [&origin, &path, "?", &*query] {
            url.push_str(part);
        }
        Ok(PresignedUrl { url, signature })
    }

    fn check(&self, credentials: &SigningCredentials) -> Result<(), SignError> {
        let key_id = &credentials.access_key_id;
        if key_id.is_empty() || !key_id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(SignError::AccessKeyInvalid { length: key_id.len() });
        }
        let in_region = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if self.region.is_empty() || !self.region.bytes().all(in_region) {
            return Err(SignError::RegionInvalid { length: self.region.len() });
        }
        // dots are not percent-encoded, and whoever opens the URL would follow them
        if matches!(self.model_id, "" | "." | "..") {
            return Err(SignError::ModelInvalid { length: self.model_id.len() });
        }
        match self.query.iter().find(|(name, _)| RESERVED.iter().any(|own| own.eq_ignore_ascii_case(name))) {
            Some((name, _)) => Err(SignError::QueryItemReserved { name: (*name).to_owned() }),
            None => Ok(()),
        }
    }

    fn endpoint(&self) -> Result<Endpoint, SignError> {
        match self.endpoint {
            Some(text) => Endpoint::parse(text).ok_or(SignError::EndpointInvalid { length: text.len() }),
            None => Endpoint::of_region(self.region)
                .ok_or_else(|| SignError::EndpointUnknown { region: self.region.to_owned() }),
        }
    }

    /// The items of the query without the signature, names and values encoded.
    fn query(&self, credentials: &SigningCredentials, time: &str, scope: &str) -> Vec<QueryItem> {
        let credential = format!("{}/{scope}", credentials.access_key_id);
        let own = [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", &credential),
            ("X-Amz-Date", time),
            ("X-Amz-Expires", EXPIRES_SECONDS),
            ("X-Amz-SignedHeaders", "host"),
        ];
        let mut query = Vec::new();
        for (name, value) in own {
            add(&mut query, name, value);
        }
        if let Some(token) = &credentials.session_token {
            add(&mut query, "X-Amz-Security-Token", token.expose());
        }
        for (name, value) in &self.query {
            add(&mut query, name, value);
        }
        query
    }
}

/// An encoded name and its encoded value; the value may be the session token.
type QueryItem = (String, Zeroizing<String>);

/// Puts an item where it belongs: what is signed has the encoded names in their order, and equal ones by their values.
fn add(query: &mut Vec<QueryItem>, name: &str, value: &str) {
    let item = (percent_encoded(name), Zeroizing::new(percent_encoded(value)));
    let before = |(name, value): &QueryItem| (name, &**value) < (&item.0, &*item.1);
    let place = query.partition_point(before);
    query.insert(place, item);
}

/// `name=value&name=value`, made without leaving copies behind.
fn joined(query: &[QueryItem]) -> Zeroizing<String> {
    let length = query.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    let mut text = Zeroizing::new(String::with_capacity(length));
    for (index, (name, value)) in query.iter().enumerate() {
        let separator = if index == 0 { "" } else { "&" };
        for part in [separator, name, "=", value] {
            text.push_str(part);
        }
    }
    text
}

/// Percent-encodes everything but the unreserved characters of RFC 3986, in upper-case hexadecimal.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for nibble in [byte >> 4, byte & 0x0f] {
                encoded.extend(char::from_digit(nibble.into(), 16).map(|digit| digit.to_ascii_uppercase()));
            }
        }
    }
    encoded
}

/// A signed URL: whoever has it can open the stream for a minute. Wiped when dropped, prints without its query.
pub struct PresignedUrl {
    url: Zeroizing<String>,
    signature: Signature,
}

impl PresignedUrl {
    /// The URL itself, to be opened and not logged.
    pub fn expose(&self) -> &str {
        &self.url
    }

    /// The signature in it, which seeds the chain of the stream's frames.
    pub const fn signature(&self) -> &Signature {
        &self.signature
    }
}

impl fmt::Debug for PresignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.url.split('?').next().unwrap_or_default();
        write!(f, "PresignedUrl({path}?[redacted])")
    }
}
