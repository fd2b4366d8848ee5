//! Signature Version 4 for one thing: a bidirectional stream of Bedrock over a WebSocket.
//!
//! A stream is opened by a presigned URL ([`StreamRequest`]); its signature seeds a chain in which every frame signs
//! the one before it ([`ChunkSigner`]). Both need nothing but a key derived for one UTC date, one region and the
//! service `bedrock` ([`SigningKey`]), so whoever holds such keys can stream without ever holding the secret.
//!
//! Sources: AWS IAM user guide, "Create a signed AWS API request"; Amazon Transcribe developer guide, "Setting up
//! streaming", for the chain.
//!
//! ```
//! use nova_sonic_core::{
//!     secret::SecretText,
//!     sigv4::{ChunkSigner, SigningCredentials, SigningKeys, StreamRequest},
//!     time::Timestamp,
//! };
//! let now = Timestamp::from_unix_millis(1_795_352_567_281);
//! let credentials = SigningCredentials {
//!     access_key_id: "AKIDEXAMPLE".to_owned(),
//!     session_token: None,
//!     keys: SigningKeys::from_secret(SecretText::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned())),
//! };
//! let url = StreamRequest::new("us-east-1", "amazon.nova-2-sonic-v1:0").presign(&credentials, now)?;
//! let mut signer = ChunkSigner::new(credentials.keys.clone(), "us-east-1", *url.signature(), now);
//! let signed = signer.sign(b"an event-stream frame", now)?;
//! assert_eq!(signed.signature.as_bytes().len(), 32);
//! # Ok::<(), nova_sonic_core::sigv4::SignError>(())
//! ```

mod chunk;
mod endpoint;
mod error;
mod key;
mod presign;
mod signature;

pub use chunk::{ChunkSigner, DATE_HEADER_BYTES, DatePrecision, SignedChunk};
pub use error::SignError;
pub use key::{SigningCredentials, SigningKey, SigningKeys};
pub use presign::{PresignedUrl, StreamRequest};
pub use signature::Signature;
