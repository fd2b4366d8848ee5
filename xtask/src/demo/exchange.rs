//! One spoken conversation in a real browser, and how it went.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    Done,
    demo::{
        part::Part,
        setup,
        stack::{Stack, USER},
    },
    failure::Failure,
    tools,
};

/// What drives the browser, a file of the end-to-end tests.
const DRIVER: &str = "exchange.js";
/// How often it is looked whether the conversation is over.
const PAUSE: Duration = Duration::from_millis(100);

/// A conversation that was held, as it is reported.
#[derive(Debug)]
pub(crate) struct Exchange(Value);

impl Exchange {
    /// Holds it; whether it went well is for [`Self::judged`] to say.
    pub(crate) fn hold(stack: &mut Stack, folder: &Path) -> Result<Self, Failure> {
        let report = folder.join("exchange.json");
        let _ = std::fs::remove_file(&report);
        let mut browser = Part::start("the browser", &mut drive(stack, folder, &report), folder)?;
        loop {
            stack.check()?;
            if browser.ended().is_some() {
                break;
            }
            std::thread::sleep(PAUSE);
        }
        let told = std::fs::read_to_string(&report).ok().and_then(|text| serde_json::from_str(&text).ok());
        match told {
            Some(told) => Ok(Self(told)),
            // It ended without a word: why is for its log to say.
            None => Err(browser.check().err().unwrap_or_else(Failure::interrupted)),
        }
    }

    /// The report.
    pub(crate) const fn json(&self) -> &Value {
        &self.0
    }

    /// The report for people.
    pub(crate) fn told(&self) -> String {
        let text = |path: &str| self.0.pointer(path).and_then(Value::as_str).unwrap_or("?");
        let said = self.0.get("transcript").and_then(Value::as_array).into_iter().flatten().map(|line| {
            let word = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or("?");
            format!("      {:<10} {}", word("role"), word("text"))
        });
        let time = |path: &str| {
            self.0
                .pointer(path)
                .and_then(Value::as_f64)
                .map_or_else(|| "?".to_owned(), |ms| format!("{ms:.0} ms"))
        };
        let timings = |name: &str, title: &str| {
            let (all, ours) =
                (time(&format!("/timings_ms/{name}")), time(&format!("/timings_ms/ours/{name}")));
            format!("      {title} {all}, of which ours {ours}")
        };
        said.chain([
            format!("      connection {}", text("/transport")),
            timings("click_to_first_audio", "from the click to the first sound sent"),
            timings("end_of_speech_to_first_sound", "from the end of speech to the first sound"),
        ])
        .collect::<Vec<_>>()
        .join("\n")
    }

    /// Whether it went well.
    pub(crate) fn judged(&self) -> Done {
        if self.0.get("ok") == Some(&Value::Bool(true)) {
            return Ok(());
        }
        let what = self.0.pointer("/error/message").and_then(Value::as_str).unwrap_or("nobody knows why");
        Err(Failure::new(
            format!("the conversation in the browser did not go well: {what}"),
            "see target/demo: the-browser.log, the-backend.log, and the screenshots beside them",
        ))
    }
}

/// The report of a demo that came to no conversation.
pub(crate) fn failed(failure: &Failure) -> Value {
    json!({ "ok": false, "error": { "message": failure.to_string() } })
}

fn drive(stack: &Stack, folder: &Path, report: &Path) -> Command {
    let tests: PathBuf = tools::root().join(setup::TESTS);
    let mut node = Command::new("node");
    node.arg(DRIVER).arg(stack.address()).current_dir(tests);
    node.arg("--report").arg(report).arg("--screenshots").arg(folder.join("screenshots"));
    node.env("STORY_USER", USER).env("STORY_PASSWORD", stack.password());
    node
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_as_prose_and_judges_itself() {
        let held = Exchange(json!({
            "ok": true,
            "transport": "direct",
            "transcript": [
                { "role": "user", "text": "Why?", "stage": "final" },
                { "role": "assistant", "text": "Because.", "stage": "final" },
            ],
            "timings_ms": {
                "click_to_first_audio": 212.4,
                "end_of_speech_to_first_sound": 1803.0,
                "ours": { "click_to_first_audio": 20, "end_of_speech_to_first_sound": 31.6 },
            },
        }));
        held.judged().unwrap();
        assert_eq!(
            held.told(),
            "      user       Why?\n      assistant  Because.\n      connection direct\n      \
             from the click to the first sound sent 212 ms, of which ours 20 ms\n      \
             from the end of speech to the first sound 1803 ms, of which ours 32 ms"
        );
    }

    #[test]
    fn a_conversation_that_failed_says_what_the_page_said() {
        let held = Exchange(json!({ "ok": false, "error": { "message": "nothing was heard within 30 s" } }));
        let failure = held.judged().unwrap_err().to_string();
        assert!(
            failure.starts_with("the conversation in the browser did not go well: nothing was heard"),
            "{failure}"
        );
        assert!(held.told().contains("first sound sent ?"), "{}", held.told());
    }
}
