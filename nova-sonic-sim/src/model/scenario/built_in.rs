//! The scenarios that ship with the simulator.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{Scenario, ScenarioError, read};

const NAMES: &[&str] = &["parrot", "story", "storyteller", "weather"];

const STORY: &str = include_str!("../../../scenarios/story.json");
const STORYTELLER: &str = include_str!("../../../scenarios/storyteller.json");
const WEATHER: &str = include_str!("../../../scenarios/weather.json");

/// Recordings by their file names; made by `recordings/render.sh`.
const RECORDINGS: &[(&str, &[u8])] = &[
    ("fox-lost.wav", include_bytes!("../../../recordings/fox-lost.wav")),
    ("fox-owl.wav", include_bytes!("../../../recordings/fox-owl.wav")),
    ("fox-change.wav", include_bytes!("../../../recordings/fox-change.wav")),
    ("fox-changed.wav", include_bytes!("../../../recordings/fox-changed.wav")),
    ("fox-night.wav", include_bytes!("../../../recordings/fox-night.wav")),
    ("fox-walk.wav", include_bytes!("../../../recordings/fox-walk.wav")),
    ("fox-river.wav", include_bytes!("../../../recordings/fox-river.wav")),
    ("fox-home.wav", include_bytes!("../../../recordings/fox-home.wav")),
];

impl Scenario {
    /// Says the user's own words back.
    pub fn parrot() -> Self {
        Self { name: "parrot".to_owned(), ..Self::default() }
    }

    /// A storyteller that answers, changes the story with the tool `revise_story`, says good night, and then parrots.
    pub fn story() -> Self {
        built_in("story", STORY)
    }

    /// Stands in for the model of the voice story player: answers, changes the story that the system prompt has between
    /// `<story>` and `</story>`, tells on for long enough to be interrupted, says good night, and then parrots. What is
    /// typed chooses its turn by its words.
    pub fn storyteller() -> Self {
        built_in("storyteller", STORYTELLER)
    }

    /// Asks the tool `get_weather` (or `weather`) about Oslo and says what it gave, then parrots.
    pub fn weather() -> Self {
        built_in("weather", WEATHER)
    }

    /// A built-in scenario.
    ///
    /// # Errors
    /// [`ScenarioError::Unknown`], which names those that there are.
    ///
    /// ```
    /// use nova_sonic_sim::model::Scenario;
    /// assert_eq!(Scenario::named("story")?.name, "story");
    /// assert!(Scenario::named("opera").unwrap_err().to_string().contains("parrot, story"));
    /// # Ok::<(), nova_sonic_sim::model::ScenarioError>(())
    /// ```
    pub fn named(name: &str) -> Result<Self, ScenarioError> {
        match name {
            "parrot" => Ok(Self::parrot()),
            "story" => Ok(Self::story()),
            "storyteller" => Ok(Self::storyteller()),
            "weather" => Ok(Self::weather()),
            _ => Err(ScenarioError::Unknown { name: name.to_owned(), known: NAMES }),
        }
    }
}

/// The files are part of the program, and a test reads them all: a parrot stands in for what cannot happen.
fn built_in(name: &str, json: &str) -> Scenario {
    try_built_in(json).unwrap_or_else(|_| Scenario { name: name.to_owned(), ..Scenario::default() })
}

fn try_built_in(json: &str) -> Result<Scenario, ScenarioError> {
    let mut scenario = read::parse(json.as_bytes())?;
    scenario.load(|recording| {
        let path = PathBuf::from(recording);
        let name = Path::new(recording).file_name();
        match RECORDINGS.iter().find(|(known, _)| name.is_some_and(|name| name == *known)) {
            Some((_, bytes)) => Ok((path, bytes.to_vec())),
            None => Err(ScenarioError::Unreadable { path, source: io::ErrorKind::NotFound.into() }),
        }
    })?;
    Ok(scenario)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_built_in_scenario_can_be_read_and_uses_every_recording() {
        let mut used = BTreeSet::new();
        for json in [STORY, STORYTELLER, WEATHER] {
            let scenario = try_built_in(json).unwrap();
            let sentences = scenario.turns.iter().flat_map(|turn| turn.say.iter().chain(&turn.then));
            used.extend(sentences.filter_map(|sentence| sentence.recording.clone()));
        }
        assert_eq!(used.len(), RECORDINGS.len());
        for name in NAMES {
            assert_eq!(Scenario::named(name).unwrap().name, *name);
        }
    }
}
