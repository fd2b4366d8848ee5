//! Clients that mean harm, or are broken.

use aws_smithy_types::event_stream::Message;
use http::Request;
use nova_sonic_sim::StreamEnd;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    raw::{RawStream, chunk, now, open},
    support::{SONIC, bedrock, events, open_held, open_whole, simulator, user, within},
};

#[tokio::test]
async fn a_length_of_four_gib_is_refused_at_once() {
    let simulator = simulator(|_| {}).await;
    let (mut stream, _) = open(&simulator, &user()).await;
    stream.write(vec![0xff; 4]).await;
    let (name, message) = stream.exception().await;
    assert_eq!(name, "validationException");
    assert!(message.contains("4294967295 bytes"), "{message}");
}

#[tokio::test]
async fn what_is_no_event_ends_the_stream() {
    let simulator = simulator(|config| config.max_frame_bytes = 4096).await;
    let wrong_type = {
        let message = chunk(b"{}".to_vec());
        Message::new_from_parts(message.headers()[1..].to_vec(), message.payload().clone())
    };
    for (name, inner, text) in [
        ("no json", chunk(b"hello".to_vec()), "must be JSON"),
        ("no bytes", chunk(b"{}".to_vec()), "must be JSON"),
        ("no base64", chunk(br#"{"bytes":"*"}"#.to_vec()), "must be JSON"),
        ("no text", chunk(br#"{"bytes":7}"#.to_vec()), "must be JSON"),
        ("no chunk", wrong_type, "not a chunk"),
        ("too long", chunk(vec![b' '; 4096]), "at most 4096"),
    ] {
        let (mut stream, mut chain) = open(&simulator, &user()).await;
        stream.write(chain.message(&inner, now(&simulator))).await;
        let (exception, message) = stream.exception().await;
        assert_eq!(exception, "validationException", "{name}");
        assert!(message.contains(text), "{name}: {message}");
    }
    for (name, bytes, text) in [
        ("too short", vec![0; 16], "shortest message has 16"),
        ("garbage", [&[0, 0, 0, 20][..], &[7; 16]].concat(), "could not be read"),
    ] {
        let (mut stream, _) = open(&simulator, &user()).await;
        stream.write(bytes).await;
        assert!(stream.exception().await.1.contains(text), "{name}");
    }
}

#[tokio::test]
async fn a_stream_cut_inside_a_message_is_told_so() {
    let simulator = simulator(|_| {}).await;
    let (mut stream, mut chain) = open(&simulator, &user()).await;
    let mut bytes = chain.event(&events()[0], now(&simulator));
    bytes.truncate(bytes.len() - 1);
    stream.write(bytes).await;
    stream.close();
    let (name, message) = stream.exception().await;
    assert_eq!(
        (name.as_str(), message.as_str()),
        ("validationException", "The request stream ended inside an event.")
    );
}

#[tokio::test]
async fn input_after_its_end_is_refused() {
    let simulator = simulator(|_| {}).await;
    let (mut stream, mut chain) = open(&simulator, &user()).await;
    let time = now(&simulator);
    let bytes = [chain.event(&events()[0], time), chain.end(time), chain.event(&events()[1], time)].concat();
    stream.write(bytes).await;
    let mut last = None;
    while let Some(message) = stream.read().await {
        last = Some(message);
    }
    assert_eq!(crate::raw::exception_of(&last.unwrap()).1, "The request stream went on after its end.");
}

#[tokio::test]
async fn a_client_that_vanishes_leaves_no_stream_behind() {
    let simulator = simulator(|_| {}).await;
    let (stream, _) = open(&simulator, &user()).await;
    drop(stream);
    let record = within(simulator.ended_stream(0)).await;
    assert_eq!((record.end, record.input_ended), (Some(StreamEnd::ClientGone), false));
}

#[tokio::test]
async fn paths_and_methods_without_an_operation_are_refused_in_aws_shape() {
    let simulator = simulator(|_| {}).await;
    for (method, path, status) in [
        ("GET", "/", 405),
        ("POST", "/favicon.ico", 404),
        ("POST", "/model/x/sing", 404),
        ("GET", "/_simulator/state", 404),
        ("GET", "/model/x/invoke", 405),
        ("DELETE", "/model/x/invoke-with-bidirectional-stream", 405),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", simulator.http_url()))
            .body(())
            .unwrap();
        let refusal = RawStream::send(&simulator, request, Vec::new()).await.refusal().await;
        assert_eq!((refusal.0, refusal.1.as_str()), (status, "UnknownOperationException"), "{method} {path}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_long_for_sts_is_refused() {
    let simulator = simulator(|_| {}).await;
    let mut socket = TcpStream::connect(simulator.http_address()).await.unwrap();
    let head = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 70000\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&vec![b'a'; 66_000]).await.unwrap();
    let mut answer = vec![0; 64];
    within(socket.read_exact(&mut answer)).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 413 "), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn bytes_that_are_no_http_harm_nobody() {
    let simulator = simulator(|_| {}).await;
    for address in [simulator.https_address(), simulator.http_address()] {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(&[0x16, 0x03, 0xff, 0xff, 0xff, 0x00].repeat(100)).await.unwrap();
        let mut rest = Vec::new();
        // refused with an alert or a 400, or cut: the connection ends either way
        let _ = within(socket.read_to_end(&mut rest)).await;
    }
    assert!(open_whole(&bedrock(&simulator, user()), SONIC).await.is_ok());
}

#[tokio::test]
async fn nothing_that_prints_tells_a_secret() {
    let simulator = simulator(|_| {}).await;
    let _stream = open_held(&bedrock(&simulator, user()), SONIC).await.unwrap();
    let secret = nova_sonic_sim::DEFAULT_SECRET_ACCESS_KEY;
    for text in [
        format!("{simulator:?}"),
        format!("{:?}", nova_sonic_sim::SimulatorConfig::default()),
        format!("{:?}", simulator.streams()),
    ] {
        assert!(!text.contains(secret) && !text.contains("Be brief."), "{text}");
    }
}
