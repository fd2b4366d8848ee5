//! The official Rust SDK, unmodified, through its endpoint option.

use aws_sdk_bedrockruntime::{config::Credentials, error::ProvideErrorMetadata, primitives::Blob};
use nova_sonic_sim::{DEFAULT_ACCESS_KEY_ID, StreamEnd, Transport, policy::PolicyDocument};

use crate::raw;
use crate::support::{SONIC, bedrock, bedrock_at, events, open_held, open_whole, simulator, user, within};

#[tokio::test]
async fn a_stream_opens_and_closes_in_order_over_tls() {
    let simulator = simulator(|_| {}).await;
    let mut body = open_whole(&bedrock(&simulator, user()), SONIC).await.unwrap();
    while within(body.recv()).await.unwrap().is_some() {}

    let record = within(simulator.ended_stream(0)).await;
    assert_eq!((record.transport, record.tls), (Transport::Http2, true));
    assert_eq!((record.model_id.as_str(), record.access_key_id.as_str()), (SONIC, DEFAULT_ACCESS_KEY_ID));
    assert_eq!(record.principal_arn, "arn:aws:iam::123456789012:user/backend");
    assert_eq!((record.events_received, record.input_ended), (events().len() as u64, true));
    assert_eq!(record.end, Some(StreamEnd::Completed));
}

#[tokio::test]
async fn a_stream_opens_over_http_1_without_tls() {
    let simulator = simulator(|_| {}).await;
    let plain = aws_smithy_http_client::Builder::new().build_http();
    let mut body = open_whole(&bedrock_at(simulator.http_url(), plain, user()), SONIC).await.unwrap();
    while within(body.recv()).await.unwrap().is_some() {}
    let record = within(simulator.ended_stream(0)).await;
    assert_eq!(
        (record.transport, record.tls, record.end),
        (Transport::Http1, false, Some(StreamEnd::Completed))
    );
}

#[tokio::test]
async fn models_that_cannot_be_opened_are_named_as_aws_names_them() {
    let simulator = simulator(|_| {}).await;
    let client = bedrock(&simulator, user());
    for (model, name, text) in [
        ("amazon.nova-9-sonic", "ValidationException", "The provided model identifier is invalid."),
        ("us.amazon.nova-2-sonic-v1:0", "ValidationException", "The provided model identifier is invalid."),
        ("amazon.nova-sonic-v1:0", "ResourceNotFoundException", "end of its life"),
    ] {
        let error = open_whole(&client, model).await.err().unwrap();
        assert_eq!(error.code(), Some(name), "{model}");
        assert!(error.message().unwrap().contains(text), "{error:?}");
    }
    assert!(simulator.streams().is_empty());
    let arn = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-2-5-sonic";
    assert!(open_whole(&client, arn).await.is_ok());
    assert_eq!(simulator.streams()[0].model_id, "amazon.nova-2-5-sonic");
}

#[tokio::test]
async fn invoke_model_is_not_for_speech() {
    let simulator = simulator(|_| {}).await;
    let call = bedrock(&simulator, user()).invoke_model().model_id(SONIC).body(Blob::new("{}"));
    let error = aws_sdk_bedrockruntime::Error::from(call.send().await.err().unwrap());
    assert_eq!(error.code(), Some("ValidationException"));
    assert!(error.message().unwrap().starts_with("This action doesn't support the model that you provided"));
}

#[tokio::test]
async fn a_policy_that_does_not_allow_the_model_denies_the_stream() {
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"bedrock:InvokeModel","Resource":"arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-2-5-sonic"}]}"#;
    let simulator =
        simulator(|config| config.access_keys[0].policy = Some(PolicyDocument::parse(policy).unwrap())).await;
    let client = bedrock(&simulator, user());
    let error = open_whole(&client, SONIC).await.err().unwrap();
    assert_eq!(error.code(), Some("AccessDeniedException"));
    assert_eq!(
        error.message().unwrap(),
        "User: arn:aws:iam::123456789012:user/backend is not authorized to perform: bedrock:InvokeModel on resource: \
         arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-2-sonic-v1:0 because no identity-based policy allows \
         the bedrock:InvokeModel action"
    );
    assert!(open_whole(&client, "amazon.nova-2-5-sonic").await.is_ok());
}

#[tokio::test]
async fn one_stream_too_many_is_throttled_and_room_comes_back() {
    let simulator = simulator(|config| config.max_concurrent_streams = 2).await;
    let client = bedrock(&simulator, user());
    let (first, _) = raw::open(&simulator, &user()).await;
    let (_second, _) = raw::open(&simulator, &user()).await;
    let error = open_held(&client, SONIC).await.err().unwrap();
    assert_eq!(error.code(), Some("ThrottlingException"));

    drop(first);
    assert_eq!(within(simulator.ended_stream(0)).await.end, Some(StreamEnd::ClientGone));
    assert!(open_held(&client, SONIC).await.is_ok());
}

#[tokio::test]
async fn wrong_keys_are_refused() {
    let simulator = simulator(|_| {}).await;
    for (credentials, name) in [
        (Credentials::new("AKIANOBODY", "secret", None, None, "test"), "UnrecognizedClientException"),
        (Credentials::new(DEFAULT_ACCESS_KEY_ID, "wrong", None, None, "test"), "InvalidSignatureException"),
        (
            Credentials::new(DEFAULT_ACCESS_KEY_ID, "wrong", Some("token".to_owned()), None, "test"),
            "UnrecognizedClientException",
        ),
    ] {
        let error = open_whole(&bedrock(&simulator, credentials), SONIC).await.err().unwrap();
        assert_eq!(error.code(), Some(name));
    }
    let errors: Vec<_> = simulator.calls().into_iter().filter_map(|call| call.error).collect();
    assert_eq!(
        errors,
        ["UnrecognizedClientException", "InvalidSignatureException", "UnrecognizedClientException"]
    );
}
