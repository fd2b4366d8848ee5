//! One spoken conversation, with the simulator or with AWS.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Done, child, failure::Failure, step, step::Steps, tools, tools::Workspace};

/// The question that the repository ships.
const QUESTION: &str = "examples/talk/recordings/question.wav";

/// Options of `cargo xtask demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Talk to AWS with the usual credentials (environment, profile, role) instead of the simulator.
    #[arg(long)]
    aws: bool,
    /// Print one JSON object at the end.
    #[arg(long)]
    json: bool,
    /// A WAV file of a person talking, instead of the one that is shipped.
    #[arg(long = "in", value_name = "WAV")]
    input: Option<PathBuf>,
    /// More options of `talk`, after `--`.
    #[arg(last = true, value_name = "TALK OPTIONS")]
    more: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Done {
    let question = arguments.input.clone().unwrap_or_else(|| tools::root().join(QUESTION));
    tools::need_path(&question, "the recorded question")?;
    let workspace = Workspace::load()?;
    let folder = workspace.target().join("demo");

    let mut steps = Steps::new(2);
    steps.begin("Build the example `talk`");
    child::run(&mut tools::cargo(&["build", "--package", "talk"]), "mend what the compiler names above")?;

    let partner =
        if arguments.aws { "Amazon Nova 2 Sonic on AWS" } else { "the simulator, through the AWS SDK" };
    steps.begin(&format!("Hold one conversation with {partner}"));
    std::fs::create_dir_all(&folder).map_err(|error| {
        Failure::new(
            format!("cannot make {} ({error})", folder.display()),
            "check permissions and free space",
        )
    })?;
    child::run(
        &mut talk(&workspace.program("talk"), &question, &folder, arguments),
        "the sentence above says why; `--in FILE` takes another recording",
    )?;
    step::say(&format!("      all files of the conversation are in {}", folder.display()));
    Ok(())
}

fn talk(program: &Path, question: &Path, folder: &Path, arguments: &Arguments) -> Command {
    let mut talk = Command::new(program);
    talk.arg("--in").arg(question);
    talk.arg("--out").arg(folder.join("answer.wav"));
    talk.arg("--transcript").arg(folder.join("transcript.jsonl"));
    if !arguments.aws {
        talk.args(["--simulate", "--scenario", "story"]);
    }
    if arguments.json {
        talk.arg("--json");
    }
    talk.args(&arguments.more);
    talk
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simulator_is_the_partner_unless_aws_is_asked_for() {
        let line = |aws| {
            let arguments =
                Arguments { aws, json: true, input: None, more: vec!["--voice".into(), "amy".into()] };
            child::line(&talk(Path::new("talk"), Path::new("q.wav"), Path::new("demo"), &arguments))
        };
        let files = "talk --in q.wav --out demo/answer.wav --transcript demo/transcript.jsonl";
        assert_eq!(line(false), format!("{files} --simulate --scenario story --json --voice amy"));
        assert_eq!(line(true), format!("{files} --json --voice amy"));
    }
}
