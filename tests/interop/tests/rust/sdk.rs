//! The official SDK for Rust without this library: STS over TLS, then a conversation with what it gave.

use aws_sdk_bedrockruntime::{
    Client as Bedrock,
    config::{BehaviorVersion, Credentials, Region, SharedHttpClient},
    error::ProvideErrorMetadata,
    primitives::{Blob, event_stream::EventReceiver},
    types::{
        BidirectionalInputPayloadPart, InvokeModelWithBidirectionalStreamInput as SdkInput,
        InvokeModelWithBidirectionalStreamOutput as SdkOutput,
        error::InvokeModelWithBidirectionalStreamOutputError as SdkError,
    },
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use futures_util::stream;
use nova_sonic_interop::{in_time, user_keys, utterance};
use nova_sonic_sim::{DEFAULT_ROLE, Simulator, StreamEnd};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::support::simulator;

const MODEL: &str = "amazon.nova-2-sonic-v1:0";

fn https(simulator: &Simulator) -> SharedHttpClient {
    let trust = TrustStore::empty().with_pem_certificate(simulator.ca_pem().as_bytes().to_vec());
    let context = TlsContext::builder().with_trust_store(trust).build().expect("a certificate");
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context).build_https()
}

fn sts(simulator: &Simulator) -> aws_sdk_sts::Client {
    let config = aws_sdk_sts::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(simulator.https_url())
        .http_client(https(simulator))
        .credentials_provider(user_keys());
    aws_sdk_sts::Client::from_conf(config.build())
}

fn bedrock(simulator: &Simulator, credentials: Credentials) -> Bedrock {
    let config = aws_sdk_bedrockruntime::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(simulator.https_url())
        .http_client(https(simulator))
        .credentials_provider(credentials);
    Bedrock::from_conf(config.build())
}

/// What a role gives whose session may only use `model`.
async fn assume(simulator: &Simulator, model: &str) -> Credentials {
    let policy = json!({ "Version": "2012-10-17", "Statement": [ {
        "Effect": "Allow",
        "Action": "bedrock:InvokeModel",
        "Resource": format!("arn:aws:bedrock:us-east-1::foundation-model/{model}"),
    } ] });
    let answer = sts(simulator)
        .assume_role()
        .role_arn(format!("arn:aws:iam::123456789012:role/{DEFAULT_ROLE}"))
        .role_session_name("child-7")
        .policy(policy.to_string())
        .send()
        .await
        .expect("a role that may be assumed");
    let issued = answer.credentials().expect("credentials");
    let token = Some(issued.session_token().to_owned());
    Credentials::from_keys(issued.access_key_id(), issued.secret_access_key(), token)
}

fn part(event: &Value) -> SdkInput {
    let json = json!({ "event": event }).to_string();
    SdkInput::Chunk(BidirectionalInputPayloadPart::builder().bytes(Blob::new(json)).build())
}

fn opening() -> Vec<Value> {
    let block = json!({ "promptName": "p", "contentName": "s" });
    let sound = json!({ "mediaType": "audio/lpcm", "sampleRateHertz": 24000, "sampleSizeBits": 16, "channelCount": 1,
        "voiceId": "tiffany", "encoding": "base64", "audioType": "SPEECH" });
    let microphone = json!({ "mediaType": "audio/lpcm", "sampleRateHertz": 16000, "sampleSizeBits": 16,
        "channelCount": 1, "encoding": "base64", "audioType": "SPEECH" });
    let text = json!({ "mediaType": "text/plain" });
    vec![
        json!({ "sessionStart": { "inferenceConfiguration": { "maxTokens": 1024, "topP": 0.9, "temperature": 0.7 } } }),
        json!({ "promptStart": { "promptName": "p", "textOutputConfiguration": text, "audioOutputConfiguration": sound } }),
        json!({ "contentStart": { "promptName": "p", "contentName": "s", "type": "TEXT", "interactive": false,
            "role": "SYSTEM", "textInputConfiguration": text } }),
        json!({ "textInput": { "promptName": "p", "contentName": "s", "content": "Be brief." } }),
        json!({ "contentEnd": block }),
        json!({ "contentStart": { "promptName": "p", "contentName": "a", "type": "AUDIO", "interactive": true,
            "role": "USER", "audioInputConfiguration": microphone } }),
    ]
}

fn speech() -> Vec<Value> {
    let sound = utterance(1_000);
    sound
        .chunks(512)
        .map(|frame| {
            let bytes: Vec<u8> = frame.iter().flat_map(|sample| sample.to_le_bytes()).collect();
            let content = base64_simd::STANDARD.encode_to_string(bytes);
            json!({ "audioInput": { "promptName": "p", "contentName": "a", "content": content } })
        })
        .collect()
}

fn closing() -> Vec<Value> {
    vec![
        json!({ "contentEnd": { "promptName": "p", "contentName": "a" } }),
        json!({ "promptEnd": { "promptName": "p" } }),
        json!({ "sessionEnd": {} }),
    ]
}

async fn next(body: &mut EventReceiver<SdkOutput, SdkError>) -> Option<Value> {
    let part = in_time(body.recv()).await.expect("no hang").expect("no exception")?;
    let SdkOutput::Chunk(part) = part else { panic!("an event that the SDK does not know") };
    let bytes = part.bytes.expect("a payload").into_inner();
    serde_json::from_slice::<Value>(&bytes).ok()?.get("event").cloned()
}

#[tokio::test]
async fn a_conversation_with_the_credentials_of_a_narrowed_role() {
    let simulator = simulator(
        r#"{ "name": "hello", "turns": [ { "user": "A story!", "say": [ { "text": "Once upon a time." } ] } ] }"#,
    )
    .await;
    let client = bedrock(&simulator, assume(&simulator, MODEL).await);
    let (sender, receiver) = mpsc::unbounded_channel::<Value>();
    for event in opening().into_iter().chain(speech()) {
        sender.send(event).expect("a stream");
    }
    let input = stream::unfold(receiver, |mut receiver| async move {
        let event = receiver.recv().await?;
        Some((Ok(part(&event)), receiver))
    });
    let call = client.invoke_model_with_bidirectional_stream().model_id(MODEL).body(input.into());
    let mut body = in_time(call.send()).await.expect("no hang").expect("a stream").body;
    let mut sender = Some(sender);
    let (mut names, mut words) = (Vec::new(), Vec::new());
    while let Some(event) = next(&mut body).await {
        let (name, content) = event.as_object().and_then(|event| event.iter().next()).expect("one event");
        names.push(name.clone());
        if name == "textOutput" {
            words.push(content["content"].as_str().expect("words").to_owned());
        }
        // user, plan, and what was spoken of it
        if words.len() == 3
            && let Some(sender) = sender.take()
        {
            for event in closing() {
                sender.send(event).expect("a stream");
            }
        }
    }
    assert_eq!(words, ["A story!", "Once upon a time.", "Once upon a time."]);
    for name in ["usageEvent", "audioOutput"] {
        assert!(names.iter().any(|seen| seen == name), "{name} is missing: {names:?}");
    }
    assert_eq!(names.last().map(String::as_str), Some("completionEnd"));
    let record = in_time(simulator.ended_stream(0)).await.expect("it ends");
    assert_eq!((record.end, record.tls), (Some(StreamEnd::Completed), true));
    assert_eq!(record.principal_arn, "arn:aws:sts::123456789012:assumed-role/nova-sonic-voice/child-7");
}

#[tokio::test]
async fn a_role_narrowed_to_another_model_is_denied() {
    let simulator = simulator(r#"{ "name": "denied" }"#).await;
    let client = bedrock(&simulator, assume(&simulator, "amazon.nova-2-5-sonic").await);
    let input = stream::iter(opening().into_iter().map(|event| Ok(part(&event))).collect::<Vec<_>>());
    let call = client.invoke_model_with_bidirectional_stream().model_id(MODEL).body(input.into());
    let error = in_time(call.send()).await.expect("no hang").expect_err("no stream");
    assert_eq!(error.code(), Some("AccessDeniedException"));
    assert!(simulator.streams().is_empty());
}
