//! A service that answers what it is told to: for requests to be looked at, and for answers that no STS gives.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Listens on loopback, without TLS; every request gets the same answer.
pub(crate) struct Scripted {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
}

impl Scripted {
    pub(crate) async fn start(status: &'static str, headers: &'static str, body: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (requests, connections) = (Arc::default(), Arc::default());
        let served = Self { url, requests: Arc::clone(&requests), connections: Arc::clone(&connections) };
        let answer = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len());
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                *connections.lock().unwrap() += 1;
                tokio::spawn(serve(socket, answer.clone(), Arc::clone(&requests)));
            }
        });
        served
    }

    /// What was asked so far: headers and body of each request.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// Connections opened so far.
    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

async fn serve(mut socket: TcpStream, answer: String, requests: Arc<Mutex<Vec<String>>>) {
    let mut received = Vec::new();
    loop {
        while whole(&received).is_none() {
            match socket.read_buf(&mut received).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
        let length = whole(&received).unwrap();
        let request: Vec<u8> = received.drain(..length).collect();
        requests.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
        if socket.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Length of the first request, once all of it is there.
fn whole(received: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(received);
    let head = text.find("\r\n\r\n")? + 4;
    let length = text[..head].lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    Some(head + length.unwrap_or(0)).filter(|length| received.len() >= *length)
}
