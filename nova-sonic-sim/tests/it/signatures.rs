//! Signatures, clocks and tokens, right and wrong.

use std::time::{Duration, SystemTime};

use aws_sdk_bedrockruntime::config::Credentials;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use aws_smithy_types::{
    DateTime,
    date_time::Format,
    event_stream::{Header, HeaderValue, Message},
};
use http::{HeaderValue as HttpHeaderValue, Request};
use nova_sonic_core::secret::SecretText;
use nova_sonic_sim::{AccessKey, DEFAULT_SECRET_ACCESS_KEY, Simulator, StreamEnd};
use sha2::{Digest, Sha256};

use crate::{
    raw::{
        Chain, RawStream, STREAM_PATH, chunk, encode, exception_of, now, open, signed_for, signed_request,
    },
    support::{events, simulator, user, within},
};

/// What is done to a signed request before it is sent.
type Alter<'a> = &'a dyn Fn(&mut Request<()>);
/// Makes the second message of a stream.
type Second<'a> = &'a dyn Fn(&mut Chain) -> Vec<u8>;

/// A key whose token expires three minutes from now.
async fn with_token() -> (Simulator, Credentials) {
    let simulator = simulator(|config| {
        let mut key = AccessKey::new("ASIAEXAMPLE", "temporary");
        key.session_token = Some(SecretText::new("a+b/c==".to_owned()));
        key.expires_at = Some(nova_sonic_sim::Clock::new(1.0, 180_000).timestamp());
        config.access_keys.push(key);
    });
    (simulator.await, Credentials::new("ASIAEXAMPLE", "temporary", Some("a+b/c==".to_owned()), None, "test"))
}

#[tokio::test]
async fn a_stream_signed_by_hand_is_let_in() {
    let (simulator, credentials) = with_token().await;
    for credentials in [user(), credentials] {
        let (mut stream, mut chain) = open(&simulator, &credentials).await;
        for event in events() {
            stream.write(chain.event(&event, now(&simulator))).await;
        }
        stream.write(chain.end(now(&simulator))).await;
        stream.close();
        while stream.read().await.is_some() {}
    }
    for number in 0..2 {
        let record = within(simulator.ended_stream(number)).await;
        assert_eq!((record.events_received, record.input_ended), (events().len() as u64, true));
        assert_eq!(record.end, Some(StreamEnd::Completed));
    }
}

fn set(request: &mut Request<()>, header: &'static str, value: &str) {
    request.headers_mut().insert(header, HttpHeaderValue::from_str(value).unwrap());
}

/// Alters the authorization header.
fn replace(request: &mut Request<()>, from: &str, to: &str) {
    let text = request.headers()["authorization"].to_str().unwrap().replace(from, to);
    set(request, "authorization", &text);
}

/// Alters the path and the query.
fn replace_uri(request: &mut Request<()>, from: &str, to: &str) {
    *request.uri_mut() = request.uri().to_string().replace(from, to).parse().unwrap();
}

#[tokio::test]
async fn altered_requests_are_refused() {
    let simulator = simulator(|_| {}).await;
    let mismatch = "does not match the signature you provided";
    let cases: [(Alter<'_>, &str, &str); 10] = [
        (&|request| replace_uri(request, "2-sonic", "2-SONIC"), "InvalidSignature", mismatch),
        (&|request| replace_uri(request, "-stream", "-stream?a=b"), "InvalidSignature", mismatch),
        (&|request| replace(request, "Signature=", "Signature=0"), "InvalidSignature", mismatch),
        (&|request| replace(request, "us-east-1", "eu-west-1"), "InvalidSignature", "not 'eu-west-1'"),
        (&|request| replace(request, "/bedrock/", "/sts/"), "InvalidSignature", "service: 'bedrock'"),
        (&|request| replace(request, "=host;", "="), "InvalidSignature", "'Host'"),
        (
            &|request| set(request, "x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
            "InvalidSignature",
            "does not match the payload",
        ),
        (&|request| set(request, "authorization", "AWS4"), "IncompleteSignature", "must begin with"),
        (&|request| set(request, "authorization", "Bearer x"), "AccessDenied", "API keys are not"),
        (
            &|request| drop(request.headers_mut().remove("authorization")),
            "MissingAuthenticationToken",
            "Missing Authentication Token",
        ),
    ];
    for (alter, error, text) in cases {
        let (mut request, _) = signed_request(&simulator, &user(), now(&simulator));
        alter(&mut request);
        let refusal = RawStream::send(&simulator, request, Vec::new()).await.refusal().await;
        let (status, name, message) = refusal;
        assert_eq!(name, format!("{error}Exception"), "{message}");
        assert_eq!(status, if error == "IncompleteSignature" { 400 } else { 403 });
        assert!(message.contains(text), "{message}");
    }
    assert!(simulator.streams().is_empty());
}

#[tokio::test]
async fn a_signature_is_good_for_five_minutes_either_way() {
    let simulator = simulator(|_| {}).await;
    let now = now(&simulator);
    for (time, text) in [
        (now - Duration::from_secs(295), None),
        (now + Duration::from_secs(295), None),
        (now - Duration::from_secs(301), Some("Signature expired: ")),
        (now + Duration::from_secs(330), Some("Signature not yet current: ")),
    ] {
        let (request, _) = signed_request(&simulator, &user(), time);
        let stream = RawStream::send(&simulator, request, Vec::new()).await;
        match text {
            None => assert_eq!(stream.response.status(), 200),
            Some(text) => {
                let (status, name, message) = stream.refusal().await;
                assert_eq!((status, name.as_str()), (403, "InvalidSignatureException"));
                assert!(message.starts_with(text), "{message}");
            }
        }
    }
}

/// The JavaScript SDK signs a custom endpoint's host without the port that the connection then sends.
#[tokio::test]
async fn the_host_counts_with_and_without_its_port() {
    let simulator = simulator(|_| {}).await;
    let url = simulator.http_url();
    for (signed, accepted) in [
        (url.as_str(), true),
        ("http://localhost", true),
        ("http://localhost:1", false),
        ("http://example.com", false),
    ] {
        let (request, _) = signed_for(signed, &url, &user(), now(&simulator));
        let stream = RawStream::send(&simulator, request, Vec::new()).await;
        assert_eq!(stream.response.status().is_success(), accepted, "{signed}");
    }
}

/// The JavaScript SDK over HTTP/2 signs a header that is literally named `:authority`, for a host with or without its port.
#[tokio::test]
async fn a_signed_authority_stands_for_the_host() {
    let simulator = simulator(|_| {}).await;
    let port = simulator.http_address().port();
    for (host, accepted) in [
        (format!("localhost:{port}"), true),
        ("localhost".to_owned(), true),
        ("example.com".to_owned(), false),
    ] {
        let (time, payload) = (now(&simulator), "STREAMING-AWS4-HMAC-SHA256-EVENTS");
        let stamp = DateTime::from_secs(DateTime::from(time).secs())
            .fmt(Format::DateTime)
            .unwrap()
            .replace(['-', ':'], "");
        let signed = ":authority;x-amz-content-sha256;x-amz-date";
        let path = STREAM_PATH.replace('%', "%25");
        let canonical = format!(
            "POST\n{path}\n\n:authority:{host}\nx-amz-content-sha256:{payload}\nx-amz-date:{stamp}\n\n{signed}\n{payload}"
        );
        let scope = format!("{}/us-east-1/bedrock/aws4_request", &stamp[..8]);
        let to_sign =
            format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hex::encode(Sha256::digest(canonical)));
        let key = generate_signing_key(DEFAULT_SECRET_ACCESS_KEY, time, "us-east-1", "bedrock");
        let signature = calculate_signature(key, to_sign.as_bytes());
        let credential = format!("{}/{scope}", user().access_key_id());
        let request = Request::post(format!("{}{STREAM_PATH}", simulator.http_url()))
            .header("x-amz-content-sha256", payload)
            .header("x-amz-date", stamp)
            .header(
                "authorization",
                format!(
                    "AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={signature}"
                ),
            )
            .body(())
            .unwrap();
        let stream = RawStream::send(&simulator, request, Vec::new()).await;
        assert_eq!(stream.response.status().is_success(), accepted, "{host}");
    }
}

#[tokio::test]
async fn a_wrong_chunk_signature_ends_the_stream() {
    let simulator = simulator(|_| {}).await;
    let events = events();
    let time = now(&simulator);
    let skipped: Second<'_> = &|chain| {
        chain.event(&events[1], time);
        chain.event(&events[1], time)
    };
    let foreign: Second<'_> = &|_| Chain::new(user(), "0".repeat(64)).event(&events[1], time);
    let late: Second<'_> = &|chain| chain.event(&events[1], time - Duration::from_secs(302));
    let unsigned: Second<'_> = &|_| encode(&chunk(b"{}".to_vec()));
    let other_payload: Second<'_> = &|chain| {
        let signed = chain.event(&events[1], time);
        let message = aws_smithy_eventstream::frame::read_message_from(&mut signed.as_slice()).unwrap();
        encode(&Message::new_from_parts(
            message.headers().to_vec(),
            encode(&chunk(br#"{"bytes":""}"#.to_vec())),
        ))
    };
    let short: Second<'_> = &|_| {
        let date = Header::new(":date", HeaderValue::Timestamp(time.into()));
        let signature = Header::new(":chunk-signature", HeaderValue::ByteArray(vec![0; 3].into()));
        encode(&Message::new_from_parts(vec![date, signature], encode(&chunk(b"{}".to_vec()))))
    };
    let end: Second<'_> = &|_| Chain::new(user(), "0".repeat(64)).end(time);
    for (name, second, text) in [
        ("skipped", skipped, "does not match"),
        ("foreign", foreign, "does not match"),
        ("other payload", other_payload, "does not match"),
        ("short", short, "does not match"),
        ("end", end, "does not match"),
        ("late", late, "Signature expired"),
        ("unsigned", unsigned, "is not signed"),
    ] {
        let (mut stream, mut chain) = open(&simulator, &user()).await;
        let first = chain.event(&events[0], time);
        stream.write([first, second(&mut chain)].concat()).await;
        let (exception, message) = stream.exception().await;
        assert_eq!(exception, "invalidSignatureException", "{name}");
        assert!(message.contains(text), "{name}: {message}");
    }
    for number in 0..7 {
        let record = within(simulator.ended_stream(number)).await;
        assert_eq!((record.events_received, record.input_ended), (1, false));
        assert_eq!(record.end, Some(StreamEnd::Exception("InvalidSignatureException".to_owned())));
    }
}

#[tokio::test]
async fn an_expired_token_is_refused_at_the_door() {
    let (simulator, credentials) = with_token().await;
    simulator.clock().advance(Duration::from_mins(3));
    let (request, _) = signed_request(&simulator, &credentials, now(&simulator));
    let (status, name, message) = RawStream::send(&simulator, request, Vec::new()).await.refusal().await;
    assert_eq!((status, name.as_str()), (403, "ExpiredTokenException"));
    assert_eq!(message, "The security token included in the request is expired");
}

#[tokio::test]
async fn a_token_that_expires_in_mid_stream_ends_it() {
    let (simulator, credentials) = with_token().await;
    let (mut stream, mut chain) = open(&simulator, &credentials).await;
    stream.write(chain.event(&events()[0], now(&simulator))).await;
    within(simulator.stream_when(0, |record| record.events_received == 1)).await;
    simulator.clock().advance(Duration::from_mins(3));
    stream.write(chain.event(&events()[1], now(&simulator))).await;
    let message = stream.read().await.unwrap();
    let (exception, text) = exception_of(&message);
    assert_eq!(
        (exception.as_str(), text.as_str()),
        ("expiredTokenException", "The security token included in the request is expired")
    );
    assert_eq!(within(simulator.ended_stream(0)).await.events_received, 1);
}

#[tokio::test]
async fn a_skewed_simulator_refuses_the_machines_time() {
    let simulator = simulator(|config| config.clock_offset_millis = -600_000).await;
    let (request, _) = signed_request(
        &simulator,
        &user(),
        SystemTime::UNIX_EPOCH
            + now(&simulator).duration_since(SystemTime::UNIX_EPOCH).unwrap()
            + Duration::from_mins(10),
    );
    let (status, name, message) = RawStream::send(&simulator, request, Vec::new()).await.refusal().await;
    assert_eq!((status, name.as_str()), (403, "InvalidSignatureException"));
    assert!(message.contains("not yet current"), "{message}");
}
