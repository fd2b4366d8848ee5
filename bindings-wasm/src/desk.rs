//! Where JavaScript's numbers become what the conversation takes, and what it finds becomes numbers.

use nova_sonic_core::{
    audio::level::FLOOR_DBFS,
    error::ErrorCode,
    javascript,
    session::{Input, TurnId},
    time::{Tick, Timestamp},
};
use zeroize::Zeroize;

use crate::{
    conversation::{Conversation, Found},
    fault::Fault,
};

/// Room that is kept for the next call, bytes: several times the longest message of sound.
const KEPT_ROOM: usize = 64 * 1024;

macro_rules! acts {
    ($(#[$meta:meta])* enum $name:ident { $($(#[$doc:meta])* $act:ident,)* }) => {
        $(#[$meta])*
        pub(crate) enum $name { $($(#[$doc])* $act,)* }

        const ACTS: &[$name] = &[$($name::$act,)*];
    };
}

acts! {
    /// What can be done with a conversation, as `web/worker/engine.ts` numbers it. *Given* is what lies in the room.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Act {
        /// Given: a grant, `first` bytes long, then where to connect to if not to the region's own; `second`: when it came.
        OpenDirect,
        OpenRelay,
        Connected,
        /// `first`: the code; given: the reason.
        Disconnected,
        /// Given: a code, `first` bytes long, then a sentence.
        Failed,
        ReceivedBinary,
        ReceivedText,
        /// Given: 16-bit samples at the session's rate.
        Audio,
        /// Given: 32-bit samples; `first`: their rate, Hz.
        Capture,
        Text,
        /// Given: where to.
        Microphone,
        /// `first`: the turn; `second`: how many samples of it.
        Played,
        Interrupt,
        /// Given: the call, `first` bytes long, then its answer in JSON.
        ToolResult,
        /// Given: the call, `first` bytes long, then what went wrong.
        ToolFailed,
        Timeout,
        Hangup,
        /// Gives a text if what has come of an answer is followed from now on.
        BreakOff,
        FallSilent,
    }
}

/// A result in this module's memory.
#[derive(Clone, Copy)]
pub(crate) struct Out {
    pub(crate) address: usize,
    /// Bytes.
    pub(crate) length: usize,
    pub(crate) turn: f64,
}

impl Out {
    const NOTHING: Self = Self { address: 0, length: 0, turn: 0.0 };

    fn of(bytes: &[u8]) -> Self {
        Self { address: bytes.as_ptr().addr(), length: bytes.len(), turn: 0.0 }
    }
}

/// All conversations of a Worker, and what goes between them and JavaScript. Its buffers are used again.
pub(crate) struct Desk {
    /// Conversation `n` is at `n - 1`.
    conversations: Vec<Option<Box<Conversation>>>,
    given: Vec<u8>,
    samples: Vec<i16>,
    floats: Vec<f32>,
    /// A text that belongs to no conversation, or to one that goes on.
    text: String,
    pub(crate) out: Out,
}

impl Desk {
    pub(crate) const fn new() -> Self {
        Self {
            conversations: Vec::new(),
            given: Vec::new(),
            samples: Vec::new(),
            floats: Vec::new(),
            text: String::new(),
            out: Out::NOTHING,
        }
    }

    pub(crate) fn room(&mut self, length: usize) -> usize {
        if length <= KEPT_ROOM {
            // one long message has blown it up
            self.given.truncate(length);
            self.given.shrink_to(KEPT_ROOM);
        }
        self.given.resize(length, 0);
        self.given.as_ptr().addr()
    }

    pub(crate) fn make(&mut self, before: usize, now: f64, length: usize) -> usize {
        match self.made(before, tick(now), length) {
            Ok(conversation) => self.keep(conversation),
            Err(fault) => {
                self.refuse(&fault);
                0
            }
        }
    }

    fn made(&mut self, before: usize, now: Tick, length: usize) -> Result<Conversation, Fault> {
        let (config, seed) = parts(&self.given, length);
        let config = text_of(config)?;
        match before {
            0 => Conversation::new(config, seed, now),
            _ => of(&mut self.conversations, before)?.successor(config, seed, now),
        }
    }

    fn keep(&mut self, conversation: Conversation) -> usize {
        let free = self.conversations.iter().position(Option::is_none);
        let place = free.unwrap_or(self.conversations.len());
        if free.is_none() {
            self.conversations.push(None);
        }
        if let Some(kept) = self.conversations.get_mut(place) {
            *kept = Some(Box::new(conversation));
        }
        place + 1
    }

    pub(crate) fn free(&mut self, engine: usize) {
        if let Some(kept) = self.conversations.get_mut(engine.wrapping_sub(1)) {
            *kept = None;
        }
    }

    /// Says whether it was refused.
    pub(crate) fn act(&mut self, engine: usize, act: u32, now: f64, first: f64, second: f64) -> bool {
        let done = match ACTS.get(act as usize) {
            Some(act) => self.done(engine, *act, now, first, second),
            None => Err(Fault::new(ErrorCode::Internal, "nobody knows how to do that")),
        };
        if act == Act::OpenDirect as u32 {
            // there is a secret in it
            self.given.zeroize();
        }
        match done {
            Ok(()) => false,
            Err(fault) => {
                self.refuse(&fault);
                true
            }
        }
    }

    fn done(&mut self, engine: usize, act: Act, now: f64, first: f64, second: f64) -> Result<(), Fault> {
        let conversation = of(&mut self.conversations, engine)?;
        let (at, number) = (tick(now), whole(first));
        let (one, other) = parts(&self.given, usize::try_from(number).unwrap_or(usize::MAX));
        let given = self.given.as_slice();
        match act {
            Act::OpenDirect => {
                let wall = timestamp(now);
                let received = if second.is_nan() { wall } else { timestamp(second) };
                let endpoint = text_of(other)?;
                let endpoint = (!endpoint.is_empty()).then_some(endpoint);
                let url = conversation.open_direct(one, received, wall, endpoint)?;
                url.expose().clone_into(&mut self.text);
                self.out = Out::of(self.text.as_bytes());
                Ok(())
            }
            Act::OpenRelay => conversation.open_relay(),
            Act::Connected => conversation.connected(at),
            Act::Disconnected => {
                let code = u16::try_from(number).unwrap_or_default();
                conversation.closed(at, code, text_of(given)?)
            }
            Act::Failed => conversation.failed(at, text_of(one)?, text_of(other)?),
            Act::ReceivedBinary => conversation.received_binary(at, given),
            Act::ReceivedText => conversation.received_text(at, text_of(given)?),
            Act::Audio => {
                self.samples.clear();
                self.samples.extend(given.as_chunks().0.iter().map(|pair| i16::from_le_bytes(*pair)));
                conversation.audio(at, &self.samples)
            }
            Act::Capture => {
                self.floats.clear();
                self.floats.extend(given.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)));
                conversation.capture(at, &self.floats, u32::try_from(number).unwrap_or_default())
            }
            Act::Text => conversation.give(at, Input::Text(text_of(given)?)),
            Act::Microphone => conversation.move_microphone(at, text_of(given)?),
            Act::Played => {
                let played = Input::Played { turn: TurnId::new(number), samples: whole(second) };
                conversation.give(at, played)
            }
            Act::Interrupt => conversation.give(at, Input::Interrupt),
            Act::ToolResult => conversation.answer_tool(at, text_of(one)?, text_of(other)?),
            Act::ToolFailed => conversation.fail_tool(at, text_of(one)?, text_of(other)?),
            Act::Timeout => conversation.give(at, Input::Timeout),
            Act::Hangup => conversation.give(at, Input::Hangup),
            Act::BreakOff => {
                self.text.clear();
                self.text.push_str(if conversation.break_off() { "1" } else { "" });
                self.out = Out::of(self.text.as_bytes());
                Ok(())
            }
            Act::FallSilent => {
                self.text = conversation.fall_silent();
                self.out = Out::of(self.text.as_bytes());
                Ok(())
            }
        }
    }

    pub(crate) fn poll(&mut self, engine: usize, wall: Timestamp) -> Found {
        let Ok(conversation) = of(&mut self.conversations, engine) else { return Found::Nothing };
        let found = conversation.poll(wall);
        self.out = match found {
            Found::Binary | Found::Text => Out::of(conversation.message()),
            Found::Event => Out::of(conversation.text().as_bytes()),
            Found::Sound => conversation.sound().map_or(Out::NOTHING, |(turn, pcm)| Out {
                address: pcm.as_ptr().addr(),
                length: size_of_val(pcm.samples()),
                turn: approximate(turn.number()),
            }),
            Found::Nothing | Found::EndInput => Out::NOTHING,
        };
        found
    }

    pub(crate) fn next_timeout(&mut self, engine: usize) -> f64 {
        let next =
            of(&mut self.conversations, engine).ok().and_then(|conversation| conversation.next_timeout());
        next.map_or(f64::INFINITY, |at| at.since_epoch().as_secs_f64() * 1000.0)
    }

    pub(crate) fn level(&mut self, engine: usize) -> f32 {
        of(&mut self.conversations, engine).map_or(FLOOR_DBFS, |conversation| conversation.level_dbfs())
    }

    /// `{code, message, retryable, blame}`.
    fn refuse(&mut self, fault: &Fault) {
        self.text = javascript::fault(fault.code, &fault.message);
        self.out = Out::of(self.text.as_bytes());
    }
}

fn of(conversations: &mut [Option<Box<Conversation>>], engine: usize) -> Result<&mut Conversation, Fault> {
    let kept = conversations.get_mut(engine.wrapping_sub(1)).and_then(Option::as_deref_mut);
    kept.ok_or_else(|| Fault::new(ErrorCode::Internal, "the engine has been freed"))
}

/// What was given, in two parts.
fn parts(given: &[u8], first: usize) -> (&[u8], &[u8]) {
    given.split_at_checked(first).unwrap_or((given, &[]))
}

fn text_of(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|_| Fault::new(ErrorCode::Internal, "a text is not UTF-8"))
}

/// Microseconds are enough; what is no time is the beginning.
fn tick(milliseconds: f64) -> Tick {
    Tick::new(std::time::Duration::from_micros(whole(milliseconds * 1000.0 + 0.5)))
}

#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and no calendar goes that far")]
pub(crate) const fn timestamp(milliseconds: f64) -> Timestamp {
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

#[cfg(test)]
mod tests {
    use super::*;

    const OTHER_HALF: &str = include_str!("../web/worker/engine.ts");

    /// The names in an enum of the other half, without their values.
    fn named(declaration: &str) -> Vec<&'static str> {
        let (_, body) = OTHER_HALF.split_once(declaration).unwrap();
        let (body, _) = body.split_once('}').unwrap();
        let lines = body.lines().map(str::trim).filter(|line| line.ends_with(','));
        lines.map(|line| line.split([' ', ',']).next().unwrap()).collect()
    }

    #[test]
    fn both_halves_count_what_can_be_done_alike() {
        let acts: Vec<_> = ACTS.iter().map(|act| format!("{act:?}")).collect();
        assert_eq!(named("const enum Act {"), acts);
        assert!(ACTS.iter().enumerate().all(|(place, act)| *act as usize == place));
    }

    #[test]
    fn both_halves_count_what_is_found_alike() {
        let found = [Found::Nothing, Found::Binary, Found::Text, Found::EndInput, Found::Event, Found::Sound];
        assert_eq!(named("const enum Poll {"), found.map(|found| format!("{found:?}")));
        assert!(found.iter().enumerate().all(|(place, found)| *found as usize == place));
    }
}
