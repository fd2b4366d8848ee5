//! The AWS SDK for JavaScript in a process of its own, one round at a time.

use std::{
    cell::RefCell,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

use crate::{
    Failure, material,
    measure::{Round, Subject},
};

/// `benches/node/frame.mjs`, running.
#[derive(Debug)]
pub struct Node {
    process: Child,
    pipes: RefCell<Pipes>,
    first_frame: Vec<u8>,
}

#[derive(Debug)]
struct Pipes {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Node {
    /// Starts it with a microphone's frame to encode and an answer to decode, and lets its compiler warm up.
    ///
    /// # Errors
    ///
    /// Node or its packages are not there, which the sentence says.
    pub fn start(pcm: &[u8], answer: &[u8]) -> Result<Self, Failure> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("node");
        if !folder.join("node_modules").is_dir() {
            return Err("the JavaScript SDK is not installed: run `npm ci` in benches/node".into());
        }
        let mut process = Command::new("node")
            .arg(folder.join("frame.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("node, version 20 or later, does not start: {error}"))?;
        let input = process.stdin.take().ok_or("node has no input")?;
        let output = BufReader::new(process.stdout.take().ok_or("node has no output")?);
        let mut pipes = Pipes { input, output };
        let base64 = |bytes: &[u8]| base64_simd::STANDARD.encode_to_string(bytes);
        let hello = pipes.ask(&json!({
            "accessKeyId": material::ACCESS_KEY_ID, "secretAccessKey": material::SECRET_ACCESS_KEY,
            "region": material::REGION, "seed": hex::encode(material::SEED), "millis": material::OPENED_MILLIS,
            "promptName": material::PROMPT_NAME, "contentName": material::CONTENT_NAME,
            "samples": base64(pcm), "answer": base64(answer),
        }))?;
        let first = hello.get("first").and_then(Value::as_str).ok_or("node says no first frame")?;
        let first_frame = hex::decode(first)?;
        Ok(Self { process, pipes: RefCell::new(pipes), first_frame })
    }

    /// The first frame that it made.
    pub fn first_frame(&self) -> &[u8] {
        &self.first_frame
    }

    /// A task of the script, as a subject: `encode` or `decode`.
    pub fn subject(&self, name: &'static str, frames: u32, task: &'static str) -> Subject<'_> {
        let round: Round<'_> = Box::new(move |frames| {
            let answer = self.pipes.borrow_mut().ask(&json!({ task: frames }))?;
            answer.get("ns").and_then(Value::as_f64).ok_or_else(|| "node gives no time".into())
        });
        Subject::timed(name, frames, round)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // it may have ended by itself, and there is nobody left to tell
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Pipes {
    fn ask(&mut self, question: &Value) -> Result<Value, Failure> {
        writeln!(self.input, "{question}")?;
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err("node has ended; what it said stands above".into());
        }
        Ok(serde_json::from_str(&line)?)
    }
}
