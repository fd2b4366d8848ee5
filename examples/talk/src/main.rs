//! `talk`: hold one spoken conversation with Amazon Nova Sonic, from WAV file to WAV file.
//!
//! Read it in this order: [`conversation`] is the loop around `nova_sonic_core::client`, [`speech`] what goes in,
//! [`record`] what comes out, [`partner`] who answers.

mod answer;
mod arguments;
mod console;
mod conversation;
mod error;
mod interrupt;
mod partner;
mod record;
mod report;
mod speech;
mod tool;

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use nova_sonic_core::session::{CloseReason, Failure, Playback, SessionConfig};
use tokio::runtime::{Builder, Runtime};

use crate::{
    arguments::Arguments,
    console::Console,
    conversation::{Conversation, Plan},
    error::TalkError,
    interrupt::Interrupts,
    partner::Connection,
    record::Record,
    speech::{Pace, Utterance},
};

/// How long tasks may take to notice the end.
const SHUTDOWN: Duration = Duration::from_secs(1);
/// What a shell shows for a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let console = Console::new(arguments.json);
    let runtime = match Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            console::warn(&format!("error [internal]: no runtime could be started: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let code = run(&runtime, &arguments, console);
    runtime.shutdown_timeout(SHUTDOWN);
    code
}

fn run(runtime: &Runtime, arguments: &Arguments, console: Console) -> ExitCode {
    match prepare(arguments, console) {
        Ok((plan, config, mut record)) => {
            let outcome = runtime.block_on(talk(arguments, console, plan, config, &mut record));
            conclude(console, record, outcome)
        }
        Err(error) => fail(console, None, &error),
    }
}

/// Reads and checks everything that can be read and checked without a connection.
fn prepare(arguments: &Arguments, console: Console) -> Result<(Plan, SessionConfig, Record), TalkError> {
    let utterances = arguments.inputs.iter().map(|path| Utterance::read(path)).collect::<Result<_, _>>()?;
    let interruption = arguments.interrupt.as_deref().map(Utterance::read).transpose()?;
    let plan = Plan {
        utterances,
        interruption,
        pace: arguments.pace(),
        patience: arguments.patience(),
        tools: arguments.tools.clone(),
    };
    let config = session_config(arguments)?;
    let record =
        Record::begin(&arguments.output, config.output_rate, arguments.transcript.as_deref(), console)?;
    Ok((plan, config, record))
}

fn session_config(arguments: &Arguments) -> Result<SessionConfig, TalkError> {
    let tools = arguments.tools.iter().map(|tool| tool.spec()).collect::<Result<Vec<_>, _>>();
    let mut config = SessionConfig::default().voice_id(&arguments.voice).tools(tools.map_err(Failure::from)?);
    if let Some(prompt) = &arguments.system {
        config = config.system_prompt(prompt);
    }
    if arguments.pace() == Pace::Fast {
        // a script wants to know of a stream that breaks; people want to go on talking
        config = config.playback(Playback::Reported).renewal(false);
    }
    config.timing.answer = arguments.patience();
    config.timing.open = config.timing.open.min(arguments.patience());
    Ok(config)
}

async fn talk(
    arguments: &Arguments,
    console: Console,
    plan: Plan,
    config: SessionConfig,
    record: &mut Record,
) -> Result<CloseReason, TalkError> {
    let mut interrupts = Interrupts::listen();
    let opened = async {
        let Connection { client, simulator } = partner::prepare(&arguments.partner).await?;
        let ends = client.open(config).await?;
        console.tell(&format!("Talking to {} {}", client.model_id(), whereabouts(arguments)));
        Ok::<_, TalkError>((ends, simulator))
    };
    let (ends, simulator) = tokio::select! {
        biased;
        () = interrupts.next() => return Err(TalkError::Interrupted),
        opened = opened => opened?,
    };
    let outcome = Conversation::new(ends, plan, record).hold(&mut interrupts).await;
    if let Some(simulator) = simulator {
        // whoever is still connected is cut off by the runtime's end
        let _ = tokio::time::timeout(SHUTDOWN, simulator.shutdown()).await;
    }
    outcome
}

fn whereabouts(arguments: &Arguments) -> String {
    let partner = &arguments.partner;
    match &partner.endpoint {
        Some(endpoint) => format!("at {endpoint}"),
        None if partner.simulate => format!("in a simulator that plays {}", partner.scenario),
        None => "on AWS".to_owned(),
    }
}

/// Keeps what there is, says how it went, and chooses the exit code.
fn conclude(console: Console, record: Record, outcome: Result<CloseReason, TalkError>) -> ExitCode {
    match (record.end(outcome.is_ok()), outcome) {
        (Ok(kept), Ok(reason)) => {
            report::success(console, &kept, reason.as_str());
            ExitCode::SUCCESS
        }
        (Ok(kept), Err(error)) => fail(console, Some(&kept), &error),
        // the first thing that went wrong says more
        (Err(_), Err(error)) | (Err(error), Ok(_)) => fail(console, None, &error),
    }
}

fn fail(console: Console, kept: Option<&record::Kept>, error: &TalkError) -> ExitCode {
    report::failure(console, kept, error);
    if matches!(error, TalkError::Interrupted) { ExitCode::from(INTERRUPTED) } else { ExitCode::FAILURE }
}
