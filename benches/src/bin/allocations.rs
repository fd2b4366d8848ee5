//! Allocations of a conversation under way: session and codec make none for a frame of sound.
//!
//! A program of its own, because an allocator that counts is slower than one that does not.

use std::{alloc::System, process::ExitCode, time::Duration};

use clap::Parser;
use nova_sonic_benches::{
    Failure, material,
    peers::{SdkCrates, sdk_crates_decode},
    report::{Budgets, table},
};
use nova_sonic_core::{
    codec::{Decoder, Encoder, Received},
    session::{Input, Output, Session, SessionConfig},
    sigv4::DatePrecision,
    time::Tick,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Frames before the count: buffers grow to their size, pools fill. 30 s of sound.
const WARM_UP: u32 = 1_000;
/// Frames counted: more than a minute of sound, over which the second changes and the date's hash with it.
const COUNTED: u32 = 2_000;

/// What a frame allocates.
#[derive(Parser)]
struct Arguments {
    /// Fail when a budget is broken.
    #[arg(long)]
    check: bool,
}

fn main() -> Result<ExitCode, Failure> {
    let arguments = Arguments::parse();
    let mut budgets = Budgets::default();
    let pcm = material::bytes_of(&material::samples(material::FRAME_SAMPLES));
    let answer = material::answer_frame(&material::audio_output(material::ANSWER_SAMPLES))?;

    let mut conversation = Conversation::new()?;
    let ours_out = count(|| conversation.speak())?;
    let ours_in = count(|| conversation.hear(&answer))?;
    let mut sdk = SdkCrates::new(pcm);
    let sdk_out = count(|| sdk.frame().map(drop))?;
    let sdk_in = count(|| sdk_crates_decode(&answer).map(drop))?;

    let row = |name: &str, (calls, bytes): (f64, f64), budget| {
        [name.to_owned(), format!("{calls:.3}"), format!("{bytes:.0}"), budget]
    };
    let rows = [
        row(
            "session + codec, 32 ms out, samples to bytes",
            ours_out,
            budgets.at_most("allocations for a frame out", ours_out.0, 0.0),
        ),
        row(
            "session + codec, 40 ms in, bytes to samples",
            ours_in,
            budgets.at_most("allocations for a frame in", ours_in.0, 0.0),
        ),
        row("aws-sigv4 + aws-smithy-eventstream + serde_json, out", sdk_out, String::new()),
        row("aws-smithy-eventstream + serde_json, in", sdk_in, String::new()),
    ];
    table(["allocations of a frame, steady state", "allocations", "bytes", "budget"], &rows);
    Ok(budgets.verdict(arguments.check))
}

/// Allocations and allocated bytes for each frame, growing a buffer counted as one.
fn count(mut frame: impl FnMut() -> Result<(), Failure>) -> Result<(f64, f64), Failure> {
    for _ in 0..WARM_UP {
        frame()?;
    }
    let region = Region::new(ALLOCATOR);
    for _ in 0..COUNTED {
        frame()?;
    }
    let change = region.change();
    let each = |count: usize| u32::try_from(count).map(|count| f64::from(count) / f64::from(COUNTED));
    Ok((each(change.allocations + change.reallocations)?, each(change.bytes_allocated)?))
}

/// A conversation under way, without a network.
struct Conversation {
    session: Session,
    encoder: Encoder,
    decoder: Decoder,
    out: Vec<u8>,
    frame: Vec<i16>,
    elapsed: Duration,
}

impl Conversation {
    fn new() -> Result<Self, Failure> {
        let mut session = Session::new(SessionConfig::default(), [7; 32], Tick::ZERO)?;
        session.handle_input(Tick::ZERO, Input::Connected)?;
        Ok(Self {
            session,
            encoder: Encoder::new(material::signer(DatePrecision::Second)),
            decoder: Decoder::new(),
            out: Vec::new(),
            frame: material::samples(material::FRAME_SAMPLES),
            elapsed: Duration::ZERO,
        })
    }

    fn speak(&mut self) -> Result<(), Failure> {
        self.elapsed += Duration::from_millis(material::FRAME_MILLIS);
        self.session.handle_input(Tick::new(self.elapsed), Input::Audio(&self.frame))?;
        self.drain()
    }

    fn hear(&mut self, answer: &[u8]) -> Result<(), Failure> {
        self.elapsed += Duration::from_millis(material::ANSWER_MILLIS);
        self.decoder.push(answer);
        while let Some(received) = self.decoder.poll() {
            if let Received::Event(event) = received? {
                self.session.handle_input(Tick::new(self.elapsed), Input::Received(event))?;
            }
        }
        self.drain()
    }

    fn drain(&mut self) -> Result<(), Failure> {
        self.out.clear();
        while let Some(output) = self.session.poll_output() {
            if let Output::Send(event) = &output {
                self.encoder.encode(event, material::opened().after(self.elapsed), &mut self.out)?;
            }
        }
        Ok(())
    }
}
