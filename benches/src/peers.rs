//! What this library's codec is measured against: the physical floor, and the crates of AWS's SDK for Rust.

use std::{
    hint::black_box,
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use aws_sigv4::{event_stream::sign_message, sign::v4::SigningParams};
use aws_smithy_eventstream::frame::{read_message_from, write_message_to};
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Failure, material};

/// Length of a string to sign: algorithm, time, scope, prior signature, two hashes, and the line ends between them.
const STRING_TO_SIGN_BYTES: usize = 24 + 16 + 42 + 3 * 64 + 5;

/// What no encoder of a signed frame can leave out, and nothing else: two base64, the hash of the inner frame, a
/// checksum of the inner and of the outer frame, one HMAC with a key that is set up. No JSON, no headers, no hex, no
/// copying. The buffers are there already.
pub struct Floor {
    pcm: Vec<u8>,
    json: Vec<u8>,
    inner: Vec<u8>,
    outer: Vec<u8>,
    string_to_sign: [u8; STRING_TO_SIGN_BYTES],
    key: Hmac<Sha256>,
    base64: Vec<u8>,
}

impl std::fmt::Debug for Floor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Floor").field("inner", &self.inner.len()).finish_non_exhaustive()
    }
}

impl Floor {
    /// The floor of a frame as long as `outer` that carries `json` with `pcm` in it.
    ///
    /// # Errors
    ///
    /// Never with a key of 32 bytes.
    pub fn of(pcm: Vec<u8>, json: Vec<u8>, outer: Vec<u8>, inner_length: usize) -> Result<Self, Failure> {
        let inner = outer.get(..inner_length).ok_or("the inner frame is longer than the outer one")?.to_vec();
        Ok(Self {
            pcm,
            json,
            inner,
            outer,
            string_to_sign: [b'0'; STRING_TO_SIGN_BYTES],
            key: Hmac::new_from_slice(&[7; 32])?,
            base64: Vec::new(),
        })
    }

    /// One frame's worth.
    pub fn frame(&mut self) {
        for bytes in [&self.pcm, &self.json] {
            self.base64.clear();
            base64_simd::STANDARD.encode_append(black_box(bytes.as_slice()), &mut self.base64);
            black_box(&self.base64);
        }
        black_box(crc32fast::hash(black_box(&self.inner)));
        black_box(crc32fast::hash(black_box(&self.outer)));
        black_box(Sha256::digest(black_box(&self.inner)));
        let mut mac = self.key.clone();
        mac.update(black_box(&self.string_to_sign));
        black_box(mac.finalize());
    }
}

/// One stream by aws-sigv4 and aws-smithy-eventstream, with an application's JSON by `serde_json` and `base64`.
#[derive(Debug)]
pub struct SdkCrates {
    pcm: Vec<u8>,
    identity: Identity,
    prior: String,
    time: SystemTime,
}

#[derive(Serialize)]
struct Envelope<Body> {
    event: Body,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AudioInputEvent<'a> {
    audio_input: AudioInput<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AudioInput<'a> {
    prompt_name: &'a str,
    content_name: &'a str,
    content: String,
}

#[derive(Deserialize)]
struct Chunk {
    bytes: String,
}

impl SdkCrates {
    /// A stream at its beginning.
    pub fn new(pcm: Vec<u8>) -> Self {
        let credentials = Credentials::new(
            material::ACCESS_KEY_ID,
            material::SECRET_ACCESS_KEY,
            None,
            None,
            "nova-sonic-benches",
        );
        Self {
            pcm,
            identity: credentials.into(),
            prior: hex::encode(material::SEED),
            time: SystemTime::UNIX_EPOCH + Duration::from_millis(material::OPENED_MILLIS.unsigned_abs()),
        }
    }

    /// The next signed frame.
    ///
    /// # Errors
    ///
    /// What the crates failed with.
    pub fn frame(&mut self) -> Result<Vec<u8>, Failure> {
        let json = serde_json::to_vec(&audio_input_json(material::PROMPT_NAME, &self.pcm))?;
        // the one field of the SDK's payload, by the same base64
        let payload = format!(r#"{{"bytes":"{}"}}"#, aws_smithy_types::base64::encode(json));
        let text = |text: &'static str| HeaderValue::String(text.into());
        // the SDK names the message's type first; this order, that of its JavaScript, lets signatures be compared
        let message = Message::new(payload)
            .add_header(Header::new(":event-type", text("chunk")))
            .add_header(Header::new(":message-type", text("event")))
            .add_header(Header::new(":content-type", text("application/json")));
        let parameters = SigningParams::builder()
            .identity(&self.identity)
            .region(material::REGION)
            .name("bedrock")
            .time(self.time)
            .settings(())
            .build()?;
        let (signed, signature) = sign_message(&message, &self.prior, &parameters)?.into_parts();
        self.prior = signature;
        self.time += Duration::from_millis(material::FRAME_MILLIS);
        let mut frame = Vec::new();
        write_message_to(&signed, &mut frame)?;
        Ok(frame)
    }

    /// The signature of the last frame, in hexadecimal.
    pub fn last_signature(&self) -> &str {
        &self.prior
    }
}

/// 32 ms of sound as an application writes it down.
pub fn audio_input_json<'a>(prompt_name: &'a str, pcm: &[u8]) -> impl Serialize + use<'a> {
    let content = STANDARD.encode(pcm);
    Envelope {
        event: AudioInputEvent {
            audio_input: AudioInput { prompt_name, content_name: material::CONTENT_NAME, content },
        },
    }
}

/// An answer's frame down to its samples by aws-smithy-eventstream, `serde_json` and `base64`.
///
/// # Errors
///
/// The frame is none, or holds no sound.
pub fn sdk_crates_decode(mut frame: &[u8]) -> Result<Vec<i16>, Failure> {
    let message = read_message_from(&mut frame)?;
    let chunk: Chunk = serde_json::from_slice(message.payload())?;
    let json = aws_smithy_types::base64::decode(chunk.bytes)?;
    samples_of_answer(&json)?.ok_or_else(|| "the event holds no sound".into())
}

/// The samples in an event of the service, read as an application reads it; `None` for other events.
///
/// # Errors
///
/// The text is no event, or its sound no base64.
pub fn samples_of_answer(json: &[u8]) -> Result<Option<Vec<i16>>, Failure> {
    #[derive(Deserialize)]
    struct Answer {
        event: AnswerEvent,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct AnswerEvent {
        audio_output: Option<Content>,
    }
    #[derive(Deserialize)]
    struct Content {
        content: String,
    }
    let answer: Answer = serde_json::from_slice(json)?;
    let Some(audio) = answer.event.audio_output else { return Ok(None) };
    let bytes = STANDARD.decode(audio.content)?;
    let (pairs, _) = bytes.as_chunks::<2>();
    Ok(Some(pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect()))
}
