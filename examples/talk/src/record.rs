//! What has happened so far, kept and shown as it happens.

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use nova_sonic_core::{
    audio::SampleRate,
    event::{Role, Usage},
    session::{Failure, Stage, TurnId},
};
use serde::Serialize;

use crate::{
    answer::Answer,
    console::{self, Console},
    error::TalkError,
};

/// Words of either side, as the report has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Words {
    pub(crate) role: String,
    pub(crate) text: String,
    pub(crate) stage: &'static str,
}

/// What has happened so far.
pub(crate) struct Record {
    pub(crate) transcript: Vec<Words>,
    pub(crate) turn_latency: Vec<Duration>,
    pub(crate) interruptions: u32,
    pub(crate) usage: Usage,
    answer: Answer,
    transcript_file: Option<(PathBuf, File)>,
    console: Console,
}

/// What is left when a conversation is over.
pub(crate) struct Kept {
    pub(crate) transcript: Vec<Words>,
    pub(crate) turn_latency: Vec<Duration>,
    pub(crate) interruptions: u32,
    pub(crate) usage: Usage,
    pub(crate) transcript_path: Option<PathBuf>,
    /// The answer's file and how long its sound is; `None` where nothing was heard.
    pub(crate) answer: Option<(PathBuf, Duration)>,
}

impl Record {
    /// Makes the files, so that what is wrong with them shows before anything is said.
    pub(crate) fn begin(
        output: &Path,
        rate: SampleRate,
        transcript: Option<&Path>,
        console: Console,
    ) -> Result<Self, TalkError> {
        let answer = Answer::create(output, rate)?;
        let transcript_file = match transcript {
            None => None,
            Some(path) => {
                let path = path.to_owned();
                match File::create(&path) {
                    Ok(file) => Some((path, file)),
                    Err(source) => return Err(TalkError::File { operation: "create", path, source }),
                }
            }
        };
        Ok(Self {
            transcript: Vec::new(),
            turn_latency: Vec::new(),
            interruptions: 0,
            usage: Usage::default(),
            answer,
            transcript_file,
            console,
        })
    }

    pub(crate) fn words(&mut self, role: &Role, text: &str, stage: Stage) -> Result<(), TalkError> {
        let words =
            Words { role: role.as_str().to_lowercase(), text: text.to_owned(), stage: stage.as_str() };
        if let Some((path, file)) = &mut self.transcript_file {
            let written = serde_json::to_string(&words)
                .map_err(io::Error::from)
                // one write, so that a reader never sees half a line
                .and_then(|line| file.write_all(format!("{line}\n").as_bytes()));
            written.map_err(|source| TalkError::File { operation: "write", path: path.clone(), source })?;
        }
        if *role == Role::User {
            self.console.tell(&format!("  you   {}", text.trim()));
        } else if !self.was_planned(&words) {
            self.console.tell(&format!("  nova  {}", text.trim()));
        }
        self.transcript.push(words);
        Ok(())
    }

    /// What was shown when it was planned need not be shown again when it has been spoken.
    fn was_planned(&self, words: &Words) -> bool {
        let spoken = words.text.trim();
        words.stage == Stage::Final.as_str()
            && self
                .transcript
                .iter()
                .any(|earlier| earlier.role == words.role && earlier.text.trim() == spoken)
    }

    /// Keeps sound; how many samples of its turn there are now.
    pub(crate) fn sound(&mut self, turn: TurnId, samples: &[i16]) -> Result<usize, TalkError> {
        self.answer.add(turn, samples)
    }

    /// How long the latest answer takes to be heard.
    pub(crate) fn answer_duration(&self) -> Duration {
        self.answer.turn_duration()
    }

    pub(crate) fn latency(&mut self, latency: Duration) {
        self.turn_latency.push(latency);
        self.console
            .tell(&format!("        (first sound {} ms after the end of speech)", latency.as_millis()));
    }

    pub(crate) fn interrupted(&mut self, turn: TurnId, heard: Duration, text: &str) {
        self.interruptions += 1;
        self.answer.cut(turn, heard);
        self.console.tell(&format!("        (interrupted after {} ms: \"{text}\")", heard.as_millis()));
    }

    pub(crate) fn tool(&self, name: &str, input: &str, outcome: &Result<String, String>) {
        let outcome = match outcome {
            Ok(result) => result.as_str(),
            Err(reason) => reason.as_str(),
        };
        self.console.tell(&format!("        (tool {name} {input} -> {outcome})"));
    }

    /// Something that the conversation survives.
    pub(crate) fn survived(failure: &Failure) {
        console::warn(&format!("warning [{}]: {failure}", failure.code()));
    }

    pub(crate) fn remark(&self, remark: &str) {
        self.console.tell(&format!("        ({remark})"));
    }

    /// Puts the answer in its place. Without a sound that is done only with `even_empty`.
    pub(crate) fn end(self, even_empty: bool) -> Result<Kept, TalkError> {
        let answer = if self.answer.is_empty() && !even_empty {
            None
        } else {
            let path = self.answer.path().to_owned();
            Some((path, self.answer.finish()?))
        };
        Ok(Kept {
            transcript: self.transcript,
            turn_latency: self.turn_latency,
            interruptions: self.interruptions,
            usage: self.usage,
            transcript_path: self.transcript_file.map(|(path, _)| path),
            answer,
        })
    }
}
