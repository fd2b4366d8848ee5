//! What is said and heard in all benches.

use nova_sonic_core::{
    audio::Pcm,
    event::{ClientEvent, ServerEvent, ServerIds},
    id::{CompletionId, ContentId, ContentName, PromptName, SessionId},
    secret::SecretText,
    sigv4::{ChunkSigner, DatePrecision, Signature, SigningKeys},
    time::Timestamp,
    wire::{HeaderValue, write_frame},
};

use crate::Failure;

/// Name of the only prompt, a UUID as clients send it.
pub const PROMPT_NAME: &str = "5a0c71c8-8e0d-4a5e-9d5f-3c0d1f6c2b11";
/// Name of the block of sound.
pub const CONTENT_NAME: &str = "0b1cf6de-64a5-4b3c-8f04-6f0f24d5a7aa";
/// Access key that signs for nothing.
pub const ACCESS_KEY_ID: &str = "AKIDEXAMPLE";
/// The secret of AWS's own published examples.
pub const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// The region in every scope.
pub const REGION: &str = "us-east-1";
/// The model in every path.
pub const MODEL_ID: &str = "amazon.nova-2-sonic-v1:0";
/// When the streams of the benches begin, in milliseconds since 1970.
pub const OPENED_MILLIS: i64 = 1_795_352_567_281;
/// Signature that the chains begin with.
pub const SEED: [u8; 32] = [0x5a; 32];
/// Length of the client's events, in milliseconds.
pub const FRAME_MILLIS: u64 = 32;
/// Length of the service's events, in milliseconds.
pub const ANSWER_MILLIS: u64 = 40;
/// Samples of 32 ms at 16 kHz.
pub const FRAME_SAMPLES: usize = 512;
/// Samples of 40 ms at 24 kHz.
pub const ANSWER_SAMPLES: usize = 960;

/// Sound that no coder could compress and every run repeats.
pub fn samples(count: usize) -> Vec<i16> {
    let mut state = 0x2545_f491_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        i16::from_le_bytes([state.to_le_bytes()[2], state.to_le_bytes()[3]])
    };
    (0..count).map(|_| next()).collect()
}

/// Samples as they travel, before base64.
pub fn bytes_of(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// 32 ms of a microphone as an event.
pub fn audio_input() -> ClientEvent {
    ClientEvent::AudioInput {
        prompt_name: PromptName::new(PROMPT_NAME),
        content_name: ContentName::new(CONTENT_NAME),
        pcm: Pcm::from(samples(FRAME_SAMPLES)),
    }
}

/// Sound of an answer as an event.
pub fn audio_output(count: usize) -> ServerEvent {
    let ids = ServerIds {
        session_id: Some(SessionId::new("9f1f4a3e-7d0b-4f4e-8a67-90a1d64f5c3e")),
        prompt_name: Some(PromptName::new(PROMPT_NAME)),
        completion_id: Some(CompletionId::new("c7d9f5ee-0d7e-4e21-a0d0-54b0a64ad0f6")),
    };
    ServerEvent::AudioOutput {
        ids,
        content_id: ContentId::new("8b2f3a90-61a7-4d6e-9ab3-6f38b4b1f9e2"),
        pcm: Pcm::from(samples(count)),
        extra: serde_json::Map::new(),
    }
}

/// An event of the service as the frame that carries it.
///
/// # Errors
///
/// The event is longer than a frame can be.
pub fn answer_frame(event: &ServerEvent) -> Result<Vec<u8>, Failure> {
    let mut json = Vec::new();
    event.write_json(&mut json);
    let payload = format!(r#"{{"bytes":"{}"}}"#, base64_simd::STANDARD.encode_to_string(json));
    let headers = [
        (":event-type", HeaderValue::Text("chunk")),
        (":content-type", HeaderValue::Text("application/json")),
        (":message-type", HeaderValue::Text("event")),
    ];
    let mut frame = Vec::new();
    write_frame(&headers, payload.as_bytes(), &mut frame)?;
    Ok(frame)
}

/// Where all chains begin.
pub const fn opened() -> Timestamp {
    Timestamp::from_unix_millis(OPENED_MILLIS)
}

/// The chain of this library, at its beginning.
pub fn signer(precision: DatePrecision) -> ChunkSigner {
    let keys = SigningKeys::from_secret(SecretText::new(SECRET_ACCESS_KEY.to_owned()));
    ChunkSigner::new(keys, REGION, Signature::from_bytes(SEED), opened()).with_precision(precision)
}
