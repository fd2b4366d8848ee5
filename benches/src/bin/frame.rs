//! Nanoseconds per frame: this library's codec and session beside the floor, the AWS SDK's crates, and its
//! JavaScript.

use std::{hint::black_box, process::ExitCode};

use clap::Parser;
use nova_sonic_benches::{
    Failure, material,
    measure::{Subject, interleave},
    node::Node,
    peers::{Floor, SdkCrates, sdk_crates_decode},
    report::{Budgets, conditions, table},
};
use nova_sonic_core::{
    codec::{Decoder, Encoder, Received},
    event::{ClientEvent, ServerEvent},
    session::{Input, Output, Session, SessionConfig},
    sigv4::DatePrecision,
    time::Tick,
};

/// Frames of a round in this process: about 10 ms of work.
const FRAMES: u32 = 4_000;
/// Frames of a round in Node.
const FRAMES_OF_NODE: u32 = 300;
/// Samples of the answer that is decoded: a frame of 2.3 KB.
const DECODED_SAMPLES: usize = 512;

/// What a frame costs.
#[derive(Parser)]
struct Arguments {
    /// Fail when a budget is broken.
    #[arg(long)]
    check: bool,
    /// Rounds of each subject, at least seven.
    #[arg(long, default_value_t = 31, value_parser = clap::value_parser!(u32).range(7..))]
    rounds: u32,
    /// Leave out what Node measures, and its budgets.
    #[arg(long)]
    no_node: bool,
}

fn main() -> Result<ExitCode, Failure> {
    let arguments = Arguments::parse();
    let mut budgets = Budgets::default();
    let pcm = material::bytes_of(&material::samples(material::FRAME_SAMPLES));
    let answer = material::answer_frame(&material::audio_output(DECODED_SAMPLES))?;
    let node = if arguments.no_node { None } else { Some(Node::start(&pcm, &answer)?) };
    same_frame(&pcm, node.as_ref())?;

    conditions("A frame");
    encoding(&pcm, node.as_ref(), arguments.rounds, &mut budgets)?;
    decoding(&answer, node.as_ref(), arguments.rounds, &mut budgets)?;
    conversing(arguments.rounds)?;
    Ok(budgets.verdict(arguments.check))
}

/// All encoders sign the same bytes, or the comparison is none.
fn same_frame(pcm: &[u8], node: Option<&Node>) -> Result<(), Failure> {
    let mut ours = Vec::new();
    let mut encoder = Encoder::new(material::signer(DatePrecision::Millisecond));
    encoder.encode(&material::audio_input(), material::opened(), &mut ours)?;
    if node.is_some_and(|node| node.first_frame() != ours) {
        return Err("the JavaScript SDK makes another frame of the same sound".into());
    }
    let mut theirs = SdkCrates::new(pcm.to_vec());
    let frame = theirs.frame()?;
    ours.clear();
    let mut encoder = Encoder::new(material::signer(DatePrecision::Second));
    encoder.encode(&material::audio_input(), material::opened(), &mut ours)?;
    let signature = hex::decode(theirs.last_signature())?;
    // the SDK writes the signature before the date: the same bytes in another order
    if frame.len() != ours.len() || !ours.windows(signature.len()).any(|bytes| bytes == signature) {
        return Err("the SDK's crates make another frame of the same sound".into());
    }
    Ok(())
}

fn encoding(pcm: &[u8], node: Option<&Node>, rounds: u32, budgets: &mut Budgets) -> Result<(), Failure> {
    let event = material::audio_input();
    let mut json = Vec::new();
    event.write_json(&mut json);
    let (mut encoder, mut out, mut now) =
        (Encoder::new(material::signer(DatePrecision::Second)), Vec::new(), material::opened());
    encoder.encode(&event, now, &mut out)?;
    // the outer frame adds two preludes' and trailers' length and its two headers
    let inner_length = out.len() - 16 - 15 - 52;
    let mut floor = Floor::of(pcm.to_vec(), json, out.clone(), inner_length)?;
    let mut sdk = SdkCrates::new(pcm.to_vec());

    let mut subjects = vec![
        Subject::each("floor", FRAMES, move || {
            floor.frame();
            Ok(())
        }),
        Subject::each("nova-sonic codec", FRAMES, move || {
            out.clear();
            now = now.after(std::time::Duration::from_millis(material::FRAME_MILLIS));
            encoder.encode(black_box(&event), now, &mut out)?;
            black_box(&out);
            Ok(())
        }),
        Subject::each("aws-sigv4 + aws-smithy-eventstream", FRAMES / 2, move || {
            black_box(sdk.frame()?);
            Ok(())
        }),
    ];
    subjects.extend(node.map(|node| node.subject("AWS SDK for JavaScript, Node", FRAMES_OF_NODE, "encode")));
    interleave(&mut subjects, rounds)?;
    let [floor, ours, sdk, rest @ ..] = subjects.as_slice() else { return Ok(()) };
    let verdict = |subject: &Subject<'_>, cell: String| row(subject, ours, cell);
    let mut rows = vec![
        verdict(floor, String::new()),
        verdict(ours, budgets.at_most("codec to floor", ours.ratio_to(floor), 1.3)),
        verdict(sdk, budgets.at_least("SDK's crates to codec", sdk.ratio_to(ours), 2.5)),
    ];
    for javascript in rest {
        let cell = budgets.at_least("JavaScript to codec", javascript.ratio_to(ours), 20.0);
        rows.push(verdict(javascript, cell));
    }
    let above = format!("{:.2}", ours.ratio_to(floor));
    if let Some(cells) = rows.get_mut(1) {
        cells[3] = format!("{above} x floor");
    }
    table(["encode and sign 32 ms of sound", "median ns", "min ns", "x codec", "budget"], &rows);
    Ok(())
}

fn decoding(answer: &[u8], node: Option<&Node>, rounds: u32, budgets: &mut Budgets) -> Result<(), Failure> {
    let mut decoder = Decoder::new();
    let mut subjects = vec![
        Subject::each("nova-sonic codec", FRAMES, move || {
            decoder.push(black_box(answer));
            match decoder.poll() {
                Some(Ok(Received::Event(ServerEvent::AudioOutput { pcm, .. }))) => {
                    black_box(pcm.samples());
                    Ok(())
                }
                other => Err(format!("no sound but {other:?}").into()),
            }
        }),
        Subject::each("aws-smithy-eventstream + serde_json", FRAMES / 2, move || {
            black_box(sdk_crates_decode(black_box(answer))?);
            Ok(())
        }),
    ];
    subjects
        .extend(node.map(|node| node.subject("AWS SDK for JavaScript, Node", FRAMES_OF_NODE * 4, "decode")));
    interleave(&mut subjects, rounds)?;
    let [ours, sdk, rest @ ..] = subjects.as_slice() else { return Ok(()) };
    let mut rows = vec![row(ours, ours, String::new()), row(sdk, ours, String::new())];
    for javascript in rest {
        let cell = budgets.at_least("JavaScript to codec, decoding", javascript.ratio_to(ours), 3.0);
        rows.push(row(javascript, ours, cell));
    }
    let heading = format!("decode an answer of {} bytes to samples", answer.len());
    table([&heading, "median ns", "min ns", "x codec", "budget"], &rows);
    Ok(())
}

/// The session machine alone, then with the codec around it: what a browser runs.
fn conversing(rounds: u32) -> Result<(), Failure> {
    let frame = material::samples(material::FRAME_SAMPLES);
    let answer = material::audio_output(material::ANSWER_SAMPLES);
    let bytes = material::answer_frame(&answer)?;
    let (mut speaking, mut listening, mut whole) = (live()?, live()?, live()?);
    let mut clocks = [Tick::ZERO; 3];
    let mut encoder = Encoder::new(material::signer(DatePrecision::Second));
    let (mut decoder, mut out, mut now) = (Decoder::new(), Vec::new(), material::opened());
    let [spoken, heard, both] = &mut clocks;

    let mut subjects = [
        Subject::each("session: 32 ms of microphone", FRAMES, || {
            *spoken = spoken.after(std::time::Duration::from_millis(material::FRAME_MILLIS));
            speaking.handle_input(*spoken, Input::Audio(black_box(&frame)))?;
            while let Some(output) = speaking.poll_output() {
                let _ = black_box(output);
            }
            Ok(())
        }),
        Subject::each("session: 40 ms of answer (and a copy of it)", FRAMES, || {
            *heard = heard.after(std::time::Duration::from_millis(material::ANSWER_MILLIS));
            listening.handle_input(*heard, Input::Received(answer.clone()))?;
            while let Some(output) = listening.poll_output() {
                let _ = black_box(output);
            }
            Ok(())
        }),
        Subject::each("session + codec: both, bytes to bytes", FRAMES, || {
            let step = std::time::Duration::from_millis(material::ANSWER_MILLIS);
            *both = both.after(step);
            now = now.after(step);
            decoder.push(black_box(&bytes));
            while let Some(received) = decoder.poll() {
                if let Received::Event(event) = received? {
                    whole.handle_input(*both, Input::Received(event))?;
                }
            }
            whole.handle_input(*both, Input::Audio(black_box(&frame)))?;
            out.clear();
            while let Some(output) = whole.poll_output() {
                if let Output::Send(event @ ClientEvent::AudioInput { .. }) = &output {
                    encoder.encode(event, now, &mut out)?;
                }
            }
            black_box(&out);
            Ok(())
        }),
    ];
    interleave(&mut subjects, rounds)?;
    let rows: Vec<_> = subjects
        .iter()
        .map(|subject| {
            [subject.name().to_owned(), nanoseconds(subject.median()), nanoseconds(subject.minimum())]
        })
        .collect();
    table(["session machine, per event", "median ns", "min ns"], &rows);
    Ok(())
}

/// A conversation that is under way, its opening sent.
fn live() -> Result<Session, Failure> {
    let mut session = Session::new(SessionConfig::default(), [7; 32], Tick::ZERO)?;
    session.handle_input(Tick::ZERO, Input::Connected)?;
    while session.poll_output().is_some() {}
    Ok(session)
}

fn row(subject: &Subject<'_>, ours: &Subject<'_>, budget: String) -> [String; 5] {
    [
        subject.name().to_owned(),
        nanoseconds(subject.median()),
        nanoseconds(subject.minimum()),
        format!("{:.2}", subject.ratio_to(ours)),
        budget,
    ]
}

fn nanoseconds(value: f64) -> String {
    format!("{value:.0}")
}
