//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::Parser;

use crate::{speech::Pace, tool::Tool};

/// Hold one spoken conversation with Amazon Nova Sonic: what a person says in a WAV file goes in, the spoken answer
/// comes out.
///
/// Without --simulate the conversation is held with AWS, with the credentials that any AWS tool would find.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// What is said: a WAV file of any sample rate, mono or stereo. Given again, it is said after the answer.
    #[arg(long = "in", value_name = "WAV", required = true)]
    pub(crate) inputs: Vec<PathBuf>,
    /// What is said into the first answer, one second after it has begun.
    #[arg(long, value_name = "WAV", conflicts_with = "fast")]
    pub(crate) interrupt: Option<PathBuf>,
    /// Where the answer's sound goes, as a WAV file.
    #[arg(long = "out", value_name = "WAV")]
    pub(crate) output: PathBuf,
    /// Where the words of both sides go as they come, one JSON object a line.
    #[arg(long, value_name = "JSONL")]
    pub(crate) transcript: Option<PathBuf>,
    /// Print one JSON object at the end, and everything else to standard error.
    #[arg(long)]
    pub(crate) json: bool,

    /// Speak as fast as a microphone does. This is the default.
    #[arg(long, conflicts_with = "fast")]
    pub(crate) microphone_pace: bool,
    /// Speak, and listen, as fast as the network takes it.
    #[arg(long)]
    pub(crate) fast: bool,
    /// Seconds without a word of the service after which nobody waits any longer.
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=300))]
    patience: u32,

    /// The voice that answers.
    #[arg(long, default_value = "tiffany")]
    pub(crate) voice: String,
    /// Who the model is and how it is to talk.
    #[arg(long, value_name = "PROMPT")]
    pub(crate) system: Option<String>,
    /// A tool that the model may call.
    #[arg(long = "tool", value_enum)]
    pub(crate) tools: Vec<Tool>,

    #[command(flatten)]
    pub(crate) partner: Partner,
}

/// Who answers.
#[derive(Debug, clap::Args)]
pub(crate) struct Partner {
    /// Talk to a simulator inside this program instead of AWS.
    #[arg(long)]
    pub(crate) simulate: bool,
    /// What the simulator says: `story`, `parrot`, `weather`, or a scenario file.
    #[arg(long, value_name = "NAME|FILE", requires = "simulate", default_value = "story")]
    pub(crate) scenario: String,
    /// The region; otherwise the one of the environment or the profile.
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// The model.
    #[arg(long, value_name = "ID")]
    pub(crate) model: Option<String>,
    /// Another endpoint than the region's.
    #[arg(long, value_name = "URL", conflicts_with = "simulate")]
    pub(crate) endpoint: Option<String>,
    /// The certificate authorities to trust, PEM, instead of the system's.
    #[arg(long, value_name = "PEM", conflicts_with = "simulate")]
    pub(crate) ca: Option<PathBuf>,
}

impl Arguments {
    pub(crate) fn pace(&self) -> Pace {
        if self.fast { Pace::Fast } else { Pace::Microphone }
    }

    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.patience.into())
    }
}
