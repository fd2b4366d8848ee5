//! A running conversation allocates nothing per frame of audio, in either direction.
#![expect(unsafe_code, reason = "a global allocator that counts is an unsafe trait")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use nova_sonic_core::{
    audio::Pcm,
    codec::{Decoder, Encoder, Received},
    event::{ClientEvent, EventReader, ServerEvent},
    id::{ContentName, PromptName},
    relay::{ClientCodec, FrameKind, Guard, GuardOutput, GuardRules, RelayFrame, Relayed, ServerCodec},
    secret::SecretText,
    sigv4::{ChunkSigner, Signature, SigningKeys},
    time::{Tick, Timestamp},
    wire::{HeaderValue, write_frame},
};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, counting for each thread what it hands out.
struct Counting;

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise about `pointer` and `layout` is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise about `pointer`, `layout` and `size` is passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.with(Cell::get);
    work();
    ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(7)))), 1);
}

#[test]
fn encoding_audio_allocates_nothing_once_it_runs() {
    let opened = 1_795_305_600_000;
    let keys =
        SigningKeys::from_secret(SecretText::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()));
    let seed = Signature::from_bytes([0; 32]);
    let at = |frame: i64| Timestamp::from_unix_millis(opened + frame * 32);
    let mut encoder = Encoder::new(ChunkSigner::new(keys, "us-east-1", seed, at(0)));
    let event = ClientEvent::AudioInput {
        prompt_name: PromptName::from("7c1cd4b8-3a4e-4b5d-9d3a-3b0a0e6f0d11"),
        content_name: ContentName::from("0d4e7f6e-9a51-4c2e-8f0e-2c2f6f9a7b22"),
        pcm: Pcm::from(vec![-77; 512]),
    };
    let mut out = Vec::new();
    encoder.encode(&event, at(0), &mut out).unwrap();
    let counted = allocations(|| {
        // a minute: the time that is signed changes sixty times
        for frame in 1..=1875 {
            out.clear();
            encoder.encode(&event, at(frame), &mut out).unwrap();
        }
    });
    assert_eq!(counted, 0);
}

#[test]
fn decoding_audio_allocates_nothing_once_it_runs() {
    let sound = base64_simd::STANDARD.encode_to_string([0x5a; 1920]);
    let json = format!(
        r#"{{"event":{{"audioOutput":{{"completionId":"7c1cd4b8-3a4e-4b5d-9d3a-3b0a0e6f0d11","contentId":"0d4e7f6e-9a51-4c2e-8f0e-2c2f6f9a7b22","content":"{sound}","promptName":"41b0a3de-1a2c-4fb0-8a3c-8f6f6a5b4c33","sessionId":"9f8e7d6c-5b4a-4392-8170-6f5e4d3c2b44"}}}}}}"#
    );
    let payload = format!(r#"{{"bytes":"{}"}}"#, base64_simd::STANDARD.encode_to_string(json));
    let headers = [
        (":event-type", HeaderValue::Text("chunk")),
        (":content-type", HeaderValue::Text("application/json")),
        (":message-type", HeaderValue::Text("event")),
    ];
    let mut stream = Vec::new();
    for _ in 0..3 {
        write_frame(&headers, payload.as_bytes(), &mut stream).unwrap();
    }
    let mut decoder = Decoder::new();
    let mut samples = 0;
    let mut pass = |size: usize| {
        for piece in stream.chunks(size) {
            decoder.push(piece);
            while let Some(received) = decoder.poll() {
                let Ok(Received::Event(ServerEvent::AudioOutput { pcm, .. })) = received else {
                    panic!("audio, not {received:?}");
                };
                samples += pcm.len();
            }
        }
    };
    // once coalesced, once cut: the buffers have their size then
    for size in [stream.len(), 1000] {
        pass(size);
    }
    let counted = allocations(|| {
        for _ in 0..100 {
            for size in [stream.len(), 1000, 1460] {
                pass(size);
            }
        }
    });
    assert_eq!(counted, 0);
    assert_eq!(samples, 302 * 3 * 960);
}

#[test]
fn sound_over_the_relay_allocates_nothing_once_it_runs() {
    let (mut client, mut server) = (ClientCodec::new(), ServerCodec::new());
    let mut guard = Guard::new(GuardRules::new("amazon.nova-2-sonic-v1:0"), Tick::ZERO);
    let mut out = Vec::new();
    let mut reader = EventReader::default();
    for json in [
        r#"{"event":{"sessionStart":{"inferenceConfiguration":{}}}}"#,
        r#"{"event":{"promptStart":{"promptName":"p","audioOutputConfiguration":{"sampleRateHertz":24000,"voiceId":"amy"}}}}"#,
        r#"{"event":{"contentStart":{"promptName":"p","contentName":"s","type":"TEXT","role":"SYSTEM"}}}"#,
        r#"{"event":{"contentEnd":{"promptName":"p","contentName":"s"}}}"#,
        r#"{"event":{"contentStart":{"promptName":"p","contentName":"a","type":"AUDIO","audioInputConfiguration":{"sampleRateHertz":16000}}}}"#,
    ] {
        let event = reader.read_client(json.as_bytes()).unwrap();
        assert_eq!(client.encode(&event, &mut out), Ok(FrameKind::Text));
        server.decode(RelayFrame::Text(std::str::from_utf8(&out).unwrap())).unwrap();
        guard.handle_client(Tick::ZERO, event).unwrap();
    }
    let opened = br#"{"event":{"contentStart":{"sessionId":"S","contentId":"a1","type":"AUDIO","role":"ASSISTANT","audioOutputConfiguration":{"sampleRateHertz":24000}}}}"#;
    let opened = reader.read_server(opened).unwrap();
    assert_eq!(server.encode(&opened, &mut out), Ok(FrameKind::Text));
    client.decode(RelayFrame::Text(std::str::from_utf8(&out).unwrap())).unwrap();
    while guard.poll_output().is_some() {}

    let ServerEvent::ContentStart { ids, content_id, .. } = opened else { panic!("a block of sound") };
    let said = ClientEvent::AudioInput {
        prompt_name: PromptName::from("p"),
        content_name: ContentName::from("a"),
        pcm: Pcm::from(vec![-77; 512]),
    };
    let extra = serde_json::Map::new();
    let heard = ServerEvent::AudioOutput { ids, content_id, pcm: Pcm::from(vec![77; 960]), extra };
    let mut pass = |frame: u64| {
        assert_eq!(client.encode(&said, &mut out), Ok(FrameKind::Binary));
        let Ok(Relayed::Event(event)) = server.decode(RelayFrame::Binary(&out)) else { panic!("sound") };
        guard.handle_client(Tick::from_millis(frame * 32), event).unwrap();
        assert!(matches!(guard.poll_output(), Some(GuardOutput::ToService(ClientEvent::AudioInput { .. }))));
        assert_eq!(server.encode(&heard, &mut out), Ok(FrameKind::Binary));
        let Ok(Relayed::Event(event)) = client.decode(RelayFrame::Binary(&out)) else { panic!("sound") };
        guard.handle_service(event);
        assert!(matches!(guard.poll_output(), Some(GuardOutput::ToClient(ServerEvent::AudioOutput { .. }))));
    };
    pass(0);
    assert_eq!(allocations(|| (1..2_000).for_each(&mut pass)), 0);
}
