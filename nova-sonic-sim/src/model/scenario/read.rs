//! Scenarios from JSON files.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use nova_sonic_core::audio::{AudioError, Recording, SampleRate};

use super::{Otherwise, Scenario, ScenarioError, Sentence};
use crate::model::sound::resampled;

/// Longest file read, bytes: a scenario or one recording.
const FILE_BYTES: u64 = 32 * 1024 * 1024;
/// Longest recording of one sentence.
const LONGEST: Duration = Duration::from_mins(2);
/// Longest text of a sentence, bytes: most of a minute of sound.
const TEXT_BYTES: usize = 1_000;

impl Scenario {
    /// Reads a scenario and the recordings that it names, which are looked for beside it.
    ///
    /// # Errors
    /// [`ScenarioError`] for a file that cannot be read, a field that is unknown or of the wrong type, or a recording
    /// that is no WAV file.
    pub fn from_file(path: &Path) -> Result<Self, ScenarioError> {
        let bytes = read(path)?;
        let mut scenario = parse(&bytes)?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        scenario.load(|recording| {
            let path = folder.join(recording);
            read(&path).map(|bytes| (path, bytes))
        })?;
        Ok(scenario)
    }

    /// Reads a scenario without recordings from its JSON.
    ///
    /// # Errors
    /// [`ScenarioError::Invalid`] for JSON that is none, for a field that is unknown or of the wrong type, and for one
    /// that names a recording.
    pub fn from_json(json: &str) -> Result<Self, ScenarioError> {
        let mut scenario = parse(json.as_bytes())?;
        scenario.load(|recording| {
            Err(ScenarioError::Unreadable {
                path: PathBuf::from(recording),
                source: io::Error::new(
                    io::ErrorKind::NotFound,
                    "a scenario without a file has no recordings",
                ),
            })
        })?;
        Ok(scenario)
    }

    /// Reads every recording once named, with `read`, which gives the file's path and its bytes.
    pub(super) fn load(
        &mut self,
        read: impl Fn(&str) -> Result<(PathBuf, Vec<u8>), ScenarioError>,
    ) -> Result<(), ScenarioError> {
        for (turn_index, turn) in self.turns.iter_mut().enumerate() {
            for (list, sentences) in [("say", &mut turn.say), ("then", &mut turn.then)] {
                for (index, sentence) in sentences.iter_mut().enumerate() {
                    load_sentence(sentence, &read, || format!("turns[{turn_index}].{list}[{index}]"))?;
                }
            }
        }
        Ok(())
    }
}

fn load_sentence(
    sentence: &mut Sentence,
    read: &impl Fn(&str) -> Result<(PathBuf, Vec<u8>), ScenarioError>,
    field: impl Fn() -> String,
) -> Result<(), ScenarioError> {
    let Some(name) = &sentence.recording else { return Ok(()) };
    let (path, bytes) = read(name)?;
    let recording = recording(&bytes).map_err(|source| ScenarioError::Recording {
        field: format!("{}.recording", field()),
        path,
        source,
    })?;
    sentence.sound = Some(Arc::new(recording));
    Ok(())
}

fn recording(wav: &[u8]) -> Result<Recording, AudioError> {
    let recording = Recording::read(wav, LONGEST)?;
    // tried now, so that an answer cannot fail later for want of its rate
    resampled(&[], recording.hertz(), SampleRate::Hz24000)?;
    Ok(recording)
}

/// Reads a scenario's JSON, recordings aside.
pub(super) fn parse(json: &[u8]) -> Result<Scenario, ScenarioError> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let scenario: Scenario = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        ScenarioError::Invalid { field: error.path().to_string(), reason: error.inner().to_string() }
    })?;
    deserializer.end().map_err(|error| invalid(".", &error.to_string()))?;
    check(&scenario)?;
    Ok(scenario)
}

fn check(scenario: &Scenario) -> Result<(), ScenarioError> {
    if scenario.turns.is_empty() && scenario.otherwise == Otherwise::Repeat {
        return Err(invalid("otherwise", "there is no turn to repeat"));
    }
    if scenario.limits.idle_seconds == Some(0) || scenario.limits.life_seconds == Some(0) {
        return Err(invalid("limits", "a limit of 0 s ends the stream before it begins"));
    }
    for (index, turn) in scenario.turns.iter().enumerate() {
        if turn.tools.is_empty() && !turn.then.is_empty() {
            return Err(invalid(&format!("turns[{index}].then"), "there are no tools to wait for"));
        }
        if turn.words.iter().any(|word| word.is_empty() || !word.chars().all(char::is_alphanumeric)) {
            return Err(invalid(
                &format!("turns[{index}].words"),
                "a word has letters and digits, and nothing else",
            ));
        }
        for (list, sentences) in [("say", &turn.say), ("then", &turn.then)] {
            for (place, sentence) in sentences.iter().enumerate() {
                if sentence.text.trim().is_empty() || sentence.text.len() > TEXT_BYTES {
                    let field = format!("turns[{index}].{list}[{place}].text");
                    return Err(invalid(&field, &format!("a sentence has 1 to {TEXT_BYTES} bytes")));
                }
            }
        }
    }
    Ok(())
}

fn invalid(field: &str, reason: &str) -> ScenarioError {
    ScenarioError::Invalid { field: field.to_owned(), reason: reason.to_owned() }
}

fn read(path: &Path) -> Result<Vec<u8>, ScenarioError> {
    let unreadable = |source| ScenarioError::Unreadable { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(FILE_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= FILE_BYTES) {
        return Ok(bytes);
    }
    Err(unreadable(io::Error::new(io::ErrorKind::FileTooLarge, "longer than 32 MiB")))
}
