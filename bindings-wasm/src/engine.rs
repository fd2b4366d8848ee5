//! What JavaScript sees.

#![expect(
    clippy::missing_errors_doc,
    reason = "its docs are read in JavaScript, where the class says what is thrown"
)]
#![expect(clippy::needless_pass_by_value, reason = "arguments come from JavaScript, which hands them over")]

use std::fmt;

use nova_sonic_core::{
    session::{Input, TurnId},
    time::{Tick, Timestamp},
};
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

use crate::{
    conversation::Conversation,
    fault::Fault,
    views::{Float32Array, Int16Array, Uint8Array},
};

type Answer<T> = Result<T, JsValue>;

/// Not inlined: what throws is the same for every method.
#[inline(never)]
fn answer(done: Result<(), Fault>) -> Answer<()> {
    Ok(done?)
}

/// One conversation over one connection. Times: `now` in milliseconds of a clock that only runs forward
/// (`performance.now()`), `wall` in milliseconds since 1970. What is thrown is a plain object
/// `{code, message, retryable, blame}`.
#[wasm_bindgen]
pub struct Engine {
    conversation: Conversation,
    bytes: Vec<u8>,
    samples: Vec<i16>,
    floats: Vec<f32>,
}

#[wasm_bindgen]
impl Engine {
    /// A conversation as `config`, the text of a JSON object, wants it; `seed`: 32 random bytes.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &str, seed: &[u8], now: f64) -> Answer<Self> {
        Ok(Self::of(Conversation::new(config, seed, tick(now))?))
    }

    fn of(conversation: Conversation) -> Self {
        Self { conversation, bytes: Vec::new(), samples: Vec::new(), floats: Vec::new() }
    }

    /// The conversation that goes on with this one over another connection, with its history, the last seconds of the
    /// microphone, its turns and the tool calls that wait. This one goes on until that one is connected.
    pub fn successor(&self, config: &str, seed: &[u8], now: f64) -> Answer<Self> {
        Ok(Self::of(self.conversation.successor(config, seed, tick(now))?))
    }

    /// The URL of a WebSocket straight to Bedrock. `grant`: the bytes that the credentials' endpoint answered, wiped
    /// afterwards; `endpoint`: where, if not at the region's own; `received`: what `wall` was when the answer came, if that
    /// was not just now.
    #[wasm_bindgen(js_name = openDirect)]
    pub fn open_direct(
        &mut self,
        grant: &Uint8Array,
        wall: f64,
        endpoint: Option<String>,
        received: Option<f64>,
    ) -> Answer<String> {
        let mut json = Zeroizing::new(Vec::new());
        grant.copy_into(&mut json);
        grant.wipe();
        let (wall, received) = (timestamp(wall), timestamp(received.unwrap_or(wall)));
        let url = self.conversation.open_direct(&json, received, wall, endpoint.as_deref())?;
        Ok(url.expose().to_owned())
    }

    /// From now on messages are those of `nova-sonic.relay.v1`.
    #[wasm_bindgen(js_name = openRelay)]
    pub fn open_relay(&mut self) -> Answer<()> {
        answer(self.conversation.open_relay())
    }

    /// The socket is open.
    pub fn connected(&mut self, now: f64) -> Answer<()> {
        answer(self.conversation.connected(tick(now)))
    }

    /// The socket was closed, as its `close` event says.
    pub fn disconnected(&mut self, now: f64, code: u16, reason: &str) -> Answer<()> {
        answer(self.conversation.closed(tick(now), code, reason))
    }

    /// The connection failed, for a reason that only the Worker knows: one of the codes of this library.
    pub fn failed(&mut self, now: f64, code: &str, message: &str) -> Answer<()> {
        answer(self.conversation.failed(tick(now), code, message))
    }

    /// A binary message came.
    #[wasm_bindgen(js_name = receivedBinary)]
    pub fn received_binary(&mut self, now: f64, bytes: &Uint8Array) -> Answer<()> {
        bytes.copy_into(&mut self.bytes);
        answer(self.conversation.received_binary(tick(now), &self.bytes))
    }

    /// A text message came.
    #[wasm_bindgen(js_name = receivedText)]
    pub fn received_text(&mut self, now: f64, text: &str) -> Answer<()> {
        answer(self.conversation.received_text(tick(now), text))
    }

    /// Sound of the microphone at `inputRate`, up to a second of it; it goes out as it is cut, customarily into 32 ms.
    pub fn audio(&mut self, now: f64, samples: &Int16Array) -> Answer<()> {
        samples.copy_into(&mut self.samples);
        answer(self.conversation.audio(tick(now), &self.samples))
    }

    /// Sound of the microphone at the device's `rate`, Hz, in blocks of any size; it goes out in frames of 32 ms.
    pub fn capture(&mut self, now: f64, samples: &Float32Array, rate: u32) -> Answer<()> {
        samples.copy_into(&mut self.floats);
        answer(self.conversation.capture(tick(now), &self.floats, rate))
    }

    /// Something the user typed.
    pub fn text(&mut self, now: f64, text: &str) -> Answer<()> {
        self.give(now, Input::Text(text))
    }

    /// Moves the microphone: `open`, `muted` or `closed`.
    pub fn microphone(&mut self, now: f64, position: &str) -> Answer<()> {
        answer(self.conversation.move_microphone(tick(now), position))
    }

    /// So many samples of this turn have been played, counted from its first.
    pub fn played(&mut self, now: f64, turn: f64, samples: f64) -> Answer<()> {
        self.give(now, Input::Played { turn: TurnId::new(whole(turn)), samples: whole(samples) })
    }

    /// The user wants silence.
    pub fn interrupt(&mut self, now: f64) -> Answer<()> {
        self.give(now, Input::Interrupt)
    }

    /// The answer of a tool: the text of any JSON value.
    #[wasm_bindgen(js_name = toolResult)]
    pub fn tool_result(&mut self, now: f64, id: &str, json: &str) -> Answer<()> {
        answer(self.conversation.answer_tool(tick(now), id, json))
    }

    /// A tool failed; the model is told so in these words.
    #[wasm_bindgen(js_name = toolFailed)]
    pub fn tool_failed(&mut self, now: f64, id: &str, message: &str) -> Answer<()> {
        answer(self.conversation.fail_tool(tick(now), id, message))
    }

    /// A deadline may have passed.
    pub fn timeout(&mut self, now: f64) -> Answer<()> {
        self.give(now, Input::Timeout)
    }

    /// The application hangs up.
    pub fn hangup(&mut self, now: f64) -> Answer<()> {
        self.give(now, Input::Hangup)
    }

    fn give(&mut self, now: f64, input: Input<'_>) -> Answer<()> {
        answer(self.conversation.give(tick(now), input))
    }

    /// What to do next: 0 wait; 1 send the bytes at `outPtr()` as a binary message; 2 send `outText()` as a text message;
    /// 3 nothing more will be sent but what the next poll gives; 4 tell the application `outText()`; 5 play the samples at
    /// `outPtr()` for `outTurn()`. They lie there until the next call of this engine.
    pub fn poll(&mut self, wall: f64) -> u32 {
        self.conversation.poll(timestamp(wall)) as u32
    }

    /// Where in this module's memory the bytes are that `poll` has found.
    #[wasm_bindgen(js_name = outPtr)]
    pub fn out_pointer(&self) -> usize {
        match self.conversation.sound() {
            Some((_, pcm)) => pcm.as_ptr().addr(),
            None => self.conversation.message().as_ptr().addr(),
        }
    }

    /// How many bytes they are.
    #[wasm_bindgen(js_name = outLen)]
    pub fn out_length(&self) -> usize {
        match self.conversation.sound() {
            Some((_, pcm)) => size_of_val(pcm.samples()),
            None => self.conversation.message().len(),
        }
    }

    /// The turn that the samples belong to.
    #[wasm_bindgen(js_name = outTurn)]
    pub fn out_turn(&self) -> f64 {
        self.conversation.sound().map_or(0.0, |(turn, _)| approximate(turn.number()))
    }

    /// The text that `poll` has found; once.
    #[wasm_bindgen(js_name = outText)]
    pub fn out_text(&mut self) -> String {
        self.conversation.text()
    }

    /// When `timeout` is to be called, in milliseconds of the clock of `now`; `Infinity` for never.
    #[wasm_bindgen(js_name = nextTimeout)]
    pub fn next_timeout(&self) -> f64 {
        self.conversation.next_timeout().map_or(f64::INFINITY, |at| at.since_epoch().as_secs_f64() * 1000.0)
    }

    /// Loudness of the last block of the microphone, dBFS.
    pub fn level(&self) -> f32 {
        self.conversation.level_dbfs()
    }
}

/// Nothing of what is said.
impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

/// Microseconds are enough; what is no time is the beginning.
fn tick(milliseconds: f64) -> Tick {
    Tick::new(std::time::Duration::from_micros(whole(milliseconds * 1000.0 + 0.5)))
}

#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and no calendar goes that far")]
const fn timestamp(milliseconds: f64) -> Timestamp {
    Timestamp::from_unix_millis(milliseconds as i64)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates: what is negative is 0"
)]
const fn whole(number: f64) -> u64 {
    number as u64
}

#[expect(clippy::cast_precision_loss, reason = "2^53 turns are not reached by talking")]
const fn approximate(number: u64) -> f64 {
    number as f64
}
