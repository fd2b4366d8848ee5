//! SDK clients that trust the simulator, and the events of one legal session.

use std::time::Duration;

use aws_sdk_bedrockruntime::{
    Client as Bedrock,
    config::{BehaviorVersion, Credentials, Region, SharedHttpClient, retry::RetryConfig},
    primitives::{Blob, event_stream::EventReceiver},
    types::{
        BidirectionalInputPayloadPart, InvokeModelWithBidirectionalStreamInput,
        InvokeModelWithBidirectionalStreamOutput, error::InvokeModelWithBidirectionalStreamOutputError,
    },
};
use aws_sdk_sts::Client as Sts;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use futures_util::{Stream, StreamExt, stream};
use nova_sonic_sim::{DEFAULT_ACCESS_KEY_ID, DEFAULT_SECRET_ACCESS_KEY, Simulator, SimulatorConfig};

pub(crate) const SONIC: &str = "amazon.nova-2-sonic-v1:0";

/// A text model that exists.
pub(crate) const LITE: &str = "amazon.nova-lite-v1:0";
/// The default role's ARN.
pub(crate) const ROLE: &str = "arn:aws:iam::123456789012:role/nova-sonic-voice";

/// The session policy that this project ships, with a date far away.
pub(crate) fn sonic_only() -> String {
    let allowed = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-2-sonic-v1:0";
    format!(
        r#"{{"Version":"2012-10-17","Statement":[
        {{"Effect":"Allow","Action":["bedrock:InvokeModel","bedrock:InvokeModelWithBidirectionalStream"],"Resource":"{allowed}",
          "Condition":{{"StringEquals":{{"aws:RequestedRegion":"us-east-1"}},"Bool":{{"aws:SecureTransport":"true"}},
          "DateLessThan":{{"aws:CurrentTime":"2099-01-01T00:00:00Z"}}}}}},
        {{"Effect":"Deny","NotAction":["bedrock:InvokeModel","bedrock:InvokeModelWithBidirectionalStream"],"Resource":"*"}},
        {{"Effect":"Deny","Action":"*","NotResource":"{allowed}"}}]}}"#
    )
}

/// A simulator, configured by `change`.
pub(crate) async fn simulator(change: impl FnOnce(&mut SimulatorConfig)) -> Simulator {
    let mut config = SimulatorConfig::default();
    change(&mut config);
    Simulator::start(config).await.unwrap()
}

/// The default user's keys.
pub(crate) fn user() -> Credentials {
    Credentials::new(DEFAULT_ACCESS_KEY_ID, DEFAULT_SECRET_ACCESS_KEY, None, None, "test")
}

/// What the SDK sends with: TLS that trusts this simulator's authority and no other.
pub(crate) fn https(simulator: &Simulator) -> SharedHttpClient {
    let trust = TrustStore::empty().with_pem_certificate(simulator.ca_pem().as_bytes().to_vec());
    let context = TlsContext::builder().with_trust_store(trust).build().unwrap();
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context).build_https()
}

/// The official client over TLS.
pub(crate) fn bedrock(simulator: &Simulator, credentials: Credentials) -> Bedrock {
    bedrock_at(simulator.https_url(), https(simulator), credentials)
}

/// The official client for an endpoint.
pub(crate) fn bedrock_at(url: String, http: SharedHttpClient, credentials: Credentials) -> Bedrock {
    let config = aws_sdk_bedrockruntime::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .http_client(http)
        .credentials_provider(credentials)
        .retry_config(RetryConfig::disabled());
    Bedrock::from_conf(config.build())
}

/// The official client of STS over TLS.
pub(crate) fn sts(simulator: &Simulator, credentials: Credentials) -> Sts {
    let config = aws_sdk_sts::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(simulator.https_url())
        .http_client(https(simulator))
        .credentials_provider(credentials)
        .retry_config(RetryConfig::disabled());
    Sts::from_conf(config.build())
}

/// What STS issued, for the next client.
pub(crate) fn temporary(issued: &aws_sdk_sts::types::Credentials) -> Credentials {
    let (id, secret, token) = (issued.access_key_id(), issued.secret_access_key(), issued.session_token());
    Credentials::new(id, secret, Some(token.to_owned()), None, "test")
}

/// The events of a session that says nothing, in an order that the service takes.
pub(crate) fn events() -> Vec<String> {
    let audio = r#"{"mediaType":"audio/lpcm","sampleRateHertz":24000,"sampleSizeBits":16,"channelCount":1,"voiceId":"tiffany","encoding":"base64","audioType":"SPEECH"}"#;
    let text = r#"{"mediaType":"text/plain"}"#;
    [
        r#"{"sessionStart":{"inferenceConfiguration":{"maxTokens":1024,"topP":0.9,"temperature":0.7}}}"#.to_owned(),
        format!(r#"{{"promptStart":{{"promptName":"p","textOutputConfiguration":{text},"audioOutputConfiguration":{audio}}}}}"#),
        format!(
            r#"{{"contentStart":{{"promptName":"p","contentName":"s","type":"TEXT","interactive":false,"role":"SYSTEM","textInputConfiguration":{text}}}}}"#
        ),
        r#"{"textInput":{"promptName":"p","contentName":"s","content":"Be brief."}}"#.to_owned(),
        r#"{"contentEnd":{"promptName":"p","contentName":"s"}}"#.to_owned(),
        r#"{"promptEnd":{"promptName":"p"}}"#.to_owned(),
        r#"{"sessionEnd":{}}"#.to_owned(),
    ]
    .map(|event| format!(r#"{{"event":{event}}}"#))
    .into()
}

/// The SDK's form of one event.
pub(crate) fn part(json: &str) -> InvokeModelWithBidirectionalStreamInput {
    let part = BidirectionalInputPayloadPart::builder().bytes(Blob::new(json)).build();
    InvokeModelWithBidirectionalStreamInput::Chunk(part)
}

/// What opening a stream with the SDK leads to.
pub(crate) type Opened = Result<
    EventReceiver<InvokeModelWithBidirectionalStreamOutput, InvokeModelWithBidirectionalStreamOutputError>,
    aws_sdk_bedrockruntime::Error,
>;

/// Opens a stream that sends a whole session and ends its input.
pub(crate) async fn open_whole(client: &Bedrock, model_id: &str) -> Opened {
    open(client, model_id, stream::iter(events())).await
}

/// Opens a stream that sends the first event and then keeps its input open.
pub(crate) async fn open_held(client: &Bedrock, model_id: &str) -> Opened {
    open(client, model_id, stream::iter(events().into_iter().take(1)).chain(stream::pending())).await
}

pub(crate) async fn open(
    client: &Bedrock,
    model_id: &str,
    events: impl Stream<Item = String> + Send + Sync + 'static,
) -> Opened {
    let call = client.invoke_model_with_bidirectional_stream().model_id(model_id);
    let sent = call.body(events.map(|json| Ok(part(&json))).into()).send();
    Ok(within(sent).await?.body)
}

/// Fails the test instead of hanging it.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("nothing happened for 20 s")
}
