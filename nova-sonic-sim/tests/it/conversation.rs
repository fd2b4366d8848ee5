//! A conversation from end to end: sound in, sound out, both at once, over the official SDK.

use std::f32::consts::TAU;

use aws_sdk_bedrockruntime::types::InvokeModelWithBidirectionalStreamOutput as Output;
use futures_util::{StreamExt, stream};
use nova_sonic_sim::StreamEnd;

use crate::support::{SONIC, bedrock, events, open, simulator, user, within};

/// 32 ms of mono PCM at 16 kHz as an event.
fn audio_input(sample: impl Fn(usize) -> i16) -> String {
    let pcm: Vec<u8> = (0..512).flat_map(|index| sample(index).to_le_bytes()).collect();
    let content = base64_simd::STANDARD.encode_to_string(pcm);
    format!(r#"{{"event":{{"audioInput":{{"promptName":"p","contentName":"a","content":"{content}"}}}}}}"#)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a tone of less than full scale"
)]
fn tone(index: usize) -> i16 {
    ((index as f32 * 320.0 * TAU / 16_000.0).sin() * 9000.0) as i16
}

#[tokio::test]
async fn the_parrot_says_back_what_it_hears_while_the_input_stays_open() {
    let simulator = simulator(|config| config.speed = 20.0).await;
    let start = r#"{"event":{"contentStart":{"promptName":"p","contentName":"a","type":"AUDIO","interactive":true,"role":"USER","audioInputConfiguration":{"mediaType":"audio/lpcm","sampleRateHertz":16000,"sampleSizeBits":16,"channelCount":1,"audioType":"SPEECH","encoding":"base64"}}}}"#;
    let mut input: Vec<String> = events().into_iter().take(5).collect();
    input.push(start.to_owned());
    input.extend((0..40).map(|_| audio_input(tone)));
    input.extend((0..100).map(|_| audio_input(|_| 0)));
    let client = bedrock(&simulator, user());
    let held = stream::iter(input).chain(stream::pending());
    let mut body = open(&client, SONIC, held).await.unwrap();

    let mut names = Vec::new();
    while !names.contains(&"completionStart".to_owned()) || !names.contains(&"audioOutput".to_owned()) {
        let Some(Output::Chunk(part)) = within(body.recv()).await.unwrap() else {
            panic!("it ended: {names:?}")
        };
        let event: serde_json::Value = serde_json::from_slice(part.bytes().unwrap().as_ref()).unwrap();
        names.extend(event["event"].as_object().unwrap().keys().cloned());
    }
    let record = simulator.streams().remove(0);
    assert!(record.frames_sent >= names.len() as u64 - 1 && record.end.is_none());
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_stream_without_input_is_ended_by_the_model_in_its_own_time() {
    let simulator = simulator(|config| config.speed = 1000.0).await;
    let client = bedrock(&simulator, user());
    let mut body = open(&client, SONIC, stream::iter(events().into_iter().take(1)).chain(stream::pending()))
        .await
        .unwrap();
    let error = within(body.recv()).await.err().unwrap();
    assert!(format!("{error:?}").contains("Timed out waiting for audio bytes"), "{error:?}");
    let end = within(simulator.ended_stream(0)).await.end;
    assert_eq!(end, Some(StreamEnd::Exception("ValidationException".to_owned())));
}
